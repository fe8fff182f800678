"""How does a figure look on a light page, a dark page and on paper?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from trends.figures import style
from trends.report.carried import carried
from trends.report.cells import Output
from trends.report.marks import gathered
from trends.report.store import Store, key_of

#: What each role of colour in a figure becomes on a dark page.
DARK = {
    "INK": "#e4e7ea",
    "MUTED": "#a3aeb8",
    "GRID": "#343d46",
    "PAPER": "#14181d",
    "FIRST": "#6db1e3",
    "SECOND": "#f09460",
    "THIRD": "#93c47d",
    "FOURTH": "#c49be0",
    "BAND": "#2a4558",
}

_STYLE = re.compile(r' style="([^"]*)"')
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_FONT = re.compile(r"(?:(?P<weight>\d{3}|bold) )?(?P<size>[\d.]+px)")
_GROUP = re.compile(r"(<g>|<g [^>]*[^/]>|</g>)")
_INKED = re.compile(r'(<text [^>]*?) fill="var\(--fig-ink, [^"]*"')
_NO_TURN = re.compile(r' transform="rotate\(-?0 [^)]*\)"| font-family="[^"]*"')
_GEOMETRY = re.compile(r'\b(?:x|y|x1|x2|y1|y2|transform|points)="[^"]*"')
#: Of words, where they stand; tenths of a point are enough for them.
_WORD = re.compile(r"<text [^>]*>")
_PLACE = re.compile(r' (?:x|y|transform)="[^"]*"')
_MARK = re.compile(r'<defs><path id="([^"]+)"((?: [\w:-]+="[^"]*")+)/></defs>')
_USE = re.compile(r'<use href="#([^"]+)"((?: [\w:-]+="[^"]*")*)/>')
_ONLY_CLIP = re.compile(r'<g( clip-path="[^"]*")><path((?: [\w:-]+="[^"]*")+)/></g>')
#: Nothing that anybody sees: areas without paint, groups without content.
_UNSEEN = re.compile(r'<path d="[^"]*" fill="none"/>|<g/>|<g [^>]*/>|<defs>\s*</defs>|<defs/>')
_BREAKS = re.compile(r" ?\n(?=[A-Za-z\"])")
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")
_DECIMALS_OF_WORDS = re.compile(r"-?\d+\.\d{2,}")
_DRAWN = re.compile(r'<(?P<tag>use|path)(?P<said>(?: [\w:-]+="[^"]*")+)/>')
_SAID = re.compile(r' ([\w:-]+)="([^"]*)"')
_STEPS = re.compile(r"[A-Za-z]|-?\d*\.?\d+(?:e-?\d+)?")
#: What each element says of itself and no group around it can.
_OWN = frozenset({"d", "href", "id", "opacity", "transform", "x", "y"})
#: A point: the caps of a line too short to see. Some programs draw none of one without length.
_CAP = "h.01"
#: Extent in points from which tenths of a point are enough.
_LARGE = 20.0
_OWN_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(url\(#|(?:xlink:)?href="#)([^")]+)')


def write_picture(output: Output, folder: Path, stem: str, store: Store) -> Path:
    """Write a figure for print, and beside it the fragment that goes into an HTML page."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(output.content, bytes) or output.kind == "image/png":
        path = folder / f"{stem}.png"
        path.write_bytes(_as_bytes(output.content))
        return path
    path = folder / f"{stem}.svg"
    path.write_text(output.content, encoding="utf-8")
    known = carried(output.content)
    if known.get("csv"):
        path.with_suffix(".csv").write_text(known["csv"], encoding="utf-8")
    # A page and the printed report show the same figures.
    drawn, narrow = output.content, known.get("narrow", "")
    key = key_of("fragment", stem, drawn)
    fragment = store.kept(key, lambda: _fragment(drawn, narrow, stem).encode())
    path.with_suffix(".fragment").write_bytes(fragment)
    return path


def _fragment(svg: str, narrow: str, stem: str) -> str:
    """Return a figure as it stands in a page: for all screens, or for wide and narrow ones."""
    wide = inline_svg(svg, prefix=stem)
    if not narrow:
        return wide
    return _of_class(wide, "wide") + _of_class(inline_svg(narrow, prefix=f"{stem}-n"), "narrow")


def _of_class(fragment: str, name: str) -> str:
    """Return a fragment whose root says on which screens it is shown."""
    return fragment.replace("<svg", f'<svg class="{name}"', 1)


def _as_bytes(content: str | bytes) -> bytes:
    import base64

    return content if isinstance(content, bytes) else base64.b64decode(content)


def inline_svg(svg: str, *, prefix: str) -> str:
    """Return an SVG fit to stand inside a page.

    The ids that it uses carry the figure's name, so that two figures never share one; its styles
    become attributes, which a strict content policy allows; and the colours of the figure theme
    become variables, so that the page's light or dark scheme reaches into the figure. What draws
    nothing is left out.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    used = dict.fromkeys(found[2] for found in _REFERENCE.finditer(body))
    own = {name: f"{prefix}-{number}" for number, name in enumerate(used, start=1)}
    body = _OWN_ID.sub(lambda found: f' id="{own[found[1]]}"' if found[1] in own else "", body)
    body = _REFERENCE.sub(lambda found: f"{found[1]}{own[found[2]]}", body)
    body = body.replace("xlink:href=", "href=")
    body = re.sub(r' xmlns:xlink="[^"]*"', "", body)
    body = re.sub(r' xmlns="[^"]*"', "", body)
    body = _STYLE.sub(_attributes, body)
    body = _GEOMETRY.sub(_rounded, body)
    body = in_page_colours(body)
    body = _NO_TURN.sub("", body)
    # Text has the colour of the root, as everything that is given none.
    body = _INKED.sub(r"\1", body)
    body = gathered(_in_place(_unwrapped(re.sub(r"\s*\n\s*", "\n", body))))
    body = _together(_UNSEEN.sub("", body))
    body = _WORD.sub(lambda word: _PLACE.sub(_in_tenths, word[0]), body)
    body = re.sub(r' d="([^"]*)"', lambda found: f' d="{short_path(found[1])}"', body)
    root, rest = body.split(">", 1)
    inherited = 'fill="var(--fig-ink, #000000)" stroke-linejoin="round" stroke-linecap="butt"'
    return f"{_root(root)} {inherited}>{rest.strip()}"


def in_page_colours(svg: str) -> str:
    """Return an SVG whose colours of the figure theme follow the page's light or dark scheme."""
    return _COLOUR.sub(_variable, svg)


def _root(root: str) -> str:
    """Give the root element its size in CSS pixels."""

    def pixels(found: re.Match[str]) -> str:
        return f'{found[1]}="{float(found[2]) * 4 / 3:.0f}"'

    root = re.sub(r'\b(width|height)="([\d.]+)pt"', pixels, root)
    return re.sub(r' version="[^"]*"', "", root)


def _attributes(found: re.Match[str]) -> str:
    """Return a style as attributes; of a font, its size and weight, since the page has the rest."""
    made = []
    for item in found[1].split(";"):
        name, colon, value = (part.strip() for part in item.partition(":"))
        if name == "font":
            font = _FONT.search(value)
            if font:
                made.append(("font-size", font["size"]))
                made += [("font-weight", font["weight"])] if font["weight"] else []
        elif colon:
            made.append((name, value))
    return "".join(f' {name}="{value}"' for name, value in made)


def _unwrapped(body: str) -> str:
    """Return an SVG without the groups that say nothing of what they hold, on fewer lines."""
    kept: list[str] = []
    is_kept: list[bool] = []
    for part in _GROUP.split(body):
        if part.startswith("<g"):
            is_kept.append(part != "<g>")
            kept.append(part if is_kept[-1] else "")
        elif part == "</g>":
            kept.append(part if is_kept.pop() else "")
        else:
            kept.append(part)
    return re.sub(r">\n+<", "><", "".join(kept))


def _in_place(body: str) -> str:
    """Return an SVG in which what is used once is drawn where it is used."""
    uses = Counter(name for name, _ in _USE.findall(body))
    marks = {name: said for name, said in _MARK.findall(body) if uses[name] == 1}

    def drawn(found: re.Match[str]) -> str:
        if found[1] not in marks:
            return found[0]
        said = dict(_SAID.findall(found[2])) | dict(_SAID.findall(marks[found[1]]))
        path = moved(said.pop("d"), float(said.pop("x", 0)), float(said.pop("y", 0)))
        if path is None:
            kept.add(found[1])
            return found[0]
        return (
            f'<path d="{path}"' + "".join(f' {name}="{one}"' for name, one in said.items()) + "/>"
        )

    kept: set[str] = set()
    body = _USE.sub(drawn, body)
    gone = marks.keys() - kept
    body = _MARK.sub(lambda found: "" if found[1] in gone else found[0], body)
    return _ONLY_CLIP.sub(
        lambda found: found[0] if "clip-path" in found[2] else f"<path{found[2]}{found[1]}/>", body
    )


def moved(drawn: str, x: float, y: float) -> str | None:
    """Return a path moved by so many points; None for one of other commands than `short_path`."""
    tokens = _STEPS.findall(drawn)
    if {token for token in tokens if token.isalpha()} - set("MLCQZz"):
        return None
    made, is_x = [], True
    for token in tokens:
        if token.isalpha():
            made.append(token)
            continue
        made.append(f"{float(token) + (x if is_x else y):.10g}")
        is_x = not is_x
    return " ".join(made)


def _together(body: str) -> str:
    """Return an SVG in which neighbours that are drawn alike say so once, in a group.

    What a mark says of itself is not said again where it is used.
    """
    marks: dict[str, dict[str, str]] = {}
    for found in _DRAWN.finditer(body):
        said = dict(_SAID.findall(found["said"]))
        if "id" in said:
            marks[said["id"]] = said
    made: list[str] = []
    run: list[str] = []
    alike: dict[str, str] = {}
    end = 0

    def close() -> None:
        around = "".join(f' {name}="{value}"' for name, value in alike.items())
        if len(run) > 1 and around:
            made.append(f"<g{around}>{''.join(run)}</g>")
        else:
            made.extend(one.replace("/>", f"{around}/>") for one in run)
        run.clear()

    for found in _DRAWN.finditer(body):
        said = dict(_SAID.findall(found["said"]))
        mark = marks.get(said.get("href", "#")[1:], {})
        said = {name: value for name, value in said.items() if name in _OWN or name not in mark}
        shared = {name: value for name, value in said.items() if name not in _OWN}
        if "clip-path" in shared and (found["tag"] == "use" or "transform" in said):
            # the clip is measured where the element was moved to
            shared = {}
        if end != found.start() or shared != alike:
            close()
            made.append(body[end : found.start()])
            alike = shared
        own = "".join(f' {name}="{value}"' for name, value in said.items() if name not in alike)
        run.append(f"<{found['tag']}{own}/>")
        end = found.end()
    close()
    return "".join([*made, body[end:]])


def short_path(drawn: str) -> str:
    """Return a path in relative steps: tenths of a point, of small ones hundredths.

    Every point is rounded where it stands, so that errors do not add up; a line to where the pen
    already is draws nothing and is left out, and one that goes straight on along an axis is part of
    the line before. A path of other commands than matplotlib writes
    (``M``, ``L``, ``C``, ``Q``, ``Z``) stays as it is.

    Parameters
    ----------
    drawn : str
        Attribute ``d`` of an SVG path in points.

    Examples
    --------
    >>> short_path("M 10 20L 30.5 20L 30.5 19.25L 90.04 19.31")
    'M10 20h20.5v-.8l59.5.1'
    >>> short_path("M 10 20L 30.5 20L 40 20M 50 20L 50 30"), short_path("M 1 2L 1 3")
    ('M10 20h30M50 20v10', 'M1 2v1')
    """
    tokens = _STEPS.findall(drawn)
    numbers = [float(token) for token in tokens if not token.isalpha()]
    commands = {token for token in tokens if token.isalpha()}
    if commands - set("MLCQZz") or not numbers or tokens[0] != "M":
        return drawn
    extent = max(max(part) - min(part) for part in (numbers[::2], numbers[1::2]))
    scale = 10 if extent >= _LARGE else 100
    made: list[str] = []
    pen = start = (0, 0)
    before = ""
    for command, points in _straightened(_steps(tokens, scale)):
        if before == "M" and command == "M":
            made.append(_CAP)
        if command == "Z":
            made.append("z")
            pen, before = start, ""
            continue
        if command == "M":
            made.append("M" + _numbers([*points[0]], scale))
            start = points[0]
        else:
            written = [step for x, y in points for step in (x - pen[0], y - pen[1])]
            letter = command.lower()
            if command == "L" and 0 in written:
                letter = "h" if written[1] == 0 else "v"
                written = [sum(written)]
            said = _numbers(written, scale)
            is_said = letter == before
            made.append(("" if said.startswith("-") else " ") + said if is_said else letter + said)
            command = letter
        pen, before = points[-1], command
    if before == "M":
        made.append(_CAP)
    return "".join(made)


Point = tuple[int, int]


def _steps(tokens: list[str], scale: int) -> Iterator[tuple[str, list[Point]]]:
    """Yield the commands of a path with their points, without lines to where the pen already is."""
    pen = start = (0, 0)
    place = 0
    while place < len(tokens):
        command = tokens[place].upper()
        place += 1
        if command == "Z":
            yield command, []
            pen = start
        while place < len(tokens) and not tokens[place].isalpha():
            n_numbers = 2 * {"M": 1, "L": 1, "C": 3, "Q": 2}[command]
            values = [round(float(one) * scale) for one in tokens[place : place + n_numbers]]
            place += n_numbers
            points = list(zip(values[::2], values[1::2], strict=True))
            if command != "L" or points[0] != pen:
                yield command, points
            pen = points[-1]
            if command == "M":
                start, command = pen, "L"


def _straightened(
    steps: Iterable[tuple[str, list[Point]]],
) -> Iterator[tuple[str, list[Point]]]:
    """Yield the commands of a path, lines that go straight on along an axis as one."""
    before: Point = (0, 0)
    held: Point | None = None
    for command, points in steps:
        if command == "L" and held is not None:
            ((ax, ay), (bx, by), (cx, cy)) = before, held, points[0]
            goes_on = (ay == by == cy and (bx - ax) * (cx - bx) > 0) or (
                ax == bx == cx and (by - ay) * (cy - by) > 0
            )
            if goes_on:
                held = points[0]
                continue
        if held is not None:
            yield "L", [held]
            before, held = held, None
        if command == "L":
            held = points[0]
            continue
        yield command, points
        before = points[-1] if points else before
    if held is not None:
        yield "L", [held]


def _numbers(values: list[int], scale: int) -> str:
    """Return parts of a point as numbers that stand as close as they may."""
    said, pointed = "", True
    for value in values:
        number = f"{value / scale:g}".replace("0.", ".") if abs(value) < scale else (
            f"{value / scale:g}")  # fmt: skip
        apart = said and not number.startswith("-") and not (number.startswith(".") and pointed)
        said += f" {number}" if apart else number
        pointed = "." in number
    return said


def _rounded(found: re.Match[str]) -> str:
    """Return the geometry of a figure in hundredths of a point, finer than any screen shows."""
    short = _DECIMALS.sub(lambda number: f"{round(float(number[0]), 2):g}", found[0])
    return _BREAKS.sub("", short)


def _in_tenths(found: re.Match[str]) -> str:
    """Return where a word stands in tenths of a point."""
    return _DECIMALS_OF_WORDS.sub(lambda number: f"{round(float(number[0]), 1):g}", found[0])


def _variable(found: re.Match[str]) -> str:
    colour = found[0].lower()
    name = figure_palette().get(colour)
    return f"var(--fig-{name}, {colour})" if name else found[0]


def figure_palette() -> dict[str, str]:
    """Return the colours of the figure style and the names the page knows them by."""
    return {
        "#000000": "ink",
        **{
            str(getattr(style, role)).lower(): role.lower() for role in DARK if hasattr(style, role)
        },
    }


def figure_stylesheet() -> str:
    """Return the colours of the figures on light and dark pages as style rules."""
    light = {name: colour for colour, name in figure_palette().items()}
    dark = {role.lower(): colour for role, colour in DARK.items()}

    def rules(colours: dict[str, str]) -> str:
        return "".join(f"--fig-{name}:{colour};" for name, colour in colours.items())

    return (
        f":root{{{rules(light)}}}\n"
        "@media screen and (prefers-color-scheme:dark)"
        f"{{:root:not([data-scheme=light]){{{rules(dark)}}}}}\n"
        f"@media screen{{:root[data-scheme=dark]{{{rules(dark)}}}}}\n"
    )

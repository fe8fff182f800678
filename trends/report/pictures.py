"""How does a figure look on a light page, a dark page and on paper?"""

from __future__ import annotations

import re
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
_BREAKS = re.compile(r" ?\n(?=[A-Za-z\"])")
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")
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
    body = _together(gathered(_unwrapped(re.sub(r"\s*\n\s*", "\n", body))))
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
    already is draws nothing and is left out. A path of other commands than matplotlib writes
    (``M``, ``L``, ``C``, ``Q``, ``Z``) stays as it is.

    Parameters
    ----------
    drawn : str
        Attribute ``d`` of an SVG path in points.

    Examples
    --------
    >>> short_path("M 10 20L 30.5 20L 30.5 19.25L 90.04 19.31")
    'M10 20l20.5 0 0-.8 59.5.1'
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
    before, place = "", 0
    while place < len(tokens):
        command = tokens[place]
        place += 1
        if command in "Zz":
            made.append("z")
            pen, before = start, "z"
            continue
        n_points = {"M": 1, "L": 1, "C": 3, "Q": 2}[command]
        while place < len(tokens) and not tokens[place].isalpha():
            values = [round(float(one) * scale) for one in tokens[place : place + 2 * n_points]]
            place += 2 * n_points
            points = list(zip(values[::2], values[1::2], strict=True))
            if command == "M":
                made += [_CAP] if before == "M" else []
                made.append("M" + _numbers([*points[0]], scale))
                start = points[0]
                before = "M"
            elif command != "L" or points[0] != pen:
                steps = [step for x, y in points for step in (x - pen[0], y - pen[1])]
                said = _numbers(steps, scale)
                repeated = before == command
                made.append(("" if said.startswith("-") else " ") + said if repeated
                            else command.lower() + said)  # fmt: skip
                before = command
            pen = points[-1]
            if command == "M":
                command = "L"
                n_points = 1
    if before == "M":
        made.append(_CAP)
    return "".join(made)


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

"""How does a figure look on a light page, a dark page and on paper?"""

from __future__ import annotations

import re
from pathlib import Path

from trends.figures import style
from trends.report.carried import carried
from trends.report.cells import Output

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
_GEOMETRY = re.compile(r'\b(?:d|x|y|x1|x2|y1|y2|transform|points)="[^"]*"')
_BREAKS = re.compile(r" ?\n(?=[A-Za-z\"])")
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")
_OWN_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(url\(#|(?:xlink:)?href="#)([^")]+)')


def write_picture(output: Output, folder: Path, stem: str) -> Path:
    """Write a figure for print, and beside it the fragment that goes into an HTML page."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(output.content, bytes) or output.kind == "image/png":
        path = folder / f"{stem}.png"
        path.write_bytes(_as_bytes(output.content))
        return path
    path = folder / f"{stem}.svg"
    path.write_text(output.content, encoding="utf-8")
    data = carried(output.content).get("csv")
    if data:
        path.with_suffix(".csv").write_text(data, encoding="utf-8")
    path.with_suffix(".fragment").write_text(
        inline_svg(output.content, prefix=stem), encoding="utf-8"
    )
    return path


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
    body = _unwrapped(re.sub(r"\s*\n\s*", "\n", body))
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

"""What do the ticks, grid lines and points of a figure say one by one that they could say together?

A figure has hundreds of them. Each is a reference to a mark, with its colours; here they become one
path for each kind, and the words beside them one group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

_RUN = re.compile(
    r'(?:<(?:use|path)(?: [\w:-]+="[^"]*")+/>|<text(?: [\w:-]+="[^"]*")+>[^<]*</text>)+'
)
_PART = re.compile(
    r"<(?P<tag>use|path|text)(?P<said>(?: [\w:-]+=\"[^\"]*\")+)(?:/>|>(?P<text>[^<]*)</text>)"
)
_SAID = re.compile(r' ([\w:-]+)="([^"]*)"')
_MARK = re.compile(r"<defs>(<path(?: [\w:-]+=\"[^\"]*\")+/>)</defs>")
_NUMBER = r"-?[\d.]+(?:e-?\d+)?"
_POINT = rf"({_NUMBER}) ({_NUMBER})"
#: A straight line, as matplotlib writes it, once or several times.
_LINE = re.compile(rf"M {_POINT}\s*L {_POINT}\s*")
#: A circle round the origin, as matplotlib writes one: its lowest point, then eight curves.
_CIRCLE = re.compile(rf"M 0 ({_NUMBER})\s*(?:C(?: {_NUMBER}){{6}}\s*){{8}}z\s*")
#: What a group of words says for them.
_OF_WORDS = ("font-size", "font-weight", "text-anchor", "fill")

Said = dict[str, str]


def gathered(body: str) -> str:
    """Return the inside of an SVG with neighbours of one kind drawn by one element.

    Grid lines and ticks come before the words that stand between them, which they never cross;
    everything else keeps its order.

    Parameters
    ----------
    body : str
        SVG as matplotlib writes it, its styles written as attributes.

    Examples
    --------
    >>> tick = '<defs><path id="t" d="M 0 0 L 0 3" stroke="#123456"/></defs>'
    >>> gathered(tick + '<use href="#t" x="1" y="9"/><use href="#t" x="5" y="9"/>')
    '<path d="M 1 9 L 1 12 M 5 9 L 5 12 " fill="none" stroke="#123456"/>'
    """
    marks = {}
    for found in _MARK.finditer(body):
        said = dict(_SAID.findall(found[1]))
        if "id" in said:
            marks[said["id"]] = said
    body = _RUN.sub(lambda found: "".join(_run(found[0], marks)), body)
    return _MARK.sub(lambda found: "" if _is_idle(found[1], body) else found[0], body)


def _is_idle(path: str, body: str) -> bool:
    """Tell whether a mark is used nowhere."""
    name = dict(_SAID.findall(path)).get("id")
    return name is not None and f'"#{name}"' not in body and f"#{name})" not in body


def _run(run: str, marks: dict[str, Said]) -> Iterator[str]:
    """Yield the elements of a run, those of one kind together."""
    parts = [(found, _drawn(found, marks)) for found in _PART.finditer(run)]
    for is_axis, group in groupby(parts, key=lambda part: _is_axis(*part)):
        listed = list(group)
        if is_axis:
            kinds = dict.fromkeys(_kind(*part) for part in listed)
            order = sorted(kinds, key=lambda kind: kind is not None and kind[0] == "text")
            listed.sort(key=lambda part: order.index(_kind(*part)))
        for key, same in groupby(listed, key=lambda part: _kind(*part)):
            alike = list(same)
            if key is None or (len(alike) == 1 and alike[0][0]["tag"] != "use"):
                yield from (found[0] for found, _ in alike)
            elif key[0] == "text":
                yield _words(dict(key[1]), [found for found, _ in alike])
            else:
                said = "".join(f' {name}="{value}"' for name, value in key[1])
                yield f'<path d="{"".join(drawn[0] for _, drawn in alike if drawn)}"{said}/>'


Drawn = tuple[str, tuple[tuple[str, str], ...]]


def _drawn(found: re.Match[str], marks: dict[str, Said]) -> Drawn | None:
    """Return a tick, a grid line or a point as a path and what is said of it; of others nothing."""
    said = dict(_SAID.findall(found["said"]))
    if found["tag"] == "path":
        drawn = said.pop("d", "")
        is_plain = said.get("fill") == "none" and not {"id", "transform"} & set(said)
        # Lines that let each other show through are darker where they cross.
        if not is_plain or "opacity" in "".join(said) or not _LINE.fullmatch(drawn):
            return None
        return f"{drawn.strip()} ", tuple(sorted(said.items()))
    mark = marks.get(said.pop("href", "#")[1:])
    if found["tag"] == "text" or mark is None:
        return None
    drawn = mark.get("d", "")
    x, y = float(said.pop("x", 0)), float(said.pop("y", 0))
    said |= {name: value for name, value in mark.items() if name not in ("d", "id")}
    fill = said.pop("fill", "")
    if "opacity" in "".join(said) or {"clip-path", "transform"} & set(said):
        return None
    line = _LINE.fullmatch(drawn)
    if line:
        ends = [float(one) for one in line.groups()]
        moved = [f"{one + (x, y)[at % 2]:.10g}" for at, one in enumerate(ends)]
        said["fill"] = "none"
        return f"M {moved[0]} {moved[1]} L {moved[2]} {moved[3]} ", tuple(sorted(said.items()))
    circle = _CIRCLE.fullmatch(drawn)
    if circle and fill and fill == said.get("stroke"):
        # A line without length has a round cap at both ends: a point.
        width = 2 * float(circle[1]) + float(said.get("stroke-width", 1))
        said |= {"fill": "none", "stroke-linecap": "round", "stroke-width": f"{width:g}"}
        return f"M {x:g} {y:g} L {x:g} {y:g} ", tuple(sorted(said.items()))
    return None


def _is_axis(found: re.Match[str], drawn: Drawn | None) -> bool:
    """Tell whether something is a tick, a grid line or a word, which never lie on one another."""
    if drawn is None or found["tag"] == "text":
        return found["tag"] == "text"
    is_point = ("stroke-linecap", "round") in drawn[1]
    is_tick = found["tag"] == "use" and not is_point
    return is_tick or any(name == "stroke" and "--fig-grid" in value for name, value in drawn[1])


def _kind(found: re.Match[str], drawn: Drawn | None) -> Drawn | None:
    """Return what neighbours must share to be drawn together."""
    if drawn is not None:
        return ("path", drawn[1])
    if found["tag"] != "text":
        return None
    said = dict(_SAID.findall(found["said"]))
    return ("text", tuple((name, said[name]) for name in _OF_WORDS if name in said))


def _words(shared: Said, words: list[re.Match[str]]) -> str:
    """Return words in a group that says what they share."""
    around = "".join(f' {name}="{value}"' for name, value in shared.items())
    inside = []
    for word in words:
        own = [(name, value) for name, value in _SAID.findall(word["said"]) if name not in shared]
        said = "".join(f' {name}="{value}"' for name, value in own)
        inside.append(f"<text{said}>{word['text']}</text>")
    return f"<g{around}>{''.join(inside)}</g>"

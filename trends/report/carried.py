"""How does a figure bring along the numbers that it draws?"""

from __future__ import annotations

import json
import re
from typing import Any

from trends.figures.drawn import Line, as_csv, shapes_of

#: Begins the comment of an SVG that holds what it draws; two dashes would end the comment.
_CARRIES, _DASHES = "trends-data ", "\\u002d\\u002d"


def with_data(svg: str, lines: list[Line], *, narrow: str = "", missing: str = "") -> str:
    """Return an SVG that carries what it draws, as numbers and as a shape, where nobody sees it.

    It also carries the figure as it is drawn for a narrow screen, where there is such a drawing,
    and what is said where there is nothing to draw.
    """
    said: dict[str, Any] = {"csv": as_csv(lines), "shapes": shapes_of(lines)} if lines else {}
    said |= {"narrow": narrow} if narrow else {}
    said |= {"missing": missing} if missing else {}
    if not said:
        return svg
    kept = json.dumps(said)
    return svg.replace("</svg>", f"<!--{_CARRIES}{kept.replace('--', _DASHES)}-->\n</svg>")


def carried(svg: str) -> dict[str, Any]:
    """Return what an SVG carries: its lines as CSV, and their shapes; nothing of other SVGs."""
    found = re.search(rf"<!--{_CARRIES}(.*?)-->", svg, re.DOTALL)
    return {} if found is None else dict(json.loads(found[1].replace(_DASHES, "--")))

"""How does a frame become a table that reads the same on screen and on paper?"""

from __future__ import annotations

import re

import pandas as pd

from trends import escaping

#: A cell that is a number with or without sign, thousands, decimals and a per cent sign.
_NUMBER = re.compile("[\N{MINUS SIGN}-]?[\\d,]+(\\.\\d+)?%?|[\N{EN DASH}]|")

#: Share of the width a column gets at least and at most, in characters of its longest cell.
_NARROWEST, _WIDEST = 6, 44


class Table:
    """A frame as a Markdown table: no index, nothing cut off, numbers to the right.

    Parameters
    ----------
    frame : DataFrame
        What to print; cells are printed as they are, so format numbers first. Columns that
        ``frame.attrs["markdown"]`` names hold Markdown (links, names set as code), and so does a
        phrase of a finding; all other text is escaped.

    Examples
    --------
    >>> print(Table(pd.DataFrame({"Country": ["Syria"], "Events": [11450]}))._repr_markdown_())
    | Country | Events |
    |:--------|-------:|
    | Syria | 11450 |
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def _repr_markdown_(self) -> str:
        written = set(self.frame.attrs.get("markdown", ()))
        columns = [
            [_cell(value, is_markdown=name in written) for value in column]
            for name, column in self.frame.items()
        ]
        rules = [
            _rule(str(name), cells) for name, cells in zip(self.frame.columns, columns, strict=True)
        ]
        lines = [_row([_cell(name) for name in self.frame.columns]), f"|{'|'.join(rules)}|"]
        lines += [_row(list(cells)) for cells in zip(*columns, strict=True)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the frame's shape for the console."""
        return f"Table({len(self.frame):,} rows, {self.frame.shape[1]} columns)"


def _cell(value: object, *, is_markdown: bool = False) -> str:
    """Return one cell as Markdown on one line; text prints as it is."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if is_markdown:
        return re.sub(r"\s*\n\s*", " ", str(value)).replace("|", "\\|")
    return str(getattr(value, "markdown", None) or escaping.markdown(str(value)))


def _rule(name: str, cells: list[str]) -> str:
    """Return the dashes under a heading: their number is the column's share of the width."""
    longest = max(map(len, [name, *cells]))
    dashes = "-" * (min(max(longest, _NARROWEST), _WIDEST))
    return f"{dashes}-:" if all(map(_NUMBER.fullmatch, cells)) else f":{dashes}-"


def _row(cells: list[str]) -> str:
    """Return cells between bars."""
    return f"| {' | '.join(cells)} |"

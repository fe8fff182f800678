"""How is a table of answers written for people, for papers and for other programs?

Markdown and LaTeX are read by people and hold four significant digits; CSV, JSON and workbooks hold
every number as it was computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from trends import escaping
from trends.tables.calendar import format_period

#: Significant digits of numbers that people read.
DIGITS = 4


def shown(frame: pd.DataFrame) -> list[list[str]]:
    """Return a table as texts: the heading, then its rows.

    Parameters
    ----------
    frame : DataFrame
        Any table; its index is left out.

    Returns
    -------
    list of list of str
        Numbers with four significant digits; "" where there is nothing.

    Examples
    --------
    >>> shown(pd.DataFrame({"month": [pd.Period("2024-05", "M")], "rate": [24.44979]}))
    [['month', 'rate'], ['2024-05', '24.45']]
    """
    heading = [str(name) for name in frame.columns]
    columns = [[_shown(value) for value in frame[name]] for name in frame.columns]
    return [heading, *(list(row) for row in zip(*columns, strict=True))]


def to_markdown(frame: pd.DataFrame) -> str:
    """Return a table as Markdown, numbers to the right.

    Parameters
    ----------
    frame : DataFrame
        Any table; its index is left out.

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"country": ["Syria"], "events": [11450]})))
    | country | events |
    |:--|--:|
    | Syria | 11450 |
    """
    rows = [[escaping.markdown(cell) for cell in row] for row in shown(frame)]
    rules = ["--:" if is_number(frame[name]) else ":--" for name in frame.columns]
    lines = [_bars(rows[0]), f"|{'|'.join(rules)}|", *(_bars(row) for row in rows[1:])]
    return "\n".join(lines)


def to_latex(frame: pd.DataFrame) -> str:
    r"""Return a table as a LaTeX ``tabular`` that needs no package.

    Parameters
    ----------
    frame : DataFrame
        Any table; its index is left out.

    Examples
    --------
    >>> print(to_latex(pd.DataFrame({"term": ["rate_first"], "estimate": [24.44979]})))
    \begin{tabular}{lr}
    \hline
    term & estimate \\
    \hline
    rate\_first & 24.45 \\
    \hline
    \end{tabular}
    """
    sides = "".join("r" if is_number(frame[name]) else "l" for name in frame.columns)
    heading, *rows = [
        f"{' & '.join(' '.join(escaping.tex(cell).split()) for cell in row)} \\\\"
        for row in shown(frame)
    ]
    lines = [rf"\begin{{tabular}}{{{sides}}}", r"\hline", heading, r"\hline", *rows, r"\hline"]
    return "\n".join([*lines, r"\end{tabular}"])


def coefficients(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of answers as tables of models are written elsewhere: a row a coefficient.

    Parameters
    ----------
    frame : DataFrame
        What a result returns as `to_frame`.

    Returns
    -------
    DataFrame of as many rows
        Named by what stands before the numbers, and by the method where a name would stand twice.
        Columns b (the estimate), se, t and p, and low and high (the ends of its interval). What a
        result does not know is NaN; a table of what was not estimated has NaN alone.

    Examples
    --------
    >>> answers = pd.DataFrame({"term": ["slope"], "estimate": [0.1], "p_value": [0.02]})
    >>> coefficients(answers).loc["slope", ["b", "p"]].tolist()
    [0.1, 0.02]
    """
    of_ratio = "estimate" not in frame and "ratio" in frame
    sources = {
        "b": "ratio" if of_ratio else "estimate",
        "se": "std_error",
        "t": "statistic",
        "p": "p_value",
        "low": "ratio_low" if of_ratio else "conf_low",
        "high": "ratio_high" if of_ratio else "conf_high",
    }
    numbers = {
        name: pd.to_numeric(frame[column], errors="coerce").to_numpy(float, na_value=np.nan)
        if column in frame
        else np.full(len(frame), np.nan)
        for name, column in sources.items()
    }
    return pd.DataFrame(numbers, index=pd.Index(_row_names(frame), name="Coefficient"))


#: Columns of words that say something of a row and do not name it.
_SAID_OF_ROW = frozenset(
    {"method", "status", "reason", "grade", "verdict", "conf_low", "conf_high"}
)


def _row_names(frame: pd.DataFrame) -> list[str]:
    """Return a name for every row that no other row has."""
    naming = [
        name for name in frame if not is_number(frame[name]) and str(name) not in _SAID_OF_ROW
    ]
    cells = [[_shown(value) for value in frame[name]] for name in naming]
    names = [" ".join(filter(None, row)) for row in zip(*cells, strict=True)]
    names = names or [""] * len(frame)
    if "method" in frame:
        often = Counter(names)
        names = [
            f"{name} ({method})" if often[name] > 1 else name
            for name, method in zip(names, frame["method"], strict=True)
        ]
    often, met = Counter(names), Counter[str]()
    for place, name in enumerate(names):
        met[name] += 1
        if often[name] > 1 or not name:
            names[place] = f"{name} {met[name]}".strip()
    return names


def write_table(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as the ending of the file's name says.

    Parameters
    ----------
    frame : DataFrame
        Any table; its index is left out.
    path : path
        Ends in .csv, .json, .xlsx, .md or .tex.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If the name has another ending.
    """
    target = Path(path)
    write = _WRITERS[table_ending(target)]
    write(frame, target)
    return target


def table_ending(path: str | Path, name: str = "path") -> str:
    """Return the ending of a table's name, or say which there are.

    Examples
    --------
    >>> table_ending("answers.CSV")
    '.csv'
    """
    ending = Path(path).suffix.lower()
    if ending not in _WRITERS:
        raise ValueError(
            f"`{name}` must end in one of {', '.join(_WRITERS)}, got {str(path)!r}. "
            "The ending says how the table is written."
        )
    return ending


def is_number(column: pd.Series) -> bool:
    """Tell whether a column holds numbers, which stand to the right."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _bars(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _missing(value: object) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _shown(value: object) -> str:
    """Return one cell for people, on one line."""
    if _missing(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        # 1.235e+04 is harder to read than 12345 in a table of counts and rates.
        number = float(value)
        large = 10**DIGITS - 0.5 <= abs(number) < 1e15
        return f"{number:.0f}" if large else f"{number:.{DIGITS}g}"
    return " ".join(str(_plain(value)).split())


def _plain(value: object) -> object:
    """Return one cell for a program: a number, a text, or nothing."""
    if _missing(value):
        return None
    if isinstance(value, np.bool_ | np.integer | np.floating):
        return value.item()
    if isinstance(value, pd.Period):
        return format_period(value)
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    return value if isinstance(value, str | int | float) else str(value)


def _plain_frame(frame: pd.DataFrame, written: Callable[[str], str]) -> pd.DataFrame:
    """Return a table of plain cells, whose texts are written for their medium."""

    def cell(value: object) -> object:
        plain = _plain(value)
        return written(plain) if isinstance(plain, str) else plain

    columns = {written(str(name)): [cell(value) for value in frame[name]] for name in frame.columns}
    return pd.DataFrame(columns, dtype=object)


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    _plain_frame(frame, escaping.spreadsheet).to_csv(path, index=False)


def _write_workbook(frame: pd.DataFrame, path: Path) -> None:
    _plain_frame(frame, lambda text: escaping.spreadsheet(escaping.visible(text))).to_excel(
        path, index=False, sheet_name="answer"
    )


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    records = [
        {str(name): _finite(_plain(value)) for name, value in zip(frame.columns, row, strict=True)}
        for row in frame.itertuples(index=False)
    ]
    path.write_text(escaping.json(records, indent=1) + "\n", encoding="utf-8")


def _finite(value: object) -> object:
    """Return a value that JSON knows: an infinite bound is none."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _write_markdown(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(to_markdown(frame) + "\n", encoding="utf-8")


def _write_latex(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(to_latex(frame) + "\n", encoding="utf-8")


_WRITERS: Mapping[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".json": _write_json,
    ".xlsx": _write_workbook,
    ".md": _write_markdown,
    ".tex": _write_latex,
}

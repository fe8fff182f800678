"""How does a table of results look in print?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from trends.findings.wording import format_number, format_time, words


def listing(
    frame: pd.DataFrame, columns: Sequence[str] | None = None, *, lang: str = "en"
) -> pd.DataFrame:
    """Return a table of results with printed headings, numbers and dates.

    Parameters
    ----------
    frame : DataFrame
        What a result's `to_frame` returns.
    columns : sequence of str, optional
        Which columns to print, in which order; all by default.
    lang : {"en", "ar"}
        Language of headings, months and words.

    Returns
    -------
    DataFrame of str
        One column per printed column, headed as in ``[heading]`` of the word tables.

    Raises
    ------
    KeyError
        If a column is not in the frame or has no heading.

    Examples
    --------
    >>> listing(pd.DataFrame({"ratio": [2.4234], "p_value": [0.00001]}))
      Ratio          p-value
    0  2.42  less than 0.001
    """
    chosen = list(frame.columns if columns is None else columns)
    headings = words(lang)["heading"]
    shapes = words("en")["heading_shape"]
    printed = {
        headings[name]: [_print(value, shapes.get(name, ""), lang) for value in frame[name]]
        for name in chosen
    }
    return pd.DataFrame(printed, columns=[headings[name] for name in chosen])


def _print(value: Any, shape: str, lang: str) -> str:
    """Return one cell as text; what is not known is a dash."""
    if value is None or value is pd.NaT or value is pd.NA:
        return "\N{EN DASH}"
    if isinstance(value, pd.Period | pd.Timestamp):
        return format_time(value, lang)
    if isinstance(value, float | int) and not isinstance(value, bool):
        if math.isnan(value):
            return "\N{EN DASH}"
        return format_number(float(value), shape or "ratio", lang)
    return str(words(lang)["cell"].get(str(value), value))

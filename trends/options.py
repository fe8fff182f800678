"""Is what somebody gave as an option a number at all?

Options are compared with their range, and words and lists have none: what is no number is read as
NaN here, which lies in no range, so that the error of the range is raised for it too.
"""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np


def as_number(value: Any) -> float:
    """Return an option as a number, NaN for words, lists, truth values and what is left out.

    Examples
    --------
    >>> as_number(0.05), as_number("0.05"), as_number(True)
    (0.05, nan, nan)
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        return float("nan")
    return float(value)


def check_jobs(n_jobs: int | None) -> None:
    """Raise unless `n_jobs` is a number of workers as joblib counts them, or left out."""
    if n_jobs is not None and (not as_number(n_jobs).is_integer() or n_jobs == 0):
        raise ValueError(
            f"`n_jobs` must be a whole number other than 0, got {n_jobs!r}. "
            "Use 1, or -1 for all cores."
        )


def is_whole(value: Any, least: int) -> bool:
    """Return whether an option is a whole number, and at least so large.

    Examples
    --------
    >>> is_whole(3, 1), is_whole(3.0, 1), is_whole(0, 1), is_whole(2.5, 1), is_whole("3", 1)
    (True, True, False, False, False)
    """
    return as_number(value).is_integer() and as_number(value) >= least

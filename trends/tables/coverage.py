"""Who watched which group on which days?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from trends.tables.cells import DATE
from trends.tables.checking import check_table, in_file_order, typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells

_KINDS = {"watched_from": DATE, "watched_to": DATE}
_MEASURED = ("source", "watched_from", "watched_to")


def read_coverage(path: str | Path, *, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read a table that says who watched which group from when to when.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet with the columns ``source``, ``watched_from`` and ``watched_to``
        (both days included); every other column is a group column.
    encoding : str
        How text is written. Default UTF-8.

    Returns
    -------
    DataFrame of n_rows rows
        Valid by the schema `Coverage`, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the encoding is unknown.
    InvalidTable
        If the file breaks a rule, or a source is said to watch a group twice on one day.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "coverage.csv"
    >>> _ = table.write_text(
    ...     "source,country,watched_from,watched_to\n"
    ...     "Monitor,Iraq,2024-01-01,2024-06-30\n"
    ... )
    >>> trends.read_coverage(table)["country"].tolist()
    ['Iraq']
    """
    coverage, faults = coverage_from_cells(read_cells(path, encoding=encoding))
    if faults:
        raise InvalidTable(faults)
    return coverage.reset_index(drop=True)


def coverage_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as coverage."""
    coverage, faults = typed_table(cells, _KINDS, "Coverage")
    if set(_MEASURED) <= set(coverage.columns):
        faults = in_file_order([*faults, *overlaps(coverage, str(cells.attrs.get("file", "")))])
    return coverage, faults


def group_columns(coverage: pd.DataFrame) -> list[str]:
    """Return the columns of a coverage table that name groups."""
    return [str(name) for name in coverage.columns if name not in _MEASURED]


def overlaps(coverage: pd.DataFrame, file: str) -> list[Fault]:
    """Return a fault for every stretch that begins before an earlier one of its group ends."""
    keys = ["source", *group_columns(coverage)]
    known = coverage.dropna(subset=["watched_from", "watched_to"])
    faults = []
    for _, stretches in known.groupby(keys, dropna=False, sort=False):
        in_time = stretches.sort_values("watched_from", kind="stable")
        reached = in_time["watched_to"].cummax().shift()
        for row in in_time.index[in_time["watched_from"] <= reached]:
            begins = in_time.loc[row, "watched_from"].date()
            faults.append(
                Fault(
                    file=file,
                    row=int(row),
                    column="watched_from, watched_to",
                    value=f"{begins}, already watched to {reached[row].date()}",
                    rule="stretches of one source and group must not overlap",
                    fix="Join the two stretches, or correct a date.",
                )
            )
    return faults


@dataclass(frozen=True)
class Stretches:
    """Stretches of watched days that do not touch, in the order of time.

    Attributes
    ----------
    first, last : ndarray of int, shape (n_stretches,)
        First and last day of each, as days since 1970-01-01, both included.
    """

    first: np.ndarray
    last: np.ndarray

    def hold(self, days: np.ndarray) -> np.ndarray:
        """Tell of each day whether it was watched."""
        if not len(self.first):
            return np.zeros(len(days), dtype=bool)
        before = np.searchsorted(self.first, days, side="right") - 1
        return (before >= 0) & (days <= self.last[np.maximum(before, 0)])

    def days_in(self, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Return how many watched days lie in each window from first to last."""
        ends = np.minimum(self.last[:, None], last)
        starts = np.maximum(self.first[:, None], first)
        days: np.ndarray = np.clip(ends - starts + 1, 0, None).sum(axis=0)
        return days


def join_stretches(first: np.ndarray, last: np.ndarray, span: tuple[int, int]) -> Stretches:
    """Join stretches that overlap or touch, and cut them to a span."""
    order = np.argsort(first, kind="stable")
    joined: list[list[int]] = []
    for start, end in zip(first[order].tolist(), last[order].tolist(), strict=True):
        start, end = max(start, span[0]), min(end, span[1])
        if start > end:
            continue
        if joined and start <= joined[-1][1] + 1:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    ends = np.array(joined, dtype=np.int64).reshape(-1, 2)
    return Stretches(first=ends[:, 0], last=ends[:, 1])


def check_coverage(coverage: pd.DataFrame, by: Sequence[str]) -> None:
    """Raise unless this is a coverage table whose groups are counted by."""
    if not isinstance(coverage, pd.DataFrame):
        raise TypeError(
            f"`coverage` must be a coverage table (a DataFrame), got {type(coverage).__name__}. "
            "Read one with `read_coverage(path)`."
        )
    faults = check_table(coverage, "Coverage")
    if faults:
        raise InvalidTable(faults)
    unknown = [name for name in group_columns(coverage) if name not in by]
    if unknown:
        raise ValueError(
            f"`coverage` must have group columns that are counted by, got {', '.join(unknown)}. "
            f"Add {'it' if len(unknown) == 1 else 'them'} to `by`, or remove the column from the "
            "coverage."
        )

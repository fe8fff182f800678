"""Which event counts does a file hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from trends.tables.calendar import days_in_periods, format_period
from trends.tables.layouts import read_layout
from trends.tables.provenance import sidecar_breaks, sidecar_citation


def read_counts(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
) -> pd.DataFrame:
    r"""Read an event-count table.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet (CSV and TSV also packed) with the columns ``period`` (2024-05-03,
        2024-W18, 2024-05, 2024-Q2 or 2024; other weeks, quarters and years by their ends, such as
        2024-01-07/2024-01-13 or 2023-07/2024-06) and ``count`` (empty where not known). May be left
        out: ``exposure`` (days observed, 0 where nobody watched; all days of the period if left
        out), ``complete`` (true or false; follows from exposure), ``exposure_unit`` (what exposure
        counts where that is not days, such as "100,000 people"), ``count_unit`` (what was added up
        instead of counting events, such as fatalities), ``caveats``, and ``as_of`` (the day on
        which the whole table stood so; several vintages may follow one another in one file). Every
        other column is a group column. Also read are tables of a column of dates and one of whole
        numbers, with words as groups; sheets with a column for each series, which become the group
        ``series``; ``unique_id, ds, y``; ACLED's weekly aggregate by region, of which a week
        without a row is 0 inside the file's span, and its monthly tables over all sheets of a
        workbook.
    columns : mapping, optional
        For any other table: which of its columns is the ``date`` (year and month in two columns are
        "Year, Month"), the ``count``, the ``exposure``; further entries are groups, for instance
        ``{"date": "Monat", "count": "Fälle", "country": "Land"}``.
    by : str or sequence of str, optional
        Columns to keep apart; all other rows of a period are added up. Default: every column of
        words; country and region for ACLED's aggregates.
    encoding : str
        How text is written. Default UTF-8.
    sheet : str, optional
        Sheet of a workbook. Default: every sheet that holds counts.
    header : int, optional
        Row that holds the column names, counted from 1; 0 if there is none. Default: the first that
        holds anything.

    Returns
    -------
    DataFrame of n_rows rows
        Valid by the schema `EventCounts`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source, ``attrs["breaks"]`` and
        ``attrs["citation"]`` the breaks of its sidecar and how it asks to be cited.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `columns`, `by`, `encoding` or `sheet` name nothing that is there.
    InvalidTable
        If the file breaks a rule; every fault is listed with row, column, value and remedy.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "incidents.csv"
    >>> _ = table.write_text(
    ...     "Month,Incidents\n"
    ...     "2024-01,4\n"
    ...     "2024-02,6\n"
    ... )
    >>> trends.read_counts(table)["count"].tolist()
    [4, 6]
    """
    counts = read_layout(
        path, columns=columns, by=by, encoding=encoding, sheet=sheet, header=header
    )
    counts.attrs["breaks"] = sidecar_breaks(path)
    cited = sidecar_citation(path)
    if cited:
        counts.attrs["citation"] = cited
    return counts


def write_counts(counts: pd.DataFrame, path: str | Path) -> None:
    """Write an event-count table as CSV, as `read_counts` reads it.

    Parameters
    ----------
    counts : DataFrame
        An event-count table, or a count series, whose labels become group columns.
    path : str or Path
        Where to; an existing file is replaced in one step, so that no half-written table is seen.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "counts.csv"
    >>> trends.write_counts(trends.as_series([4, 6], start="2024-01"), table)
    >>> print(table.read_text().splitlines()[1])
    2024-01,4,31.0,true
    """
    counts = _table_of(counts)
    written = counts.assign(
        period=[format_period(period) for period in counts["period"]],
        complete=counts["complete"].map({True: "true", False: "false"}),
    )
    if "as_of" in counts:
        written["as_of"] = counts["as_of"].dt.strftime("%Y-%m-%d")
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    try:
        written.to_csv(beside, index=False)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _table_of(counts: pd.DataFrame) -> pd.DataFrame:
    """Return an event-count table as it is, and a count series as one."""
    if not isinstance(counts.index, pd.PeriodIndex) or "period" in counts:
        return counts
    about = counts.attrs
    periods = pd.PeriodIndex(counts.index)
    exposure = counts["exposure"].to_numpy(dtype=float)
    whole = exposure > 0 if about.get("unit") else exposure >= days_in_periods(periods)
    table = pd.DataFrame(
        {
            **about.get("labels", {}),
            "period": periods,
            "count": counts["count"].array,
            "exposure": exposure,
            "complete": whole,
        }
    )
    if about.get("unit"):
        table["exposure_unit"] = about["unit"]
    if about.get("as_of") is not None:
        table["as_of"] = about["as_of"]
    if about.get("caveats"):
        table["caveats"] = "; ".join(about["caveats"])
    return table

"""Which event counts does a file hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from trends.tables.calendar import days_in_periods, first_days, format_period, parse_periods
from trends.tables.cells import DAY, NUMBER, PERIOD, WHOLE_NUMBER, YES_NO
from trends.tables.checking import in_file_order, typed_table
from trends.tables.faults import Fault
from trends.tables.given import read_index, refuse_multiples
from trends.tables.provenance import sidecar_breaks, sidecar_citation
from trends.tables.schemas import EventCounts
from trends.tables.series import MEASURED_COLUMNS

_ENDS_FIX = (
    "Write weeks, quarters and years that begin elsewhere by their ends (2024-01-07/2024-01-13, "
    "2023-07/2024-06); counts over other lengths go through `as_series(counts, exposure=days)`."
)

#: Columns that follow from the calendar where they are left out.
_FOLLOWING = ("exposure", "complete")

_KINDS = {
    "period": PERIOD,
    "count": WHOLE_NUMBER,
    "exposure": NUMBER,
    "complete": YES_NO,
    "as_of": DAY,
}


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
    from trends.tables.layouts import read_layout

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


def counts_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as event counts.

    Exposure and completeness follow from the calendar where their columns are left out.
    """
    if not {"period", "count"} <= set(cells.columns):
        counts, faults = typed_table(cells, _KINDS, EventCounts)
        return counts, [fault for fault in faults if fault.column not in _FOLLOWING]
    unclear: list[Fault] = []
    filled = cells.copy()
    if "exposure" not in cells:
        filled["period"], unclear = _periods_by_spacing(filled)
        filled["exposure"] = _days_of(filled["period"]).map("{:g}".format)
    if "complete" not in cells:
        days, _ = NUMBER.read(filled["exposure"])
        whole = days >= _days_of(filled["period"])
        filled["complete"] = whole.map({True: "true", False: "false"})
    counts, faults = typed_table(filled, _KINDS, EventCounts)
    counts.attrs["assumed"] = [name for name in _FOLLOWING if name not in cells]
    return counts, in_file_order([*unclear, *faults])


def _periods_by_spacing(cells: pd.DataFrame) -> tuple[pd.Series, list[Fault]]:
    """Return the periods that dates stand for, with a fault where they could be several.

    The first days of months are months, and counts of every sixth month cover more than a month:
    where exposure is not given, it can only follow from periods that are meant.
    """
    texts = cells["period"]
    values, wrong = PERIOD.read(texts)
    if wrong.any() or len(values) == 0:
        return texts, []
    groups = [name for name in cells if name not in MEASURED_COLUMNS]
    try:
        days = pd.PeriodIndex(values).unique()
        named = read_index(first_days(days) if days.freqstr == "D" else days)
        of_text = dict(zip(days, map(format_period, named), strict=True))
        written = values.map(of_text)
        for _, own in written.groupby([cells[name] for name in groups] or [0] * len(cells)):
            refuse_multiples(parse_periods(own.drop_duplicates()))
    except ValueError as fault:
        rule = str(fault).removeprefix("`counts` ").partition(". ")[0]
        file = str(cells.attrs.get("file", ""))
        return texts, [
            Fault(file=file, row=None, column="period", value="", rule=rule, fix=_ENDS_FIX)
        ]
    return written, []


def _days_of(texts: pd.Series) -> pd.Series:
    """Return the days of written periods; 1 where the text is none, which is a fault of its own."""
    values, wrong = PERIOD.read(texts)
    days = pd.Series(1.0, index=texts.index)
    days[~wrong] = days_in_periods(pd.PeriodIndex(values[~wrong]))
    return days


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

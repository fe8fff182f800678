"""Which event counts does a table of text give?"""

from __future__ import annotations

import pandas as pd

from trends.tables.calendar import days_in_periods, first_days, format_period, parse_periods
from trends.tables.cells import DAY, NUMBER, PERIOD, WHOLE_NUMBER, YES_NO
from trends.tables.checking import in_file_order, typed_table
from trends.tables.faults import Fault
from trends.tables.given import read_index, refuse_multiples
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


def counts_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as event counts.

    Exposure and completeness follow from the calendar where their columns are left out.
    """
    if not {"period", "count"} <= set(cells.columns):
        counts, faults = typed_table(cells, _KINDS, "EventCounts")
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
    counts, faults = typed_table(filled, _KINDS, "EventCounts")
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

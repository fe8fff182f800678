"""Which event counts does a table hold that the package has not written itself?

People hold counts as a column of dates and a column of numbers, as sheets with a column for each
district, and as databases publish them. All become the package's own columns here: groups,
``period`` and ``count``; what follows from the calendar is added where counts are read. A table
that could be meant in two ways is refused with the option that says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from trends.tables.calendar import Frequency, format_period
from trends.tables.cells import DAY, PERIOD, WHOLE_NUMBER, written_periods
from trends.tables.counted import counts_from_cells
from trends.tables.events import dated_by, without_tags
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_sheets
from trends.tables.mapping import another_kind, mapping_offered
from trends.tables.packs import Pack, count_columns, pack_of_project
from trends.tables.series import MEASURED_COLUMNS
from trends.tables.sources import declared, layout_of

#: Group column of a sheet that has a column for each series.
SERIES = "series"

_DATE_NAMES = ("date", "period", "ds", "week", "month", "day", "quarter", "year")
_COUNT_NAMES = ("count", "counts", "events", "incidents", "n", "y")
# Rows with more words than these describe single events, which are not to be taken for counts.
_MOST_WORDS = {"one": 3, "several": 1}
# Numbers that say where a row belongs, and are not counted.
_LABELLING = re.compile(r"(^|_|\b)(id|code|iso\w*|pcode|lat\w*|lon\w*|fips\w*)($|_|\b)", re.I)


class _Reading(TypedDict):
    """How a table is to be read."""

    columns: Mapping[str, str] | None
    encoding: str
    sheet: str | None
    header: int | None


@dataclass(frozen=True)
class CountLayout:
    """How a table writes counts.

    Attributes
    ----------
    date, count : str
        Columns of the period (several, joined by ", ", hold year, month and day) and of the number.
    groups : tuple of str
        Columns that are kept apart.
    week_ends : str
        Frequency of pandas whose weeks begin on the days written; "" if they are no such weeks.
    added : bool
        Whether rows of one group and period are added up.
    absent_is_zero : bool
        Whether a group without a row had no event in that period.
    """

    date: str
    count: str
    groups: tuple[str, ...]
    week_ends: str = ""
    added: bool = False
    absent_is_zero: bool = False


def read_layout(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
    pack: Pack | None = None,
) -> pd.DataFrame:
    """Read counts from a file in any of the known layouts, see `read_counts`."""
    counts, faults = counts_from_cells(
        count_cells(
            path,
            columns=columns,
            by=by,
            encoding=encoding,
            sheet=sheet,
            header=header,
            pack=pack,
        )
    )
    if faults:
        raise InvalidTable(faults)
    return counts.reset_index(drop=True)


def counts_in(
    path: str | Path,
    labels: Sequence[str] = (),
    *,
    freq: Frequency | None = None,
    span: tuple[str, str] | None = None,
    years: tuple[int, int] | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
    pack: Pack | None = None,
) -> pd.DataFrame:
    """Return the counts that a file of events or of counts holds, by some of its columns.

    Parameters
    ----------
    path : str or Path
        A file that `read_events` or `read_counts` takes, or a glob of files of events.
    labels : sequence of str
        Columns by which groups are told apart. Events, and counts that a database publishes, are
        added up over everything else; other counts keep all their groups.
    freq, span
        As for `count_events`; for events only, where `freq` is a month by default.
    years, columns, encoding, sheet, header
        As for `read_events`.
    pack : Pack, optional
        Subject whose headings of counts are known; that of the project by default.

    Returns
    -------
    DataFrame of n_groups * n_periods rows
        Valid by the schema `EventCounts`.

    Raises
    ------
    ValueError
        If `freq` or `span` is given for a table of counts, or as the readers raise it.
    InvalidTable
        If the file breaks a rule.
    """
    reading: _Reading = {
        "columns": columns,
        "encoding": encoding,
        "sheet": sheet,
        "header": header,
    }
    named = Path(path).is_file()
    sheets = (
        count_sheets(path, encoding=encoding, sheet=sheet, header=header, pack=pack)
        if named
        else []
    )
    kinds = [counted_as(without_tags(cells), columns) for cells in sheets]
    as_counts = any(kinds) or any(is_own(list(cells.columns)) for cells in sheets)
    as_events = any(layout_of(list(cells.columns)) for cells in sheets) or (
        columns is not None and "count" not in columns
    )
    if as_counts and not (columns and as_events):
        given = [name for name, value in (("freq", freq), ("span", span)) if value is not None]
        if given:
            raise ValueError(
                f"`{given[0]}` must be left out for a table of counts, got {path}. Its periods are "
                "those that it holds."
            )
        added = any(kind is not None and kind.added for kind in kinds)
        return read_layout(path, by=list(labels) if added else None, pack=pack, **reading)
    if named and not as_events:
        raise InvalidTable([_unknown_counts(sheets[0])])
    # Tables of counts need no engine.
    from trends.tables.counting import count_events

    return count_events(path, freq=freq or "M", by=list(labels), span=span, years=years, **reading)


def count_sheets(
    path: str | Path, *, pack: Pack | None = None, **reading: Any
) -> list[pd.DataFrame]:
    """Read the sheets of a file as text, with the headings of counts that its subject knows.

    Without a pack that of the project is taken which the file is in. The headings stand in
    ``attrs["count_columns"]``.
    """
    own = pack_of_project(path) if pack is None else pack
    sheets = read_sheets(path, **reading)
    for cells in sheets:
        cells.attrs["count_columns"] = () if own is None else own.columns
    return sheets


def count_cells(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
    pack: Pack | None = None,
) -> pd.DataFrame:
    """Read the counts of a file as text in the package's own columns."""
    sheets = count_sheets(path, encoding=encoding, sheet=sheet, header=header, pack=pack)
    tables = [without_tags(cells) for cells in sheets]
    found = [(cells, counted_as(cells, columns)) for cells in tables]
    # A workbook may begin with a licence, and spread one table over several sheets.
    known = [(cells, layout) for cells, layout in found if layout is not None]
    if not known:
        if is_own(list(tables[0].columns)):
            return tables[0]
        raise InvalidTable([_unknown_counts(tables[0])])
    made = [_in_own_columns(cells, layout, columns, by) for cells, layout in known]
    together = pd.concat(made) if len(made) > 1 else made[0]
    if len(made) > 1:
        together = together.fillna("").reset_index(drop=True)
    if by is not None or all(layout.added for _, layout in known):
        together = _added_up(together, absent_is_zero=any(of.absent_is_zero for _, of in known))
    groups = [name for name in together if name not in MEASURED_COLUMNS]
    ordered = together[[*groups, *(name for name in together if name not in groups)]]
    ordered.attrs = dict(tables[0].attrs)
    return ordered


def is_own(names: Sequence[str]) -> bool:
    """Tell whether columns are those that `write_counts` writes, or some of them are missing."""
    return len({"period", "count", "exposure", "complete"} & set(names)) >= 2


def counted_as(cells: pd.DataFrame, columns: Mapping[str, str] | None = None) -> CountLayout | None:
    """Return how a table writes counts, None where it holds none or could be meant in two ways."""
    names = [str(name) for name in cells.columns]
    if columns:
        if "count" not in columns or not {"date", "period"} & set(columns):
            return None
        groups = [ours for ours in columns if ours not in ("date", "period", "count", "exposure")]
        date = columns.get("date") or columns["period"]
        return CountLayout(date=date, count=columns["count"], groups=tuple(groups))
    if is_own(names) or layout_of(names) is not None:
        return None
    lower = {name.lower(): name for name in names}
    for known in declared()["counts"].values():
        if set(known["signature"]) <= set(lower):
            return _declared_layout(known, lower)
    return _plain_layout(cells)


def _declared_layout(known: Mapping[str, Any], lower: Mapping[str, str]) -> CountLayout:
    """Return a declared layout in the spelling of the file."""
    return CountLayout(
        date=", ".join(lower[name] for name in known["date"].split(", ")),
        count=lower[known["count"]],
        groups=tuple(lower[name] for name in known["groups"] if name in lower),
        week_ends=known.get("week_ends", ""),
        added=known["added"],
        absent_is_zero=known["absent_is_zero"],
    )


def _plain_layout(cells: pd.DataFrame) -> CountLayout | None:
    """Return the layout of a table of dates and whole numbers, None where it is no such table."""
    date = _date_column(cells)
    if date is None:
        return None
    parts = date.split(", ")
    others = [name for name in cells if name not in parts and (cells[name].str.strip() != "").any()]
    numbers = [name for name in others if _holds_whole_numbers(cells[name])]
    counted = [name for name in numbers if not _LABELLING.search(name) and not _is_dating(name)]
    words = [name for name in others if name not in numbers and not _holds_numbers(cells[name])]
    known = (*_COUNT_NAMES, *count_columns(cells))
    preferred = [name for name in counted if name.lower() in known]
    if len(preferred) == 1:
        counted = preferred
    most = _MOST_WORDS["one" if len(counted) == 1 else "several"]
    if not counted or (len(words) > most and len(preferred) != 1):
        return None
    repeated = cells.duplicated([*parts, *words], keep=False)
    if repeated.any():
        return None
    return CountLayout(date=date, count=", ".join(counted), groups=tuple(words))


def _date_column(cells: pd.DataFrame) -> str | None:
    """Return the column of dates, or of year and month, None where there is none or no one."""
    lower = {str(name).lower(): str(name) for name in cells.columns}
    dated = [str(name) for name in cells.columns if _holds_periods(cells[name], str(name))]
    for wanted in _DATE_NAMES:
        fitting = [name for name in dated if name.lower() == wanted]
        if fitting and wanted != "year":
            return fitting[0]
    # Beside a column of days these are no months that were counted.
    if {"year", "month"} <= set(lower) and "day" not in lower:
        return f"{lower['year']}, {lower['month']}"
    finer = [name for name in dated if not cells[name].str.fullmatch("[0-9]{4}").all()]
    if len(finer) == 1:
        return finer[0]
    return dated[0] if len(dated) == 1 else None


def _holds_periods(texts: pd.Series, name: str) -> bool:
    """Tell whether every cell of a column is a period."""
    if texts.str.fullmatch("[0-9]+").all() and not any(
        wanted in name.lower() for wanted in (*_DATE_NAMES, "jahr", "annee", "año")
    ):
        return False
    values, wrong = PERIOD.read(written_periods(texts, name))
    return bool(len(texts) and not wrong.any() and values.notna().all())


def _is_dating(name: str) -> bool:
    """Tell whether a column of numbers says when, as the number of a day or week does."""
    return name.lower() in _DATE_NAMES


def _holds_whole_numbers(texts: pd.Series) -> bool:
    """Tell whether every cell of a column is a whole number or empty."""
    values, wrong = WHOLE_NUMBER.read(texts)
    return bool(not wrong.any() and values.notna().any())


def _holds_numbers(texts: pd.Series) -> bool:
    """Tell whether every cell of a column is a number or empty."""
    filled = texts[texts.str.strip() != ""]
    return bool(pd.to_numeric(filled, errors="coerce").notna().all())


def _in_own_columns(
    cells: pd.DataFrame,
    layout: CountLayout,
    columns: Mapping[str, str] | None,
    by: str | Sequence[str] | None,
) -> pd.DataFrame:
    """Write a table in the package's own columns."""
    for theirs in (*layout.date.split(", "), *(columns or {}).values()):
        if not set(theirs.split(", ")) <= set(map(str, cells.columns)):
            raise ValueError(
                f"`columns` must name columns of the table, got {theirs!r}. "
                f"Use one of {', '.join(map(str, cells.columns[:30]))}."
            )
    made = pd.DataFrame({"period": _periods(cells, layout)}, index=cells.index)
    spelled = dict(columns or {})
    groups = layout.groups if by is None else _asked_for(by, cells)
    for name in groups:
        made[name if columns else name.lower() if layout.added else name] = cells[
            spelled.get(name, name)
        ].str.strip()
    if "exposure" in spelled:
        made["exposure"] = cells[spelled["exposure"]]
    counted = layout.count.split(", ")
    if len(counted) == 1:
        made["count"] = cells[counted[0]]
    else:
        keys = list(made.columns)
        made = pd.concat([made.assign(**{SERIES: name, "count": cells[name]}) for name in counted])
        made = made[[*keys, SERIES, "count"]].astype("str")
    made.attrs = dict(cells.attrs)
    return made


def _asked_for(by: str | Sequence[str], cells: pd.DataFrame) -> list[str]:
    """Return the columns of a table that were asked to be kept apart, as the table spells them."""
    lower = {str(name).lower(): str(name) for name in cells.columns}
    found = []
    for name in [by] if isinstance(by, str) else by:
        if name.lower() not in lower:
            raise ValueError(
                f"`by` must name columns of the table, got {name!r}. "
                f"Use some of {', '.join(map(str, cells.columns))}."
            )
        found.append(lower[name.lower()])
    return found


def _periods(cells: pd.DataFrame, layout: CountLayout) -> pd.Series:
    """Write the periods of a table."""
    parts = layout.date.split(", ")
    if len(parts) > 1:
        return written_periods(dated_by(cells, parts))
    if not layout.week_ends:
        return written_periods(cells[parts[0]], parts[0])
    days, wrong = DAY.read(cells[parts[0]])
    weeks = days.dt.to_period(layout.week_ends)
    shifted = days.notna() & (weeks.dt.start_time != days)
    wrong = wrong | shifted.to_numpy()
    written = {week: format_period(week) for week in weeks.dropna().unique()}
    # What is no first day of such a week is no period, and is refused as one.
    shown = cells[parts[0]] + (" (" + days.dt.day_name() + ")").fillna("")
    return weeks.map(written).astype("str").where(~wrong, shown)


def _added_up(made: pd.DataFrame, *, absent_is_zero: bool) -> pd.DataFrame:
    """Add up the rows of each group and period; groups have every period where that is meant."""
    counts, wrong = WHOLE_NUMBER.read(made["count"])
    keys = [name for name in made if name not in ("count", "exposure")]
    _, unread = PERIOD.read(made["period"])
    if wrong.any() or unread.any() or counts.isna().any():
        # What cannot be read is told of by row, which adding up would lose.
        return made
    summed = (
        made[keys].assign(count=counts.astype("int64")).groupby(keys, sort=False)["count"].sum()
    )
    groups = [name for name in keys if name != "period"]
    table = summed.reset_index()[[*groups, "period", "count"]]
    table = table.sort_values([*groups, "period"], kind="stable", ignore_index=True)
    if absent_is_zero:
        table = _every_period(table, groups)
    table = table.astype("str")
    table.attrs = dict(made.attrs)
    return table


def _every_period(table: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Give every group a row, 0 if new, in every period from the first to the last of the table."""
    values, _ = PERIOD.read(table["period"])
    found = pd.PeriodIndex(values)
    between = pd.period_range(found.min(), found.max(), freq=found.freq)
    every = pd.DataFrame({"period": [format_period(period) for period in between]})
    whole = table[groups].drop_duplicates().merge(every, how="cross") if groups else every
    filled = whole.merge(table, on=[*groups, "period"], how="left")
    return filled.assign(count=filled["count"].fillna(0).astype("int64"))


def _unknown_counts(cells: pd.DataFrame) -> Fault:
    """Say that a table could not be read as counts, and which door or option reads it."""
    names = [str(name) for name in cells.columns]
    other = another_kind(names)
    if layout_of(names) is not None:
        rule = "must hold counts, holds events"
        fix = "Count them with `count_events`, or with `trends count`."
    elif other is not None:
        rule, fix = f"must hold counts, holds {other[0]}", other[1]
    else:
        rule = "must hold a column of dates and one of whole numbers, once for each group and date"
        fix = mapping_offered(cells)
    file = str(cells.attrs.get("file", ""))
    return Fault(file=file, row=1, column="", value=", ".join(names[:8]), rule=rule, fix=fix)

"""What do several rows together show to be wrong, that no single cell shows?

A fault must be repaired before a table is used. What is odd, but stands so in published databases
and reports, is a doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from trends.tables.faults import Fault
from trends.tables.figure import figures_allowed
from trends.tables.packs import Box
from trends.tables.sources import Layout


def fault_at(
    file: str, row: int | None, column: str, rule: str, fix: str, value: str = ""
) -> Fault:
    """Return a fault."""
    return Fault(file=file, row=row, column=column, value=value, rule=rule, fix=fix)


def written(day: pd.Timestamp) -> str:
    """Write a day, or that it is not known."""
    return "?" if pd.isna(day) else day.date().isoformat()


def statement_faults(statements: pd.DataFrame, file: str) -> list[Fault]:
    """Look for faults that more than one row shows."""
    faults = days_to_come(statements, ("window_start", "window_end", "published_on"), file)
    others = [name for name in statements.columns if name != "statement_id"]
    first: dict[tuple[str, ...], int] = {}
    for row, same in statements[others].astype("str").apply(tuple, axis="columns").items():
        if same in first:
            twin = statements.loc[first[same], "statement_id"]
            own = str(statements.loc[row, "statement_id"])
            rule = f"must not repeat a row, is {twin} once more"
            faults.append(fault_at(file, row, "statement_id", rule, "Remove one of the two.", own))
        else:
            first[same] = row
    faults += _measures_of_two_units(statements, file)
    allowed = figures_allowed(statements)
    bounds = dict(
        zip(statements.index, zip(allowed.fewest, allowed.most, strict=True), strict=True)
    )
    firsts = statements.drop_duplicates("statement_id")
    row_of = {str(name): int(row) for row, name in firsts["statement_id"].items()}
    for row, part in statements[statements["part_of"].isin(row_of)].iterrows():
        whole = statements.loc[row_of[part["part_of"]]]
        whole_row = row_of[part["part_of"]]
        faults += _part_faults(int(row), part, whole, (bounds[row][0], bounds[whole_row][1]), file)
    return faults + _circular_parts(statements, row_of, file)


def _measures_of_two_units(statements: pd.DataFrame, file: str) -> list[Fault]:
    """Find measures that count events in one row and people in another."""
    known = statements[statements["measure"].notna() & statements["unit"].notna()]
    usual = known.groupby("measure")["unit"].agg(lambda units: units.mode().iloc[0])
    unlike = known[known["unit"] != known["measure"].map(usual)]
    return [
        fault_at(
            file,
            int(row),
            "measure, unit",
            f"a measure must have one unit, {usual[measure]} in the other rows",
            "Correct the unit, or give the measure a name of its own.",
            f"{measure}, {unit}",
        )
        for row, measure, unit in unlike[["measure", "unit"]].itertuples(name=None)
    ]


def _part_faults(
    row: int, part: pd.Series, whole: pd.Series, limits: tuple[float, float], file: str
) -> list[Fault]:
    """Compare one part with its whole; `limits` are the part's fewest and the whole's most."""
    alike = (part["measure"], part["quantity"]) == (whole["measure"], whole["quantity"])
    fewest, most = limits
    faults = []
    if (alike or part["part_kind"] == "subset") and fewest > most:
        shown = f"{part['statement_id']} {part['count']} > {whole['statement_id']} {whole['count']}"
        rule = "a part must not be larger than its whole"
        fix = "Correct the figure, or unlink the two if they count different things."
        faults.append(fault_at(file, row, "count, part_of", rule, fix, shown))
    starts_early = part["window_start"] < whole["window_start"]
    ends_late = part["window_end"] > whole["window_end"]
    if alike and (starts_early or ends_late):
        shown = f"{_window(part)} of {_window(whole)}"
        rule = "a part's window must lie within its whole's"
        fix = "Correct the windows, or unlink the two."
        faults.append(fault_at(file, row, "window_start, window_end, part_of", rule, fix, shown))
    return faults


def _window(row: pd.Series) -> str:
    """Write a window."""
    return f"{written(row['window_start'])} to {written(row['window_end'])}"


def statement_doubts(statements: pd.DataFrame, file: str) -> list[Fault]:
    """Find wholes whose parts of one kind add up to more, where the parts cannot overlap."""
    primary = statements[statements["role"] == "primary"]
    parts = primary[primary["part_of"].notna() & (primary["part_kind"] != "subset")]
    wholes = statements.drop_duplicates("statement_id").set_index("statement_id", drop=False)
    row_of = dict(zip(statements["statement_id"], statements.index, strict=True))
    allowed = figures_allowed(statements)
    fewest, most = (pd.Series(bound, statements.index) for bound in (allowed.fewest, allowed.most))
    doubts = []
    for (name, kind), siblings in parts.groupby(["part_of", "part_kind"], sort=False):
        if name not in wholes.index:
            continue
        whole = wholes.loc[name]
        alike = siblings[
            (siblings["measure"] == whole["measure"]) & (siblings["quantity"] == whole["quantity"])
        ]
        if kind == "period" and _windows_overlap(alike):
            continue
        total = float(fewest[alike.index].sum())
        if len(alike) > 1 and total > most[row_of[name]]:
            sum_text = " + ".join(str(count) for count in alike["count"])
            doubts.append(
                fault_at(
                    file,
                    int(row_of[name]),
                    "count",
                    f"the parts by {kind} add up to more than the whole",
                    "Look at the source; `trends check` weighs the contradiction.",
                    f"{whole['count']} < {sum_text}",
                )
            )
    return doubts


def _windows_overlap(rows: pd.DataFrame) -> bool:
    """Tell whether any two windows share a day, or one is not known."""
    in_time = rows.sort_values("window_start")
    ends = in_time["window_end"].cummax().shift()
    known = in_time[["window_start", "window_end"]].notna().all(axis=None)
    return not known or bool((in_time["window_start"] <= ends).any())


def _circular_parts(statements: pd.DataFrame, row_of: dict[str, int], file: str) -> list[Fault]:
    """Find wholes that are, by way of other rows, parts of themselves."""
    whole_of = dict(zip(statements["statement_id"], statements["part_of"], strict=True))
    faults = []
    for name in whole_of:
        above, seen = whole_of[name], {name}
        while isinstance(above, str) and above in whole_of and above not in seen:
            seen.add(above)
            above = whole_of[above]
        # A row that is its own whole is already refused by the schema.
        if isinstance(above, str) and above == name and len(seen) > 1:
            rule, fix = (
                "a whole must not be a part of its own parts",
                "Break the circle of part_of.",
            )
            faults.append(fault_at(file, row_of[name], "part_of", rule, fix, str(whole_of[name])))
    return faults


def days_to_come(table: pd.DataFrame, columns: Sequence[str], file: str) -> list[Fault]:
    """Find days after today."""
    today = pd.Timestamp.today().normalize()
    return [
        fault_at(
            file, int(row), name, "must not be in the future", "Correct the date.", written(day)
        )
        for name in columns
        for row, day in table.loc[table[name] > today, name].items()
    ]


def event_doubts(
    events: pd.DataFrame,
    cells: pd.DataFrame,
    layout: Layout,
    boxes: Mapping[str, Box],
    file: str,
) -> list[Fault]:
    """Return what is odd in a table of events, given beside the cells it was read from."""
    return [
        *_out_of_place(events, boxes, file),
        *_odd_fatalities(events, layout, file),
        *_other_years(events, cells, layout, file),
        *_twins(cells.loc[cells.index.intersection(events.index)], layout, file),
    ]


def _other_years(
    events: pd.DataFrame, cells: pd.DataFrame, layout: Layout, file: str
) -> list[Fault]:
    """Find events of which the database's own column of the year says another than their dates."""
    if layout.year not in cells:
        return []
    given = pd.to_numeric(cells[layout.year].reindex(events.index), errors="coerce")
    first = events["start"].dt.year
    last = events["end"].dt.year.fillna(first)
    odd = given.notna() & ~given.between(first, last)
    return [
        fault_at(
            file,
            int(row),
            f"{layout.columns['start']}, {layout.year}",
            "the date and the column of the year name different years",
            "Look at the source; the event is counted by its date.",
            f"{event['start'].date()}, {given[row]:g}",
        )
        for row, event in events[odd].iterrows()
    ]


def _out_of_place(events: pd.DataFrame, boxes: Mapping[str, Box], file: str) -> list[Fault]:
    """Find events outside the box of the country they are said to be in."""
    faults: list[Fault] = []
    if "country" not in events:
        return faults
    for country, (south, west, north, east) in boxes.items():
        own = events[events["country"] == country].dropna(subset=["latitude", "longitude"])
        inside = own["latitude"].between(south, north) & own["longitude"].between(west, east)
        sides = f"latitude {south:g} to {north:g}, longitude {west:g} to {east:g}"
        faults += [
            fault_at(
                file,
                int(row),
                "country, latitude, longitude",
                f"lies outside {country}: {sides}",
                "Look at the country and the coordinates (latitude comes first); counts by country "
                "follow the country named.",
                f"{place['latitude']:g}, {place['longitude']:g}",
            )
            for row, place in own[~inside].iterrows()
        ]
    return faults


def _odd_fatalities(events: pd.DataFrame, layout: Layout, file: str) -> list[Fault]:
    """Find best estimates of fatalities outside their own bounds."""
    names = ("fatalities_low", "fatalities_best", "fatalities_high")
    theirs = ", ".join(layout.columns[name] for name in names if name in layout.columns)
    low, best, high = (events[name] for name in names)
    odd = events[(low > best) | (best > high) | (low > high)]
    rule = "the best estimate of fatalities lies outside its bounds"
    return [
        fault_at(
            file,
            int(row),
            theirs,
            rule,
            "Look at the source; counts of events are not affected.",
            f"{event['fatalities_low']:g}, {event['fatalities_best']:g}, "
            f"{event['fatalities_high']:g}",
        )
        for row, event in odd.iterrows()
    ]


def _twins(cells: pd.DataFrame, layout: Layout, file: str) -> list[Fault]:
    """Find rows that repeat an earlier one in everything but the id of the event."""
    name = layout.columns["event_id"]
    if name not in cells:
        return []
    others = [column for column in cells.columns if column != name]
    twins = cells[cells.duplicated(others, keep="first")]
    rule = "the row repeats an earlier one in everything but its id"
    fix = "Look whether one event was entered twice."
    return [
        fault_at(file, int(row), name, rule, fix, str(event_id))
        for row, event_id in twins[name].items()
    ]

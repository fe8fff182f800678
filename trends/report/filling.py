"""Which groups, periods and questions does a table offer to a report?

What a table can answer is found out by asking it: a question that a series refuses is left out of
the pages, with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

import trends
from trends.findings.about import key_of
from trends.report.outline import OF_EVENTS, names_in
from trends.tables.calendar import Frequency, frequency_letter
from trends.tables.events import read_events
from trends.tables.layouts import count_sheets, counted_as, counts_in, is_own
from trends.tables.mapping import another_kind
from trends.tables.packs import Pack
from trends.tables.series import MEASURED_COLUMNS
from trends.tables.sources import layout_of

#: Groups that get a section of their own; the table may hold more.
MOST_GROUPS = 3
#: Columns by which events are told apart when nobody says, best first.
_GROUP_COLUMNS = ("country", "admin1")
#: Events that a period has on average before finer periods than a year are taken.
_EVENTS_A_PERIOD = 1.0
#: Periods beyond which coarser ones are taken: asking takes its time, and twenty years of months
#: are drawn as one line anyway.
_MOST_PERIODS = 240
#: A season is asked of what covers two years.
_SEASONS = pd.Timedelta(days=729)
#: Series of so many periods are long enough for every question; asking takes its time.
_LONG = 60
#: Periods that a forecast of a new report looks ahead.
HORIZON = 6


@dataclass(frozen=True, kw_only=True)
class Section:
    """One series or comparison of a new report.

    Attributes
    ----------
    key : str
        Its key in the outline.
    names : dict of str to str
        What it is called, by language.
    entry : dict
        What singles it out, as the outline writes it.
    questions : tuple of str
        What can be asked of it.
    refused : dict of str to str
        What cannot, and why.
    """

    key: str
    names: dict[str, str]
    entry: dict[str, Any]
    questions: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Filling:
    """What a table offers: how it is read, its sections, its days and how long a period is."""

    reading: dict[str, Any]
    sections: list[Section]
    first: pd.Timestamp
    last: pd.Timestamp
    left_out: list[str]
    freq: str = "M"


def of_counts(
    file: Path,
    kind: str,
    reading: Mapping[str, Any],
    *,
    by: Sequence[str],
    where: Mapping[str, str],
    all_name: Mapping[str, str],
    pack: Pack | None,
    counted: str,
    progress: Callable[[str], None],
) -> Filling:
    """Return what a table of events or of counts offers."""
    names, dates = names_in(pack), {} if pack is None else pack.dates
    found = kind_of(file, reading, pack)
    if found not in (kind, ""):
        raise ValueError(
            f"`--{kind}` must name a table of {kind}, got {str(file)!r}, a table of {found}. "
            f"Write --{found}."
        )
    reading = dict(reading)
    columns = _group_columns(file, kind, reading, by, where, pack)
    if kind == "events" and "freq" not in reading:
        reading["freq"] = _frequency_of(file, list(where), reading, where, pack)
    counts = _picked(counts_in(file, columns, pack=pack, **reading), where)
    groups = [name for name in counts.columns if name not in MEASURED_COLUMNS]
    unknown = [name for name in by if name not in groups]
    if unknown:
        known = ", ".join(groups)
        raise ValueError(
            f"`--by` must name a column that tells groups of the table apart, got {unknown[0]!r}. "
            f"{f'Known are {known}.' if groups else 'Leave it out: there are none.'}"
        )
    sections: list[Section] = []
    left_out: list[str] = []
    # What has no name of its own is called by what is counted, where the subject has words for it.
    nameless = {lang: _plain_name(file) for lang in all_name}
    if pack is not None and counted in pack.measures:
        all_name = nameless = {lang: pack.called(counted, lang) for lang in all_name}
    # Events may be added over groups; what two sources counted may not.
    one_group = not groups or len(counts[groups].drop_duplicates()) == 1
    if kind == "events" and not one_group:
        label = dict(where)
        country = _only_country(file, reading) if not where else ""
        called = _called(list(label.values()) or [country], names, all_name)
        called = {lang: called[lang] or said for lang, said in all_name.items()}
        whole = counts_in(file, list(label), pack=pack, **reading)
        _add(sections, left_out, called, label, whole, dates, progress)
    sizes = counts.groupby(groups, dropna=False)["count"].sum() if groups else None
    ranked: list[Any] = [()]
    if sizes is not None:
        ranked = list(sizes.sort_values(ascending=False, kind="stable").index)
    for labels in ranked[: MOST_GROUPS if len(ranked) > 1 else 1]:
        values = labels if isinstance(labels, tuple) else (labels,)
        label = {
            name: "" if pd.isna(value) else str(value)
            for name, value in zip(groups, values, strict=True)
        }
        said = [one for one in label.values() if one]
        called = _called(said, names, all_name) if said else nameless
        _add(sections, left_out, called, label, counts, dates, progress)
    if not sections:
        raise ValueError(
            f"`--{kind}` must hold a series that some question can be asked of, got {str(file)!r}: "
            f"{' '.join(left_out)}"
        )
    periods = pd.PeriodIndex(counts["period"])
    # The last period may have been watched for a part of it.
    watched = counts.loc[periods == periods.max(), "exposure"].max()
    whole = counts.loc[periods == periods.max(), "complete"].all()
    last = periods.max().end_time.normalize()
    if not whole and watched > 0:
        last = periods.max().start_time + pd.Timedelta(days=float(watched) - 1)
    return Filling(
        reading=reading,
        sections=sections,
        first=periods.min().start_time.normalize(),
        last=last,
        freq=frequency_letter(periods),
        left_out=left_out + [_said_of(groups, label) for label in ranked[MOST_GROUPS:]],
    )


def of_statements(
    file: Path, reading: Mapping[str, Any], languages: Sequence[str], pack: Pack | None
) -> Filling:
    """Return what a table of published figures offers: its comparisons."""
    statements = trends.read_statements(file, **reading, pack=None if pack is None else pack.folder)
    sections: list[Section] = []
    known = statements[statements["window_start"].notna() & statements["window_end"].notna()]
    if known.empty:
        raise ValueError(
            f"`--statements` must hold a figure with a window, got {str(file)!r} without. "
            "Write the first and the last day of each figure."
        )
    alike = ["measure", "counted_by", "country", "area", "unit"]
    for _, rows in known.groupby(alike, dropna=False, sort=False):
        ordered = rows.sort_values(["window_end", "window_start"], kind="stable")
        pairs = [
            (later, earlier)
            for (_, earlier), (_, later) in pairwise(ordered.iterrows())
            if earlier["window_end"] < later["window_start"] and _compares(later, earlier)
        ]
        if not pairs:
            continue
        later, earlier = pairs[-1]
        said = str(later["measure"]).replace("_", " ")
        name = f"{said[:1].upper()}{said[1:]}, {later['counted_by']}"
        sections.append(
            Section(
                key=_key(name, sections),
                names=dict.fromkeys(("en", *languages), name),
                entry={
                    "first": str(later["statement_id"]),
                    "second": str(earlier["statement_id"]),
                },
                questions=("comparison",),
            )
        )
    return Filling(
        reading=dict(reading),
        sections=sections,
        first=known["window_start"].min(),
        last=known["window_end"].max(),
        left_out=[],
    )


def of_sheet(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the cells of a file are read, whatever its columns mean."""
    return {name: reading[name] for name in ("encoding", "sheet", "header") if name in reading}


def _of_rows(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return how the rows of a table of events are read, however they are counted."""
    return {name: one for name, one in reading.items() if name not in OF_EVENTS}


def kind_of(file: Path, reading: Mapping[str, Any], pack: Pack | None = None) -> str:
    """Return what a table holds, as the readers would take it; "" where they would refuse it."""
    columns = reading.get("columns")
    cells = count_sheets(file, pack=pack, **of_sheet(reading))
    if columns:
        return "counts" if "count" in columns else "events"
    if any(is_own(list(one.columns)) or counted_as(one) for one in cells):
        return "counts"
    if any(layout_of(list(one.columns)) for one in cells):
        return "events"
    other = another_kind(list(map(str, cells[0].columns)))
    return "statements" if other is not None and other[0] == "published figures" else ""


def _group_columns(
    file: Path,
    kind: str,
    reading: Mapping[str, Any],
    by: Sequence[str],
    where: Mapping[str, str],
    pack: Pack | None,
) -> list[str]:
    """Return the columns that tell groups apart: those asked for, or the first that differs."""
    if by:
        return [*where, *(name for name in by if name not in where)]
    if kind == "events":
        events = read_events(file, **_of_rows(reading))
        for name, label in where.items():
            events = events[events[name].astype("str") == label] if name in events else events
        different = {
            name: len(events[name].dropna().unique()) for name in _GROUP_COLUMNS if name in events
        }
        # The first column that tells events apart; one country still names them.
        chosen = [name for name, number in different.items() if number > 1][:1]
        chosen = chosen or [name for name, number in different.items() if number == 1][:1]
        return [*dict.fromkeys([*where, *chosen])]
    cells = count_sheets(file, pack=pack, **of_sheet(reading))
    layouts = [found for one in cells if (found := counted_as(one, reading.get("columns")))]
    if layouts and layouts[0].added:
        held = [name.lower() for name in layouts[0].groups]
        chosen = [name for name in _GROUP_COLUMNS if name in held][:1]
        return [*dict.fromkeys([*where, *chosen])]
    return list(where)


def _only_country(file: Path, reading: Mapping[str, Any]) -> str:
    """Return the country of all events; "" where there are several or none is told."""
    found = read_events(file, **_of_rows(reading))["country"].dropna().unique()
    return str(found[0]) if len(found) == 1 else ""


def _frequency_of(
    file: Path,
    labels: list[str],
    reading: Mapping[str, Any],
    where: Mapping[str, str],
    pack: Pack | None,
) -> Frequency:
    """Return the finest of months, quarters and years that suits how many events there are."""
    for freq in ("M", "Q", "Y"):
        counts = _picked(counts_in(file, labels, pack=pack, **{**reading, "freq": freq}), where)
        n_periods = len(counts["period"].unique())
        enough = counts["count"].mean() >= _EVENTS_A_PERIOD and n_periods <= _MOST_PERIODS
        if enough or freq == "Y":
            break
    return freq


def _picked(counts: pd.DataFrame, where: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows that carry the labels."""
    for name, label in where.items():
        if name not in counts or label not in set(counts[name].astype("str")):
            held = sorted(set(counts[name].astype("str")))[:20] if name in counts else []
            known = ", ".join(held)
            raise ValueError(
                f"`--where` must name a column and a value of the table, got {name}={label}. "
                f"{f'Known are {known}.' if known else 'Correct the column.'}"
            )
        counts = counts[counts[name].astype("str") == label]
    return counts


def _add(
    sections: list[Section],
    left_out: list[str],
    names: dict[str, str],
    label: dict[str, str],
    counts: pd.DataFrame,
    dates: Mapping[str, Mapping[str, Any]],
    progress: Callable[[str], None],
) -> None:
    """Add a section for a group, or say why none of its questions has an answer."""
    progress(names["en"])
    series = trends.series(counts, **{name: one or None for name, one in label.items()})
    near = {
        key: one["date"]
        for key, one in dates.items()
        if all(label.get(name) == value for name, value in one.get("where", {}).items())
    }
    questions, refused = _questions_of(series, near)
    if not questions:
        left_out.append(f"{names['en']}: {next(iter(refused.values()))}")
        return
    sections.append(
        Section(
            key=_key(names["en"], sections),
            names=names,
            entry={"where": label},
            questions=questions,
            refused=refused,
        )
    )


def _called(
    labels: Sequence[str], names: Mapping[str, Mapping[str, str]], languages: Iterable[str]
) -> dict[str, str]:
    """Return what labels are called in each language, as the table writes them where unknown."""
    return {
        lang: ", ".join(
            names.get(one, {}).get(lang, one) if lang != "en" else one for one in labels
        )
        for lang in languages
    }


def _questions_of(
    series: pd.DataFrame, dates: Mapping[str, date]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return what can be asked of a series, and why the rest cannot."""
    asked: dict[str, Callable[[], object]] = {
        "trend": lambda: trends.estimate_trend(series),
        "shifts": lambda: trends.detect_changepoints(series, n_null=19, rng=1),
        "season": lambda: trends.estimate_season(series),
        "forecast": lambda: trends.forecast_counts(series, HORIZON, n_draws=1, rng=1),
        **{
            f"date:{key}": partial(trends.estimate_interruption, series, day)
            for key, day in dates.items()
        },
    }
    answered: list[str] = []
    refused: dict[str, str] = {}
    index = pd.PeriodIndex(series.index)
    if index[-1].end_time - index[0].start_time < _SEASONS:
        asked.pop("season")
        refused["season"] = "A season is told from two years or more."
    for name, ask in asked.items():
        if name in ("shifts", "forecast") and series["count"].notna().sum() >= _LONG:
            answered.append(name)  # asked of what a trend has, they are refused to short series
            continue
        try:
            ask()
        except (ValueError, RuntimeError) as fault:
            if name == "trend":
                return (), {name: str(fault)}
            refused[name] = str(fault)
        else:
            answered.append(name)
    return ("course", *answered), refused


def _compares(first: pd.Series, second: pd.Series) -> bool:
    """Tell whether two figures can be compared as rates."""
    try:
        trends.compare_rates(first.to_dict(), second.to_dict())
    except (ValueError, TypeError):
        return False
    return True


def _key(name: str, sections: Sequence[Section]) -> str:
    """Return a key that no section has yet."""
    key, taken = key_of(name)[:40].strip("-"), {section.key for section in sections}
    number = 2
    made = key
    while made in taken:
        made, number = f"{key}-{number}", number + 1
    return made


def _plain_name(file: Path) -> str:
    """Return the name of a file in words."""
    return re.sub(r"[_\s]+", " ", file.stem).strip() or "counts"


def _said_of(groups: Sequence[str], labels: Any) -> str:
    """Return a group that got no section, as `--where` would pick it."""
    values = labels if isinstance(labels, tuple) else (labels,)
    return ", ".join(f"{name}={value}" for name, value in zip(groups, values, strict=True))

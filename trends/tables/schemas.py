"""What must a table hold before anything is computed from it? The only door to Pandera."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from trends.tables import count_rules
from trends.tables.choices import (
    BASES,
    PART_KINDS,
    PER,
    QUALIFIERS,
    QUANTITIES,
    READINGS,
    ROLES,
    SCOPES,
    SOURCE_KINDS,
    UNITS,
    WINDOW_BASES,
)
from trends.tables.sources import COORDINATE_BOUNDS, DATE_PRECISIONS, LOCATION_PRECISIONS

with warnings.catch_warnings():
    # Where PySpark is installed Pandera looks for its pandas layer, which warns of pandas 3;
    # nothing here uses that layer. The checks and types would look for it later, when first used.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support", FutureWarning)
    import pandera.pandas as pa

    # Imported for its effect: it registers the checks now, while the warning is silenced.
    from pandera.backends.pandas import builtin_checks as _checks  # noqa: F401
    from pandera.errors import SchemaErrors
    from pandera.typing import Index, Series, get_index_types

    get_index_types()


def _bounds(name: str) -> dict[str, int]:
    """Return the range of a coordinate as Pandera takes it."""
    low, high = COORDINATE_BOUNDS[name]
    return {"min_value": low, "max_value": high}


class Statements(pa.DataFrameModel):
    """One row per published figure: what was counted, by whom, over which window, how firmly said.

    The columns are explained one by one in the data dictionary (`trends.glossary`). Five of them
    are enough for a file (measure, count, window_start, window_end, counted_by); the readers fill
    in the others. Further columns are kept.
    """

    statement_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    measure: Series[str] = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$")
    unit: Series[str] = pa.Field(isin=UNITS)
    quantity: Series[str] = pa.Field(isin=QUANTITIES)
    per: Series[str] = pa.Field(isin=PER, nullable=True)
    count_low: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    count: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    count_high: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    qualifier: Series[str] = pa.Field(isin=QUALIFIERS)
    window_start: Series[pd.Timestamp] = pa.Field(nullable=True)
    window_end: Series[pd.Timestamp] = pa.Field(nullable=True)
    window_basis: Series[str] = pa.Field(isin=WINDOW_BASES)
    country: Series[str] = pa.Field(nullable=True)
    area: Series[str] = pa.Field(nullable=True)
    places: Series[str] = pa.Field(nullable=True)
    control_area: Series[str] = pa.Field(nullable=True)
    scope: Series[str] = pa.Field(isin=SCOPES)
    scope_basis: Series[str] = pa.Field(isin=BASES)
    actor: Series[str] = pa.Field(nullable=True)
    subset: Series[str] = pa.Field(nullable=True)
    counted_by: Series[str] = pa.Field(str_length={"min_value": 1})
    counter: Series[str] = pa.Field(nullable=True)
    relayed_by: Series[str] = pa.Field(nullable=True)
    source_kind: Series[str] = pa.Field(isin=SOURCE_KINDS)
    definition: Series[str] = pa.Field(nullable=True)
    published_by: Series[str] = pa.Field(nullable=True)
    published_on: Series[pd.Timestamp] = pa.Field(nullable=True)
    url: Series[str] = pa.Field(nullable=True)
    document: Series[str] = pa.Field(nullable=True)
    part_of: Series[str] = pa.Field(nullable=True)
    part_kind: Series[str] = pa.Field(isin=PART_KINDS, nullable=True)
    role: Series[str] = pa.Field(isin=ROLES)
    rival_of: Series[str] = pa.Field(nullable=True)
    reading: Series[str] = pa.Field(isin=READINGS)
    forecast_of: Series[str] = pa.Field(nullable=True)
    note: Series[str] = pa.Field(nullable=True)

    @pa.dataframe_check(name="window_end is not before window_start")
    @classmethod
    def window_in_order(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether a window ends on or after the day it starts."""
        return ~(statements["window_end"] < statements["window_start"])

    @pa.dataframe_check(name="window_basis is unknown exactly when an end of the window is blank")
    @classmethod
    def unknown_window_is_blank(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether exactly the windows with a blank end are called unknown."""
        blank = statements["window_start"].isna() | statements["window_end"].isna()
        return blank == (statements["window_basis"] == "unknown")

    @pa.dataframe_check(name="a figure is given: count, or count_low or count_high of a range")
    @classmethod
    def figure_given(cls, statements: pd.DataFrame) -> pd.Series:
        """Every row holds at least one figure."""
        return statements[["count_low", "count", "count_high"]].notna().any(axis="columns")

    @pa.dataframe_check(name="count_low <= count <= count_high")
    @classmethod
    def figures_in_order(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether the bounds enclose the count."""
        low, count, high = (
            statements[name].astype("Float64") for name in ("count_low", "count", "count_high")
        )
        wrong = (
            (low > count).fillna(False) | (count > high).fillna(False) | (low > high).fillna(False)
        )
        return ~wrong.astype(bool)

    @pa.dataframe_check(name="part_of names another statement of this table")
    @classmethod
    def whole_is_present(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether a part's whole is in the same table, and is not the part itself."""
        part_of, own = statements["part_of"], statements["statement_id"]
        return part_of.isna() | (part_of.isin(own) & (part_of != own))

    @pa.dataframe_check(name="part_kind is given exactly when part_of is")
    @classmethod
    def part_has_a_kind(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether a link to a whole says what kind of part it is."""
        return statements["part_of"].isna() == statements["part_kind"].isna()

    @pa.dataframe_check(name="only a rival names the primary figure, another one of this table")
    @classmethod
    def rival_names_its_primary(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether only rivals name a primary figure, and one of the same table."""
        primary, own = statements["rival_of"], statements["statement_id"]
        fits = primary.isin(own) & (primary != own) & (statements["role"] == "rival")
        return primary.isna() | fits

    @pa.dataframe_check(name="a forecast was published before its window ended")
    @classmethod
    def forecast_looks_ahead(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether what is said of days to come was said before they were over."""
        ahead = statements["published_on"] <= statements["window_end"]
        return statements["forecast_of"].isna() | ahead

    @pa.dataframe_check(name="per is given exactly when the quantity is a rate")
    @classmethod
    def rate_is_per_something(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether a rate says per what, and nothing else does."""
        return statements["per"].notna() == (statements["quantity"] == "rate")

    @pa.dataframe_check(name="bounds are of a range or a rounded figure")
    @classmethod
    def bounds_belong_to_a_range(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether only figures that are no single number have bounds, and ranges have one."""
        bounded = statements[["count_low", "count_high"]].notna().any(axis="columns")
        inexact = statements["qualifier"].isin(["range", "about"])
        return (inexact | ~bounded) & (bounded | (statements["qualifier"] != "range"))

    @pa.dataframe_check(name="the first event since a day is the first, not the zeroth")
    @classmethod
    def nth_is_one_or_more(cls, statements: pd.DataFrame) -> pd.Series:
        """Tell whether every nth-since figure counts an event."""
        count = statements["count"].astype("Float64").fillna(0)
        return ~((statements["qualifier"] == "nth_since") & (count < 1)).astype(bool)


@cache
def statements_of(kinds: tuple[str, ...]) -> type[Statements]:
    """Return the schema of statements that may name further kinds of source."""

    class WithKinds(Statements):
        source_kind: Series[str] = pa.Field(isin=tuple(dict.fromkeys((*SOURCE_KINDS, *kinds))))

    return WithKinds


class Definitions(pa.DataFrameModel):
    """One row per way of counting: what a counter counted, from which day to which."""

    definition: Series[str] = pa.Field(unique=True, str_matches=r"^[a-z][a-z0-9-]*$")
    counter: Series[str] = pa.Field(str_length={"min_value": 1})
    measure: Series[str] = pa.Field(str_matches=r"^[a-z][a-z0-9_]*$")
    control_area: Series[str] = pa.Field(nullable=True)
    counts_from: Series[pd.Timestamp] = pa.Field(nullable=True)
    counts_to: Series[pd.Timestamp] = pa.Field(nullable=True)
    basis: Series[str] = pa.Field(isin=BASES)
    counts: Series[str] = pa.Field(str_length={"min_value": 1})
    counts_ar: Series[str] = pa.Field(nullable=True)
    rests_on: Series[str] = pa.Field(nullable=True)
    url: Series[str] = pa.Field(nullable=True)
    note: Series[str] = pa.Field(nullable=True)

    @pa.dataframe_check(name="counts_to is not before counts_from")
    @classmethod
    def days_in_order(cls, definitions: pd.DataFrame) -> pd.Series:
        """Tell whether a definition ends on or after the day it starts."""
        return ~(definitions["counts_to"] < definitions["counts_from"])


class EventCounts(pa.DataFrameModel):
    """One row per group and period; zero, missing and not covered are three different states.

    Any further column is a group column, but for four that may be left out: ``exposure_unit`` says
    what exposure counts where that is not days, ``count_unit`` what was added up instead of
    counting events, ``caveats`` what every finding must say, ``as_of`` the day on which the whole
    table stood so (its *vintage*). *Zero*: exposure > 0 and count 0. *Missing*: exposure > 0 and
    count NA. *Not covered*: exposure 0 and count NA.
    """

    period: Series[Any] = pa.Field()
    count: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    exposure: Series[float] = pa.Field(ge=0)
    complete: Series[bool] = pa.Field()
    as_of: Series[pd.Timestamp] | None = pa.Field(nullable=True)

    @pa.dataframe_check(name="period holds pandas periods of one frequency")
    @classmethod
    def periods_have_a_frequency(cls, counts: pd.DataFrame) -> bool:
        """Tell whether a month is a period, not its first day."""
        return count_rules.has_frequency(counts)

    @pa.dataframe_check(name="no count where exposure is 0 (not covered)")
    @classmethod
    def uncovered_has_no_count(cls, counts: pd.DataFrame) -> pd.Series:
        """Tell whether a period nobody watched has no count, rather than a zero."""
        return count_rules.uncovered_has_no_count(counts)

    @pa.dataframe_check(name="exposure is 0 or at least a millionth")
    @classmethod
    def exposure_is_one(cls, counts: pd.DataFrame) -> pd.Series:
        """Nobody watches for the hundredth part of a second, and no rate is made of it."""
        return count_rules.is_an_exposure(counts)

    @pa.dataframe_check(name="exposure is at most the days of the period")
    @classmethod
    def exposure_fits(cls, counts: pd.DataFrame) -> pd.Series:
        """Nobody watches for longer than the period lasts; other units than days have no limit."""
        return count_rules.fits_the_period(counts)

    @pa.dataframe_check(name="complete only where every day of the period was observed")
    @classmethod
    def complete_is_whole(cls, counts: pd.DataFrame) -> pd.Series:
        """Tell whether no partly watched period is called complete."""
        return count_rules.complete_is_whole(counts)

    @pa.dataframe_check(name="as_of is not after today")
    @classmethod
    def vintage_is_not_ahead(cls, counts: pd.DataFrame) -> pd.Series | bool:
        """Nobody has read a count tomorrow."""
        return "as_of" not in counts or ~(counts["as_of"] > pd.Timestamp.today().normalize())

    @pa.dataframe_check(name="one row per group and period")
    @classmethod
    def one_row_each(cls, counts: pd.DataFrame) -> pd.Series:
        """No group has two rows for one period of one vintage."""
        return count_rules.is_single(counts)


class CountSeries(pa.DataFrameModel):
    """One group's counts on a gapless PeriodIndex: what every analysis takes."""

    period: Index[Any] = pa.Field(unique=True, check_name=True)
    count: Series[pd.Int64Dtype] = pa.Field(ge=0, nullable=True)
    exposure: Series[float] = pa.Field(ge=0)

    @pa.dataframe_check(name="no count where exposure is 0 (not covered)")
    @classmethod
    def uncovered_has_no_count(cls, series: pd.DataFrame) -> pd.Series:
        """Tell whether a period nobody watched has no count, rather than a zero."""
        return count_rules.uncovered_has_no_count(series)

    @pa.dataframe_check(name="periods follow one another without a gap")
    @classmethod
    def gapless(cls, series: pd.DataFrame) -> bool:
        """Tell whether the index is the full range from its first to its last period."""
        index = series.index
        if not isinstance(index, pd.PeriodIndex):
            return False
        return len(index) == 0 or bool((np.diff(index.asi8) == 1).all())


class Events(pa.DataFrameModel):
    """One row per dated, placed event; what its source does not say is missing.

    Any further column may be counted by. Two rules one would expect are not here, because published
    databases break them in single rows and are not ours to correct: that an event ends after it
    starts, and that the best estimate of fatalities lies within its bounds. `validate` lists such
    rows as doubts.
    """

    event_id: Series[str] = pa.Field(unique=True, str_length={"min_value": 1})
    start: Series[pd.Timestamp] = pa.Field()
    end: Series[pd.Timestamp] | None = pa.Field(nullable=True)
    date_precision: Series[str] | None = pa.Field(isin=DATE_PRECISIONS, nullable=True)
    country: Series[str] | None = pa.Field(str_length={"min_value": 1})
    admin1: Series[str] | None = pa.Field(nullable=True)
    admin2: Series[str] | None = pa.Field(nullable=True)
    latitude: Series[float] | None = pa.Field(in_range=_bounds("latitude"), nullable=True)
    longitude: Series[float] | None = pa.Field(in_range=_bounds("longitude"), nullable=True)
    location_precision: Series[str] | None = pa.Field(isin=LOCATION_PRECISIONS, nullable=True)
    actor1: Series[str] | None = pa.Field(nullable=True)
    actor2: Series[str] | None = pa.Field(nullable=True)
    event_type: Series[str] | None = pa.Field(nullable=True)
    fatalities_low: Series[float] | None = pa.Field(ge=0, nullable=True)
    fatalities_best: Series[float] | None = pa.Field(ge=0, nullable=True)
    fatalities_high: Series[float] | None = pa.Field(ge=0, nullable=True)
    source: Series[str] | None = pa.Field(nullable=True)
    source_version: Series[str] | None = pa.Field(nullable=True)

    @pa.dataframe_check(name="latitude and longitude are given together")
    @classmethod
    def both_coordinates(cls, events: pd.DataFrame) -> pd.Series:
        """Tell whether a place has both coordinates or none."""
        return events["latitude"].isna() == events["longitude"].isna()


class Coverage(pa.DataFrameModel):
    """One row per source, group and stretch of days watched; further columns are groups."""

    source: Series[str] = pa.Field(str_length={"min_value": 1})
    watched_from: Series[pd.Timestamp] = pa.Field()
    watched_to: Series[pd.Timestamp] = pa.Field()

    @pa.dataframe_check(name="watched_to is not before watched_from")
    @classmethod
    def watched_in_order(cls, coverage: pd.DataFrame) -> pd.Series:
        """Tell whether watching ends on or after the day it starts."""
        return ~(coverage["watched_to"] < coverage["watched_from"])


def broken_rules(table: pd.DataFrame, schema: type[pa.DataFrameModel]) -> list[dict[str, Any]]:
    """Return Pandera's failure cases of a table, all of them; empty when it is valid."""
    try:
        schema.validate(table, lazy=True)
    except SchemaErrors as errors:
        cases: list[dict[str, Any]] = errors.failure_cases.to_dict("records")
        return cases
    return []

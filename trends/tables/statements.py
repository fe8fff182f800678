"""Which published figures does a file hold?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.calendar import (
    Frequency,
    check_frequency,
    days_in_periods,
    first_days,
    format_period,
    last_days,
    periods_between,
)
from trends.tables.cells import DATE, WHOLE_NUMBER
from trends.tables.checking import typed_table
from trends.tables.faults import Fault, InvalidTable
from trends.tables.files import read_cells
from trends.tables.rows import plain_rows
from trends.tables.schemas import READINGS, ROLES, Statements
from trends.tables.series import as_series
from trends.tables.tiling import Tile, cheapest_tiling

_KINDS = {
    **dict.fromkeys(("count_low", "count", "count_high"), WHOLE_NUMBER),
    **dict.fromkeys(("window_start", "window_end", "published_on"), DATE),
}

#: Best first; roles and readings are listed so in the schema.
_BASES = ("stated", "inferred")
_QUALIFIERS = ("exact", "at_least", "more_than", "about")
_PLAIN = {"exact", "stated", "direct", "primary"}
_SCOPE = ("country", "area", "control_area", "actor")

_Scope = tuple[str, str, str, str]


def read_statements(path: str | Path) -> pd.DataFrame:
    """Read a table of published count statements.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet (CSV and TSV also packed) with the columns of the schema
        `Statements`.

    Returns
    -------
    DataFrame of n_statements rows
        Valid by the schema `Statements`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If the file breaks a rule; every fault is listed with row, column, value and remedy.
    """
    statements, faults = statements_from_cells(read_cells(path))
    if faults:
        raise InvalidTable(faults)
    return statements.reset_index(drop=True)


def statements_from_cells(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as count statements."""
    return typed_table(cells, _KINDS, Statements)


def is_count(measure: str) -> bool:
    """Tell whether figures of a measure are counts over a window, which may be added up.

    Stocks (how many at one time) and rates (how many per month) may not.

    Examples
    --------
    >>> [is_count(measure) for measure in ("arrests", "detained_stock", "arrests_per_month")]
    [True, False, False]
    """
    return not (measure.endswith("_stock") or "_per_" in measure or measure == "fighters_at_large")


def statement_series(
    statements: pd.DataFrame,
    *,
    measure: str,
    counted_by: str,
    freq: Frequency = "M",
    country: str | None = None,
    area: str | None = None,
    control_area: str | None = None,
    actor: str | None = None,
) -> pd.DataFrame:
    """Make a count series of one counter's published figures.

    A period has a count when one figure covers exactly its days, or when figures laid end to end
    do; every other period between the first and the last is *not covered*, never zero.

    Parameters
    ----------
    statements : DataFrame
        As `read_statements` returns it.
    measure : str
        What was counted, as the table spells it. Stocks and rates are refused: they do not add up.
    counted_by : str
        Who counted, spelled as in the table.
    freq : {"D", "W", "M", "Q", "Y"}
        Period length. Default months, as most counters publish.
    country, area, control_area, actor : str, optional
        Which scope, when the counter publishes several. An area may be named without the list of
        places after its colon. Default: the scope with more figures than all others together.

    Returns
    -------
    DataFrame of n_periods rows
        Count series. ``attrs["labels"]`` says what was counted, by whom and in which scope;
        ``attrs["used"]`` lists the figures in it (statement_id, period, count, flags) and
        ``attrs["left_out"]`` every other figure of this measure and counter (statement_id,
        reason), both as lists of dicts that ``pd.DataFrame`` takes.

    Raises
    ------
    TypeError
        If `statements` is not a table of statements.
    ValueError
        If nothing was counted so, the measure is a stock or a rate, several scopes or kinds of
        source compete, or no figure covers a period.

    Notes
    -----
    *Scope.* A row that is a part (area, actor, type, ...) of another is in a scope of its own, or
    in none when no scope column tells the two apart; so it is never added to its whole.

    *Choice.* Of several ways to cover a period the one is taken whose worst role is best (primary,
    then requoted, then rival), then the one of fewer figures, then by reading (direct, secondary,
    weak), window (stated, inferred), wording (exact, at least, more than, about), and last by
    statement_id. Figures are added up, never split or subtracted: the difference of two published
    totals carries the errors of both and can be negative.

    *Flags.* "At least", "more than" and "about" figures enter at their face value, a lower bound or
    a rounded number; this and a weak reading, an inferred window, a requoted or rival role are
    flagged in ``attrs["used"]``.
    """
    _check_statements(statements)
    if not is_count(measure):
        raise ValueError(
            f"`measure` must be a count over a window, got {measure!r}. "
            "Stocks and rates cannot be added up; plot them as statements."
        )
    check_frequency(freq)
    statements = plain_rows(statements)
    rows = _rows_of(statements, measure, counted_by)
    asked = {"country": country, "area": area, "control_area": control_area, "actor": actor}
    parts = _parts(rows)
    reasons = _unusable(rows, parts, statements)
    scopes = _scopes_of(rows)
    fitting = scopes[[_fits(scope, asked) for scope in scopes]]
    candidates = fitting[~fitting.index.isin(reasons)]
    wholes = candidates[~candidates.index.isin(parts)]
    scope = _one_scope(candidates if wholes.empty else wholes, measure, counted_by, asked)
    for row, other in scopes.items():
        if other != scope:
            reasons.setdefault(row, f"another scope: {_scope_text(other)}")
    usable = rows[~rows.index.isin(reasons)]
    kinds = usable["source_kind"].unique().tolist()
    if len(kinds) > 1:
        raise ValueError(
            f"`statements` must hold figures of one kind of source, got {', '.join(kinds)}. "
            "Select the rows of one source_kind first."
        )
    periods = periods_between(usable["window_start"].min(), usable["window_end"].max(), freq)
    chosen = _choose(usable, periods)
    if not chosen:
        raise ValueError(
            f"`freq` must be a period that figures cover exactly, got {freq!r} with "
            f"{len(usable)} figures of which none does. Try another frequency."
        )
    reasons |= _reasons_not_chosen(usable, chosen, periods)
    made = _series_of(usable, chosen)
    scope_labels = {name: word for name, word in zip(_SCOPE, scope, strict=True) if word}
    made.attrs = {
        "labels": {"measure": measure, "counted_by": counted_by, **scope_labels},
        "source": {
            key: statements.attrs[key] for key in ("file", "sha256") if key in statements.attrs
        },
        "source_kind": kinds[0],
        "used": _used(usable, chosen),
        "left_out": [
            {"statement_id": row, "reason": reasons[row]} for row in rows.index if row in reasons
        ],
    }
    return made


def _check_statements(statements: pd.DataFrame) -> None:
    """Raise unless this looks like a table of statements."""
    needed = set(Statements.to_schema().columns)
    if not isinstance(statements, pd.DataFrame) or not needed <= set(statements.columns):
        raise TypeError(
            f"`statements` must be a table of count statements, got {type(statements).__name__}. "
            "Read one with `read_statements(path)`."
        )


def _rows_of(statements: pd.DataFrame, measure: str, counted_by: str) -> pd.DataFrame:
    """Return one counter's rows of one measure, indexed by statement_id."""
    counters = statements["counted_by"].unique().tolist()
    if counted_by not in counters:
        near = [name for name in counters if str(counted_by).lower() in name.lower()] or counters
        raise ValueError(
            f"`counted_by` must be a counter of the table, got {counted_by!r}. "
            f"Spell it as there: {'; '.join(near[:8])}."
        )
    of_counter = statements[statements["counted_by"] == counted_by]
    rows = of_counter[of_counter["measure"] == measure]
    if rows.empty:
        measures = ", ".join(of_counter["measure"].unique())
        raise ValueError(
            f"`measure` must be something {counted_by} counted, got {measure!r}. Use {measures}."
        )
    return rows.set_index("statement_id")


def _parts(rows: pd.DataFrame) -> pd.Index:
    """Return the rows that count less than their whole in something other than time."""
    return rows.index[rows["part_of"].notna() & (rows["part_kind"] != "period")]


def _unusable(rows: pd.DataFrame, parts: pd.Index, statements: pd.DataFrame) -> dict[str, str]:
    """Return the reason of each row that can be in no series, whatever the scope."""
    scope_of = dict(zip(statements["statement_id"], _scopes_of(statements), strict=True))
    reasons = {}
    for name, row in rows.to_dict("index").items():
        if pd.isna(row["window_start"]) or pd.isna(row["window_end"]):
            reasons[name] = "its window is not established"
        elif row["qualifier"] == "range" or pd.isna(row["count"]):
            reasons[name] = "a range is not one figure"
        elif row["qualifier"] == "nth_since":
            reasons[name] = (
                "an nth-since figure ends with its last event, so its window is no period"
            )
        elif name in parts and scope_of.get(row["part_of"]) == scope_of[name]:
            reasons[name] = f"a part ({row['part_kind']}) of {row['part_of']}"
    return reasons


def _scopes_of(rows: pd.DataFrame) -> pd.Series:
    """Return each row's scope: country, area (without the places after a colon), control, actor."""
    words = rows[list(_SCOPE)].fillna("").astype("str")
    words["area"] = words["area"].str.split(":").str[0].str.strip()
    return pd.Series(list(words.itertuples(index=False, name=None)), index=rows.index, dtype=object)


def _fits(scope: _Scope, asked: dict[str, str | None]) -> bool:
    """Tell whether a scope is one the caller asked for."""
    for name, word in zip(_SCOPE, scope, strict=True):
        wanted = asked[name]
        if wanted is not None and word != (
            wanted.split(":")[0].strip() if name == "area" else wanted
        ):
            return False
    return True


def _one_scope(
    scopes: pd.Series, measure: str, counted_by: str, asked: dict[str, str | None]
) -> _Scope:
    """Return the scope with more figures than all others together."""
    tally = scopes.value_counts()
    named = {name: word for name, word in asked.items() if word is not None}
    if tally.empty:
        raise ValueError(
            f"`statements` must hold usable figures of {measure} by {counted_by}, got none"
            f"{f' with {named}' if named else ''}. "
            "Look at the windows, parts and scopes of its rows."
        )
    if 2 * tally.iloc[0] <= tally.sum():
        listed = "; ".join(f"{_scope_text(scope)} ({n})" for scope, n in tally.head(6).items())
        raise ValueError(
            f"`area`, `country`, `control_area` or `actor` must single out one scope, got {named}. "
            f"Choose among: {listed}."
        )
    scope: _Scope = tally.index[0]
    return scope


def _scope_text(scope: _Scope) -> str:
    """Write a scope on one line."""
    return ", ".join(f"{name}={word!r}" for name, word in zip(_SCOPE, scope, strict=True) if word)


def _choose(usable: pd.DataFrame, periods: pd.PeriodIndex) -> dict[pd.Period, list[str]]:
    """Return the figures that cover each period exactly, for the periods that can be covered."""
    epoch = pd.Timestamp(1970, 1, 1)
    tiles = [
        Tile(
            name=str(name),
            start=(row["window_start"] - epoch).days,
            end=(row["window_end"] - epoch).days,
            cost=(
                ROLES.index(row["role"]),
                READINGS.index(row["reading"]),
                _BASES.index(row["window_basis"]),
                _QUALIFIERS.index(row["qualifier"]),
            ),
        )
        for name, row in usable.sort_index().to_dict("index").items()
    ]
    starts = (first_days(periods) - epoch).days
    ends = (last_days(periods) - epoch).days
    chosen = {}
    for period, start, end in zip(periods, starts, ends, strict=True):
        tiling = cheapest_tiling(tiles, int(start), int(end))
        if tiling:
            chosen[period] = [tile.name for tile in tiling]
    return chosen


def _reasons_not_chosen(
    usable: pd.DataFrame, chosen: dict[pd.Period, list[str]], periods: pd.PeriodIndex
) -> dict[str, str]:
    """Say of each usable figure that is in no period why not."""
    used = {name for names in chosen.values() for name in names}
    reasons = {}
    for name, row in usable.to_dict("index").items():
        if name in used:
            continue
        touched = periods[
            (first_days(periods) <= row["window_end"]) & (last_days(periods) >= row["window_start"])
        ]
        if len(touched) > 1:
            span = f"{format_period(touched[0])} to {format_period(touched[-1])}"
            reasons[str(name)] = f"reaches over {span}; a figure is never split"
        elif touched[0] in chosen:
            better = ", ".join(chosen[touched[0]])
            reasons[str(name)] = f"{better} covers {format_period(touched[0])} and is preferred"
        else:
            days = (row["window_end"] - row["window_start"]).days + 1
            whole = int(days_in_periods(touched)[0])
            reasons[str(name)] = (
                f"covers {days} of the {whole} days of {format_period(touched[0])}, "
                "and no figures cover the rest"
            )
    return reasons


def _series_of(usable: pd.DataFrame, chosen: dict[pd.Period, list[str]]) -> pd.DataFrame:
    """Add up the chosen figures; periods between them without figures are not covered."""
    totals = {period: int(usable.loc[names, "count"].sum()) for period, names in chosen.items()}
    index = pd.PeriodIndex(list(totals), name="period")
    # Figures may cover every other period; the days of each are known.
    return as_series(pd.Series(list(totals.values()), index=index), exposure=days_in_periods(index))


def _used(usable: pd.DataFrame, chosen: dict[pd.Period, list[str]]) -> list[dict[str, object]]:
    """List the figures in a series, each with what makes it less than a plain exact figure."""
    listed: list[dict[str, object]] = []
    for period, names in chosen.items():
        for name in names:
            row = usable.loc[name]
            said = (row["qualifier"], row["window_basis"], row["reading"], row["role"])
            flags = [word for word in said if word not in _PLAIN]
            listed.append(
                {
                    "statement_id": name,
                    "period": format_period(period),
                    "count": int(row["count"]),
                    "flags": flags,
                }
            )
    return listed

"""Which published figures does a file hold?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from trends.tables.checking import schema_columns, typed_table
from trends.tables.choices import READINGS, ROLES, STATEMENT_COLUMNS
from trends.tables.definitions import (
    BESIDE,
    break_record,
    breaks_between,
    definition_faults,
    definition_records,
    read_definitions,
)
from trends.tables.faults import Fault, InvalidTable
from trends.tables.figure import (
    REASONS,
    default_scope,
    figure_flags,
    figures_allowed,
    flag_caveats,
    scope_key,
    scope_keys,
    why_no_count,
)
from trends.tables.files import read_cells
from trends.tables.packs import Pack, pack_of_project, read_pack
from trends.tables.rows import plain_rows
from trends.tables.series import as_series
from trends.tables.tiling import Tile, cheapest_tiling
from trends.tables.typed import first_day, last_day

_KINDS = {
    **dict.fromkeys(("count_low", "count", "count_high"), WHOLE_NUMBER),
    **dict.fromkeys(("window_start", "window_end", "published_on"), DATE),
}

#: A year, month, quarter or ISO week, which as a window is read whole.
_PERIOD = re.compile(r"\d{4}(-\d{2}|-Q[1-4]|-W\d{2})?")

#: What a row says that does not say otherwise.
_DEFAULTS = {
    "unit": "events",
    "quantity": "count",
    "qualifier": "exact",
    "scope_basis": "stated",
    "source_kind": "unknown",
    "role": "primary",
    "reading": "direct",
}

#: Best first; roles and readings are listed so in the schema.
_BASES = ("stated", "inferred")
_QUALIFIERS = ("exact", "at_least", "more_than", "about")

#: What a figure needs to be one, whoever counted it.
FIGURE_COLUMNS = ("count", "window_start", "window_end")

#: Columns by which a scope may be asked for.
_ASKED = ("country", "area", "control_area", "actor")


def read_statements(
    path: str | Path,
    *,
    definitions: str | Path | pd.DataFrame | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    header: int | None = None,
    pack: str | Path | None = None,
) -> pd.DataFrame:
    r"""Read a table of published count statements.

    Parameters
    ----------
    path : str or Path
        CSV, TSV, XLSX or Parquet (CSV and TSV also packed). Five columns are enough: measure,
        count, window_start, window_end and counted_by. The others of the schema `Statements` are
        filled in with what a plain exact figure says; columns it does not know are kept.
    definitions : str, Path or DataFrame, optional
        The table that tells what each definition counts; by default ``definitions.csv`` in the
        folder of the statements, where there is one.
    encoding : str
        How text is written. Default UTF-8; a table typed in Arabic years ago may need ``"cp1256"``.
    sheet : str, optional
        Sheet of a workbook. Default: its first.
    header : int, optional
        Row that holds the column names, counted from 1. Default: the first that holds anything.
    pack : str or Path, optional
        Folder of a subject pack of your own, whose kinds of source the table names. Default: the
        pack of the project that the file is in. Those of the package are always known.

    Returns
    -------
    DataFrame of n_statements rows
        Valid by the schema `Statements`, in the order of the file; ``attrs["file"]`` and
        ``attrs["sha256"]`` name its source, ``attrs["definitions"]`` holds the definitions by id.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the encoding, the sheet or the pack is unknown.
    InvalidTable
        If the file breaks a rule; every fault is listed with row, column, value and remedy. A
        definition without an entry, a figure outside the days of its definition and a part that
        follows another definition than its whole are faults.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> table = Path(mkdtemp()) / "figures.csv"
    >>> _ = table.write_text(
    ...     "measure,count,window_start,window_end,counted_by\n"
    ...     "claims,294,2024,2024,Ministry\n"
    ... )
    >>> trends.read_statements(table)["window_end"].dt.date.astype("str").tolist()
    ['2024-12-31']
    """
    known = known_definitions(path, definitions)
    cells = read_cells(path, encoding=encoding, sheet=sheet, header=header)
    own = pack_of_project(path) if pack is None else read_pack(pack)
    statements, faults = statements_from_cells(cells, known, own)
    if faults:
        raise InvalidTable(faults)
    return statements.reset_index(drop=True)


def known_definitions(
    path: str | Path, definitions: str | Path | pd.DataFrame | None = None
) -> dict[str, dict[str, str]]:
    """Return the definitions by id: those given, or those of the table beside the statements."""
    if isinstance(definitions, pd.DataFrame):
        return definition_records(definitions)
    beside = Path(path).parent / BESIDE if definitions is None else Path(definitions)
    if definitions is None and not beside.exists():
        return {}
    return definition_records(read_definitions(beside))


def statements_from_cells(
    cells: pd.DataFrame,
    definitions: dict[str, dict[str, str]] | None = None,
    pack: Pack | None = None,
) -> tuple[pd.DataFrame, list[Fault]]:
    """Convert and check a table of text as count statements."""
    known = definitions or {}
    kinds = {} if pack is None else pack.source_kinds
    whole = _with_whole_windows(cells)
    statements, faults = typed_table(
        with_defaults(whole), _KINDS, "Statements", source_kinds=tuple(kinds)
    )
    statements.attrs["definitions"] = known
    if kinds:
        statements.attrs["source_kinds"] = kinds
    faults = [*_misspelt_columns(cells), *faults]
    if not faults:
        faults = definition_faults(statements, known, str(cells.attrs.get("file", "")))
    return statements, faults


def _with_whole_windows(cells: pd.DataFrame) -> pd.DataFrame:
    """Write months, quarters, weeks and years that stand in a window as its first and last day."""
    days = {}
    for name, how in (("window_start", "start"), ("window_end", "end")):
        if name in cells:
            read = {text: _whole_period(text, how) for text in cells[name].unique()}
            days[name] = cells[name].map(read).astype("str")
    written = cells.assign(**days)
    written.attrs = dict(cells.attrs)
    return written


def _whole_period(text: str, how: str) -> str:
    """Return the first or last day of a whole period; any other text as it is."""
    word = text.strip()
    if not _PERIOD.fullmatch(word):
        return text
    try:
        day = first_day(word, "window") if how == "start" else last_day(word, "window")
    except ValueError:
        return text  # no such month or week; the reader of days says so
    return f"{day:%Y-%m-%d}"


def _misspelt_columns(cells: pd.DataFrame) -> list[Fault]:
    """Find columns that would be kept unread although a known one was probably meant."""
    absent = [name for name in schema_columns("Statements") if name not in cells]
    near = {
        column: difflib.get_close_matches(column.strip().lower(), absent, n=1, cutoff=0.85)
        for column in cells.columns
        if column not in schema_columns("Statements")
    }
    return [
        Fault(
            file=str(cells.attrs.get("file", "")),
            row=None,
            column=column,
            value="",
            rule="this column is not read, and is spelled almost like one that is",
            fix=f"Rename it to {meant[0]}, or give it another name.",
        )
        for column, meant in near.items()
        if meant
    ]


def with_defaults(table: pd.DataFrame) -> pd.DataFrame:
    """Fill in what a table of statements leaves out, with what a plain exact figure says.

    Parameters
    ----------
    table : DataFrame
        Statements as text or as values, with as many of the schema's columns as it has.

    Returns
    -------
    DataFrame
        The same rows with every column of the schema in its order, then the others. Columns that
        only the author can fill in are not added.
    """
    known = schema_columns("Statements")
    words = all(isinstance(dtype, pd.StringDtype) for dtype in table.dtypes)
    filled = {name: table[name] for name in known if name in table}
    for name in known:
        if name not in filled and name not in STATEMENT_COLUMNS:
            filled[name] = _empty_column(name, table.index, words=words)
    for name, usual in _DEFAULTS.items():
        filled[name] = filled[name].where(~_blank(filled[name]), usual)
    if "statement_id" not in table:
        filled["statement_id"] = pd.Series([f"row-{row}" for row in table.index], table.index)
    if "counted_by" in table:
        filled["counter"] = filled["counter"].where(~_blank(filled["counter"]), table["counted_by"])
    open_end = pd.Series(False, table.index)
    for name in ("window_start", "window_end"):
        open_end |= _blank(table[name]) if name in table else False
    basis = filled["window_basis"]
    told = open_end.map({True: "unknown", False: "stated"})
    filled["window_basis"] = basis.where(~_blank(basis), told)
    unsaid = _blank(filled["scope"])
    if unsaid.any():
        places = pd.DataFrame({name: filled[name] for name in ("country", "area", "control_area")})
        told = pd.Series([default_scope(row) for row in places.to_dict("records")], table.index)
        filled["scope"] = filled["scope"].where(~unsaid, told)
    others = {name: table[name] for name in table.columns if name not in known}
    ordered = {name: filled[name] for name in known if name in filled}
    complete = pd.DataFrame({**ordered, **others}, index=table.index)
    complete.attrs = dict(table.attrs)
    return complete


def _empty_column(name: str, index: pd.Index, *, words: bool) -> pd.Series:
    """Return a column in which nothing is said, of the type the schema asks for."""
    if words:
        return pd.Series("", index, dtype="str")
    if name in ("count_low", "count_high"):
        return pd.Series(pd.NA, index, dtype="Int64")
    if name == "published_on":
        return pd.Series(pd.NaT, index, dtype="datetime64[ns]")
    return pd.Series(None, index, dtype="str")


def _blank(cells: pd.Series) -> pd.Series:
    """Tell which cells say nothing."""
    return cells.isna() | (cells.astype("str").str.strip() == "").fillna(False).astype(bool)


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
        Who counted: a name of the column ``counted_by`` or of ``counter``.
    freq : {"D", "W", "M", "Q", "Y"}
        Period length. Default months, as most counters publish.
    country, area, control_area, actor : str, optional
        Which scope, when the counter publishes several. Default: the scope with more figures than
        all others together.

    Returns
    -------
    DataFrame of n_periods rows
        Count series. ``attrs["labels"]`` says what was counted, by whom and in which scope;
        ``attrs["counted"]`` whether events or people; ``attrs["caveats"]`` what a reader must know
        of them; ``attrs["used"]`` lists the figures in it (statement_id, period, count, count_low,
        count_high, flags) and ``attrs["left_out"]`` every
        other figure of this measure and counter (statement_id, reason), both as lists of dicts that
        ``pd.DataFrame`` takes. ``attrs["breaks"]`` holds the days on which the definition changes;
        read them with `known_breaks`, and the flags period by period with `figures_of_series`.

    Raises
    ------
    TypeError
        If `statements` is not a table of statements.
    ValueError
        If nothing was counted so, the measure is a stock or a rate, several scopes or kinds of
        source compete, or no figure covers a period.

    Notes
    -----
    *Scope.* A row that is a part (area, actor, type, ...) of another, or of a narrower kind, is in
    a scope of its own, or in none when no column tells the two apart; so it is never added to its
    whole. All of a country is one scope, and so is all that one side holds, whatever it is called.

    *Choice.* Of several ways to cover a period the one is taken whose worst role is best (primary,
    then requoted, then rival), then the one of fewer figures, then by reading (direct, secondary,
    weak), window (stated, inferred), wording (exact, at least, more than, about), and last by
    statement_id. Figures are added up, never split or subtracted: the difference of two published
    totals carries the errors of both and can be negative.

    *Flags.* "At least", "more than" and "about" figures enter at their face value, a lower bound or
    a rounded number; this and a weak or secondary reading, an inferred window or scope, a requoted
    or rival role are flagged, and stand beside the counts they allow.

    *Breaks.* A series may hold figures of two definitions of one counter; it then says where the
    second begins. A step there is a step of the counting.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> figures = pd.DataFrame({
    ...     "measure": "incidents", "count": [4, 6], "counted_by": "Monitor",
    ...     "window_start": pd.to_datetime(["2024-01-01", "2024-02-01"]),
    ...     "window_end": pd.to_datetime(["2024-01-31", "2024-02-29"])})
    >>> series = trends.statement_series(figures, measure="incidents", counted_by="Monitor")
    >>> series["count"].tolist()
    [4, 6]
    """
    statements = as_statements(statements)
    check_frequency(freq)
    statements = plain_rows(statements)
    rows = _rows_of(statements, measure, counted_by)
    asked = {"country": country, "area": area, "control_area": control_area, "actor": actor}
    parts = _parts(rows)
    reasons = _unusable(rows, parts, statements)
    fitting = rows[_fits(rows, asked)]
    candidates = fitting[~fitting.index.isin(reasons)]
    wholes = candidates[~candidates.index.isin(parts)]
    scope = _one_scope(candidates if wholes.empty else wholes, measure, counted_by, asked)
    for name, row in rows.to_dict("index").items():
        if scope_key(row) != scope:
            reasons.setdefault(str(name), f"another scope: {_scope_text(row)}")
        elif name not in fitting.index:
            reasons.setdefault(str(name), f"not asked for: {_scope_text(row)}")
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
    used = [name for names in chosen.values() for name in names]
    listed = _used(usable, chosen)
    breaks = _breaks(usable.loc[used], statements.attrs.get("definitions", {}))
    flags = [flag for figure in listed for flag in figure["flags"]]
    made.attrs = {
        "labels": {"measure": measure, "counted_by": counted_by, **_labels(usable.loc[used])},
        "counted": str(usable["unit"].iloc[0]),
        "source": {
            key: statements.attrs[key] for key in ("file", "sha256") if key in statements.attrs
        },
        "source_kind": kinds[0],
        "counter": str(usable["counter"].iloc[0] or counted_by),
        "caveats": [*flag_caveats(flags), *(["definition_break"] if breaks else [])],
        "used": listed,
        "left_out": [
            {"statement_id": row, "reason": reasons[row]} for row in rows.index if row in reasons
        ],
        "breaks": breaks,
    }
    return made


def figures_of_series(series: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the figures behind each covered period of a series.

    Parameters
    ----------
    series : DataFrame
        A count series of `statement_series`.

    Returns
    -------
    DataFrame
        One row per period that figures cover, indexed by period: ``count`` as printed,
        ``count_low`` and ``count_high``, the fewest and the most events that the figures allow
        together (infinite for a minimum), and ``flags``, the words that weaken them, as a tuple.
        Empty for a series of any other origin.

    Examples
    --------
    >>> import pandas as pd
    >>> import trends
    >>> figures = pd.DataFrame({
    ...     "measure": "incidents", "count": [30], "qualifier": "at_least", "counted_by": "Monitor",
    ...     "window_start": pd.to_datetime(["2024-01-01"]),
    ...     "window_end": pd.to_datetime(["2024-01-31"])})
    >>> series = trends.statement_series(figures, measure="incidents", counted_by="Monitor")
    >>> behind = trends.figures_of_series(series).iloc[0]
    >>> int(behind["count"]), float(behind["count_high"]), behind["flags"]
    (30, inf, ('at_least',))
    """
    used = series.attrs.get("used", [])
    by_period: dict[str, list[dict[str, Any]]] = {}
    for figure in used:
        by_period.setdefault(figure["period"], []).append(figure)
    index = pd.PeriodIndex(
        [pd.Period(period, series.index.freq) for period in by_period],
        freq=series.index.freq,
        name="period",
    )
    rows = [
        {
            "count": sum(figure["count"] for figure in figures),
            "count_low": sum(figure["count_low"] for figure in figures),
            "count_high": sum(figure["count_high"] for figure in figures),
            "flags": tuple(dict.fromkeys(flag for figure in figures for flag in figure["flags"])),
        }
        for figures in by_period.values()
    ]
    found = pd.DataFrame(rows, columns=["count", "count_low", "count_high", "flags"], index=index)
    return found.astype({"count": int, "count_low": float, "count_high": float})


def as_statements(statements: object, needed: Sequence[str] = STATEMENT_COLUMNS) -> pd.DataFrame:
    """Return a table of statements with every column filled in; raise unless it is one."""
    if not isinstance(statements, pd.DataFrame):
        raise TypeError(
            f"`statements` must be a table of count statements, got {type(statements).__name__}. "
            "Read one with `read_statements(path)`."
        )
    missing = [name for name in needed if name not in statements]
    if missing:
        raise TypeError(
            "`statements` must be a table of count statements, got a frame without "
            f"{', '.join(missing)}. Read one with `read_statements(path)`."
        )
    return with_defaults(statements)


def _rows_of(statements: pd.DataFrame, measure: str, counted_by: str) -> pd.DataFrame:
    """Return one counter's counts of one measure, indexed by statement_id."""
    known = statements["counted_by"].unique().tolist()
    by_name = (statements["counted_by"] == counted_by) | (statements["counter"] == counted_by)
    if not by_name.any():
        near = [name for name in known if str(counted_by).lower() in name.lower()] or known
        raise ValueError(
            f"`counted_by` must be a counter of the table, got {counted_by!r}. "
            f"Spell it as there: {'; '.join(near[:8])}."
        )
    of_counter = statements[by_name]
    rows = of_counter[of_counter["measure"] == measure]
    if rows.empty:
        measures = ", ".join(of_counter["measure"].unique())
        raise ValueError(
            f"`measure` must be something {counted_by} counted, got {measure!r}. Use {measures}."
        )
    if not (rows["quantity"] == "count").any():
        raise ValueError(
            f"`measure` must be a count over a window, got {measure!r} "
            f"({rows['quantity'].iloc[0]}s only). "
            "Stocks and rates cannot be added up; plot them as statements."
        )
    return rows.set_index("statement_id")


def _parts(rows: pd.DataFrame) -> pd.Index:
    """Return the rows that count less than their whole in something other than time."""
    return rows.index[rows["part_of"].notna() & (rows["part_kind"] != "period")]


def _unusable(rows: pd.DataFrame, parts: pd.Index, statements: pd.DataFrame) -> dict[str, str]:
    """Return the reason of each row that can be in no series, whatever the scope."""
    scope_of = dict(zip(statements["statement_id"], scope_keys(statements), strict=True))
    reasons = {}
    for name, row in rows.to_dict("index").items():
        missing = why_no_count(row)
        if missing:
            reasons[name] = REASONS[missing]
        elif row["qualifier"] == "range" or pd.isna(row["count"]):
            reasons[name] = "a range is not one figure"
        elif row["qualifier"] == "nth_since":
            reasons[name] = (
                "an nth-since figure ends with its last event, so its window is no period"
            )
        elif name in parts and scope_of.get(row["part_of"]) == scope_of[name]:
            reasons[name] = f"a part ({row['part_kind']}) of {row['part_of']}"
    return reasons


def _fits(rows: pd.DataFrame, asked: dict[str, str | None]) -> pd.Series:
    """Tell which rows are of a scope the caller asked for."""
    fits = pd.Series(True, index=rows.index)
    for name, wanted in asked.items():
        if wanted is not None:
            fits &= rows[name].fillna("") == wanted
    return fits


def _one_scope(
    rows: pd.DataFrame, measure: str, counted_by: str, asked: dict[str, str | None]
) -> tuple[str, ...]:
    """Return the scope with more figures than all others together."""
    named = {name: word for name, word in asked.items() if word is not None}
    if rows.empty:
        raise ValueError(
            f"`statements` must hold usable figures of {measure} by {counted_by}, got none"
            f"{f' with {named}' if named else ''}. "
            "Look at the windows, parts and scopes of its rows."
        )
    scopes = scope_keys(rows)
    tally = scopes.value_counts()
    if 2 * tally.iloc[0] <= tally.sum():
        listed = "; ".join(
            f"{_scope_text(rows.loc[scopes.index[scopes == scope][0]])} ({n})"
            for scope, n in tally.head(6).items()
        )
        raise ValueError(
            f"`area`, `country`, `control_area` or `actor` must single out one scope, got {named}. "
            f"Choose among: {listed}."
        )
    scope: tuple[str, ...] = tally.index[0]
    return scope


def _scope_text(row: Mapping[str, Any] | pd.Series) -> str:
    """Write a scope on one line."""
    shown = {name: row.get(name) for name in (*_ASKED, "subset")}
    return ", ".join(f"{name}={word!r}" for name, word in shown.items() if not pd.isna(word))


def _labels(rows: pd.DataFrame) -> dict[str, str]:
    """Return the words for a scope that most of its figures use."""
    words = {name: rows[name].dropna().mode() for name in (*_ASKED, "subset")}
    return {name: str(found.iloc[0]) for name, found in words.items() if len(found)}


def _breaks(rows: pd.DataFrame, definitions: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return the days on which the definition of the used figures changes."""
    in_time = rows.sort_values("window_start")
    counted = zip(in_time["window_start"], in_time["definition"].fillna(""), strict=True)
    return [break_record(each) for each in breaks_between(counted, definitions)]


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


def _used(usable: pd.DataFrame, chosen: dict[pd.Period, list[str]]) -> list[dict[str, Any]]:
    """List the figures in a series, each with the counts it allows and what weakens it."""
    allowed = figures_allowed(usable)
    bounds = dict(zip(usable.index, zip(allowed.fewest, allowed.most, strict=True), strict=True))
    return [
        {
            "statement_id": name,
            "period": format_period(period),
            "count": int(usable.loc[name, "count"]),
            "count_low": float(bounds[name][0]),
            "count_high": float(bounds[name][1]),
            "flags": list(figure_flags(usable.loc[name])),
        }
        for period, names in chosen.items()
        for name in names
    ]

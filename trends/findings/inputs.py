"""From exactly which counts was a finding made, so that a later edition can say what changed?

A record holds the counts themselves, not only a hash of their file: comparing the records of two
editions tells new periods from revised ones and both from changed coverage, without running
anything again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from trends.analysis.result import Result, plain
from trends.findings.finding import Inputs
from trends.tables.calendar import format_period, frequency_letter
from trends.tables.window import Window

Record = dict[str, Any]

#: Columns of a published figure that a finding can depend on.
_FIGURE_COLUMNS = (
    "measure", "count_low", "count", "count_high", "qualifier", "window_start", "window_end",
    "window_basis", "counted_by", "country", "area", "scope_basis", "part_of", "part_kind", "role",
    "reading", "definition",
)  # fmt: skip


def input_records(result: Result) -> dict[str, Record]:
    """Return a record of everything a result was computed from, by the record's id.

    Parameters
    ----------
    result : Result
        Any result; its windows, count series and statements are its inputs.

    Returns
    -------
    dict
        Published figures under their statement id, count series under a hash of their content.

    Examples
    --------
    >>> import trends
    >>> records = input_records(trends.compare_rates((294, 366), (121, 365)))
    >>> list(records)
    ['294 in 366 days', '121 in 365 days']
    """
    records: dict[str, Record] = {}
    for source in sources(result):
        records |= [_of_window(source)] if isinstance(source, Window) else _of_frame(source)
    return records


def input_files(result: Result) -> tuple[str, ...]:
    """Return the SHA-256 of every file that the tables of a result were read from."""
    attributes = [source.attrs for source in sources(result) if isinstance(source, pd.DataFrame)]
    hashes = (
        named.get("sha256") or (named.get("source") or {}).get("sha256") for named in attributes
    )
    return tuple(dict.fromkeys(str(one) for one in hashes if one))


def sources(value: Any) -> Iterator[Window | pd.DataFrame]:
    """Yield every window and table that a result holds, also inside what it is made of."""
    if isinstance(value, Window | pd.DataFrame):
        yield value
    elif isinstance(value, Result):
        for field in dataclasses.fields(value):
            yield from sources(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from sources(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from sources(item)


def summarise(records: Mapping[str, Record], files: tuple[str, ...]) -> Inputs:
    """Return records with the span they cover; spans written differently have none in common.

    Parameters
    ----------
    records : dict
        Some of those of `input_records`.
    files : tuple of str
        As `input_files` returns them.

    Returns
    -------
    Inputs
    """
    series = [record for record in records.values() if record["kind"] == "series"]
    alone = len(series) == len(records) > 0
    start, end = ("first", "last") if alone else ("window_start", "window_end")
    comparable = not series or (alone and len({record["freq"] for record in series}) == 1)
    firsts, lasts = (
        [record[name] for record in records.values() if comparable and record.get(name)]
        for name in (start, end)
    )
    counts = [count for record in series for count in record["count"]]
    return Inputs(
        records=tuple(records),
        files=files,
        first=min(firsts, default=""),
        last=max(lasts, default=""),
        n_observed=sum(count is not None for count in counts) if alone else None,
        n_periods=len(counts) if alone else None,
    )


def _of_window(window: Window) -> tuple[str, Record]:
    """Return the record of one figure."""
    record = {
        "kind": "figure",
        "count_low": window.count_low,
        "count": window.count,
        "count_high": window.count_high,
        "qualifier": window.qualifier,
        "window_start": plain(window.start),
        "window_end": plain(window.end),
        "window_basis": window.basis,
        "days": window.days,
        "counted_by": window.counted_by,
        "measure": window.measure,
        "reading": window.reading,
        "role": window.role,
        "scope_basis": window.scope_basis,
        "definition": window.definition,
    }
    return figure_id(window), record


def figure_id(window: Window) -> str:
    """Return what a figure can be looked up by: its statement id, or what was typed in."""
    if window.statement_id:
        return window.statement_id
    if window.start is None or window.end is None:
        return f"{window.count} in {window.days:g} days"
    return f"{window.count} from {window.start:%Y-%m-%d} to {window.end:%Y-%m-%d}"


def _of_frame(frame: pd.DataFrame) -> Iterator[tuple[str, Record]]:
    """Yield the record of a count series, or one record per statement of a frame of statements."""
    if isinstance(frame.index, pd.PeriodIndex) and set(frame.columns) == {"count", "exposure"}:
        yield _of_series(frame)
    elif {"start", "low", "best", "high"} <= set(frame.columns):
        yield _of_series(_deaths_by_month(frame))
    elif {"statement_id", "count", "window_start"} <= set(frame.columns):
        shown = [column for column in _FIGURE_COLUMNS if column in frame.columns]
        for row in frame[["statement_id", *shown]].to_dict("records"):
            figure = {column: plain(row[column]) for column in shown}
            yield str(row["statement_id"]), {"kind": "figure", **figure}


def _deaths_by_month(events: pd.DataFrame) -> pd.DataFrame:
    """Return what a record keeps of events that were compared by their deaths."""
    months = pd.DatetimeIndex(events["start"]).to_period("M")
    every = pd.period_range(months.min(), months.max(), freq="M", name="period")
    deaths = events["best"].groupby(months).sum().reindex(every, fill_value=0.0)
    made = pd.DataFrame(
        {
            "count": pd.array(np.rint(deaths.to_numpy()), dtype="Int64"),
            "exposure": every.days_in_month.astype(float),
        },
        index=every,
    )
    made.attrs = {"labels": {"value": "fatalities"}, "source": events.attrs}
    return made


def _of_series(series: pd.DataFrame) -> tuple[str, Record]:
    """Return the record of a count series."""
    periods = series.index
    source = series.attrs.get("source") or {}
    counts = series["count"].to_numpy(dtype=float, na_value=np.nan).tolist()
    record = {
        "kind": "series",
        "labels": {str(key): str(label) for key, label in series.attrs.get("labels", {}).items()},
        "file": str(source.get("file", "")),
        "sha256": str(source.get("sha256", "")),
        "freq": frequency_letter(periods),
        "first": format_period(periods[0]) if len(periods) else "",
        "last": format_period(periods[-1]) if len(periods) else "",
        "caveats": [str(key) for key in series.attrs.get("caveats", ())],
        "count": [None if math.isnan(count) else int(count) for count in counts],
        "exposure": series["exposure"].to_numpy(dtype=float).tolist(),
    }
    if series.attrs.get("unit"):
        record["unit"] = str(series.attrs["unit"])
    keys = ("labels", "freq", "first", "count", "exposure", "unit")
    counted = {key: record[key] for key in keys if key in record}
    return f"series-{digest(counted)[:12]}", record


def digest(content: Any) -> str:
    """Return the SHA-256 of a value written as JSON with sorted keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

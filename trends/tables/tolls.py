"""How many deaths does each event tell of: at least, best and at most?

Which column of a database holds them is declared by its layout (`trends.tables.sources`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from trends.tables.sources import layout_of

_BOUNDS = ("low", "best", "high")


def tolls(events: Any, name: str) -> pd.DataFrame:
    """Return what each event tells of its deaths.

    Parameters
    ----------
    events : DataFrame of n_events rows
        As `read_events` returns them, or in the columns of a known database.
    name : str
        What the argument is called, for errors.

    Returns
    -------
    DataFrame of n_events rows
        Columns start (datetime), low, best, high (float; NaN in all three where the event does not
        tell). A missing bound is the best figure; a missing best figure is the middle of the
        bounds. ``attrs`` are those of the events.

    Raises
    ------
    TypeError
        If it is no frame of events.
    ValueError
        If it has no column of deaths, or a figure is negative or no number.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-09"])
    >>> events = pd.DataFrame({
    ...     "event_id": ["a", "b"], "start": days,
    ...     "fatalities_best": [3, np.nan], "fatalities_high": [5, np.nan]})
    >>> tolls(events, "first")[["low", "best", "high"]].values.tolist()
    [[3.0, 3.0, 5.0], [nan, nan, nan]]
    """
    layout = layout_of(list(events.columns)) if isinstance(events, pd.DataFrame) else None
    if layout is None or layout.columns.get("start") not in events:
        held = list(events.columns)[:8] if isinstance(events, pd.DataFrame) else type(events)
        raise TypeError(
            f"`{name}` must be a frame of events, got {held}. Read one with `read_events(path)`."
        )
    theirs = {bound: layout.columns.get(f"fatalities_{bound}", "") for bound in _BOUNDS}
    if not any(column in events for column in theirs.values()):
        raise ValueError(
            f"`{name}` must have a column of deaths ({theirs['best']}), got "
            f"{', '.join(map(str, list(events.columns)[:12]))}. Export the events with it, or name "
            "it when reading: columns={'fatalities_best': ...}."
        )
    told = {
        bound: _numbers(events[column], name, column)
        if column in events
        else np.full(len(events), np.nan)
        for bound, column in theirs.items()
    }
    low, best, high = (told[bound] for bound in _BOUNDS)
    middle = np.where(np.isnan(low + high), np.fmax(low, high), (low + high) / 2)
    best = np.where(np.isnan(best), middle, best)
    made = pd.DataFrame(
        {
            "start": pd.to_datetime(events[layout.columns["start"]].to_numpy()),
            "low": np.fmin(np.where(np.isnan(low), best, low), best),
            "best": best,
            "high": np.fmax(np.where(np.isnan(high), best, high), best),
        }
    )
    made.attrs = dict(events.attrs)
    return made


def _numbers(column: pd.Series, name: str, theirs: str) -> np.ndarray:
    """Return a column of deaths as numbers, NaN where it is empty."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = (numbers < 0) | np.isinf(numbers) | (np.isnan(numbers) & column.notna().to_numpy())
    if wrong.any():
        raise ValueError(
            f"`{name}` must tell deaths as numbers of 0 or more, got "
            f"{column.iloc[int(np.argmax(wrong))]} in {theirs}. Correct the row."
        )
    return np.asarray(numbers, dtype=float)

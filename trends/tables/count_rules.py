"""Which rules must rows of event counts keep, beyond what each of their columns holds?

The schema `EventCounts` is made of these. Pandera, which says what is wrong with a table and where,
takes longer to import than most tables take to be read: a table that is plainly right is told here
without it, and every other one is put before the schema.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from trends.tables.calendar import days_in_periods
from trends.tables.series import MEASURED_COLUMNS

#: What a column of each name is stored as in every table that is read here.
_STORED = {"count": pd.Int64Dtype(), "exposure": np.dtype(float), "complete": np.dtype(bool)}


def plainly_hold(counts: pd.DataFrame) -> bool:
    """Tell whether the schema `EventCounts` would find nothing; False where it has to be asked.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=2, freq="M")
    >>> counts = pd.DataFrame({"period": months, "count": pd.array([3, 0], dtype="Int64")})
    >>> counts = counts.assign(exposure=[31.0, 29.0], complete=True)
    >>> plainly_hold(counts), plainly_hold(counts.assign(exposure=[31.0, 30.0]))
    (True, False)
    """
    names = list(counts.columns)
    if len(set(names)) < len(names) or not {"period", *_STORED} <= set(names) or "as_of" in names:
        return False
    if any(counts[name].dtype != stored for name, stored in _STORED.items()):
        return False
    if not has_frequency(counts) or counts[["period", "exposure"]].isna().any(axis=None):
        return False
    if (counts["count"].dropna() < 0).any() or (counts["exposure"] < 0).any():
        return False
    rules = (uncovered_has_no_count, is_an_exposure, fits_the_period, complete_is_whole, is_single)
    return all(bool(rule(counts).all()) for rule in rules)


def has_frequency(counts: pd.DataFrame) -> bool:
    """Tell whether a month is a period, not its first day."""
    return isinstance(counts["period"].dtype, pd.PeriodDtype)


def uncovered_has_no_count(counts: pd.DataFrame) -> pd.Series:
    """Tell whether a period nobody watched has no count, rather than a zero."""
    return ~((counts["exposure"] == 0) & counts["count"].notna())


def is_an_exposure(counts: pd.DataFrame) -> pd.Series:
    """Nobody watches for the hundredth part of a second, and no rate is made of it."""
    return ~counts["exposure"].between(0, 1e-6, inclusive="neither")


def fits_the_period(counts: pd.DataFrame) -> pd.Series:
    """Nobody watches for longer than the period lasts; other units than days have no limit."""
    return ~(counts["exposure"] > _days_of(counts["period"])) | _in_other_units(counts)


def complete_is_whole(counts: pd.DataFrame) -> pd.Series:
    """Tell whether no partly watched period is called complete."""
    partly = counts["exposure"] < _days_of(counts["period"])
    return ~(counts["complete"] & partly) | _in_other_units(counts)


def is_single(counts: pd.DataFrame) -> pd.Series:
    """No group has two rows for one period of one vintage."""
    keys = [name for name in counts if name not in MEASURED_COLUMNS] + ["period"]
    keys += [name for name in ("as_of",) if name in counts]
    return ~counts.duplicated(subset=keys, keep="first")


def _in_other_units(counts: pd.DataFrame) -> np.ndarray:
    """Tell of each row whether its exposure counts something else than days."""
    if "exposure_unit" not in counts:
        return np.zeros(len(counts), dtype=bool)
    unit = counts["exposure_unit"].astype(object)
    return (unit.notna() & (unit != "")).to_numpy(dtype=bool)


def _days_of(periods: pd.Series) -> np.ndarray:
    """Return the days of each period, NaN where it is no period (another rule says so)."""
    days = np.full(len(periods), np.nan)
    if isinstance(periods.dtype, pd.PeriodDtype):
        known = periods.notna().to_numpy()
        days[known] = days_in_periods(pd.PeriodIndex(periods[known]))
    return days

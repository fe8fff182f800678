"""What all forecasts of a series share, made at its end or at any point of its past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.models.counts.known_jumps import break_places
from trends.models.counts.memory import MemoryGrid
from trends.models.counts.observed import MOST_IN_BLOCKS, Observed, observed_periods, years_of
from trends.models.counts.rolling import Origin, look_back
from trends.models.counts.season_terms import LEAST_YEARS, SEASONS, SeasonChoice, season_columns
from trends.models.counts.serial_dependence import grid_of
from trends.models.shifts.restart import restart_row
from trends.options import is_whole
from trends.tables.calendar import DAYS_PER_MONTH, days_in_periods, frequency_letter
from trends.tables.exposure import rate_exposure

Progress = Callable[[int, int], None]

#: Periods that forecasts look back, eight years of days: what is older says next to nothing of what
#: comes, and every origin of the past would have to read it.
LOOKED_BACK = 3_000


class Setup(NamedTuple):
    """What all origins of a series share."""

    seen: Observed
    horizon: int
    waves: NDArray[np.float64]
    nominal: NDArray[np.float64]
    rest: float
    unit: float
    grid: MemoryGrid
    days: float
    breaks: tuple[int, ...]

    def start_of(self, row: int) -> int:
        """Return the first row of the history when some rows are known."""
        known = Observed(
            self.seen.count[:row],
            self.seen.exposure[:row],
            self.seen.position[:row],
            self.seen.periods,
            False,
        )
        waves = self.waves[known.position]
        breaks = np.searchsorted(known.position, self.breaks).tolist()
        return restart_row(known, waves, days_per_period=self.days, known=breaks)

    def look_back(self, rows: Sequence[int], tick: Progress | None = None) -> list[Origin]:
        """Return what was expected at past origins, and what came."""
        return look_back(
            self.seen, rows, self.horizon, self.waves, self.nominal, self.grid, self.start_of,
            tick=tick,
        )  # fmt: skip

    def ahead(self, row: int, *, partial: bool) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the places ahead and their exposure, with the rest of a partial period."""
        last = int(self.seen.position[row - 1])
        places = last + np.arange(1, self.horizon + 1)
        if not (partial and self.rest > 0):
            return places, self.nominal[places]
        return np.append(last, places), np.append(self.rest, self.nominal[places])


def recent(series: pd.DataFrame) -> tuple[pd.DataFrame, pd.Period | None]:
    """Return the last `LOOKED_BACK` of a series, and the first of them where any were left out."""
    if not isinstance(series, pd.DataFrame) or len(series) <= LOOKED_BACK:
        return series, None
    kept = series.iloc[-LOOKED_BACK:]
    return kept, kept.index[0]


def checked(series: pd.DataFrame, horizon: int, season: str | None) -> tuple[Observed, int]:
    """Return the observed periods and the horizon; raise unless the options make sense."""
    if season is not None and season not in SEASONS:
        raise ValueError(f"`season` must be one of {', '.join(SEASONS)}, got {season!r}. Pick one.")
    seen = observed_periods(series, most=MOST_IN_BLOCKS)
    if not is_whole(horizon, 1):
        raise ValueError(
            f"`horizon` must be a whole number of periods of 1 or more, got {horizon!r}. Use 6."
        )
    if horizon > seen.count.size:
        raise ValueError(
            f"`horizon` must be no longer than the {seen.count.size} observed periods, got "
            f"{horizon}. Ask for fewer periods, or use a longer series."
        )
    return seen, int(horizon)


def setup_of(
    series: pd.DataFrame, seen: Observed, horizon: int, season: SeasonChoice | None
) -> Setup:
    """Return waves, exposures and memories at all places, those ahead included."""
    index = pd.PeriodIndex(series.index)
    longer = pd.period_range(index[0], index[int(seen.position[-1])] + horizon, freq=index.freq)
    longer = longer if len(longer) >= len(index) else index
    name = "none" if season is None else season
    if name == "auto":
        seasonal = frequency_letter(index) != "Y" and years_of(index) >= LEAST_YEARS
        name = "harmonic" if seasonal else "none"
    days = days_in_periods(longer)
    rest, unit = 0.0, DAYS_PER_MONTH
    if series.attrs.get("unit"):
        # Of an exposure that is no time the typical one goes on.
        known = rate_exposure(series)
        positive = series["exposure"].to_numpy(dtype=float)[known > 0]
        unit = float(positive[0] / known[known > 0][0])
        nominal = np.full(len(longer), float(np.median(known[seen.position][-12:])))
    else:
        nominal = days / unit
        if seen.last_is_partial:
            rest = float(nominal[seen.position[-1]] - seen.exposure[-1])
    return Setup(
        seen=seen,
        horizon=horizon,
        waves=season_columns(longer, name)[0],
        nominal=nominal,
        rest=rest,
        unit=unit,
        grid=grid_of(index),
        days=float(np.median(days)),
        breaks=tuple(break_places(seen)),
    )

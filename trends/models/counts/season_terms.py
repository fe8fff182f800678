"""Which pattern of the year, if any, belongs into a model of these counts?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trends.models.counts.observed import Observed, years_of
from trends.models.counts.season_evidence import bent_trend, season_evidence
from trends.tables.calendar import frequency_letter, hijri_shares

SeasonChoice = Literal["auto", "none", "month", "harmonic", "hijri"]
SeasonName = Literal["none", "month", "harmonic", "hijri"]

#: What may be asked for.
SEASONS = ("auto", "none", "month", "harmonic", "hijri")
#: Least span of a series, in years, in which a season can be told from chance.
LEAST_YEARS = 2.0
#: Level at which "auto" takes a season for one: a model without need of it is the better one.
AUTO_ALPHA = 0.01
#: Observed periods that must be left beside all terms.
LEAST_FREEDOM = 6
#: Columns of the Hijri calendar.
HIJRI_TERMS = ("ramadan", "eid_al_fitr", "eid_al_adha")

#: Permutations beyond the series that tell "auto" that there is no season at that level.
_ENOUGH = 25


class SeasonTerms(NamedTuple):
    """The pattern of the year in a model.

    Attributes
    ----------
    season : {"none", "month", "harmonic", "hijri"}
        What was taken: "auto" has been decided.
    columns : array of shape (n_periods, n_columns)
        Its columns at all periods.
    names : tuple of str
        One for each column.
    """

    season: SeasonName
    columns: NDArray[np.float64]
    names: tuple[str, ...]


def season_terms(seen: Observed, season: SeasonChoice | None) -> SeasonTerms:
    """Return the pattern of the year that was asked for.

    Parameters
    ----------
    seen : Observed
    season : {"auto", "none", "month", "harmonic", "hijri"} or None
        Nothing ("none" or None); a factor for every month (quarter) but the first; sine and cosine
        of one and two waves a year (one wave for quarters); days of Ramadan and the two feasts; or,
        with auto, the waves where the series spans two years and a joint test beside a trend that
        bends once a year finds them at 1%, else nothing.

    Returns
    -------
    SeasonTerms

    Raises
    ------
    ValueError
        If the word is not known or the periods are too long for the season.
    """
    wanted = "none" if season is None else season
    if wanted not in SEASONS:
        raise ValueError(f"`season` must be one of {', '.join(SEASONS)}, got {season!r}. Pick one.")
    if wanted != "auto":
        return SeasonTerms(wanted, *season_columns(seen.periods, wanted))
    name: SeasonName = "harmonic" if _is_found(seen) else "none"
    return SeasonTerms(name, *season_columns(seen.periods, name))


def shared_season(several: Sequence[Observed], season: SeasonChoice | None) -> SeasonName:
    """Return the one pattern of the year of several lines: the first that one of them shows.

    Parameters
    ----------
    several : sequence of Observed
    season
        As in `season_terms`.
    """
    names = [season_terms(each, season).season for each in several]
    return next((name for name in names if name != "none"), "none")


def season_columns(
    periods: pd.PeriodIndex, season: SeasonName
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return columns that repeat every year, and their names.

    Parameters
    ----------
    periods : PeriodIndex of n_periods
    season : {"none", "month", "harmonic", "hijri"}
        As in `season_terms`.

    Returns
    -------
    columns : array of shape (n_periods, n_columns)
    names : tuple of str

    Raises
    ------
    ValueError
        If the periods are too long for the season.
    """
    if season == "none":
        return np.empty((len(periods), 0)), ()
    letter = frequency_letter(periods)
    if letter == "Y" or (season == "hijri" and letter == "Q"):
        kind = "yearly" if letter == "Y" else "quarterly"
        raise ValueError(
            f"`season` must be 'none' or 'auto' for {kind} periods, got {season!r}. "
            "Count by shorter periods to see a season."
        )
    if season == "hijri":
        return hijri_shares(periods)[list(HIJRI_TERMS)].to_numpy(dtype=float), HIJRI_TERMS
    middle = periods.start_time + (periods.end_time - periods.start_time) / 2
    if season == "month":
        part = periods.quarter if letter == "Q" else middle.month
        kinds = range(2, 5 if letter == "Q" else 13)
        columns = np.column_stack([(part == kind).astype(float) for kind in kinds])
        return columns, tuple(f"{'quarter' if letter == 'Q' else 'month'}_{kind}" for kind in kinds)
    if letter == "M":
        phase = periods.month / 12
    elif letter == "Q":
        phase = periods.quarter / 4
    else:
        phase = (middle.day_of_year - 0.5) / 365.25
    waves = range(1, 2 if letter == "Q" else 3)
    columns = waves_of_year(np.asarray(phase, dtype=float), len(waves))
    return columns, tuple(f"{word}_{number}" for number in waves for word in ("sin", "cos"))


def waves_of_year(phase: NDArray[np.float64], n_waves: int) -> NDArray[np.float64]:
    """Return sine and cosine of one and more waves a year, (n_rows, 2 n_waves), at times in years.

    Examples
    --------
    >>> waves_of_year(np.array([0.0, 0.25]), 1).round(9).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    turns = 2 * np.pi * phase
    return np.column_stack(
        [wave(number * turns) for number in range(1, n_waves + 1) for wave in (np.sin, np.cos)]
    )


def is_identified(seen: Observed, design: NDArray[np.float64]) -> bool:
    """Return whether the observed periods can tell the columns of a design apart."""
    n_observed, n_terms = design.shape
    room = min(n_observed - LEAST_FREEDOM, int((seen.count > 0).sum()))
    return room >= n_terms and bool(np.linalg.matrix_rank(design) == n_terms)


def _is_found(seen: Observed) -> bool:
    """Return whether a series shows the waves of a season."""
    if frequency_letter(seen.periods) == "Y" or years_of(seen.periods) < LEAST_YEARS:
        return False
    if not seen.count.any():
        return False
    waves = season_columns(seen.periods, "harmonic")[0][seen.position]
    try:
        beside = bent_trend(seen)[seen.position]
        if not is_identified(seen, np.column_stack([beside, waves])):
            return False
        return season_evidence(seen, beside, waves, enough=_ENOUGH).p_value <= AUTO_ALPHA
    except (RuntimeError, np.linalg.LinAlgError):
        # Counts that allow no finite fit show no season.
        return False

"""Which mixture of accounts would have foretold the past of a series best, origin after origin?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryGrid
from trends.models.counts.observed import Observed, refuse_many_counts
from trends.models.counts.predictive import (
    LEAST_SEASONAL,
    MEMBERS,
    SIMPLE,
    History,
    Outlook,
    outlooks,
)
from trends.models.counts.scoring import log_score

#: Weight of every account before its forecasts are seen, in the order of `MEMBERS`: half on the one
#: that holds all others but a season and a drift as special cases, the rest on what it could miss.
PRIOR = (0.2, 0.2, 0.5, 0.05, 0.05)
#: Origins whose forecasts decide about weights, the latest ones.
MOST_ORIGINS = 36
#: Counts that are told apart at most: memory and time grow with them.
MOST_COUNTS = 40_000
#: Observed periods behind the first origin.
LEAST_HISTORY = 8
#: Origins with a known outcome from which on a mixture may be judged at all.
LEAST_JUDGED = 6


class Origin(NamedTuple):
    """What was expected at one point of the series, and what came.

    Attributes
    ----------
    row : int
        Observed periods that were known.
    start : int
        First row of the history that was used.
    places : int array of shape (n_ahead,)
        Places of the periods ahead among all periods.
    outcomes : array of shape (n_ahead,)
        Their counts; NaN where nothing was counted.
    outlooks : mapping of str to Outlook
        By account.
    scores : array of shape (n_members, n_ahead)
        Log scores in the order of `MEMBERS`; NaN where there is no outcome.
    """

    row: int
    start: int
    places: NDArray[np.int64]
    outcomes: NDArray[np.float64]
    outlooks: dict[str, Outlook]
    scores: NDArray[np.float64]


class Pool(NamedTuple):
    """How the accounts are mixed at an origin.

    Attributes
    ----------
    weights : array of shape (n_members,)
        In the order of `MEMBERS`; they add up to 1.
    chosen : str
        "mixture", or the simple account that the mixture has not beaten.
    better_simple : str
        The simple account with the better log scores so far.
    n_judged : int
        Earlier origins whose outcomes were known.
    gain : float
        Mean log score of the mixture for the next period less that of the better simple account, so
        far; NaN without.
    """

    weights: NDArray[np.float64]
    chosen: str
    better_simple: str
    n_judged: int
    gain: float


def history_at(
    seen: Observed,
    row: int,
    start: int,
    places: NDArray[np.int64],
    exposure_ahead: NDArray[np.float64],
    waves: NDArray[np.float64],
    grid: MemoryGrid,
) -> History:
    """Return the history known after some observed rows, and the periods ahead.

    Parameters
    ----------
    seen : Observed
    row, start : int
        Rows that are known, and the first of them that is used.
    places, exposure_ahead : array of shape (n_ahead,)
    waves : array of shape (n_places, n_waves)
        Waves of the year at all places, those ahead included.
    grid : MemoryGrid
    """
    known = slice(start, row)
    position = seen.position[known]
    seasonal = row - start >= LEAST_SEASONAL
    used = waves if seasonal else waves[:, :0]
    return History(
        counts=seen.count[known],
        exposure=seen.exposure[known],
        position=position,
        ahead=places,
        exposure_ahead=exposure_ahead,
        season=used[position],
        season_ahead=used[places],
        grid=grid,
    )


def look_back(
    seen: Observed,
    rows: Sequence[int],
    horizon: int,
    waves: NDArray[np.float64],
    nominal: NDArray[np.float64],
    grid: MemoryGrid,
    start_of: Callable[[int], int],
    *,
    tick: Callable[[int, int], None] | None = None,
) -> list[Origin]:
    """Return what each account expected after every one of some rows, and how it scored.

    Parameters
    ----------
    seen : Observed
    rows : sequence of int
        Numbers of observed periods that were known.
    horizon : int
        Periods ahead.
    waves, nominal : array of shape (n_places, n_waves), (n_places,)
        Waves of the year, and exposure where none was observed, at all places.
    grid : MemoryGrid
    start_of : callable
        First row of the history to use when some rows are known.
    tick : callable, optional
        Called with the number of origins done and of all.
    """
    counts = np.full(nominal.size, np.nan)
    exposure = nominal.copy()
    counts[seen.position] = seen.count
    exposure[seen.position] = seen.exposure
    found = []
    for number, row in enumerate(rows, start=1):
        places = seen.position[row - 1] + np.arange(1, horizon + 1)
        start = start_of(row)
        history = history_at(seen, row, start, places, exposure[places], waves, grid)
        made = outlooks(history, support(history, counts[places]))
        scores = np.array(
            [
                [
                    log_score(made[name].mass[step], int(count)) if np.isfinite(count) else np.nan
                    for step, count in enumerate(counts[places])
                ]
                if name in made
                else np.full(horizon, np.nan)
                for name in MEMBERS
            ]
        )
        found.append(Origin(row, start, places, counts[places], made, scores))
        if tick is not None:
            tick(number, len(rows))
    return found


def support(history: History, outcomes: NDArray[np.float64]) -> int:
    """Return how many counts have to be told apart: far beyond all that were or might be seen.

    Raises
    ------
    ValueError
        If they are more than `MOST_COUNTS`: each has its own probability in every account.
    """
    rate = history.counts / history.exposure
    highest = float(rate.max()) * float(max(history.exposure_ahead.max(), 1e-9))
    typical = float(rate.mean() * history.exposure_ahead.max())
    reach = max(2 * highest, highest + 5 * np.sqrt(max(typical, 1.0)), 4 * typical)
    came = outcomes[np.isfinite(outcomes)]
    told_apart = max(reach, float(came.max(initial=0.0))) + 20
    refuse_many_counts(told_apart, MOST_COUNTS)
    return int(told_apart)


def pool(origins: Sequence[Origin], last_place: int, start: int) -> Pool:
    """Return the mixture that the outcomes known by a place speak for.

    Each account weighs in proportion to its prior weight times the product of the probabilities it
    gave to what came (of forecasts of several periods, their geometric mean); an account that could
    not be made is held to be as good as the static one. Origins count whose history began where it
    begins now, all of them while these are fewer than six. The mixture is taken where its past
    forecasts of the next period, mixed with what was known at their time, scored better than the
    better of the two simple ones: forecasts of further periods overlap, and tell less.

    Parameters
    ----------
    origins : sequence of Origin
        In the order of time.
    last_place : int
        Place of the last count that is known.
    start : int
        First row of the history that is used now.
    """
    past = [each for each in origins if each.places[0] <= last_place]
    recent = _alike(past, start)[-MOST_ORIGINS:]
    mixed, simple, n_judged = 0.0, np.zeros(len(SIMPLE)), 0
    for number, each in enumerate(recent):
        # The first account is always made: without a score of it nothing was counted.
        known = np.flatnonzero(np.isfinite(each.scores[0]) & (each.places <= last_place))
        if not known.size:
            continue
        nearest = each.scores[:, known[0]]
        before = _weights(_alike(recent[:number], each.start), int(each.places[0]) - 1)
        mixed += float(np.log(_mixed(before, nearest)))
        simple += nearest[: len(SIMPLE)]
        n_judged += 1
    best = SIMPLE[int(np.argmax(simple))]
    gain = (mixed - float(simple.max())) / n_judged if n_judged else np.nan
    beats = n_judged < LEAST_JUDGED or gain > 0
    return Pool(_weights(recent, last_place), "mixture" if beats else best, best, n_judged, gain)


def mixture_mass(
    origin_outlooks: dict[str, Outlook], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the probabilities of a mixture; an account that is missing leaves its weight."""
    shares = shares_of(origin_outlooks, weights)
    mass: NDArray[np.float64] = np.sum(
        [share * origin_outlooks[name].mass for name, share in shares.items()], axis=0
    )
    return mass


def shares_of(made: dict[str, Outlook], weights: NDArray[np.float64]) -> dict[str, float]:
    """Return the weights of the accounts that could be made; they add up to 1."""
    kept = {name: float(weights[MEMBERS.index(name)]) for name in made}
    total = sum(kept.values())
    return {name: weight / total for name, weight in kept.items()}


def tied_like(
    paths: NDArray[np.float64], pattern: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the same values of every period, put together as the paths of a pattern are.

    The path with the k-th smallest value of the pattern in a period gets the k-th smallest there;
    equal values of the pattern are ranked by chance.

    Parameters
    ----------
    paths, pattern : array of shape (n_paths, n_ahead)
    rng : Generator
    """
    chance = rng.permuted(np.tile(np.arange(len(pattern)), (pattern.shape[1], 1)), axis=1).T
    rank = np.argsort(np.lexsort((chance, pattern), axis=0), axis=0)
    return np.take_along_axis(np.sort(paths, axis=0), rank, axis=0)


def _alike(origins: Sequence[Origin], start: int) -> Sequence[Origin]:
    """Return the origins whose history began at a row, or all while these are few."""
    alike = [each for each in origins if each.start == start]
    return alike if len(alike) >= LEAST_JUDGED else origins


def _weights(origins: Sequence[Origin], last_place: int) -> NDArray[np.float64]:
    """Return the weights that the outcomes known by a place give.

    Of forecasts of several periods the mean score counts; an account that could not be made has the
    scores of the static one.
    """
    if not origins:
        return _normalised(np.log(PRIOR))
    scores = np.array([each.scores for each in origins])
    static = scores[:, MEMBERS.index("static_nb"), None]
    places = np.array([each.places for each in origins])[:, None]
    known = (places <= last_place) & np.isfinite(static)
    filled = np.where(known, np.where(np.isnan(scores), static, scores), 0.0)
    means = filled.sum(axis=2) / np.maximum(known.sum(axis=2), 1)
    return _normalised(np.log(PRIOR) + means.sum(axis=0))


def _mixed(weights: NDArray[np.float64], scores: NDArray[np.float64]) -> float:
    """Return the probability that a mixture gave to an outcome, by the log scores of its parts."""
    made = np.isfinite(scores)
    return float(weights[made] @ np.exp(scores[made]) / weights[made].sum())


def _normalised(log_weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights that add up to 1."""
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(weight / weight.sum())

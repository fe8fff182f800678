"""When is a count out of line, if false episodes are to be no more than a stated number a year?

What comes next is predicted from a baseline: a negative binomial whose mean, dispersion and memory
are drawn from what the baseline leaves open, never plugged in, and so is whether the baseline has a
slope, and which. Two lines watch. The first fires on one count in a tail of that prediction, with
the exact tails of low counts. The second adds up normal scores (a CUSUM) and fires on many counts
that are each a little out of line. Both are set on simulated years of the same draws, so that
episodes of false alarms come as often as stated, memory, discreteness and unknown parameters
included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.memory import MemoryGrid, variance_inflation
from trends.models.counts.null_models import count_quantiles, draw_latent
from trends.models.counts.serial_dependence import MemoryPosterior, weigh_memories

#: Draws of mean, dispersion and memory, and simulated years of each.
N_DRAWS, YEARS_OF_EACH = 100, 4
#: Normal score that the second line takes off every period.
REFERENCE = 0.5
#: Largest normal score that the second line adds at once: one count is the first line's business.
LARGEST_SCORE = 3.0
#: Share of the budget that the first line may use; the second gets what is left.
FIRST_LINE = 0.5
#: Anscombe residual above which a count of the baseline is weighed down (Noufaily and others 2013).
OUTLYING = 2.58
#: Quantiles of the memories, ordered by what they do to a mean, between which they are drawn.
STRONG = (0.75, 0.99)
#: Standard deviation of a slope of the baseline, in log rates a year, before it is seen: two in
#: three are within a factor of 1.3 a year. As likely beforehand is that there is none.
SLOPE_SCALE = 0.25
#: Largest error of a log rate that is drawn, a thousandfold: a short series of few events that may
#: remember for long leaves its rate so open that normal errors would run to any number of events.
LARGEST_SHIFT = float(np.log(1000))
#: Variances over means that are weighed; beforehand a third of the probability is on Poisson's.
_DISPERSIONS = np.concatenate([[1.0], np.geomspace(1.1, 200.0, 40)])
#: Counts up to which the tails of every count are computed; beyond, those between are interpolated.
_EVERY_COUNT = 400
#: Counts up to which each is weighed down by itself; beyond, neighbours are taken together.
_EVERY_WEIGHED = 2000
#: Rounds in which the variance before weighing down is found from that after it.
_ROUNDS = 4
#: Counts up to which quantiles are looked up in sums of the chances of all draws.
_MOST_SUMMED = 3000
#: Where the second line's limit is looked for, and how often that range is halved.
HIGHEST_LIMIT, _HALVINGS = 16.0, 8
#: Episodes that a simulated setting must show to be believed; rarer ones are extrapolated.
_FEWEST = 15.0


@dataclass(frozen=True, eq=False)
class Baseline:
    """What a baseline says of the counts to come.

    Attributes
    ----------
    params : array of shape (n_terms,)
        Coefficients of the log rate, averaged over the draws; the last is the slope a year where
        one was weighed.
    log_shifts : array of shape (n_draws,)
        Draws of the error of the log rate.
    dispersions : array of shape (n_draws,)
        Draws of the variance over the mean, at least 1.
    rho, weight : arrays of shape (n_draws,)
        Draws of the memory.
    correlation : float
        Averaged correlation of neighbouring periods.
    at_ceiling : bool
        Whether the memory is at the longest that is considered.
    n_weighed_down : int
        Counts of the baseline that were weighed down.
    slope_probability : float
        Probability that the baseline has a slope; 0 where none was weighed.
    """

    params: NDArray[np.float64]
    log_shifts: NDArray[np.float64]
    dispersions: NDArray[np.float64]
    rho: NDArray[np.float64]
    weight: NDArray[np.float64]
    correlation: float
    at_ceiling: bool
    n_weighed_down: int
    slope_probability: float = 0.0


def learn_baseline(
    counts: np.ndarray,
    design: np.ndarray,
    exposure: np.ndarray,
    position: np.ndarray,
    grid: MemoryGrid,
    rng: np.random.Generator,
    *,
    years: np.ndarray | None = None,
    years_ahead: float = 0.0,
) -> Baseline:
    """Learn level, season, slope, scatter and memory from a baseline, outbreaks weighed down.

    Parameters
    ----------
    counts, exposure : arrays of shape (n_observed,)
    design : array of shape (n_observed, n_terms)
        Intercept and season.
    position : int array of shape (n_observed,)
        Place of each count among all periods.
    grid : MemoryGrid
    rng : Generator
    years : array of shape (n_observed,), optional
        Time of each count; None weighs no slope.
    years_ahead : float
        Time for which the errors of the log rate are drawn.

    Returns
    -------
    Baseline

    Raises
    ------
    RuntimeError
        If the fit does not converge.
    """
    typical = design.mean(axis=0)
    level = _fit_memory(counts, design, exposure, position, grid)
    if years is None:
        return _baseline(level, [_draw(level, typical, N_DRAWS, rng)], typical)
    sloped = _fit_memory(
        counts, np.column_stack([design, years]), exposure, position, grid, slope=True
    )
    probability = _slope_probability(sloped)
    n_sloped = round(probability * N_DRAWS)
    ahead = np.append(typical, years_ahead)
    drawn = [
        _draw(fit, ahead[: fit.params.size], n_draws, rng)
        for fit, n_draws in ((level, N_DRAWS - n_sloped), (sloped, n_sloped))
        if n_draws
    ]
    return _baseline(sloped if probability > 0.5 else level, drawn, ahead, probability)


def _baseline(
    fit: _Fit, drawn: Sequence[_Drawn], contrast: np.ndarray, slope_probability: float = 0.0
) -> Baseline:
    """Return the draws of one or two fits together, with the likelier fit's memory."""
    every = [
        np.pad(one.params, ((0, 0), (0, contrast.size - one.params.shape[1]))) for one in drawn
    ]
    params = np.concatenate(every).mean(axis=0)
    rates, dispersions, rho, weight = (
        np.concatenate([getattr(one, name) for one in drawn])
        for name in ("log_rates", "dispersions", "rho", "weight")
    )
    return Baseline(
        params=params,
        log_shifts=rates - params @ contrast,
        dispersions=dispersions,
        rho=rho,
        weight=weight,
        correlation=fit.memory.correlation,
        at_ceiling=fit.memory.at_ceiling,
        n_weighed_down=fit.n_weighed_down,
        slope_probability=slope_probability,
    )


class _Fit(NamedTuple):
    """A weighted fit, and the memories that its residuals may have."""

    params: NDArray[np.float64]
    mean: float
    memory: MemoryPosterior
    n_periods: int
    n_weighed_down: int
    has_slope: bool


class _Drawn(NamedTuple):
    """Draws of what a fit leaves open."""

    params: NDArray[np.float64]
    log_rates: NDArray[np.float64]
    dispersions: NDArray[np.float64]
    rho: NDArray[np.float64]
    weight: NDArray[np.float64]


def _fit_memory(
    counts: np.ndarray,
    design: np.ndarray,
    exposure: np.ndarray,
    position: np.ndarray,
    grid: MemoryGrid,
    *,
    slope: bool = False,
) -> _Fit:
    """Fit the log rate with outbreaks weighed down, and weigh the memories of what is left."""
    weights = np.ones(counts.size)
    params, expected = _weighted_fit(counts, design, exposure, weights)
    n_free = counts.size - design.shape[1]
    scatter = max(float(np.sum((counts - expected) ** 2 / expected)) / n_free, 1.0)
    weights = _outbreak_weights(counts, expected, scatter)
    if (weights < 1).any():
        params, expected = _weighted_fit(counts, design, exposure, weights)
    residuals = (counts - expected) / np.sqrt(expected) * np.sqrt(weights)
    low_mean, low_variance = _taken_off(
        float(expected.mean()), float(np.sum(residuals**2)) / n_free, scatter
    )
    params[0] -= np.log(low_mean)
    expected = expected / low_mean
    residuals /= np.sqrt(low_variance)
    working = design * np.sqrt(expected * weights)[:, None]
    memory = weigh_memories(working, residuals, position, grid=grid)
    mean, n_high = float(expected.mean()), int((weights < 1).sum())
    return _Fit(params, mean, memory, counts.size, n_high, slope)


def _outbreak_weights(
    counts: np.ndarray, expected: np.ndarray | float, scatter: float
) -> NDArray[np.float64]:
    """Return weights that fall with the square of Anscombe residuals that are outlying."""
    anscombe = 1.5 * (counts ** (2 / 3) * expected ** (-1 / 6) - np.sqrt(expected))
    anscombe /= np.sqrt(scatter)
    return np.where(anscombe > OUTLYING, np.maximum(anscombe, OUTLYING) ** -2.0, 1.0)


def _taken_off(mean: float, scale: float, scatter: float) -> tuple[float, float]:
    """Return what weighing down leaves of the mean and the variance of counts without an outbreak.

    Skewed counts lose most: negative binomial ones about 1 with three times Poisson's variance a
    tenth of their mean and a quarter of their variance, Poisson counts about 20 .3 and 4%. The
    variance over the mean is that which, weighed down, is the scale that was found.
    """
    low_mean = low_variance = 1.0
    for _ in range(_ROUNDS):
        phi = max(scale / low_variance, 1.0)
        about = mean / low_mean
        largest = int(np.ceil(about + 9 * np.sqrt(phi * about) + 20 * phi))
        each = np.unique(np.rint(np.linspace(0, largest, min(largest, _EVERY_WEIGHED) + 1)))
        chance = np.diff(_at_most(each, about, phi), prepend=0.0)
        weighed = chance * _outbreak_weights(each, about, scatter)
        kept = float(weighed @ each / weighed.sum())
        low_mean = kept / float(chance @ each)
        low_variance = float(weighed @ (each - kept) ** 2) / kept
        low_variance *= float(chance @ each) / float(chance @ (each - chance @ each) ** 2)
    return low_mean, low_variance


def _at_most(count: NDArray[np.float64], mean: float, phi: float) -> NDArray[np.float64]:
    """Return the chance of at most each count."""
    return 1 - _beyond(count, np.array([mean]), np.array([phi]))[0]


def _slope_probability(fit: _Fit) -> float:
    """Return the probability of a slope against none, from its estimate under each memory."""
    variances = fit.memory.covariances[:, -1, -1] * _at_least_poisson(fit.memory)
    wide = variances + SLOPE_SCALE**2
    log_ratio = 0.5 * np.log(wide / variances) - 0.5 * fit.params[-1] ** 2 * (
        1 / variances - 1 / wide
    )
    weights = _strong(fit.memory.probabilities, fit.memory.grid, fit.n_periods)
    return float(1 / (1 + weights @ np.exp(np.minimum(log_ratio, 700))))


def _at_least_poisson(memory: MemoryPosterior) -> NDArray[np.float64]:
    """Return what makes a covariance that of counts that scatter no less than Poisson's."""
    return np.asarray(np.maximum(memory.scales, 1.0) / np.maximum(memory.scales, 1e-9))


def _draw(fit: _Fit, contrast: np.ndarray, n_draws: int, rng: np.random.Generator) -> _Drawn:
    """Draw memories, dispersions and the log rate of a contrast of the coefficients."""
    memory, grid = fit.memory, fit.memory.grid
    likely = _strong(memory.probabilities, grid, fit.n_periods)
    models = rng.choice(grid.rho.size, n_draws, p=likely)
    rho, weight = grid.rho[models], grid.weight[models]
    n_free = fit.n_periods - fit.params.size
    # Memory speaks against Poisson counts, which have none: what is seen of it is weighed.
    log_no_memory = float(np.log(max(memory.probabilities[0], 1e-300)) - grid.log_prior[0])
    dispersions = _draw_dispersions(
        memory.scales[models], rho, weight, fit.mean, n_free, log_no_memory, rng
    )
    # Counts that scatter like Poisson's leave nothing to remember.
    rho, weight = (np.where(dispersions > 1, one, 0.0) for one in (rho, weight))
    covariances = memory.covariances[models]
    covariances *= (dispersions / np.maximum(memory.scales[models], 1e-9))[:, None, None]
    params = np.tile(fit.params, (n_draws, 1))
    if fit.has_slope:
        pulled = covariances[:, :, -1] / (covariances[:, -1, -1] + SLOPE_SCALE**2)[:, None]
        params = params - pulled * fit.params[-1]
        covariances = covariances - pulled[:, :, None] * covariances[:, -1, None, :]
    variances = np.einsum("i,mij,j->m", contrast, covariances, contrast)
    errors = np.sqrt(variances) * rng.standard_normal(n_draws)
    log_rates = params @ contrast + np.clip(errors, -LARGEST_SHIFT, LARGEST_SHIFT)
    return _Drawn(params, log_rates, dispersions, rho, weight)


def _strong(probabilities: np.ndarray, grid: MemoryGrid, n_periods: int) -> NDArray[np.float64]:
    """Return the probabilities of the memories in a band at the strong end.

    In a short series no estimate of memory is sure enough to be believed where it is small. Ordered
    by how much they add to the variance of a mean, only those between two quantiles are drawn.
    """
    inflation = variance_inflation(np.full(grid.rho.size, n_periods), grid.rho, grid.weight)
    order = np.argsort(inflation)
    low, high = STRONG
    reached = np.clip(np.cumsum(probabilities[order]), low, high)
    reached[-1] = high
    kept = np.zeros(order.size)
    kept[order] = np.diff(reached, prepend=low)
    return np.asarray(kept / kept.sum())


def _draw_dispersions(
    scales: np.ndarray,
    rho: np.ndarray,
    weight: np.ndarray,
    mean: float,
    n_free: int,
    log_no_memory: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw variances over means, given how much the residuals scatter and the odds of no memory.

    The scatter of a skewed and remembering series says less than its length: the degrees of freedom
    are those that its fourth moment and its memory leave.
    """
    squares = 1 + 2 * (weight * rho) ** 2 / (1 - rho**2)
    likely = np.maximum(scales, 1.0)
    excess = 6 * (likely - 1) / mean + 1 / (likely * mean)
    n_worth = 2 * n_free / ((2 + excess) * squares)
    phi = _DISPERSIONS[:, None]
    log_posterior = -0.5 * n_worth * (np.log(phi) + scales / phi)
    log_posterior[0] += np.log((_DISPERSIONS.size - 1) / 2) + log_no_memory
    posterior = np.exp(log_posterior - log_posterior.max(axis=0))
    cumulative = np.cumsum(posterior / posterior.sum(axis=0), axis=0)
    chosen = (cumulative < rng.random(scales.size)[None, :]).sum(axis=0)
    return _DISPERSIONS[np.minimum(chosen, _DISPERSIONS.size - 1)]


def _weighted_fit(
    counts: np.ndarray, design: np.ndarray, exposure: np.ndarray, weights: np.ndarray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a weighted log-linear Poisson model; return coefficients and expected counts."""
    offset = np.log(exposure)
    params = np.zeros(design.shape[1])
    params[0] = np.log(np.sum(weights * counts) / np.sum(weights * exposure))
    for _ in range(50):
        expected = np.exp(design @ params + offset)
        weighted = design * (weights * expected)[:, None]
        step = np.linalg.solve(weighted.T @ design, design.T @ (weights * (counts - expected)))
        # Far steps overshoot where a season has hardly any events.
        params = params + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-8:
            return params, np.exp(design @ params + offset)
    raise RuntimeError(
        f"`series` must allow a finite log-linear fit, got {int(counts.sum())} events in "
        f"{int((counts > 0).sum())} of {counts.size} periods. Use season='none' or longer periods."
    )


class Tails(NamedTuple):
    """Chance of a count as high, or as low, as each from 0 on, and the normal score of each."""

    high: NDArray[np.float64]
    low: NDArray[np.float64]
    score: NDArray[np.float64]


def tails_of(mean: float, baseline: Baseline, largest: int) -> Tails:
    """Return the predicted tails of the counts 0 to `largest` at an expected count.

    The score is the normal quantile of the middle of the count's own probability.
    """
    means = mean * np.exp(baseline.log_shifts)
    if largest > _EVERY_COUNT:
        count = np.unique(np.rint(np.geomspace(1, largest + 1, _EVERY_COUNT))) - 1
        above = np.maximum(_beyond(count, means, baseline.dispersions).mean(axis=0), 1e-300)
        above = np.exp(np.interp(np.arange(largest + 1.0), count, np.log(above)))
    else:
        # Sums from the far end lose no digits, and cost a tenth of a tail for every count.
        chance = _chance_of_each(means, baseline.dispersions, largest).mean(axis=0)
        far = _beyond(np.array([float(largest)]), means, baseline.dispersions).mean()
        above = np.cumsum(np.append(far, chance[:0:-1]))[::-1]
        above = np.maximum(above, 1e-300)
    low, high = 1 - above, np.concatenate([[1.0], above[:-1]])
    # The score of the upper half is that of the upper tail, which loses no digits.
    middle = (high + above) / 2
    return Tails(high=high, low=low, score=-special.ndtri(np.clip(middle, 1e-300, 1 - 1e-15)))


def _beyond(
    count: NDArray[np.float64], means: NDArray[np.float64], dispersions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the chance of more than each count, shape (n_means, n_counts)."""
    over = dispersions > 1
    beyond = np.empty((means.size, count.size))
    beyond[~over] = special.pdtrc(count, means[~over, None])
    phi = dispersions[over, None]
    beyond[over] = special.betainc(count + 1, means[over, None] / (phi - 1), 1 - 1 / phi)
    return beyond


def _chance_of_each(
    means: NDArray[np.float64], dispersions: NDArray[np.float64], largest: int
) -> NDArray[np.float64]:
    """Return the chance of each count from 0 to the largest, shape (n_means, largest + 1)."""
    over = dispersions > 1
    phi = np.where(over, dispersions, 2.0)
    none = np.where(over, -means / (phi - 1) * np.log(phi), -means)
    before = np.arange(float(largest))
    # From one count to the next the chance changes by (shape + count) (1 - 1 / phi) / (count + 1).
    constant = np.where(over, means / phi, means)
    slope = np.where(over, 1 - 1 / phi, 0.0)
    change = np.log((constant[:, None] + slope[:, None] * before) / (before + 1))
    return np.exp(np.cumsum(np.column_stack([none, change]), axis=1))


def reach_of(mean: float, baseline: Baseline) -> int:
    """Return a count beyond which the prediction has next to no probability."""
    means = mean * np.exp(baseline.log_shifts)
    spread = np.sqrt(baseline.dispersions * means)
    return int(np.ceil(np.max(means + 9 * spread + 20 * baseline.dispersions))) + 1


class Setting(NamedTuple):
    """Where the two lines fire, and how often they do so for nothing.

    Attributes
    ----------
    level : float
        The first line fires on a count whose tail is at most this.
    limit : float
        The second line fires when its sum reaches this.
    false_per_year : float
        Episodes a year in the simulated years, or what was asked for where that is too rare.
    """

    level: float
    limit: float
    false_per_year: float


def set_lines(
    mean: float,
    baseline: Baseline,
    tails: Tails,
    *,
    per_year: int,
    quiet: int,
    false_per_year: float,
    rng: np.random.Generator,
) -> Setting:
    """Set both lines so that false episodes come as often as stated.

    Parameters
    ----------
    mean : float
        Typical expected count of the periods watched.
    baseline : Baseline
    tails : Tails
        Of this expected count.
    per_year : int
        Periods in a year.
    quiet : int
        Periods without an alarm that end an episode.
    false_per_year : float
        Episodes a year that are to be false.
    rng : Generator

    Returns
    -------
    Setting
    """
    n_years = N_DRAWS * YEARS_OF_EACH
    high, low, score = simulate_years(mean, baseline, tails, n_periods=per_year, rng=rng)
    tail = np.minimum(high, low)
    most = max(false_per_year, _FEWEST / n_years)
    # A level that the tails of all counts pass over is as good as the next lower one.
    levels = np.unique(tail[tail < 0.3])
    level = _largest_level(high, low, levels, quiet, FIRST_LINE * most * n_years)

    def rate(limit: float) -> float:
        """Return false episodes a year with the second line at a limit."""
        return float(count_episodes(*fire(high, low, score, level, limit), quiet).sum()) / n_years

    near, far = 0.25, HIGHEST_LIMIT
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (middle, far) if rate(middle) > most else (near, middle)
    limit = (near + far) / 2
    if false_per_year >= most:
        return Setting(level, limit, rate(limit))
    # Rarer episodes cannot be simulated: the tail of the first line is its level, and those of the
    # second fall off by the same factor with every step of its limit.
    step = min(1.0, limit / 2)
    slope = np.log(max(rate(limit - step), 1.1 * most) / most) / step
    rarer = false_per_year / most
    return Setting(level * rarer, float(limit - np.log(rarer) / slope), false_per_year)


def _largest_level(
    high: np.ndarray, low: np.ndarray, levels: np.ndarray, quiet: int, most: float
) -> float:
    """Return the largest level at which the first line alone has no more episodes than that."""
    first, last = 0, levels.size
    while first < last:
        middle = (first + last) // 2
        fired = count_episodes(high <= levels[middle], low <= levels[middle], quiet).sum()
        first, last = (middle + 1, last) if fired <= most else (first, middle)
    return float(levels[first - 1]) if first else 0.0


def simulate_years(
    mean: float,
    baseline: Baseline,
    tails: Tails,
    *,
    n_periods: int,
    rng: np.random.Generator,
    factor: float = 1.0,
    changed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return tails and scores of simulated counts of every draw of the baseline.

    Parameters
    ----------
    mean : float
        Expected count of every period.
    baseline : Baseline
    tails : Tails
        Of this expected count; counts beyond them are taken for the last of them.
    n_periods : int
    rng : Generator
    factor : float
        What the mean of the last periods is multiplied by.
    changed : int
        How many these are.

    Returns
    -------
    high, low, score : arrays of shape (n_periods, n_draws * YEARS_OF_EACH)
    """
    rho, weight = (np.repeat(one, YEARS_OF_EACH) for one in (baseline.rho, baseline.weight))
    latent = draw_latent(np.ones(n_periods - 1), rho, weight, rng)
    means = mean * np.exp(baseline.log_shifts)
    same = n_periods - changed
    counts = np.concatenate(
        [
            _counts_at(latent[:same], means, baseline.dispersions),
            _counts_at(latent[same:], factor * means, baseline.dispersions),
        ]
    )
    whole = np.minimum(counts, tails.high.size - 1).astype(np.int64)
    return tails.high[whole], tails.low[whole], tails.score[whole]


def _counts_at(
    latent: NDArray[np.float64], means: NDArray[np.float64], dispersions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Turn normal values into counts, those of `YEARS_OF_EACH` columns by one draw."""
    counts = np.empty_like(latent)
    if not latent.size:
        return counts
    largest = int(np.ceil(np.max(means + 9 * np.sqrt(dispersions * means) + 20 * dispersions)))
    below = None
    if largest <= _MOST_SUMMED:
        below = np.cumsum(_chance_of_each(means, dispersions, largest), axis=1)
    chance = special.ndtr(latent)
    for draw, (level, dispersion) in enumerate(zip(means, dispersions, strict=True)):
        columns = slice(draw * YEARS_OF_EACH, (draw + 1) * YEARS_OF_EACH)
        counts[:, columns] = (
            count_quantiles(latent[:, columns], level, dispersion)
            if below is None
            else np.searchsorted(below[draw], chance[:, columns])
        )
    return counts


def fire(
    high: np.ndarray, low: np.ndarray, score: np.ndarray, level: float, limit: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which periods raise an alarm, upwards and downwards.

    Parameters
    ----------
    high, low, score : arrays of shape (n_periods, n_series)
        NaN where a period was not seen; nothing fires and nothing is added there.
    level, limit : float
        As in `Setting`.

    Returns
    -------
    up, down : bool arrays of shape (n_periods, n_series)
    """
    up, down = high <= level, low <= level
    bounded = np.nan_to_num(np.clip(score, -LARGEST_SCORE, LARGEST_SCORE))
    seen = np.isfinite(score)
    above, beneath = np.zeros(score.shape[1]), np.zeros(score.shape[1])
    for period in range(score.shape[0]):
        moves = seen[period] * REFERENCE
        above = np.maximum(above + bounded[period] - moves, 0)
        beneath = np.maximum(beneath - bounded[period] - moves, 0)
        up[period] |= above >= limit
        down[period] |= beneath >= limit
        # After an alarm the sum begins anew, so that one event does not fire for ever.
        above[up[period]] = 0
        beneath[down[period]] = 0
    return up, down


def count_episodes(up: np.ndarray, down: np.ndarray, quiet: int) -> NDArray[np.int64]:
    """Return how many episodes of alarms each series has, both directions together."""
    starts = np.zeros(up.shape[1], dtype=np.int64)
    for alarms in (up, down):
        since = np.full(up.shape[1], quiet)
        for period in range(up.shape[0]):
            starts += alarms[period] & (since >= quiet)
            since = np.where(alarms[period], 0, since + 1)
    return starts

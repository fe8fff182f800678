"""How many events may the coming periods hold, by each of several accounts of the past?

Each account gives, for every coming period, the probability of 0, 1, 2, ... events with its own
parameters integrated out, and draws of whole paths. Nodes stand for the parameters: points with
weights, or fixed draws.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from trends.models.counts.count_model import fit_counts
from trends.models.counts.memory import MemoryGrid, recollections
from trends.models.counts.null_models import count_quantiles
from trends.models.counts.observed import LEAST_EVENTFUL
from trends.models.counts.scoring import nb_mass
from trends.models.counts.serial_dependence import memory_of_fit

#: The accounts, the two simple ones first.
MEMBERS = ("own_past", "static_nb", "memory_nb", "seasonal_nb", "local_level")
SIMPLE = ("own_past", "static_nb")
#: Observed periods behind a season's waves, and the years they span.
LEAST_SEASONAL = 24
#: Width of the kernel around every past count, in standard deviations of the past times n^-1/3.
KERNEL = 0.9
#: Share by which a level may keep what it was, and scatter beyond chance, in the local level.
KEPT = (0.5, 0.65, 0.8, 0.9, 0.96)
SCATTER = (1.0, 1.5, 2.5, 4.0, 7.0, 12.0)
#: Weight below which a node is left out.
_NEGLIGIBLE = 1e-4
#: Where counts say next to nothing, a rate is looked for as far from the middle, in logarithms.
_FURTHEST = 50.0
#: Logarithm of a mean count beyond which its square is more than a number can hold.
_MOST_LOG_MEAN = 300.0
#: Probabilities for each tail asked for up to which adding them up is quicker than the beta
#: function.
_TABLE = 20
_FIXED_DRAWS = 64


#: Means, and variances over them.
_Margin = tuple[NDArray[np.float64], NDArray[np.float64]]


class History(NamedTuple):
    """The observed periods behind a forecast, and the periods ahead.

    Attributes
    ----------
    counts, exposure : array of shape (n_observed,)
        Events, and months observed.
    position : int array of shape (n_observed,)
        Place among all periods.
    ahead : int array of shape (n_ahead,)
        Places of the periods ahead, from the last observed one on: a part of it may be to come.
    exposure_ahead : array of shape (n_ahead,)
    season, season_ahead : arrays of shape (n_observed, n_waves), (n_ahead, n_waves)
        Waves of the year; no columns where the past is too short for them.
    grid : MemoryGrid
    """

    counts: NDArray[np.float64]
    exposure: NDArray[np.float64]
    position: NDArray[np.int64]
    ahead: NDArray[np.int64]
    exposure_ahead: NDArray[np.float64]
    season: NDArray[np.float64]
    season_ahead: NDArray[np.float64]
    grid: MemoryGrid


class Outlook(NamedTuple):
    """What one account expects.

    Attributes
    ----------
    mass : array of shape (n_ahead, n_counts)
        Probability of 0, 1, 2, ... events in every period ahead.
    draw : callable
        Takes a number of paths and a generator; returns counts, shape (n_paths, n_ahead).
    """

    mass: NDArray[np.float64]
    draw: Callable[[int, np.random.Generator], NDArray[np.float64]]


def outlooks(history: History, n_counts: int) -> dict[str, Outlook]:
    """Return what every account that the past allows expects of the periods ahead.

    Parameters
    ----------
    history : History
    n_counts : int
        Counts that are told apart, from 0.
    """
    made = {
        "own_past": own_past(history, n_counts),
        "static_nb": static_nb(history, n_counts),
        "local_level": local_level(history, n_counts),
    }
    eventful = np.count_nonzero(history.counts) >= LEAST_EVENTFUL
    for name, make in (("memory_nb", memory_nb), ("seasonal_nb", seasonal_nb)):
        if not eventful or (name == "seasonal_nb" and not history.season.shape[1]):
            continue
        try:
            made[name] = make(history, n_counts)
        except RuntimeError:
            # Counts that allow no finite fit have no such account.
            continue
    return {name: made[name] for name in MEMBERS if name in made}


def own_past(history: History, n_counts: int) -> Outlook:
    """Return the distribution of the past counts, each rate carried to the exposure ahead."""
    width = KERNEL * float(history.counts.std()) * history.counts.size ** (-1 / 3)
    edges = np.arange(n_counts) + 0.5
    rate = history.counts / history.exposure

    def mass_at(exposure: float) -> NDArray[np.float64]:
        share = exposure / history.exposure
        # A shorter period thins the count, a longer one adds to it: both by chance.
        chance = np.where(
            share < 1, history.counts * share * (1 - share), rate * (exposure - history.exposure)
        )
        spread = np.maximum(np.sqrt(width**2 + np.maximum(chance, 0.0)), 1e-9)
        below = special.ndtr((edges - rate[:, None] * exposure) / spread[:, None])
        return np.diff(below.mean(axis=0), prepend=0.0)

    mass = _at_each(history.exposure_ahead, mass_at)

    def draw(n_paths: int, rng: np.random.Generator) -> NDArray[np.float64]:
        below = np.cumsum(mass, axis=1)
        chance = rng.random((n_paths, mass.shape[0]))
        columns = [
            np.searchsorted(row, one * row[-1]) for row, one in zip(below, chance.T, strict=True)
        ]
        return np.column_stack(columns).astype(float)

    return Outlook(mass, draw)


def static_nb(history: History, n_counts: int) -> Outlook:
    """Return independent negative binomial counts around one rate, both parameters integrated."""
    count, exposure = history.counts, history.exposure
    rate = max(float(count.sum()), 0.5) / float(exposure.sum())
    typical = rate * float(exposure.mean())
    scatter = float(np.sum((count - rate * exposure) ** 2 / (rate * exposure))) / count.size
    excess = np.append(0.0, np.geomspace(0.05, max(50.0, 4 * scatter), 17))
    dispersion = excess / typical
    information = (rate * exposure / (1 + dispersion[:, None] * rate * exposure)).sum(axis=1)
    steps = np.linspace(-3, 3, 9)
    away = np.clip(steps / np.sqrt(information)[:, None], -_FURTHEST, _FURTHEST)
    log_rate = np.log(rate) + away
    kappa = np.repeat(dispersion, steps.size)
    rates = np.exp(log_rate).ravel()
    (exposures, counts), _, times = _alike(exposure, count)
    log_weight = _nb_log_likelihood(counts, rates[:, None] * exposures, kappa[:, None]) @ times
    # The grid is denser where the rate is better known; beforehand log rates are alike.
    log_weight -= 0.5 * np.log(np.repeat(information, steps.size))
    weight, kept = _pruned(log_weight)
    rates, kappa = rates[kept], kappa[kept]

    def mass_at(exposure: float) -> NDArray[np.float64]:
        mean = rates * exposure
        return weight @ nb_mass(mean, mean * (1 + kappa * mean), n_counts)

    mass = _at_each(history.exposure_ahead, mass_at)

    def draw(n_paths: int, rng: np.random.Generator) -> NDArray[np.float64]:
        node = rng.choice(weight.size, size=n_paths, p=weight)
        mean = rates[node, None] * history.exposure_ahead
        return _nb_draws(mean, 1 + kappa[node, None] * mean, rng)

    return Outlook(mass, draw)


def memory_nb(history: History, n_counts: int) -> Outlook:
    """Return counts around one rate that remember, given the counts so far.

    Negative binomial margins tied together by a Gaussian copula; the memory, the rate and the
    scatter are those of the memory posterior of a model with one rate.

    Raises
    ------
    RuntimeError
        If the model allows no finite fit.
    """
    level = np.ones((history.counts.size, 1))
    fit = fit_counts(history.counts, level, history.exposure)
    memory = memory_of_fit(fit, level, history.counts, history.position, history.grid)
    # Three points of Gauss and Hermite for the log rate under every memory.
    points, shares = np.array([-np.sqrt(3), 0.0, np.sqrt(3)]), np.array([1, 4, 1]) / 6
    weight = np.outer(memory.probabilities, shares).ravel()
    model = np.repeat(np.arange(memory.probabilities.size), points.size)
    error = np.sqrt(memory.covariances[:, 0, 0])
    log_rate = (fit.params[0] + np.outer(error, points)).ravel()
    kept = weight > _NEGLIGIBLE
    weight, model, log_rate = weight[kept] / weight[kept].sum(), model[kept], log_rate[kept]
    rho, share = history.grid.rho[model], history.grid.weight[model]
    longest = max(float(history.exposure.max()), float(history.exposure_ahead.max()))
    _check_finite(log_rate + np.log(longest))
    scale, rate = memory.scales[model], np.exp(log_rate)

    def margin(exposure: NDArray[np.float64] | float) -> _Margin:
        mean = rate[:, None] * exposure
        return mean, np.maximum(scale[:, None] * (1 + fit.nb_dispersion * mean), 1.0)

    # A count stands in the middle between its edges on the scale of the copula.
    (exposures, counts), place, _ = _alike(history.exposure, history.counts)
    upper, lower = _edges(exposures, counts, margin)
    scores = special.ndtri(np.clip((upper + lower) / 2, 1e-9, 1 - 1e-9))[:, place]
    loadings, variances = recollections(np.diff(history.position), history.grid)
    state, variance = np.sum(loadings[model] * scores, axis=1), variances[model]
    last = history.position[-1]
    distinct, which = np.unique(history.exposure_ahead, return_inverse=True)
    below = _tails(*margin(distinct), n_counts)
    thresholds = special.ndtri(np.clip(below, 1e-15, 1 - 1e-15))
    mass = np.empty((history.ahead.size, n_counts))
    for row, (at, exposure) in enumerate(zip(history.ahead, which, strict=True)):
        fade = rho ** max(int(at - last), 0)
        centre = np.sqrt(share) * fade * state
        spread = np.sqrt(share * (fade**2 * variance + 1 - fade**2) + 1 - share)
        below = special.ndtr((thresholds[:, exposure] - centre[:, None]) / spread[:, None])
        mass[row] = np.diff(weight @ below, prepend=0.0)

    def draw(n_paths: int, rng: np.random.Generator) -> NDArray[np.float64]:
        node = rng.choice(weight.size, size=n_paths, p=weight)
        latent = state[node] + np.sqrt(variance[node]) * rng.standard_normal(n_paths)
        paths = np.empty((n_paths, history.ahead.size))
        place = last
        for row, (at, exposure) in enumerate(
            zip(history.ahead, history.exposure_ahead, strict=True)
        ):
            fade = rho[node] ** max(int(at - place), 0)
            latent = fade * latent + np.sqrt(1 - fade**2) * rng.standard_normal(n_paths)
            place = at
            score = np.sqrt(share[node]) * latent
            score += np.sqrt(1 - share[node]) * rng.standard_normal(n_paths)
            at_mean, at_dispersion = margin(float(exposure))
            for each in np.unique(node):
                mine = node == each
                paths[mine, row] = count_quantiles(
                    score[mine], float(at_mean[each, 0]), float(at_dispersion[each, 0])
                )
        return paths

    return Outlook(mass, draw)


def seasonal_nb(history: History, n_counts: int) -> Outlook:
    """Return independent negative binomial counts around a rate that follows the year.

    Coefficients are drawn with the covariance that takes memory into account, the scatter with the
    freedom of the fit; the draws are fixed.

    Raises
    ------
    RuntimeError
        If the model allows no finite fit.
    """
    design = np.column_stack([np.ones(history.counts.size), history.season])
    fit = fit_counts(history.counts, design, history.exposure)
    memory = memory_of_fit(fit, design, history.counts, history.position, history.grid)
    roots, axes = np.linalg.eigh(memory.covariance)
    normal, spread = _fixed_draws(design.shape[1], memory.n_free)
    params = fit.params + normal @ (axes * np.sqrt(np.maximum(roots, 0.0))).T
    ahead = np.column_stack([np.ones(history.ahead.size), history.season_ahead])
    _check_finite(params @ ahead.T + np.log(history.exposure_ahead))
    mean = np.exp(params @ ahead.T) * history.exposure_ahead
    scale = float(memory.probabilities @ memory.scales)
    dispersion = 1 + np.maximum(scale * (1 + fit.nb_dispersion * mean) - 1, 0) * spread[:, None]
    mass = np.array(
        [
            nb_mass(mean[:, row], mean[:, row] * dispersion[:, row], n_counts).mean(axis=0)
            for row in range(history.ahead.size)
        ]
    )

    def draw(n_paths: int, rng: np.random.Generator) -> NDArray[np.float64]:
        node = rng.integers(_FIXED_DRAWS, size=n_paths)
        return _nb_draws(mean[node], dispersion[node], rng)

    return Outlook(mass, draw)


@lru_cache(maxsize=64)
def _fixed_draws(n_terms: int, n_free: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return normal draws of coefficients, and how much a residual variance may be off."""
    fixed = np.random.default_rng(0)
    normal = fixed.standard_normal((_FIXED_DRAWS, n_terms))
    return normal, n_free / fixed.chisquare(n_free, _FIXED_DRAWS)


def _check_finite(log_mean: NDArray[np.float64]) -> None:
    """Refuse an account whose means are more than a number can hold."""
    if log_mean.max() > _MOST_LOG_MEAN:
        raise RuntimeError("`history` must allow finite means, got none. Take a longer history.")


def local_level(history: History, n_counts: int) -> Outlook:
    """Return counts around a rate that drifts: what was seen counts the less the older it is.

    The gamma-Poisson filter of Harvey and Fernandes (1989) with scatter beyond chance; how much a
    period forgets, and the scatter, are weighed by how well they foretold the past.

    References
    ----------
    Harvey AC, Fernandes C (1989). Time series models for count or qualitative observations. Journal
    of Business and Economic Statistics 7(4):407-417.
    """
    kept, scatter = (axis.ravel() for axis in np.meshgrid(KEPT, SCATTER))
    rate = max(float(history.counts.sum()), 0.5) / float(history.exposure.sum())
    # Shape and time of the gamma level before every count; beforehand it is worth half an event of
    # the average rate.
    level = np.repeat([[0.5], [0.5 / rate]], kept.size, axis=1)
    known = np.empty((history.counts.size, *level.shape))
    gaps = np.diff(history.position, prepend=history.position[0])
    fades = kept ** gaps[:, None]
    seen = np.array([history.counts, history.exposure]).T[..., None] / scatter
    for row, (fade, news) in enumerate(zip(fades, seen, strict=True)):
        known[row] = level * fade
        level = known[row] + news
    log_weight = _drifting_log_mass(
        history.counts[:, None], history.exposure[:, None], known[:, 0], known[:, 1], scatter
    ).sum(axis=0)
    shape, time = level
    weight, best = _pruned(log_weight)
    kept, scatter, shape, time = kept[best], scatter[best], shape[best], time[best]
    last = history.position[-1]
    mass = np.empty((history.ahead.size, n_counts))
    level, time_ahead, moved, place = shape / time, time, np.zeros(shape.size), last
    for row, (at, exposure) in enumerate(zip(history.ahead, history.exposure_ahead, strict=True)):
        # Variance of the count given the level so far, and how far that level may have moved.
        time_ahead, place = time_ahead * kept ** max(int(at - place), 0), at
        given = scatter * level * exposure + level * exposure**2 / time_ahead
        mass[row] = weight @ nb_mass(level * exposure, given + moved * exposure**2, n_counts)
        time_ahead = time_ahead + exposure / scatter
        moved = moved + given / (scatter * time_ahead) ** 2

    def draw(n_paths: int, rng: np.random.Generator) -> NDArray[np.float64]:
        node = rng.choice(weight.size, size=n_paths, p=weight)
        known, seen, spread = shape[node], time[node], scatter[node]
        paths = np.empty((n_paths, history.ahead.size))
        place = last
        for row, (at, exposure) in enumerate(
            zip(history.ahead, history.exposure_ahead, strict=True)
        ):
            fade = kept[node] ** max(int(at - place), 0)
            known, seen, place = known * fade, seen * fade, at
            mean = known / seen * exposure
            paths[:, row] = _nb_draws(mean, spread + mean / known, rng)
            known, seen = known + paths[:, row] / spread, seen + exposure / spread
        return paths

    return Outlook(mass, draw)


def _drifting_log_mass(
    count: NDArray[np.float64],
    exposure: NDArray[np.float64],
    shape: NDArray[np.float64],
    time: NDArray[np.float64],
    scatter: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the log probability of a count under a gamma level with scatter."""
    mean = shape / time * exposure
    dispersion = (scatter - 1) / mean + 1 / shape
    return _nb_log_likelihood(count, mean, dispersion)


def _nb_log_likelihood(
    count: NDArray[np.float64], mean: NDArray[np.float64], dispersion: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return log probabilities of counts with variance mean + dispersion * mean**2."""
    size = 1 / np.maximum(dispersion, 1e-6 / np.maximum(mean, 1e-12))
    return np.asarray(
        special.gammaln(count + size)
        - special.gammaln(size)
        - special.gammaln(count + 1)
        + special.xlogy(count, mean / (mean + size))
        - size * np.log1p(mean / size)
    )


def _edges(
    exposures: NDArray[np.float64],
    counts: NDArray[np.float64],
    margin: Callable[[NDArray[np.float64]], _Margin],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the chances of at most, and of less than, each count: shape (n_nodes, n_counts).

    `margin` gives means and dispersions at some exposures, shape (n_nodes, n_exposures).
    """
    distinct, which = np.unique(exposures, return_inverse=True)
    most = int(counts.max())
    if distinct.size * most > _TABLE * counts.size:
        mean, dispersion = margin(exposures)
        return _nb_below(counts, mean, dispersion), _nb_below(counts - 1, mean, dispersion)
    below = np.pad(_tails(*margin(distinct), most + 1), ((0, 0), (0, 0), (1, 0)))
    own = counts.astype(int)
    return below[:, which, own + 1], below[:, which, own]


def _tails(
    mean: NDArray[np.float64], dispersion: NDArray[np.float64], n_counts: int
) -> NDArray[np.float64]:
    """Return the chances of at most 0, 1, 2, ... of many means, variance over mean given beside."""
    mass = nb_mass(mean.ravel(), (mean * dispersion).ravel(), n_counts)
    return np.cumsum(mass, axis=1).reshape(*mean.shape, n_counts)


def _nb_below(
    count: NDArray[np.float64], mean: NDArray[np.float64], dispersion: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the chance of at most a count, variance over mean being the dispersion."""
    excess = np.maximum(dispersion - 1, 1e-6)
    inside = special.betainc(mean / excess, np.maximum(count, 0) + 1, 1 / (1 + excess))
    return np.asarray(np.where(count < 0, 0.0, inside))


def _nb_draws(
    mean: NDArray[np.float64], dispersion: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw negative binomial counts with variance dispersion times mean."""
    excess = np.maximum(dispersion - 1, 1e-6)
    return rng.poisson(rng.gamma(np.maximum(mean, 1e-12) / excess, excess)).astype(float)


def _pruned(log_weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the weights of the nodes that count, and which these are."""
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    kept = weight > _NEGLIGIBLE
    return weight[kept] / weight[kept].sum(), kept


def _at_each(
    exposure: NDArray[np.float64], mass_at: Callable[[float], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the probabilities of every period ahead; those of one exposure are the same."""
    known = {each: mass_at(each) for each in set(exposure.tolist())}
    return np.array([known[each] for each in exposure.tolist()])


def _alike(
    exposure: NDArray[np.float64], count: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs that differ, by exposure; which of them each period has; and how often."""
    # Complex numbers sort by their real part first, three times as fast as pairs of columns.
    alike, place, times = np.unique(exposure + 1j * count, return_inverse=True, return_counts=True)
    return np.array([alike.real, alike.imag]), place, times

"""What do many short series say together about each one's memory and change?

Where one series is short its neighbours know how changes are spread and how long memory lasts.
Both spreads are learnt from all series (empirical Bayes), and each series is then read in their
light. A posterior does not mind that a series was picked for its rank, so its interval holds after
ranking as well as before, on average over series like these.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Steps of expectation and maximisation, and the change of the log-likelihood that ends them.
_MOST_STEPS, _ENOUGH = 2000, 1e-7
#: Weight of the prior beforehand, in series: a few series cannot make the memory of all certain.
PRIOR_SERIES = 4.0
#: Halvings that find an end of an interval to 1e-12 of where it may lie.
_HALVINGS = 40
#: Prior probability that effects have no direction in common.
PRIOR_ZERO = 0.5
#: Shares of the series that may lie at the centre, and their prior probability.
AT_CENTRE, AT_CENTRE_PRIOR = (0.0, 0.5, 0.8, 0.95), (0.95, 0.05 / 3, 0.05 / 3, 0.05 / 3)


def pooled_shares(
    log_likelihood: NDArray[np.float64], prior: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return each series' posterior over several models, with their shares learnt from all.

    Parameters
    ----------
    log_likelihood : array of shape (n_series, n_models)
        Of each series by itself.
    prior : array of shape (n_models,)
        Prior probability of the models.

    Returns
    -------
    posterior : array of shape (n_series, n_models)
    log_evidence : float
        Log likelihood of all series under the shares that were learnt.

    Notes
    -----
    Maximum a posteriori mixture proportions by EM (Dempster, Laird and Rubin 1977), the prior being
    worth `PRIOR_SERIES` series.
    """
    highest = log_likelihood.max(axis=1, keepdims=True)
    likelihood = np.exp(log_likelihood - highest)
    spread = prior.copy()
    for _ in range(_MOST_STEPS):
        posterior = likelihood * spread
        posterior /= posterior.sum(axis=1, keepdims=True)
        moved = posterior.sum(axis=0) + PRIOR_SERIES * prior
        moved /= moved.sum()
        step = np.abs(moved - spread).max()
        spread = moved
        if step < _ENOUGH:
            break
    posterior = likelihood * spread
    total = posterior.sum(axis=1, keepdims=True)
    return posterior / total, float((np.log(total) + highest).sum())


class Spread(NamedTuple):
    """How the true effects of many series may be spread, weighed by all of them.

    Under each candidate a share of the series lies at the centre and the others are normal about
    it.

    Attributes
    ----------
    probability : array of shape (n_candidates,)
    at_centre : array of shape (n_candidates,)
        Share of the series that lies at the centre.
    scale : array of shape (n_candidates,)
        Standard deviation of the others.
    centre, centre_error : array of shape (n_candidates,)
        With its standard error.
    """

    probability: NDArray[np.float64]
    at_centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    centre: NDArray[np.float64]
    centre_error: NDArray[np.float64]


def spread_of(effects: NDArray[np.float64], std_errors: NDArray[np.float64]) -> Spread:
    """Weigh how the true effects of many series may be spread.

    Parameters
    ----------
    effects, std_errors : array of shape (n_series,)

    Returns
    -------
    Spread
        Variances are even beforehand up to the largest deviation seen. An even standard deviation
        (Gelman 2006) takes series that differ little for series that do not differ at all, so that
        their intervals are too short. Of the prior probability .95 is on no share at the centre,
        which many series leave behind where it is wrong, and half of it is on a centre of 0: else
        many series without any effect would all get the sign of what they have in common by
        chance.
    """
    furthest = float(np.sqrt(np.max((effects - np.median(effects)) ** 2 + std_errors**2)))
    least = min(float(std_errors.min()) / 10, furthest / 100)
    n_scales = int(np.ceil(2 * np.log2(furthest / least))) + 1
    scales = np.geomspace(least, furthest, n_scales)
    prior_scale = np.diff(scales**2, prepend=0.0) / furthest**2
    scale, at_centre = (axis.ravel() for axis in np.meshgrid(scales, AT_CENTRE, indexing="ij"))
    log_prior = np.log(np.outer(prior_scale, AT_CENTRE_PRIOR).ravel())
    narrow = std_errors[:, None] ** 2
    wide = narrow + scale**2
    centre = np.full(scale.size, float(np.average(effects, weights=1 / std_errors**2)))
    for _ in range(_MOST_STEPS):
        log_density, shares = _two_parts(effects, narrow, wide, at_centre, centre)
        precision = shares / narrow + (1 - shares) / wide
        moved = (precision * effects[:, None]).sum(axis=0) / precision.sum(axis=0)
        step = np.abs(moved - centre).max()
        centre = moved
        if step < _ENOUGH * furthest:
            break
    error = 1 / np.sqrt(precision.sum(axis=0))
    nowhere = np.zeros(scale.size)
    at_zero, _ = _two_parts(effects, narrow, wide, at_centre, nowhere)
    # A centre that is not 0 is integrated out, on an even prior as far as the effects reach, or
    # where all are 0 as far as they could.
    reach = np.abs(effects).max() or furthest
    even = np.log(np.sqrt(2 * np.pi) * error / (2 * reach))
    log_weight = np.append(
        np.log(PRIOR_ZERO) + log_prior + at_zero.sum(axis=0),
        np.log1p(-PRIOR_ZERO) + log_prior + log_density.sum(axis=0) + even,
    )
    weight = np.exp(log_weight - log_weight.max())
    return Spread(
        weight / weight.sum(),
        np.tile(at_centre, 2),
        np.tile(scale, 2),
        np.append(nowhere, centre),
        np.append(nowhere, error),
    )


def _two_parts(
    effects: NDArray[np.float64],
    narrow: NDArray[np.float64],
    wide: NDArray[np.float64],
    at_centre: NDArray[np.float64],
    centre: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log density of each effect and the chance that it lies at the centre."""
    offset = effects[:, None] - centre
    near = at_centre * stats.norm.pdf(offset, 0, np.sqrt(narrow))
    far = (1 - at_centre) * stats.norm.pdf(offset, 0, np.sqrt(wide))
    total = np.maximum(near + far, 1e-300)
    return np.log(total), near / total


class Shrunk(NamedTuple):
    """The posterior of each series' effect, a mixture of normals.

    Attributes
    ----------
    shares, means, deviations : array of shape (n_series, n_parts)
    """

    shares: NDArray[np.float64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]

    @property
    def estimate(self) -> NDArray[np.float64]:
        """Posterior means, shape (n_series,)."""
        return np.asarray((self.shares * self.means).sum(axis=1))

    def below(self, bound: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Return the probability that each effect is below a bound, ties counting half."""
        offset = np.asarray(bound, dtype=float).reshape(-1, 1) - self.means
        with np.errstate(divide="ignore", invalid="ignore"):
            chances = stats.norm.cdf(offset / self.deviations)
        held = self.deviations == 0
        chances = np.where(held, (np.sign(offset) + 1) / 2, chances)
        return np.asarray((self.shares * chances).sum(axis=1))

    @property
    def false_sign_rate(self) -> NDArray[np.float64]:
        """Chance that an effect is zero or has the other sign than the likelier one."""
        # Shares add up to 1 but for rounding.
        up = np.clip(self.below(-0.0), 0, 1)
        still = (self.shares * ((self.deviations == 0) & (self.means == 0))).sum(axis=1)
        return np.asarray(np.minimum(up, 1 - up) + still / 2)

    def interval(self, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the central posterior interval of every effect."""
        reach = 10 * self.deviations.max(axis=1) + 1e-9
        ends: list[NDArray[np.float64]] = []
        for chance in (alpha / 2, 1 - alpha / 2):
            low, high = self.means.min(axis=1) - reach, self.means.max(axis=1) + reach
            for _ in range(_HALVINGS):
                middle = (low + high) / 2
                above = self.below(middle) > chance
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            # Outwards, so that an effect that is exactly at an end lies inside.
            ends.append(high if ends else low)
        return ends[0], ends[1]


def shrink(effects: NDArray[np.float64], std_errors: NDArray[np.float64], spread: Spread) -> Shrunk:
    """Return the posterior of every series' effect under a spread.

    Parameters
    ----------
    effects, std_errors : array of shape (n_series,)
    spread : Spread
    """
    narrow = std_errors[:, None] ** 2
    wide = narrow + spread.scale**2
    _, here = _two_parts(effects, narrow, wide, spread.at_centre, spread.centre)
    pull = spread.scale**2 / wide
    at_centre = np.broadcast_to(spread.centre, here.shape)
    means = spread.centre + pull * (effects[:, None] - spread.centre)
    unsure = spread.centre_error**2
    deviations = np.sqrt(pull * narrow + (1 - pull) ** 2 * unsure)
    return Shrunk(
        np.hstack([spread.probability * here, spread.probability * (1 - here)]),
        np.hstack([at_centre, means]),
        np.hstack([np.broadcast_to(spread.centre_error, here.shape), deviations]),
    )

"""How many joins are needed, by the sequence of permutation tests of the NCI Joinpoint program?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from trends.models.counts.count_model import deviance_residuals
from trends.models.counts.memory import MemoryGrid, correlation_matrix, memory_products
from trends.models.counts.observed import hinge_columns
from trends.models.joins.broken_line import LineFit, LineFrame
from trends.models.joins.hinge_search import hinge_gram, most_explained

Progress = Callable[[int, int], None]

#: Evaluations of a set of bends times draws that one permutation test may take; beyond, the
#: candidates of the test are thinned out.
_MOST_WORK = 1.2e8
#: Share of all permutations that end a test once they exceed the series (Besag, Clifford 1991).
_ENOUGH = 0.1
#: Memories that span the grid: a search in every one of it would take too long.
_FEW_MEMORIES = ((0.0, 0.0), (0.5, 0.7), (0.8, 0.5), (0.8, 0.9))


class PermutationTest(NamedTuple):
    """One test of the sequence.

    Attributes
    ----------
    n_null, n_alternative : int
        Numbers of joins that were compared.
    statistic, p_value : float
        Twice the log-likelihood ratio, and its Monte Carlo p-value.
    alpha : float
        Level of this test.
    """

    n_null: int
    n_alternative: int
    statistic: float
    p_value: float
    alpha: float


def choose_by_permutation(
    frame: LineFrame,
    lines: list[LineFit],
    *,
    alpha: float,
    n_null: int,
    rng: np.random.Generator,
    progress: Progress | None,
) -> tuple[int, list[PermutationTest]]:
    """Return the number of joins by the NCI sequence of tests, and the tests.

    The smallest and the largest number still possible are compared; rejecting raises the
    smallest, not rejecting lowers the largest, until they meet. A test has level alpha over the
    number of joins still in question above its smallest one, as in the NCI program since version
    3.0, which bounds the chance of too many joins by alpha.
    """
    fewest, most = 0, len(lines) - 1
    n_tests = most
    tests: list[PermutationTest] = []
    while fewest < most:
        report = None
        if progress is not None:
            report = _from(progress, len(tests) * n_null, n_tests * n_null)
        statistic, p_value = _permutation_test(
            frame, lines[fewest], lines[most], n_null=n_null, rng=rng, report=report
        )
        level = alpha / (n_tests - fewest)
        tests.append(PermutationTest(fewest, most, statistic, p_value, level))
        if p_value <= level:
            fewest += 1
        else:
            most -= 1
    return fewest, tests


def _from(progress: Progress, done: int, most: int) -> Callable[[int], None]:
    """Return a report of one test's permutations that counts those of earlier tests too."""
    return lambda count: progress(done + count, most)


def _permutation_test(
    frame: LineFrame,
    null: LineFit,
    alternative: LineFit,
    *,
    n_null: int,
    rng: np.random.Generator,
    report: Callable[[int], None] | None,
) -> tuple[float, float]:
    """Return twice the log-likelihood ratio of two numbers of joins, and its Monte Carlo p-value.

    Joins and memory are free under both, in the series and in every permutation. A permutation
    takes one memory out of the residuals of the null fit, shuffles them, and puts it back; the
    memory is drawn with the weights it has when judged half under each of the two fits.
    """
    root, response = frame.linearised(null.expected)
    memories = _few_memories(frame.grid)
    factors = [_cholesky_factor(frame, model) for model in memories]
    candidates = _thinned(frame.candidates, len(alternative.joins), n_null)
    hinges = hinge_columns(frame.times, frame.times[candidates]) * root[:, None]
    base = frame.base * root[:, None]
    follow = np.searchsorted(candidates, candidates + frame.spacing)
    means = np.log(null.expected / frame.seen.exposure)
    level, left = means * root, (response - means) * root

    def statistics(responses: np.ndarray) -> np.ndarray:
        fits = []
        for model, factor in zip(memories, factors, strict=True):
            whitened = (
                solve_triangular(factor, columns, lower=True)
                for columns in (base, hinges, responses)
            )
            inner = hinge_gram(*whitened)
            constant = 2 * float(np.log(np.diag(factor)).sum() - frame.grid.log_prior[model])
            fits.append(
                [
                    frame.n_observed
                    * np.log(np.maximum(inner.rest - most_explained(inner, follow, n_bends), 1e-10))
                    + constant
                    for n_bends in (len(null.joins), len(alternative.joins))
                ]
            )
        under_null, under_alternative = np.min(fits, axis=0)
        ratio: np.ndarray = under_null - under_alternative
        return ratio

    observed = float(statistics((level + left)[:, None])[0])
    weights = _memory_weights(frame, null, alternative)[memories]
    fresh = [solve_triangular(factor, left, lower=True) for factor in factors]
    exceeding = done = 0
    while done < n_null:
        size = min(128, n_null - done)
        for factor, noise, n_draws in zip(
            factors, fresh, rng.multinomial(size, weights / weights.sum()), strict=True
        ):
            if n_draws:
                orders = rng.permuted(np.tile(noise - noise.mean(), (n_draws, 1)), axis=1).T
                ratios = statistics(level[:, None] + factor @ orders)
                exceeding += int(np.sum(ratios >= observed - 1e-9))
        done += size
        if report is not None:
            report(done)
        # So many permutations exceed the series that the rest cannot make it significant.
        if exceeding >= _ENOUGH * (n_null + 1):
            break
    return observed, (1 + exceeding) / (done + 1)


def _few_memories(grid: MemoryGrid) -> np.ndarray:
    """Return the models of the grid nearest to the few that span it."""
    nearest = [
        int(np.argmin((grid.rho - rho) ** 2 + (grid.weight - weight) ** 2))
        for rho, weight in _FEW_MEMORIES
    ]
    return np.array(nearest)


def _memory_weights(frame: LineFrame, null: LineFit, alternative: LineFit) -> np.ndarray:
    """Return the weight of every memory, judged half under each of two fits."""
    total = np.zeros(frame.grid.rho.size)
    for line in (null, alternative):
        residuals = deviance_residuals(frame.seen.count, line.expected, frame.nb_dispersion)
        log_determinant, within, _ = memory_products(residuals[:, None], frame.gaps, frame.grid)
        log_weight = frame.grid.log_prior - 0.5 * (
            frame.n_observed * np.log(within[:, 0, 0]) + log_determinant
        )
        weight = np.exp(log_weight - log_weight.max())
        total += weight / weight.sum()
    return total


def _cholesky_factor(frame: LineFrame, model: int) -> np.ndarray:
    """Return the Cholesky factor of a memory, which puts the memory into fresh noise."""
    correlation = correlation_matrix(
        frame.gaps, float(frame.grid.rho[model]), float(frame.grid.weight[model])
    )
    return np.asarray(np.linalg.cholesky(correlation))


def _thinned(candidates: np.ndarray, n_joins: int, n_null: int) -> np.ndarray:
    """Return the candidates of a permutation test, every second or third if there are too many."""
    step = 1
    while _n_sets(candidates[::step].size, n_joins) * n_null > _MOST_WORK:
        step += 1
    return candidates[::step]


def _n_sets(n_candidates: int, n_joins: int) -> float:
    """Return how many sets of joins there are, spacing aside."""
    return float(np.prod([(n_candidates - i) / (i + 1) for i in range(n_joins)]))

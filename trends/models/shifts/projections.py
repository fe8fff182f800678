"""How do steps look beside what is there anyway, under every memory?

Covariances of series with a step at every row, and lengths and products of the steps, once levels
and season are taken out by generalised least squares. The inverse of a memory is of so simple a
form (`trends.models.counts.memory.Precisions`) that all of them take time in proportion to the
rows.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trends.models.counts.memory import MemoryModels, WanderingModels


class _Beside(NamedTuple):
    """What the base regressors are under every memory.

    Attributes
    ----------
    weighted : array of shape (n_models, n_rows, n_base)
        The precision matrix times the regressors.
    information, inverse : arrays of shape (n_models, n_base, n_base)
        Their products, and the inverse.
    sums : array of shape (n_models, n_rows, n_base)
        Products of a step at each row with the regressors.
    """

    weighted: NDArray[np.float64]
    information: NDArray[np.float64]
    inverse: NDArray[np.float64]
    sums: NDArray[np.float64]


class _Passes(NamedTuple):
    """Sums of steps over the rows, each of shape (n_models, n_rows).

    Attributes
    ----------
    before : array
        Of all earlier rows as far as each row remembers them.
    beyond : array
        Of each row of U (see `trends.models.counts.memory.Precisions`) from its diagonal on.
    square : array
        Squared length of a step at each row.
    """

    before: NDArray[np.float64]
    beyond: NDArray[np.float64]
    square: NDArray[np.float64]


class Projections:
    """The memory models with steps in `column` as seen beside the regressors in `base`.

    Parameters
    ----------
    column : array of shape (n_rows,)
        Effect of a unit change of the log rate on the response.
    base : array of shape (n_rows, n_base)
        Levels and steps that are there anyway; `column` is a sum of them.
    models : MemoryModels or WanderingModels
        The memory models.
    """

    def __init__(
        self,
        column: NDArray[np.float64],
        base: NDArray[np.float64],
        models: MemoryModels | WanderingModels,
    ) -> None:
        self.column = column
        self.base = base
        self.models = models
        self._blocks: dict[int, Blocks] = {}

    @property
    def exponent(self) -> float:
        """Power of the residual sum of squares in the marginal likelihood."""
        n_rows, n_base = self.base.shape
        return float(n_rows - n_base) / 2

    @cached_property
    def _beside(self) -> _Beside:
        """The base regressors under every memory."""
        precisions = self.models.precisions
        weighted = precisions.times(self.base)
        information = self.base.T @ weighted
        return _Beside(
            weighted,
            information,
            np.asarray(np.linalg.inv(information), dtype=np.float64),
            _sums_from(self.column[:, None] * weighted),
        )

    @cached_property
    def _passes(self) -> _Passes:
        """Sums of the steps down and up the rows."""
        column, precisions = self.column, self.models.precisions
        decay, diagonal = precisions.decay, precisions.diagonal
        before, beyond = np.zeros_like(diagonal), np.zeros_like(diagonal)
        for row in range(1, column.size):
            before[row] = decay[row - 1] * (before[row - 1] + column[row - 1])
        beyond[-1] = column[-1] * diagonal[-1]
        for row in range(column.size - 2, -1, -1):
            beyond[row] = column[row] * diagonal[row] + decay[row] * beyond[row + 1]
        square = column[:, None] ** 2 * (precisions.fresh - diagonal)
        square[:-1] -= 2 * column[:-1, None] * decay[:-1] * beyond[1:]
        return _Passes(before.T, beyond.T, _sums_from(square).T)

    @cached_property
    def log_weight(self) -> NDArray[np.float64]:
        """Log priors and determinants, (n_models,): the likelihoods without residuals."""
        precisions = self.models.precisions
        _, log_information = np.linalg.slogdet(self._beside.information)
        weight = precisions.log_prior - 0.5 * precisions.log_determinant - 0.5 * log_information
        return np.asarray(weight, dtype=np.float64)

    @cached_property
    def information(self) -> NDArray[np.float64]:
        """Squared length of each step beside the base regressors, (n_models, n_rows)."""
        sums = self._beside.sums
        explained = ((sums @ self._beside.inverse) * sums).sum(axis=2)
        return np.asarray(self._passes.square - explained, dtype=np.float64)

    def products(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the inner products of steps at ascending rows, (n_models, n_steps, n_steps)."""
        before, beyond, square = (each[:, rows] for each in self._passes)
        first, second = np.meshgrid(*[np.arange(rows.size)] * 2, indexing="ij")
        first, second = np.minimum(first, second), np.maximum(first, second)
        faded = np.exp(self._log_decay[:, rows][:, second] - self._log_decay[:, rows][:, first])
        between = before[:, second] - faded * before[:, first]
        sums = self._beside.sums[:, rows]
        explained = sums @ self._beside.inverse @ np.swapaxes(sums, 1, 2)
        return np.asarray(square[:, second] - between * beyond[:, second] - explained)

    @cached_property
    def _log_decay(self) -> NDArray[np.float64]:
        """Log of what is left at each row of the memory of the first, (n_models, n_rows)."""
        decay = np.log(self.models.precisions.decay[:-1].T)
        return np.concatenate([np.zeros((decay.shape[0], 1)), np.cumsum(decay, axis=1)], axis=1)

    def scores(self, responses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariances of responses (n_rows, n_series) with steps at every row.

        Returns
        -------
        array of shape (n_models, n_rows, n_series)
        """
        beside = self._beside
        weighted = self.column[:, None] * self.models.precisions.times(responses)
        explained = beside.inverse @ (np.swapaxes(beside.weighted, 1, 2) @ responses)
        return _sums_from(weighted) - beside.sums @ explained

    def centre(self, responses: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return responses (n_rows, n_series) less the least-squares fit of the base."""
        fitted, *_ = np.linalg.lstsq(self.base, responses, rcond=None)
        return np.asarray(responses - self.base @ fitted, dtype=np.float64)

    def increments(self, response: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what turns step covariances into the residual sum of squares.

        The covariances are running sums of residuals times `column`, so the sum of squares
        follows by summation by parts: ``increments @ scores(response)``.
        """
        relative = (response.T / self.column).T
        return np.diff(relative, axis=0, prepend=0.0)

    def blocks(self, model: int) -> Blocks:
        """Return what gives the covariances of very many series under one memory."""
        if model not in self._blocks:
            self._blocks[model] = self._blocks_of(model)
        return self._blocks[model]

    def _blocks_of(self, model: int) -> Blocks:
        """Make the matrices that `Blocks` describes."""
        precisions, beside = self.models.precisions, self._beside
        fresh = precisions.fresh[model]
        decay, diagonal = precisions.decay[:, model], precisions.diagonal[:, model]
        before, beyond, _ = (each[model] for each in self._passes)
        log_decay, sums = self._log_decay[model], beside.sums[model]
        n_rows, n_base = self.base.shape
        n_within = _n_within(n_rows)
        n_blocks = -(-n_rows // n_within)
        coarse = np.zeros((3 * n_blocks + n_base, n_rows), dtype=np.float32)
        fine = np.empty((n_blocks, n_within, n_within + 3 + n_base), dtype=np.float32)
        coefficients = beside.inverse[model] @ beside.weighted[model].T
        coarse[3 * n_blocks :] = coefficients

        # every block but the first begins, and every one but the last ends, at one of these rows
        cuts = np.arange(n_within, n_rows, n_within)
        faded = np.exp(-np.abs(log_decay - log_decay[cuts, None]))
        is_later = np.arange(n_rows) >= cuts[:, None]
        remembered = diagonal * (before + self.column - faded * before[cuts, None])
        remembered[:, :-1] += decay[:-1] * beyond[1:]
        coarse[: n_blocks - 1] = (
            np.where(is_later, fresh * self.column - remembered, -faded * beyond[cuts, None])
            - sums[cuts] @ coefficients
        )
        coarse[n_blocks : 2 * n_blocks - 1] = np.where(is_later, faded * diagonal, 0)
        coarse[2 * n_blocks + 1 : 3 * n_blocks] = np.where(is_later, 0, faded)

        def cut(values: NDArray[np.float64]) -> NDArray[np.float64]:
            """Cut values of rows into blocks, rows without a value at the end."""
            filled = np.zeros((n_blocks * n_within, *values.shape[1:]))
            filled[:n_rows] = values
            return filled.reshape(n_blocks, n_within, *values.shape[1:])

        column, diagonal, logs = cut(self.column), cut(diagonal), cut(log_decay)
        ends = np.append(log_decay[cuts], 0.0)[:, None]
        within = -np.exp(-np.abs(logs[:, :, None] - logs[:, None, :]))
        is_upper = np.triu(np.ones((n_within, n_within), dtype=bool))
        within *= np.where(is_upper, diagonal[:, None, :], diagonal[:, :, None])
        places = np.arange(n_within)
        within[:, places, places] += fresh
        fine[:, :, :n_within] = _sums_from(column[:, :, None] * within)
        fine[:, :, n_within] = 1
        after = np.exp(np.minimum(ends - logs, 0.0))
        since = np.exp(np.minimum(logs - logs[:, :1], 0.0)) * diagonal
        fine[:, :, n_within + 1 : n_within + 3] = -_sums_from(
            column[:, :, None] * np.stack([after, since], axis=2)
        )
        steps = cut(sums)
        steps[:-1] -= sums[cuts][:, None]
        fine[:, :, n_within + 3 :] = -steps
        return Blocks(coarse, fine)

    @property
    def for_scans(self) -> Projections:
        """What gives the same statistics of many series.

        Where the base is one level that every row sees alike, series of the same rows differ in the
        scale alone, and share what depends on the rows.
        """
        is_even_level = (
            self.base.shape[1] == 1
            and np.ptp(self.column) == 0
            and bool((self.base[:, 0] == self.column).all())
        )
        return _unit_level(*self.models.key) if is_even_level else self


@lru_cache(maxsize=2)
def _unit_level(
    kind: type[MemoryModels | WanderingModels], gaps: bytes, days_per_period: float
) -> Projections:
    """Return the projections beside one level that every row sees as one unit."""
    models = kind(np.frombuffer(gaps), days_per_period)
    unit = np.ones(models.gaps.size + 1)
    return Projections(unit, unit[:, None], models)


class Blocks(NamedTuple):
    """The covariances of very many series with steps under one memory, in single precision.

    Rows are cut into blocks. What a block has in common with all rows before and with all rows
    after it is one number each (and one for each base regressor), so that small matrices for the
    blocks, and a coarse one for these numbers, do the work of one with all pairs of rows.

    Attributes
    ----------
    coarse : array of shape (3 n_blocks + n_base, n_rows)
        Times responses: for each block the covariance with a step after it, what is after it and
        what is before it, and the coefficients of the base regressors.
    fine : array of shape (n_blocks, n_within, n_within + 3 + n_base)
        For each block, times the responses within and those numbers: the covariances.
    """

    coarse: NDArray[np.float32]
    fine: NDArray[np.float32]

    def scores(
        self, responses: NDArray[np.float32], room: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the covariances of responses (n_rows, n_series) with a step at each row.

        `room` is what `room_for` returns for these responses.
        """
        n_blocks, n_within, _ = self.fine.shape
        n_rows, n_series = responses.shape
        coarse = self.coarse @ responses
        around = coarse[: 3 * n_blocks].reshape(3, n_blocks, n_series)
        room[:, n_within : n_within + 3] = np.swapaxes(around, 0, 1)
        room[:, n_within + 3 :] = coarse[3 * n_blocks :]
        return np.asarray((self.fine @ room).reshape(-1, n_series)[:n_rows])


def room_for(responses: NDArray[np.float32], n_base: int) -> NDArray[np.float32]:
    """Return responses (n_rows, n_series) block by block, with room for what is coarse."""
    n_rows, n_series = responses.shape
    n_within = _n_within(n_rows)
    n_blocks = -(-n_rows // n_within)
    within = np.zeros((n_blocks * n_within, n_series), dtype=np.float32)
    within[:n_rows] = responses
    room = np.empty((n_blocks, n_within + 3 + n_base, n_series), dtype=np.float32)
    room[:, :n_within] = within.reshape(n_blocks, n_within, n_series)
    return room


def _n_within(n_rows: int) -> int:
    """Return the rows of a block with which both matrices together are smallest."""
    return round(float(np.sqrt(3 * n_rows)))


def _sums_from(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of values (..., n_rows, n_columns) from each row on."""
    return np.asarray(np.cumsum(values[..., ::-1, :], axis=-2)[..., ::-1, :])

"""What several tests of models hold them against: memories as dense matrices."""

import numpy as np
import pytest


def walk_covariance(gaps, step):
    """Noise around a random walk that starts one period before the first row."""
    time = 1 + np.concatenate([[0.0], np.cumsum(gaps)])
    return np.eye(time.size) + step * np.minimum.outer(time, time)


def covariance(gaps, rho, weight):
    """Part of the variance fades with the true distances in time, or wanders for ever."""
    if rho == 1:
        return walk_covariance(gaps, weight / (1 - weight))
    time = np.concatenate([[0.0], np.cumsum(gaps)])
    remembered = rho ** np.abs(np.subtract.outer(time, time))
    return weight * remembered + (1 - weight) * np.eye(time.size)


@pytest.fixture(scope="session")
def dense_models():
    """Return log prior, inverse and log determinant of every memory of some models."""

    def of(models):
        matrices = [
            covariance(models.gaps, rho, weight)
            for rho, weight in zip(models.grid.rho, models.grid.weight, strict=True)
        ]
        return [
            (float(log_prior), np.linalg.inv(matrix), np.linalg.slogdet(matrix)[1])
            for log_prior, matrix in zip(models.grid.log_prior, matrices, strict=True)
        ]

    return of

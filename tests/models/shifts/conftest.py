"""A search problem from bare counts."""

import numpy as np
import pandas as pd
import pytest

from trends.models.counts.memory import MemoryModels
from trends.models.counts.observed import Observed
from trends.models.shifts.level_fit import Problem, possible_starts


@pytest.fixture
def problem_of():
    """Return a maker of problems: months watched alike unless `exposure` says otherwise."""
    return _problem_of


def _problem_of(
    count, *, exposure=None, min_rows=2, n_null=199, starts=None, season=None, shared=False
):
    count = np.asarray(count, dtype=float)
    observed = Observed(
        count=count,
        exposure=np.ones(count.size) if exposure is None else np.asarray(exposure, dtype=float),
        position=np.arange(count.size),
        periods=pd.period_range("2010-01", periods=count.size, freq="M"),
        last_is_partial=False,
    )
    return Problem(
        observed=observed,
        models=MemoryModels(np.ones(count.size - 1), 30.4375),
        season=np.empty((count.size, 0)) if season is None else season,
        min_rows=min_rows,
        starts=possible_starts(count.size, min_rows) if starts is None else np.array(starts),
        searched=starts is None,
        alpha=0.05,
        n_null=n_null,
        shared=shared,
    )

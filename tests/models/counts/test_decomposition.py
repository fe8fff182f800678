"""The parts of a series against R's stl."""

import json
from pathlib import Path

import numpy as np
import pytest

from trends.models.counts.decomposition import loess_parts


@pytest.mark.parametrize(
    ("series", "case", "window"),
    [
        ("iraq", "periodic", None),
        ("iraq", "thirteen", 13),
        ("iraq", "log1p_periodic", None),
        ("deaths", "periodic", None),
    ],
)
def test_the_parts_are_those_of_rs_stl(reference: Path, series, case, window):
    # > stl(x, s.window = "periodic")$time.series; stl(x, s.window = 13)$time.series
    known = json.loads((reference / "stl.json").read_text())[series]
    values = np.array(known["values"], dtype=float)
    if "log1p" in case:
        values = np.log1p(values)
    parts = loess_parts(values, np.arange(values.size) % 12, n_cycle=12, window=window)
    for column in ("trend", "seasonal", "remainder"):
        assert parts[column].to_numpy() == pytest.approx(known[case][column], abs=1e-8)


@pytest.mark.parametrize("window", [None, 13])
def test_the_parts_add_up_to_the_values(window):
    values = np.random.default_rng(1).normal(size=60)
    parts = loess_parts(values, np.arange(60) % 12, n_cycle=12, window=window)
    assert list(parts.columns) == ["trend", "seasonal", "remainder"]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(values)

"""The scatter that two totals borrow: what is stored, its formula by hand, where it ends."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import trends.models.published
from trends.models.published.borrowed_scatter import (
    borrowed_inflation,
    n_donors,
    scatter_table,
)

TOP = Path(__file__).resolve().parents[3]
STORED = Path(trends.models.published.__file__).with_name("borrowed_scatter.toml")


@pytest.mark.slow
def test_what_is_stored_is_what_the_bundled_series_give(tmp_path):
    before = STORED.read_text(encoding="utf-8")
    made = subprocess.run(
        [sys.executable, TOP / "benchmarks/borrowed_scatter.py", tmp_path / "made.toml"],
        cwd=TOP,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    assert made.stderr == ""
    assert (tmp_path / "made.toml").read_text(encoding="utf-8") == before


def test_a_unit_is_the_mean_and_the_spread_of_its_donors():
    table = scatter_table()
    logs = [
        [math.log((each - 1) / donor["rate"]) for each in donor["inflation"]]
        for donor in table["donor"]
        if donor["unit"] == "events"
    ]
    known = table["unit"]["events"]
    assert len(logs) == known["n_donors"] == n_donors("events") == known["n_free"] + 1
    # The donors' numbers are stored rounded.
    assert known["log_excess"] == pytest.approx(np.mean(logs, axis=0), abs=0.01)
    assert known["spread"] == pytest.approx(np.std(logs, axis=0, ddof=1), abs=0.01)


def test_the_upper_quartile_of_the_spread_counts():
    known = scatter_table()["unit"]["events"]
    place = scatter_table()["months"].index(12)
    scale = known["spread"][place] * math.sqrt(1 + 1 / 4)
    rng = np.random.default_rng(1)
    drawn = np.exp(
        known["log_excess"][place] + scale * stats.t.rvs(3, size=400_000, random_state=rng)
    )
    low, high = np.quantile(drawn, [0.6, 0.9])
    band = drawn[(drawn >= low) & (drawn <= high)].mean()
    assert borrowed_inflation("events", 12.0, 10.0) == pytest.approx(1 + 10 * band, rel=0.01)


def test_longer_totals_and_higher_rates_scatter_more_and_none_less_than_poisson():
    assert borrowed_inflation("events", 12.0, 0.0) == 1
    months = [borrowed_inflation("events", length, 10.0) for length in (0.1, 0.5, 1, 6, 12, 60)]
    assert months == sorted(months)
    assert borrowed_inflation("events", 60.0, 10.0) == borrowed_inflation("events", 600.0, 10.0)
    # Within a month the excess is that of the events expected in the part.
    assert borrowed_inflation("events", 0.5, 10.0) - 1 == pytest.approx(
        (borrowed_inflation("events", 1.0, 10.0) - 1) / 2
    )


def test_people_scatter_more_than_events_and_what_is_unknown_scatters_like_events():
    assert borrowed_inflation("people", 12.0, 10.0) > borrowed_inflation("events", 12.0, 10.0)
    assert borrowed_inflation("groups", 12.0, 10.0) == borrowed_inflation("events", 12.0, 10.0)
    assert n_donors("groups") == n_donors("events")

"""Thresholds of Farrington and EARS: those of the R package surveillance."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trends.models.alarms.surveillance import FarringtonSettings, ears, farrington

REFERENCE = Path(__file__).parents[2] / "reference"
VALUES = json.loads((REFERENCE / "surveillance.json").read_text(encoding="utf-8"))
MONTHLY = pd.read_csv(REFERENCE / "is_events_monthly_2013_2020.csv")
AGONA = pd.read_csv(REFERENCE / "inputs" / "salmonella.csv")["count"].to_numpy(dtype=float)


def counts_of(place):
    """Return the counts that R was given."""
    if place == "salmonella":
        return AGONA
    return MONTHLY.loc[MONTHLY["country"] == place, "n_events"].to_numpy(dtype=float)


def settings_of(place, given):
    """Return R's settings as ours."""
    return FarringtonSettings(
        freq=52 if place == "salmonella" else 12,
        b=given["b"],
        w=given["w"],
        no_periods=given["noPeriods"],
        past_not_included=given["pastWeeksNotIncluded"],
        alpha=given["alpha"],
        threshold=given["thresholdMethod"],
        trend=given["trend"],
        p_trend=given["pThresholdTrend"],
        limit54=tuple(given["limit54"]),
    )


def numbers(values):
    """Return R's numbers, NaN where it has none."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


FLEXIBLE = [
    (place, name)
    for place, made in VALUES.items()
    if place != "versions"
    for name, values in made.items()
    if "settings" in values
]


@pytest.mark.parametrize(("place", "name"), FLEXIBLE)
def test_flexible_thresholds_expected_counts_and_alarms_are_those_of_r(place, name):
    values, counts = VALUES[place][name], counts_of(place)
    settings = settings_of(place, values["settings"])
    found = [farrington(counts, now - 1, settings) for now in values["range"]]
    assert len(found) in (48, 61)
    upper = numbers(values["upper"])
    assert [one.upper for one in found] == pytest.approx(upper, rel=1e-8, nan_ok=True)
    assert [one.alarm for one in found] == values["alarm"]
    known = np.isfinite(upper)
    expected = numbers(values["expected"])[known]
    assert np.array([one.expected for one in found])[known] == pytest.approx(expected, rel=1e-6)


def test_there_are_settings_with_and_without_alarms_trends_and_seasons():
    assert len(FLEXIBLE) == 11
    alarms = {(place, name): sum(VALUES[place][name]["alarm"]) for place, name in FLEXIBLE}
    assert alarms["Iraq", "delta"] == 2
    assert alarms["salmonella", "flexible"] == 4
    assert alarms["Syria", "plugin"] == 0


def test_original_thresholds_are_those_of_r():
    values = VALUES["salmonella"]["original"]
    settings = FarringtonSettings(
        freq=52,
        b=4,
        w=3,
        no_periods=1,
        past_not_included=3,
        alpha=0.025,
        threshold="delta",
        p_trend=0.05,
        weights_threshold=1,
        original=True,
    )
    found = [farrington(AGONA, now - 1, settings) for now in values["range"]]
    # R writes 0 where too few events came in the last four weeks.
    upper = np.nan_to_num([one.upper for one in found])
    assert upper == pytest.approx(numbers(values["upper"]), rel=1e-8)
    assert [one.alarm for one in found] == values["alarm"]
    assert sum(values["alarm"]) == 11


@pytest.mark.parametrize("place", ["Iraq", "Syria"])
@pytest.mark.parametrize("method", ["C1", "C2", "C3"])
def test_ears_thresholds_and_alarms_are_those_of_r(place, method):
    values, counts = VALUES[place][method], counts_of(place)
    upper, alarm = ears(counts, method=method)
    judged = np.array(values["range"]) - 1
    assert upper[judged] == pytest.approx(numbers(values["upper"]), rel=1e-8)
    assert alarm[judged].tolist() == values["alarm"]
    assert np.isnan(upper[: judged[0]]).all()
    assert not alarm[: judged[0]].any()


def test_a_history_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="must go back 39 periods before the first one"):
        farrington(np.ones(60), 30, FarringtonSettings(freq=12, b=3, no_periods=1))


def test_a_missing_reference_count_is_left_out():
    settings = FarringtonSettings(freq=12, b=3, w=2, no_periods=1, past_not_included=0, trend=False)
    counts = np.full(60, 7.0)
    counts[36] = np.nan
    assert farrington(counts, 50, settings).expected == pytest.approx(7)
    counts[50] = np.nan
    assert not farrington(counts, 50, settings).alarm

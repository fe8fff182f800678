"""Labels of groups are drawn as text, and axes carry the unit of the counts."""

import numpy as np
import pandas as pd

import trends
from trends.findings.wording import say

MONTHS = pd.period_range("2021-01", periods=24, freq="M", name="period")


def table(unit=""):
    """Two groups whose names would be a formula if they were not escaped."""
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame(
            {
                "district": name,
                "period": MONTHS,
                "count": pd.array(rng.poisson(mean), dtype="Int64"),
                "exposure": 2.0 if unit else MONTHS.days_in_month.astype(float),
                "complete": True,
            }
        )
        for name, mean in (("$a_1$", [5] * 12 + [15] * 12), ("$b$", [6] * 24))
    ]
    counts = pd.concat(parts, ignore_index=True)
    if unit:
        counts["exposure_unit"] = unit
    return counts


def ranking(counts):
    return trends.rank_groups(
        counts, by="district", first=(2022, 2022), second=(2021, 2021), top=1, n_jobs=1, rng=1
    )


def test_names_of_groups_are_no_formulas():
    panel = trends.analyse_panel(table(), "trend", by="district", n_jobs=1)
    shown = [
        *(one.get_text() for one in panel.plot().get_yticklabels()),
        *(one.get_text() for one in ranking(table()).plot().get_yticklabels()),
        *(ax.get_title(loc="left") for ax in panel.small_multiples().axes[:2]),
    ]
    assert sorted(shown) == sorted([r"\$a_1\$", r"\$b\$"] * 3)


def test_series_in_alarm_are_named_in_either_language():
    counts = table().replace({"$a_1$": "North | الشمال", "$b$": "South | الجنوب"})
    alarms = trends.detect_alarms(counts, by="district", season="none", n_jobs=1, rng=1)
    for lang, north, south in (("en", "North", "South"), ("ar", "الشمال", "الجنوب")):
        shown = [one.get_text() for one in alarms.plot(lang=lang).get_yticklabels()]
        assert sorted(shown) == sorted([north, south])
        found = {one.finding_id: one for one in alarms.findings()}
        assert str(say(found["series-north.alarm.state"], lang)).startswith(f"{north}: ")


def test_an_axis_of_rates_has_the_unit_of_the_counts():
    ax = ranking(table("100,000 people | 100,000 نسمة")).plot()
    assert ax.get_xlabel() == "events per 100,000 people"
    assert ranking(table()).plot().get_xlabel() == "events a month"

"""Do well-known worked examples come out as published, from counts as people type them?"""

import numpy as np
import pandas as pd
import pytest

import trends

#: British coal-mining disasters with ten deaths or more, 1851 to 1962; Jarrett RG (1979). A note
#: on the intervals between coal-mining disasters. Biometrika 66(1):191-193.
DISASTERS = [
    *(4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1, 4, 4, 1, 5, 5, 3, 4),
    *(2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3, 0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2),
    *(0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2),
    *(4, 2, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1),
]


@pytest.mark.parametrize(
    "typed",
    [
        {"counts": DISASTERS, "start": "1851"},
        {"counts": pd.Series(DISASTERS, index=range(1851, 1963))},
        {"counts": pd.DataFrame({"year": range(1851, 1963), "disasters": DISASTERS})},
    ],
    ids=["a list", "a Series by year", "a frame"],
)
def test_coal_mining_disasters_have_one_shift_around_1891(typed):
    """The maximum of the Poisson likelihood has the new rate begin in 1891 or 1892."""
    series = trends.as_series(**typed)
    found = trends.detect_changepoints(series, n_null=199, rng=1).to_frame()
    assert len(found) == 1
    assert str(found["period"].iloc[0]) in ("1891", "1892")
    assert 12 * found["rate_before"].iloc[0] == pytest.approx(3.1, abs=0.05)
    assert 12 * found["rate_after"].iloc[0] == pytest.approx(0.9, abs=0.05)


def test_two_rates_are_compared_as_r_does():
    """Two examples of R 4.4, ?poisson.test.

    > poisson.test(c(11, 6+8+7), c(800, 1083+1050+878))
    p-value = 0.07967; 0.8584264 4.277266; rate ratio 1.971488
    > poisson.test(137, 24.19893)
    95 percent confidence interval: 4.753125 6.692709
    """
    ratio = trends.compare_rates((11, 800), (21, 3011)).to_frame().set_index("term").loc["ratio"]
    found = ratio[["estimate", "conf_low", "conf_high", "p_value"]].to_numpy(dtype=float)
    np.testing.assert_allclose(found, [1.971488, 0.8584264, 4.277266, 0.07967], rtol=5e-5)
    rate = trends.figure_rate((137, 24.19893))
    daily = np.array([rate.conf_low, rate.conf_high]) / 30.4375
    np.testing.assert_allclose(daily, [4.753125, 6.692709], rtol=5e-7)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, ""])
def test_events_without_a_label_are_a_group_that_can_be_asked_about(missing):
    days = pd.to_datetime(["2024-01-02", "2024-01-09", "2024-02-04", "2024-02-20"])
    events = pd.DataFrame(
        {
            "event_id": list("abcd"),
            "start": days,
            "country": "Iraq",
            "admin1": ["Anbar", None, "Anbar", None],
        }
    )
    counts = trends.count_events(events, by="admin1")
    assert trends.series(counts, admin1=missing)["count"].tolist() == [1, 1]

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import trends

SERIES = trends.as_series(
    pd.Series(
        [4, 6, 5, 3, 5, 4, 6, 5, 4, 5, 3, 6] + [14, 16, 12, 15] * 3,
        index=pd.period_range("2020-01", periods=24, freq="M"),
    )
)


def marked(ax):
    """Return the names of the dates marked on axes, with the day each stands at."""
    return {
        text.get_text(): pd.Timestamp(text.xy[0]) for text in ax.texts if text.get_rotation() == 90
    }


@pytest.mark.parametrize(
    "ask",
    [
        trends.estimate_trend,
        lambda counts: trends.detect_changepoints(counts, n_null=99, rng=1),
        lambda counts: trends.fit_joinpoints(counts, max_joinpoints=1),
    ],
)
def test_known_dates_within_the_series_are_marked_with_their_names(ask):
    events = {"2019-12-31": "before", "2020-05-19": "within", "2022-02-01": "after"}
    ax = ask(SERIES).plot(events=events)
    assert marked(ax) == {"within": pd.Timestamp("2020-05-19")}
    plt.close(ax.figure)


def test_the_first_day_and_the_last_period_count_as_within():
    ax = trends.detect_changepoints(SERIES, n_null=99, rng=1).plot(
        events={"2020-01-01": "first day", "2021-12-01": "last period"}
    )
    assert set(marked(ax)) == {"first day", "last period"}
    plt.close(ax.figure)


def test_dates_beside_what_has_no_time_axis_are_refused():
    comparison = trends.compare_rates((294, 366), (121, 365))
    with pytest.raises(ValueError, match=r"`events` must go beside something drawn over time"):
        comparison.plot(events={"2020-01-01": "x"})
    plt.close("all")

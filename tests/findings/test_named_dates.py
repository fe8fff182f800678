"""Does a sentence say the date that somebody named, also where nothing was observed then?"""

import numpy as np
import pandas as pd
import pytest

import trends

#: Autumn 2021 was not observed; the level doubles after it.
SEEN = [True] * 32 + [False] * 3 + [True] * 25


def series(after):
    months = pd.period_range("2019-01", periods=60, freq="M")
    level = np.where(np.arange(60) < 32, 20, after)
    counts = pd.Series(np.random.default_rng(1).poisson(level), index=months)
    return trends.as_series(counts[SEEN])


def test_a_shift_after_a_gap_is_said_at_the_date_that_was_named():
    found = trends.detect_changepoints(series(80), candidates=["2021-09"], n_null=199, rng=1)
    assert found.to_frame()["period"].astype(str).tolist() == ["2021-12"]
    english, arabic = found.summary(), found.summary("ar")
    assert (
        "from September 2021 (the first observed period after it is December 2021), "
        "a date named in advance"
    ) in english
    assert "أيلول/سبتمبر 2021 (وأول مدة مرصودة بعده كانون الأول/ديسمبر 2021)" in arabic


def test_a_shift_at_an_observed_date_is_said_without_more():
    found = trends.detect_changepoints(series(80), candidates=["2021-12-15"], n_null=199, rng=1)
    assert "from December 2021, a date named in advance" in found.summary()


def test_no_shift_says_where_one_was_named():
    found = trends.detect_changepoints(
        series(20), candidates=["2021-09", "2023-02"], n_null=199, rng=1
    )
    assert (
        "no shift of level was found where one was named in advance, at September 2021 (the first "
        "observed period after it is December 2021), February 2023 (p = "
    ) in found.summary()
    assert "حيث حُدد سلفًا، أي عند أيلول/سبتمبر 2021" in found.summary("ar")


def test_a_searched_shift_speaks_of_no_named_date():
    said = trends.detect_changepoints(series(80), n_null=199, rng=1).summary()
    assert "named in advance" not in said


def test_a_declared_change_of_counting_is_said_at_its_date_with_its_size():
    found = trends.fit_joinpoints(series(80), jumps=["2021-09"], max_joinpoints=1)
    (jump,) = (one for one in found.findings() if one.quantity == "jump_ratio")
    row = found.to_frame().set_index("term").loc["jump_2021-09"]
    assert (jump.estimate, jump.conf_low, jump.conf_high) == pytest.approx(
        (row["estimate"], row["conf_low"], row["conf_high"])
    )
    assert jump.finding_id == "series.joinpoint.jump-2021-09"
    assert (
        "A change of counting declared for September 2021 (the first observed period after it is "
        "December 2021) was allowed to shift the level"
    ) in found.summary()
    assert "أيلول/سبتمبر 2021 (وأول مدة مرصودة بعده" in found.summary("ar")

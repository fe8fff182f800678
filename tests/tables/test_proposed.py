import pandas as pd

from trends.tables.proposed import note_proposed, was_proposed
from trends.tables.series import as_series

MONTHS = pd.period_range("2024-01", periods=4, freq="M")


def test_what_was_proposed_is_kept_once_and_goes_with_a_copy():
    series = as_series(pd.Series([1, 2, 3, 4], index=MONTHS))
    assert not was_proposed(series, MONTHS[2])
    note_proposed(series, [])
    assert "proposed" not in series.attrs
    note_proposed(series, [MONTHS[2], MONTHS[2]])
    note_proposed(series, [MONTHS[1], MONTHS[2]])
    assert series.attrs["proposed"] == ["2024-03", "2024-02"]
    assert was_proposed(series.copy(), MONTHS[2])
    assert was_proposed(series.iloc[:3], MONTHS[1])
    assert not was_proposed(series, MONTHS[0])

"""Does the table to be explored say each count as it was published, and nothing where none was?"""

import re
from html import unescape

import pandas as pd
import pytest

import trends
from trends.report import explore_counts


def rows_of(markdown):
    """Return each row as its month and its cells: what they say, and the number behind it."""
    rows = re.findall(r'<tr data-month="(\S+)"><th[^>]*>(.*?)</th>(.*?)</tr>', markdown)
    return [
        (month, name, [(unescape(text), number) for number, text in cells])
        for month, name, rest in rows
        for cells in [re.findall(r'<td(?: data-n="(\d+)")?>(.*?)</td>', rest)]
    ]


@pytest.fixture
def figures():
    return pd.DataFrame(
        {
            "measure": "attacks",
            "count": [30, 12, 9],
            "qualifier": ["at_least", "exact", "about"],
            "counted_by": "Monitor",
            "window_start": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-04-01"]),
            "window_end": pd.to_datetime(["2024-01-31", "2024-02-29", "2024-04-30"]),
        }
    )


def test_each_month_says_its_count_as_firmly_as_it_was_published(figures):
    monitor = trends.statement_series(figures, measure="attacks", counted_by="Monitor")
    counts = trends.as_series(
        pd.Series([0, 7], index=pd.period_range("2024-03", periods=2, freq="M"))
    )
    table = explore_counts({"A <monitor>": monitor, "Database": counts}).markdown
    assert rows_of(table) == [
        ("2024-01", "January 2024", [("at least 30", "30"), ("", "")]),
        ("2024-02", "February 2024", [("12", ""), ("", "")]),
        ("2024-03", "March 2024", [("", ""), ("0", "")]),
        ("2024-04", "April 2024", [("about 9", "9"), ("7", "")]),
    ]
    assert "A &lt;monitor&gt;" in table


def test_the_table_is_said_in_arabic(figures):
    monitor = trends.statement_series(figures, measure="attacks", counted_by="Monitor")
    table = explore_counts({"جهة رصد": monitor}, lang="ar").markdown
    assert rows_of(table)[0][1:] == ("كانون الثاني/يناير 2024", [("ما لا يقل عن 30", "30")])
    assert "Month" not in re.sub(r"<[^>]*>", "", table)


def test_what_cannot_be_shown_by_month_is_refused():
    with pytest.raises(ValueError, match="must hold at least one count series"):
        explore_counts({})
    years = trends.as_series(pd.Series([1, 2], index=pd.period_range("2023", periods=2, freq="Y")))
    with pytest.raises(ValueError, match=r"must be monthly, got 'Years' with periods of Y-DEC"):
        explore_counts({"Years": years})

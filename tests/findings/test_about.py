"""Does what counts know about themselves reach every finding made from them?"""

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.about import subject_called
from trends.findings.finding import Subject
from trends.tables.series import as_series, series

MONTHS = pd.period_range("2015-01", periods=72, freq="M", name="period")


def stepped():
    """Monthly counts with an undeniable step, so that findings would have good grades."""
    rng = np.random.default_rng(3)
    return pd.Series(rng.poisson(np.where(np.arange(72) < 36, 10, 60)), index=MONTHS)


def table(**columns):
    counts = pd.DataFrame({"period": MONTHS, "count": stepped().to_numpy(), "exposure": 28.0})
    return counts.astype({"count": "Int64"}).assign(complete=False, **columns)


QUESTIONS = {
    "trend": trends.estimate_trend,
    "changepoint": lambda counts: trends.detect_changepoints(counts, n_null=199, rng=1),
    "joinpoint": lambda counts: trends.fit_joinpoints(counts, max_joinpoints=1),
    "season": trends.estimate_season,
    "power": trends.detectable_change,
}


@pytest.mark.parametrize("question", list(QUESTIONS))
def test_a_caveat_of_the_counts_reaches_every_finding_its_grade_and_both_languages(question):
    plain = QUESTIONS[question](series(table()))
    marked = QUESTIONS[question](series(table(caveats="zeros_left_out")))
    for before, after in zip(plain.findings(), marked.findings(), strict=True):
        assert after.caveats == (*before.caveats, "zeros_left_out")
        assert after.grade == (max(before.grade, "C") if before.grade else None)
        assert after.estimate == before.estimate
    assert "those left out are zeros" in marked.summary()
    assert "أصفار" in marked.summary("ar")


def test_a_caveat_lowers_a_grade_that_would_be_better():
    found = trends.detect_changepoints(series(table()), n_null=199, rng=1)
    assert found.findings()[0].grade in "AB"
    again = trends.detect_changepoints(series(table(caveats="zeros_left_out")), n_null=199, rng=1)
    assert again.findings()[0].grade == "C"


def test_only_the_rows_of_a_group_give_it_their_caveats():
    counts = pd.concat(
        [table(country="Syria", caveats="zeros_left_out; few_events"), table(country="Iraq")]
    )
    assert series(counts, country="Syria").attrs["caveats"] == ["zeros_left_out", "few_events"]
    assert series(counts, country="Iraq").attrs["caveats"] == []


def test_caveats_are_still_there_after_a_table_was_written_and_read(tmp_path):
    trends.write_counts(table(country="Syria", caveats="zeros_left_out"), tmp_path / "counts.csv")
    read = trends.read_counts(tmp_path / "counts.csv")
    assert series(read, country="Syria").attrs["caveats"] == ["zeros_left_out"]


def test_a_caveat_without_words_is_refused_by_name():
    odd = series(table(caveats="no_such_caveat"))
    with pytest.raises(ValueError, match="keys of the package's caveats, got 'no_such_caveat'"):
        trends.estimate_trend(odd).findings()


def test_a_sentence_starts_with_the_group_the_counts_are_labelled_with():
    counts = table(country="Syria", area="Homs")
    said = trends.estimate_trend(series(counts))
    assert said.summary().startswith("Syria, Homs: between January 2015")
    assert said.summary("ar").startswith("Syria، Homs: ")
    assert said.findings()[0].finding_id == "syria-homs.trend.annual-percent-change"


@pytest.mark.parametrize("missing", [None, np.nan, ""])
def test_a_group_without_a_label_says_so(missing):
    said = trends.estimate_trend(series(table(admin1=missing)))
    assert said.summary().startswith("(no admin1 given): ")
    assert said.findings()[0].subject.key == "no-admin1"


def test_labels_in_another_script_leave_an_id_that_is_still_valid():
    assert trends.estimate_trend(series(table(area="حمص"))).findings()[0].subject.key == "series"


def test_a_blank_name_is_none():
    result = trends.estimate_trend(as_series(stepped()))
    assert subject_called("  Claims in   Syria ", result).en == "Claims in Syria"
    assert subject_called(" ", result) == Subject.generic("events")


def test_counts_without_a_label_are_called_the_series():
    assert trends.estimate_trend(as_series(stepped())).summary().startswith("The series: ")

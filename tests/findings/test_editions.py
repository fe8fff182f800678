import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trends
from trends.findings.editions import (
    _NUMBERS,
    _same_numbers,
    _series_causes,
    _window,
    compare_editions,
)
from trends.findings.finding import Subject
from trends.findings.inputs import digest
from trends.findings.ledger import read_ledger
from trends.findings.lint import lint

SUBJECT = Subject(key="syria", en="Events in Syria", ar="الأحداث في سوريا")
CLAIMS = Subject(key="claims", en="Claims", ar="الهجمات المعلنة")


def monthly(counts, exposure=None, start="2019-01"):
    """Return a count series of months."""
    periods = pd.period_range(start, periods=len(counts), freq="M", name="period")
    days = [float(period.days_in_month) for period in periods] if exposure is None else exposure
    return pd.DataFrame({"count": pd.array(counts, dtype="Int64"), "exposure": days}, index=periods)


COUNTS = [int(count) for count in np.random.default_rng(1).poisson(np.linspace(10, 30, 48))]


def edition(series, **options):
    """Return the ledger of an edition that asks for the trend of one series."""
    ledger = trends.Ledger()
    ledger.add(trends.estimate_trend(series, **options), SUBJECT)
    return ledger


def causes(old, new):
    """Return the kinds and details of the causes of every change."""
    changes = compare_editions(old, new)
    assert changes
    return {(one.kind, one.detail) for change in changes.changes for one in change.causes}


def test_an_edition_compared_with_itself_has_no_changes():
    changes = compare_editions(edition(monthly(COUNTS)), edition(monthly(COUNTS)))
    assert not changes
    assert changes.n_same == len(edition(monthly(COUNTS)).findings)
    assert "No finding changed" in changes.to_text()


def test_more_months_are_new_data():
    old, new = edition(monthly(COUNTS)), edition(monthly([*COUNTS, 31, 35]))
    assert causes(old, new) == {("new_data", "periods_added")}
    text = compare_editions(old, new).to_text()
    assert "new data (2 periods added, with 66 events)" in text


def test_another_count_for_the_same_days_is_revised_data():
    revised = [*COUNTS]
    revised[3] += 7
    old, new = edition(monthly(COUNTS)), edition(monthly(revised))
    assert causes(old, new) == {("revised_data", "periods_revised")}
    assert "1 period with other counts, +7" in compare_editions(old, new).to_text()


def test_days_no_longer_watched_are_changed_coverage():
    series = monthly(COUNTS)
    cut = series.copy()
    cut.loc[cut.index[5], ["count", "exposure"]] = [pd.NA, 0.0]
    assert causes(edition(series), edition(cut)) == {("changed_coverage", "periods_removed")}
    fewer = series.copy()
    fewer.loc[fewer.index[5], "exposure"] = 15.0
    assert causes(edition(series), edition(fewer)) == {("changed_coverage", "exposure_changed")}


def test_a_last_month_that_was_partial_and_is_complete_now_is_new_data():
    days = [float(period.days_in_month) for period in monthly(COUNTS).index]
    partial = monthly([*COUNTS[:-1], 9], exposure=[*days[:-1], 10.0])
    assert causes(edition(partial), edition(monthly(COUNTS))) == {("new_data", "periods_completed")}


def test_a_missing_month_that_is_counted_now_is_new_data():
    gap = monthly(COUNTS)
    gap.loc[gap.index[5], "count"] = pd.NA
    assert causes(edition(gap), edition(monthly(COUNTS))) == {("new_data", "periods_added")}


def test_another_setting_is_a_changed_method():
    series = monthly(COUNTS)
    found = causes(edition(series), edition(series, season="harmonic"))
    assert found == {("changed_method", "setting")}
    text = compare_editions(edition(series), edition(series, season="harmonic")).to_text()
    assert "season: none to harmonic" in text


def test_periods_of_another_length_are_another_method_and_nothing_else():
    months = monthly(COUNTS)
    quarters = pd.period_range("2019Q1", periods=16, freq="Q", name="period")
    sums = np.array(COUNTS).reshape(16, 3).sum(axis=1)
    days = months["exposure"].to_numpy().reshape(16, 3).sum(axis=1)
    summed = pd.DataFrame(
        {"count": pd.array(sums, dtype="Int64"), "exposure": days}, index=quarters
    )
    old, new = edition(months), edition(summed)
    assert causes(old, new) == {("changed_method", "setting")}
    told = compare_editions(old, new)
    assert "freq: M to Q" in told.to_text()
    name = "syria.trend.annual-percent-change"
    was = old.findings[name]
    record = next(one for one in told.to_dict()["changes"] if one["finding_id"] == name)
    for number in ("estimate", "conf_low", "conf_high", "grade", "verb"):
        assert record["old"][number] == was[number]
    assert record["old"]["sentence_en"] == was["said"]["en"]["sentence"]
    assert record["new"]["sentence_ar"] != record["old"]["sentence_ar"]


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [(1.0, 1.0 + 1e-11, True), (1.0, 1.0 + 1e-7, False), (None, 0.5, False), (0.5, None, False)],
)
def test_numbers_are_the_same_up_to_the_rounding_of_machines(one, two, same):
    old, new = (dict.fromkeys(_NUMBERS, 0.3) | {"estimate": estimate} for estimate in (one, two))
    assert _same_numbers(old, new) == same


def test_causes_that_act_at_once_are_all_named():
    revised = [*COUNTS, 31]
    revised[3] += 7
    days = [float(period.days_in_month) for period in monthly(revised).index]
    days[10] = 12.0
    old = edition(monthly(COUNTS))
    new = edition(monthly(revised, exposure=days), season="harmonic")
    kinds = {kind for kind, _ in causes(old, new)}
    assert kinds == {"new_data", "revised_data", "changed_coverage", "changed_method"}


def test_a_setting_that_follows_from_the_counts_is_no_cause_when_they_changed():
    old, new = edition(monthly(COUNTS)), edition(monthly([*COUNTS, 31, 35]))
    settings = [
        ledger.findings["syria.trend.annual-percent-change"]["settings"] for ledger in (old, new)
    ]
    assert (
        settings[0]["autoregressive_percent_change"] != settings[1]["autoregressive_percent_change"]
    )
    assert ("changed_method", "setting") not in causes(old, new)


def test_code_of_another_version_explains_what_nothing_else_does():
    series = monthly(COUNTS)
    old, new = edition(series), edition(series)
    key = "syria.trend.annual-percent-change"
    said = json.loads(json.dumps(new.findings[key]["said"]).replace("%", "&"))
    new.findings[key] = {**new.findings[key], "estimate": 99.0, "said": said}
    assert causes(old, new) == {("unexplained", "")}
    new.made_with = {**new.made_with, "code": "0" * 64}
    assert causes(old, new) == {("changed_method", "code")}
    new.made_with = {**new.made_with, "version": "9.9"}
    assert causes(old, new) == {("changed_method", "version")}


def test_a_revised_figure_explains_a_changed_comparison():
    def claims(first):
        ledger = trends.Ledger()
        ledger.add(trends.compare_rates(first, (60, "2023-01-01", "2023-12-31")), CLAIMS)
        return ledger

    old = claims((294, "2024-01-01", "2024-12-31"))
    new = claims((65, "2024-01-01", "2024-12-31"))
    changes = compare_editions(old, new)
    by_id = {change.finding_id: change for change in changes.changes}
    assert by_id["claims.rate.ratio"].conclusion
    assert by_id["claims.rate.tipping"].kind == "gone"
    assert by_id["claims.rate.visible"].kind == "new"
    assert {
        (cause.kind, cause.detail) for change in changes.changes for cause in change.causes
    } == {("revised_data", "figure_revised")}
    assert changes.changes[0].finding_id == "claims.rate.ratio"


def test_what_changes_beyond_the_printed_digits_is_as_it_was():
    series = monthly(COUNTS)
    old, new = edition(series), edition(series)
    key = "syria.trend.annual-percent-change"
    estimate = new.findings[key]["estimate"] + 1e-7
    new.findings[key] = {**new.findings[key], "estimate": estimate}
    assert not compare_editions(old, new)


def test_a_conflict_between_figures_is_explained_by_those_figures_alone(published):
    statements = trends.read_statements(published / "statements.csv")
    found = trends.find_contradictions(statements)
    pair = found.to_frame()["statement_ids"].iloc[0].split(";")
    changed = statements.copy()
    changed.attrs = dict(statements.attrs)
    names = changed["statement_id"]
    first = pair[0].strip()
    unrelated = names[~names.isin([one.strip() for one in pair])].iloc[5]
    for name in (first, unrelated):
        changed.loc[names == name, ["count", "count_low", "count_high"]] += 100_000
    old, new = trends.Ledger(), trends.Ledger()
    old.add(found, SUBJECT)
    new.add(trends.find_contradictions(changed), SUBJECT)
    for change in compare_editions(old, new).changes:
        own = set((change.old or change.new)["inputs"]["records"])
        assert own <= set(names)
        keys = {str(cause.values["key"]) for cause in change.causes}
        assert keys <= own & {first, unrelated}, change.finding_id
        assert {cause.kind for cause in change.causes} == {"revised_data"}


def test_a_question_asked_for_the_first_time_is_said_to_be_one():
    old, new = trends.Ledger(), edition(monthly(COUNTS))
    changes = compare_editions(old, new)
    assert {change.kind for change in changes.changes} == {"new"}
    assert causes(old, new) == {("not_asked_before", "")}
    assert causes(new, old) == {("no_longer_asked", "")}


def test_every_change_of_a_changed_copy_of_the_data_is_explained(reference, tmp_path):
    path = reference / "is_events_monthly_2013_2020.csv"
    table = pd.read_csv(path)
    counts = [int(count) for count in table.loc[table["country"] == "Syria", "n_events"].tolist()]
    counts = counts[:48]
    revised = counts[:44]
    revised[40] -= 25
    old, new = trends.Ledger(), trends.Ledger()
    for ledger, one in ((old, counts), (new, revised)):
        series = monthly(one, start="2013-01")
        ledger.add(trends.estimate_trend(series), SUBJECT)
        ledger.add(trends.detect_changepoints(series, n_null=99, rng=1), SUBJECT)
        ledger.write(tmp_path, edition={"title": "T", "date": "2026-01-01"})
    changes = compare_editions(old, read_ledger(tmp_path))
    assert changes.changes
    for change in changes.changes:
        kinds = {cause.kind for cause in change.causes}
        assert kinds == {"revised_data", "changed_coverage"}, change.finding_id


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_changes_are_said_in_both_languages_and_pass_the_guard(lang, tmp_path):
    old, new = edition(monthly(COUNTS)), edition(monthly([*COUNTS, 80, 90]))
    changes = compare_editions(old, new)
    text, markdown, page = (
        changes.to_text(lang), changes.to_markdown(lang), changes.to_html(lang)
    )  # fmt: skip
    for change in changes.changes:
        assert change.finding_id in text
        assert change.finding_id in markdown
        assert change.finding_id in page
    path = tmp_path / "changes.html"
    path.write_text(f"<html><body>{page}{new.page_block().to_html()}</body></html>")
    assert lint(path) == []
    parsed = json.loads(json.dumps(changes.to_dict()))
    assert parsed["n_changed"] == changes.count("changed")


def test_what_is_not_a_ledger_is_refused():
    with pytest.raises(TypeError, match="`old` must be a ledger, got dict"):
        compare_editions({}, trends.Ledger())


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


# ------- what changed in a series, by the definition of each word


@settings(max_examples=60, deadline=None)
@given(
    periods=st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(0, 9)),
            st.sampled_from([0.0, 15.0, 30.0]),
            st.one_of(st.none(), st.integers(0, 9)),
            st.sampled_from([0.0, 15.0, 30.0]),
        ),
        min_size=1,
        max_size=8,
    ),
    n_new=st.integers(0, 3),
)
def test_every_period_that_differs_is_counted_under_one_word(periods, n_new):
    def record(which, more=()):
        pairs = [(period[2 * which], period[2 * which + 1]) for period in periods] + list(more)
        counts = [count if days > 0 else None for count, days in pairs]
        return {
            "labels": {}, "freq": "M", "first": "2020-01", "caveats": [],
            "count": counts, "exposure": [days for _, days in pairs],
        }  # fmt: skip

    old, new = record(0), record(1, [(4, 30.0)] * n_new)
    words = {cause.detail: cause.values for cause in _series_causes(old, new)}
    before = list(zip(old["count"], old["exposure"], strict=True))
    after = list(zip(new["count"], new["exposure"], strict=True))[: len(before)]
    last = max((place for place, (_, days) in enumerate(before) if days > 0), default=None)
    expected = {"added": n_new, "completed": 0, "removed": 0, "exposure": 0, "revised": 0}
    events = {"added": 4 * n_new, "revised": 0}
    for place, (one, two) in enumerate(zip(before, after, strict=True)):
        (count, days), (count_now, days_now) = one, two
        if one == two:
            continue
        if days == days_now and count is None and count_now is not None:
            expected["added"] += 1
            events["added"] += count_now
        elif place == last and days_now > days and count_now is not None:
            expected["completed"] += 1
        elif days > 0 and days_now == 0:
            expected["removed"] += 1
        elif days != days_now:
            expected["exposure"] += 1
        else:
            expected["revised"] += 1
            events["revised"] += (count_now or 0) - (count or 0)
    named = {
        "added": "periods_added", "completed": "periods_completed", "removed": "periods_removed",
        "exposure": "exposure_changed", "revised": "periods_revised",
    }  # fmt: skip
    found = {name: words.get(detail, {"n": 0})["n"] for name, detail in named.items()}
    assert found == expected
    if expected["added"]:
        assert words["periods_added"]["events"] == events["added"]
    if expected["revised"]:
        assert words["periods_revised"]["events"] == f"{events['revised']:+d}"


def test_what_is_newly_known_of_the_counting_is_a_change_of_coverage():
    plain, marked = monthly(COUNTS), monthly(COUNTS)
    marked.attrs["caveats"] = ["zeros_left_out"]
    assert causes(edition(plain), edition(marked)) == {("changed_coverage", "flags_changed")}
    change = compare_editions(edition(plain), edition(marked)).changes[0]
    assert "zeros_left_out, it was –" in change.causes[0].to_text()


# ------- order and records of changes


def test_changes_stand_in_the_order_of_their_weight():
    def ledger(*pairs):
        kept = trends.Ledger()
        for name, first, second in pairs:
            subject = Subject(key=name, en="Claims", ar="ما أُعلن")
            kept.add(
                trends.compare_rates(
                    (first, "2024-01-01", "2024-12-31"), (second, "2023-01-01", "2023-12-31")
                ),
                subject,
            )
        return kept

    # One keeps its verb and its grade, one loses its verb, one goes and one comes.
    old = ledger(("a-number", 294, 60), ("b-verb", 294, 60), ("c-gone", 294, 60))
    new = ledger(("a-number", 295, 60), ("b-verb", 130, 60), ("d-new", 294, 60))
    changes = compare_editions(old, new).changes
    assert all(change.conclusion for change in changes if change.kind in {"new", "gone"})
    order = [(change.kind, change.conclusion) for change in changes]
    assert order == sorted(
        order, key=lambda one: (["changed", "new", "gone"].index(one[0]), not one[1])
    )
    assert {("changed", True), ("changed", False), ("new", True), ("gone", True)} == set(order)


@pytest.mark.parametrize(
    ("window", "shown"),
    [
        ({"window_start": None, "window_end": None, "days": 30.0}, "30.0 days"),
        (
            {"window_start": "2024-01-01", "window_end": None, "window_basis": "unknown"},
            "2024-01-01/None, unknown",
        ),
        (
            {"window_start": None, "window_end": "2024-12-31", "window_basis": "unknown"},
            "None/2024-12-31, unknown",
        ),
    ],
)
def test_a_window_is_told_by_the_end_that_is_known(window, shown):
    assert _window(window) == shown


@pytest.mark.parametrize(
    ("dated", "lang", "said"),
    [
        ("2026-05-01", "en", "the edition of 1 May 2026."),
        ("2026-05-01", "ar", "طبعة 1 أيار/مايو 2026."),
        ("2026-05-01", "fr", "l’édition du 1er mai 2026."),
        ("spring 2026", "en", "the edition of spring 2026."),
    ],
)
def test_the_edition_before_is_named_by_its_day_in_words(dated, lang, said):
    old, new = edition(monthly(COUNTS)), edition(monthly(COUNTS))
    old.edition = {"title": "T", "date": dated}
    assert said in re.sub("[\u2066-\u2069]", "", compare_editions(old, new).to_text(lang))

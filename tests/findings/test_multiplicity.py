import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trends
from trends.findings.finding import Subject
from trends.findings.multiplicity import adjust, families_markdown


def records(p_values, family="rate"):
    """Return records of tests with given p-values."""
    return [
        {
            "finding_id": f"f{number}",
            "family": family,
            "test": f"f{number}",
            "p_value": p_value,
            "conf_level": 0.95,
        }
        for number, p_value in enumerate(p_values)
    ]


def test_adjusted_values_are_those_of_r():
    # p.adjust(c(0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216), "BH")
    # [1] 0.01000000 0.04000000 0.08400000 0.08400000 0.08400000 0.10000000 0.10571429
    # [8] 0.21600000 0.21600000 0.21600000
    p_values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    adjusted, _ = adjust(records(p_values))
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.10571429, 0.216, 0.216, 0.216]
    np.testing.assert_allclose([one["p_bh"] for one in adjusted.values()], expected, rtol=1e-7)


@given(st.lists(st.floats(0.0001, 1), min_size=1, max_size=12))
def test_adjusted_values_are_those_of_the_definition(p_values):
    adjusted, (family,) = adjust(records(p_values))
    ordered = sorted(p_values)
    n_tests = len(ordered)
    harmonic = sum(1 / rank for rank in range(1, n_tests + 1))
    for number, p_value in enumerate(p_values):
        larger = [
            n_tests * ordered[rank - 1] / rank
            for rank in range(1, n_tests + 1)
            if ordered[rank - 1] >= p_value
        ]
        assert adjusted[f"f{number}"]["p_bh"] == pytest.approx(min(1, *larger))
        assert adjusted[f"f{number}"]["p_by"] == pytest.approx(
            min(1, *(harmonic * one for one in larger))
        )
    assert family.n_survive_any_dependence <= family.n_survive <= family.n_clear <= n_tests


def test_findings_that_share_a_test_count_once():
    tests = records([0.01, 0.01, 0.5])
    tests[1]["test"] = "f0"
    adjusted, (family,) = adjust(tests)
    assert family.n_tests == 2
    assert adjusted["f0"] == adjusted["f1"]


def test_findings_that_share_a_test_leave_room_for_those_still_to_come():
    # Three findings of two tests: eight of the ten expected are still to come, not seven.
    shared = records([0.004, 0.004, 0.3])
    shared[1]["test"] = "f0"
    adjusted, (family,) = adjust(shared, expected={"rate": 10})
    assert family.n_tests == 10
    assert adjusted["f0"]["p_bh"] == pytest.approx(0.04)
    assert (family.n_clear, family.n_survive) == (1, 1)


@st.composite
def families_of_tests(draw):
    """Draw findings of two families: some share a test, some were found by a search."""
    found = []
    for family in ("rate", "trend"):
        p_values = draw(
            st.lists(st.sampled_from([0.001, 0.01, 0.03, 0.049, 0.05, 0.2, 1.0]), max_size=5)
        )
        for test, p_value in enumerate(p_values):
            for copy in range(draw(st.integers(1, 3))):
                searched = draw(st.sampled_from([None, 0, 4, 12]))
                found.append(
                    {
                        "finding_id": f"{family}-{test}-{copy}",
                        "family": family,
                        "test": f"{family}-{test}",
                        "p_value": p_value,
                        "conf_level": 0.95,
                        "subject": {"key": draw(st.sampled_from("ab"))},
                        "settings": {"n_tests": searched},
                    }
                )
    expected = draw(st.dictionaries(st.sampled_from(["rate", "trend"]), st.integers(0, 15)))
    return found, expected


@given(families_of_tests())
def test_a_family_is_counted_and_adjusted_as_defined(drawn):
    found, expected = drawn
    adjusted, families = adjust(found, expected=expected)
    assert [family.name for family in families] == sorted({one["family"] for one in found})
    for family in families:
        members = [one for one in found if one["family"] == family.name]
        p_values = {one["test"]: one["p_value"] for one in members}
        # One search a subject and size: what it tested counts, whatever it reports.
        searches = {(one["subject"]["key"], one["settings"]["n_tests"]) for one in members}
        n_searched = sum(n_tests or 0 for _, n_tests in searches)
        n_tests = max(len(p_values), n_searched, expected.get(family.name, 0))
        assert family.n_tests == n_tests
        ordered = sorted([*p_values.values(), *[1.0] * (n_tests - len(p_values))])
        harmonic = sum(1 / rank for rank in range(1, n_tests + 1))

        def by_definition(p_value, factor=1.0, ordered=ordered):
            ranks = enumerate(ordered, start=1)
            return min(
                1.0, *(factor * len(ordered) * p / rank for rank, p in ranks if p >= p_value)
            )

        clear = [p for p in p_values.values() if p < 1 - 0.95]
        assert family.n_clear == len(clear)
        assert family.n_survive == sum(by_definition(p) < 1 - 0.95 for p in clear)
        assert family.n_survive_any_dependence == sum(
            by_definition(p, harmonic) < 1 - 0.95 for p in clear
        )
        for one in members:
            result = adjusted[one["finding_id"]]
            assert result["p_bh"] == pytest.approx(by_definition(one["p_value"]))
            assert result["p_by"] == pytest.approx(by_definition(one["p_value"], harmonic))
            survives = by_definition(one["p_value"]) < 1 - 0.95
            assert result["survives"] == (survives if one["p_value"] < 1 - 0.95 else None)


def test_families_are_adjusted_apart():
    tests = [*records([0.04]), *({**one, "finding_id": "g"} for one in records([0.04], "trend"))]
    _, families = adjust(tests)
    assert [(family.name, family.n_tests, family.n_survive) for family in families] == [
        ("rate", 1, 1),
        ("trend", 1, 1),
    ]


def test_what_was_not_tested_or_was_not_clear_is_neither_surviving_nor_not():
    adjusted, _ = adjust(records([None, 0.3]))
    assert adjusted["f0"] == {"p_bh": None, "p_by": None, "survives": None}
    assert adjusted["f1"]["survives"] is None


def test_a_search_counts_every_test_it_made_not_only_what_it_reports():
    found = [
        {**one, "subject": {"key": key}, "settings": {"n_tests": 40}}
        for key, one in zip("aab", records([0.001, 0.02, 0.01]), strict=True)
    ]
    adjusted, (family,) = adjust(found)
    assert family.n_tests == 80
    assert adjusted["f0"]["p_bh"] == pytest.approx(0.08)


def test_tests_that_are_still_to_come_count_as_tests_that_found_nothing():
    adjusted, (family,) = adjust(records([0.01]), expected={"rate": 10})
    assert adjusted["f0"]["p_bh"] == pytest.approx(0.1)
    assert (family.n_tests, family.n_clear, family.n_survive) == (10, 1, 0)


@pytest.mark.parametrize(
    ("lang", "note"), [("en", "it is no longer clear"), ("ar", "لا يبقى واضحًا")]
)
def test_a_finding_that_does_not_survive_is_said_with_that_caveat(lang, note):
    ledger = trends.Ledger(lang=lang)
    weak = ledger.add(
        trends.compare_rates((22, 30), (9, 30), dispersion=1),
        Subject(key="weak", en="Events", ar="الأحداث"),
    )
    assert weak["ratio"].p_value < 0.05
    assert note not in weak.summary()
    for number in range(5):
        ledger.add(
            trends.compare_rates((10, 30), (10, 30)),
            Subject(key=f"null-{number}", en="Events", ar="الأحداث"),
        )
    assert note in weak.summary()
    assert ledger.to_dict()["findings"][-1]["finding_id"] == "weak.rate.tipping"
    assert ledger.adjusted("weak.rate.ratio")["survives"] is False


@pytest.mark.parametrize(("lang", "name"), [("en", "two rates"), ("ar", "معدلان")])
def test_the_tests_behind_an_edition_are_listed(lang, name):
    _, families = adjust(records([0.001, 0.04, 0.5]))
    row = families_markdown(families, lang).splitlines()[-1]
    assert row == f"| {name} | 3 | 2 | 1 | 1 |"
    assert families_markdown([], lang) == ""

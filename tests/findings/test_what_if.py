"""Is a supposition about the counted share arithmetic, and said as no more than that?"""

import math

import pytest

import trends
from trends.findings.what_if import SHARES, what_if
from trends.report import what_if_block

FIRST, SECOND = (294, "2024-01-01", "2024-12-31"), (121, "2023-01-01", "2023-12-31")

SAID = {
    "en": {
        "third_less": "If the share of events that gets counted was 0.67 times as high in 2024 as "
        "in 2023, the events themselves were 3.63 times as frequent (95% interval 2.93 to 4.53): "
        "clearly more of them.",
        "half_more": "If the share of events that gets counted was 1.50 times as high in 2024 as "
        "in 2023, the events themselves were 1.62 times as frequent (95% interval 1.30 to 2.01): "
        "clearly more of them.",
        "twice": "If the share of events that gets counted was 2.00 times as high in 2024 as "
        "in 2023, the events themselves were 1.21 times as frequent (95% interval 0.98 to 1.51): "
        "neither clearly more of them nor clearly fewer.",
    },
    "ar": {
        "third_less": "لو كانت نسبة حصة ما يُحصى من الأحداث في عام 2024 إلى حصته في عام 2023 تساوي "
        "0.67، لكانت النسبة بين معدلي الأحداث نفسها 3.63 (مجال الثقة 95%: من 2.93 إلى 4.53)، أي "
        "زيادة واضحة.",
        "twice": "لو كانت نسبة حصة ما يُحصى من الأحداث في عام 2024 إلى حصته في عام 2023 تساوي 2.00، "
        "لكانت النسبة بين معدلي الأحداث نفسها 1.21 (مجال الثقة 95%: من 0.98 إلى 1.51)، أي لا "
        "زيادة واضحة ولا نقصان واضح.",
    },
}


@pytest.fixture
def rates():
    return trends.compare_rates(FIRST, SECOND, dispersion=1)


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_each_supposition_is_said_whole(rates, lang):
    ledger = trends.Ledger(lang=lang)
    supposed = what_if(ledger, ledger.add(rates)["ratio"])
    for key, sentence in SAID[lang].items():
        assert str(supposed[key].say()) == sentence


def test_the_events_are_the_counts_over_the_share(rates):
    ledger = trends.Ledger()
    supposed = what_if(ledger, ledger.add(rates)["ratio"])
    assert list(supposed) == list(SHARES)
    for key, share in SHARES.items():
        found = supposed[key].finding
        assert found.estimate * share == pytest.approx(294 / 366 / (121 / 365))
        assert found.conf_low * share == pytest.approx(rates.wide_low)
        assert found.conf_high * share == pytest.approx(rates.wide_high)


def test_a_supposition_turns_where_the_interval_reaches_one(rates):
    """The share at which a difference vanishes is the tipping point that is printed beside it."""
    ledger = trends.Ledger()
    supposed = what_if(ledger, ledger.add(rates)["ratio"])
    for key, share in SHARES.items():
        clear = "clearly more of them." in str(supposed[key].say())
        assert clear == (share < rates.tipping_share_interval)


def test_fewer_events_are_said_to_be_fewer():
    ledger = trends.Ledger()
    fewer = trends.compare_rates(
        (121, "2024-01-01", "2024-12-31"), (294, "2023-01-01", "2023-12-31"), dispersion=1
    )
    supposed = what_if(ledger, ledger.add(fewer)["ratio"])
    assert str(supposed["twice"].say()).endswith("clearly fewer of them.")


def test_what_is_supposed_carries_no_grade_no_test_and_the_inputs_of_the_ratio(rates):
    ledger = trends.Ledger()
    claims = ledger.add(rates)
    for claim in what_if(ledger, claims["ratio"]).values():
        assert claim.finding.grade is None
        assert math.isnan(claim.finding.p_value)
        assert claim.finding.inputs.records == claims["ratio"].finding.inputs.records
    assert [family.n_tests for family in ledger.families()] == [1]


def test_only_a_ratio_of_one_counter_can_be_asked(rates):
    ledger = trends.Ledger()
    claims = ledger.add(rates)
    with pytest.raises(ValueError, match=r"must be the ratio of one counter's two windows, got"):
        what_if(ledger, claims["tipping"])


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_the_list_holds_every_supposition_by_its_name(rates, lang):
    ledger = trends.Ledger(lang=lang)
    supposed = what_if(ledger, ledger.add(rates)["ratio"])
    lines = what_if_block(supposed, lang=lang).markdown.splitlines()
    assert lines[0] == "::: {.what-if}"
    listed = [line for line in lines if line.startswith("- [**")]
    assert len(listed) == len(SHARES)
    for line, claim in zip(listed, supposed.values(), strict=True):
        assert claim.say().markdown in line

import math
import re
import string
import tomllib
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trends
from trends.analysis.result import Language
from trends.findings import wording
from trends.findings.finding import DAY, EVENT, Finding, Noun, Subject
from trends.findings.rules import rule_tables
from trends.report.markup import terms_of
from trends.tables.languages import FURTHER, KEPT, LANGUAGES, words_file
from trends.tables.window import as_window

HERE = Path(__file__).parent


def table_of(lang):
    """Return the reviewed sentences of a language."""
    return tomllib.loads((HERE / f"sentences_{lang}.toml").read_text(encoding="utf-8"))


CASES = [
    pytest.param(lang, case, id=f"{lang}: {case['name']}")
    for lang in LANGUAGES
    for case in table_of(lang)["case"]
]
FRENCH = table_of("fr")["noun"]
NOUNS = {
    name: Noun(**forms, others={"fr": FRENCH[name]})
    for name, forms in table_of("en")["noun"].items()
}
PLACE = {"key": "s", "en": "Syria", "ar": "سوريا", "others": {"fr": {"name": "Syrie"}}}
SYRIA = {name: Subject(**PLACE, noun=noun) for name, noun in NOUNS.items()}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_at_least_forty_cases_were_reviewed(lang):
    assert len(table_of(lang)["case"]) >= 40


@pytest.mark.parametrize(("lang", "case"), CASES)
def test_two_windows_say_what_a_reader_of_the_language_approved(lang, case):
    comparison = trends.compare_rates(
        tuple(case["first"]), tuple(case["second"]), dispersion=case.get("dispersion", 1)
    )
    said = [str(wording.say(one, lang)) for one in comparison.findings(SYRIA[case["noun"]])]
    assert said == case["says"]


@pytest.mark.parametrize(("lang", "case"), [case for case in CASES if "headline" in case.values[1]])
def test_the_headline_of_two_windows_is_what_a_reader_of_the_language_approved(lang, case):
    comparison = trends.compare_rates(
        tuple(case["first"]), tuple(case["second"]), dispersion=case.get("dispersion", 1)
    )
    claims = trends.Ledger(lang=lang).add(comparison, SYRIA[case["noun"]])
    assert str(claims.headline()) == case["headline"]


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_result_without_a_headline_is_headed_by_its_first_sentence(lang):
    counts = [5, 6, 4, 5, 7, 3, 5, 6, 4, 5, 5, 6, 4, 5, 7, 3, 5, 6, 4, 5, *[0] * 12]
    months = pd.period_range("2018-01", periods=len(counts), freq="M")
    ended = trends.estimate_trend(trends.as_series(pd.Series(counts, index=months)))
    claims = trends.Ledger(lang=lang).add(ended)
    assert [claim.sentence for claim in claims.values()] == ["trend_silence"]
    assert str(claims.headline()) == str(claims["silence"].say())


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["severity"]
    ],
)
def test_how_deadly_events_are_is_said_as_a_reader_approved(lang, case):
    sides = []
    for name, first_day in (("first", "2023-01-01"), ("second", "2022-01-01")):
        deaths = pd.Series(case[name])
        days = pd.date_range(first_day, periods=len(deaths))
        columns = {"event_id": days.astype("str"), "start": days, "country": "Syria"}
        bounds = {"fatalities_best": deaths, "fatalities_high": deaths + 1}
        sides.append(pd.DataFrame({**columns, **bounds}))
    found = trends.compare_severity(*sides, at_least=5, rng=1)
    subject = Subject(
        key="s",
        en="Attacks in Syria",
        ar="الهجمات في سوريا",
        others={"fr": {"name": "Attaques en Syrie"}},
    )
    assert [str(wording.say(one, lang)) for one in found.findings(subject)] == case["says"]


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["shares"]
    ],
)
def test_what_a_share_did_is_said_as_a_reader_approved(lang, case):
    months = pd.period_range("2021-01", periods=len(case["asked"]), freq="M")
    table = pd.concat(
        pd.DataFrame(
            {
                "kind": name,
                "period": months,
                "count": pd.array(case[name], dtype="Int64"),
                "exposure": 30.4375,
            }
        )
        for name in ("asked", "rest")
    )
    found = trends.estimate_share(table, of="asked", by="kind", season="none")
    subject = Subject(
        key="s",
        en="IED attacks in Syria",
        ar="هجمات العبوات الناسفة في سوريا",
        others={"fr": {"name": "Engins explosifs en Syrie"}},
    )
    assert [str(wording.say(one, lang)) for one in found.findings(subject)] == case["says"]


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["changepoint"]
    ],
)
def test_what_happened_to_a_level_is_said_as_a_reader_approved(lang, case):
    months = pd.period_range("2016-01", periods=len(case["counts"]), freq="M")
    series = trends.as_series(pd.Series(case["counts"], index=months), exposure=30.4375)
    found = trends.detect_changepoints(series, season=case["season"], n_null=199, rng=1)
    subject = Subject(**PLACE)
    assert str(wording.say(found.findings(subject)[0], lang)) == case["says"]


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["interruption"]
    ],
)
def test_a_change_at_a_named_date_is_said_as_a_reader_approved(lang, case):
    months = pd.period_range("2016-01", periods=len(case["counts"]), freq="M")
    series = trends.as_series(pd.Series(case["counts"], index=months), exposure=30.4375)
    asked = {name: case[name] for name in ("slope", "temporary") if name in case}
    found = trends.estimate_interruption(series, case["date"], season="none", **asked)
    subject = Subject(**PLACE)
    assert [str(wording.say(one, lang)) for one in found.findings(subject)] == case["says"]


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["periods"]
    ],
)
def test_two_stretches_say_what_a_reader_of_the_language_approved(lang, case):
    months = pd.period_range("2021-01", periods=len(case["counts"]), freq="M")
    series = trends.as_series(pd.Series(case["counts"], index=months), exposure=30.4375)
    compared = trends.compare_periods(series, case["first"], case["second"], season="none")
    said = [str(wording.say(one, lang)) for one in compared.findings(SYRIA["attack"])]
    assert said == case["says"]


def alarm_says(case, lang):
    """Return what is said of the last periods of a series; a count below 0 is one nobody made."""
    months = pd.period_range("2017-01", periods=len(case["counts"]), freq="M")
    counts = pd.Series(case["counts"], index=months, dtype="Int64")
    series = trends.as_series(counts.mask(counts < 0), exposure=30.4375)
    asked = {key: case[key] for key in ("incomplete_periods", "n_periods", "method") if key in case}
    alarms = trends.detect_alarms(series, season="none", rng=1, **asked)
    found = alarms.findings(SYRIA["attack"])
    notes = [key for key in found[0].caveats if key.partition(":")[0] == case.get("caveat")]
    return [
        *(str(wording.say(one, lang)) for one in found),
        *(str(wording.caveat(key, lang)) for key in notes),
    ]


def delay_says(case, lang):
    """Return what is said of counts that are known as they stood 0, 1, ... periods later."""
    stood = case["stood"]
    months = pd.period_range("2020-01", periods=len(stood), freq="M")
    rows = [
        (months[at], stood[at][min(newest - at, len(stood[at]) - 1)], months[newest])
        for newest in range(5, len(stood))
        for at in range(newest + 1)
    ]
    table = pd.DataFrame(rows, columns=["period", "count", "as_of"])
    table["count"] = table["count"].astype("Int64")
    table["as_of"] = [month.end_time.normalize() + pd.Timedelta(days=9) for month in table["as_of"]]
    table["exposure"] = table["period"].dt.days_in_month.astype(float)
    if "incomplete_periods" in case:
        table = table[table["as_of"] == table["as_of"].max()].drop(columns="as_of")
    delay = trends.reporting_delay(
        table.assign(complete=True), incomplete_periods=case.get("incomplete_periods")
    )
    return [str(wording.say(one, lang)) for one in delay.findings(SYRIA["attack"])]


def claim_says(case, lang):
    """Return what is said of one claim about 2024, of what came, and of what was known before."""
    half = case.get("known_half")
    figures = pd.DataFrame({
        "statement_id": ["pace", "year", "half"], "measure": "attacks",
        "counted_by": ["US Central Command", "A monitor", "US Central Command"],
        "count": pd.array([case["claimed"], case["came"], half or 0], dtype="Int64"),
        "qualifier": [case["qualifier"], case["came_qualifier"], "exact"],
        "window_start": pd.Timestamp("2024-01-01"),
        "window_end": pd.to_datetime(["2024-12-31", "2024-12-31", "2024-06-30"]),
        "published_on": pd.to_datetime(["2024-07-17", "2025-01-03", "2024-07-10"]),
        "forecast_of": [case["forecast_of"], None, None],
    })  # fmt: skip
    figures = figures if half else figures.iloc[:2]
    found = trends.score_claims(figures, as_of="2025-06-01").findings(SYRIA["attack"])
    return [str(wording.say(one, lang)) for one in found]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "says"), [("alarm", alarm_says), ("delay", delay_says), ("claim", claim_says)]
)
def test_alarms_late_reports_and_claims_say_what_a_reader_approved(kind, says, lang):
    for case in table_of(lang)[kind]:
        assert says(case, lang) == case["says"], case["name"]


# ------- as firmly as its grade


def finding_of(low, high, grade, quantity="ratio"):
    """Return a ratio of rates with an interval and a grade."""
    values = {"A": (0.0001, ()), "B": (0.005, ()), "C": (0.04, ()), "D": (0.04, ())}[grade]
    finding = Finding(
        finding_id="a.b.c", question="rate", quantity=quantity, subject=Subject.generic(),
        estimate=(low * high) ** 0.5, conf_low=low, conf_high=high, unit="ratio",
        method="counted", sentence="", p_value=values[0],
        graded_by="account" if grade == "D" else "periods",
    )  # fmt: skip
    assert finding.grade == grade
    return finding


@pytest.mark.parametrize(
    ("interval", "quantity", "english", "arabic"),
    [
        (
            (2.1, 9),
            "ratio",
            ["at least doubled", "apparently at least doubled", "perhaps rose"],
            [
                "ارتفع المعدل إلى الضعف على الأقل",
                "ارتفع المعدل إلى الضعف على الأقل فيما يبدو",
                "ربما ارتفع المعدل",
            ],
        ),
        (
            (0.1, 0.3),
            "ratio",
            ["fell to a third or less", "apparently fell to a third or less", "perhaps fell"],
            [
                "انخفض المعدل إلى الثلث أو أقل",
                "انخفض المعدل إلى الثلث أو أقل فيما يبدو",
                "ربما انخفض المعدل",
            ],
        ),
        (
            (3.1, 9),
            "ratio_between",
            [
                "was at least three times as high",
                "was apparently at least three times as high",
                "was perhaps higher",
            ],
            [
                "بلغ المعدل الأول ثلاثة أضعاف الثاني على الأقل",
                "بلغ المعدل الأول ثلاثة أضعاف الثاني على الأقل فيما يبدو",
                "ربما كان المعدل الأول أعلى من الثاني",
            ],
        ),
    ],
)
def test_a_word_is_as_firm_as_its_grade(interval, quantity, english, arabic):
    for lang, said in (("en", english), ("ar", arabic)):
        for grade, expected in zip("BCD", said, strict=True):
            finding = finding_of(*interval, grade, quantity)
            assert str(wording.verb(finding, lang)) == expected
        firm = finding_of(*interval, "A", quantity)
        assert str(wording.verb(firm, lang)) == said[0]


@settings(max_examples=80, deadline=None)
@given(low=st.floats(0.01, 20), width=st.floats(1.01, 30), quantity=st.sampled_from(
    ["ratio", "ratio_between"]))  # fmt: skip
def test_what_is_not_established_takes_no_word_for_a_multiple(low, width, quantity):
    finding = Finding(
        finding_id="a.b.c", question="rate", quantity=quantity, subject=Subject.generic(),
        estimate=low * width**0.5, conf_low=low, conf_high=low * width, unit="ratio",
        method="counted", sentence="", graded_by="account",
    )  # fmt: skip
    assert not re.search("doubled|tripled|halved|third|half|twice|times", wording.verb(finding))
    assert not re.search("ضعف|ضاعف|نصف|ثلث", wording.verb(finding, "ar"))


def test_what_says_no_direction_is_not_hedged():
    assert str(wording.verb(finding_of(0.5, 2, "D"))) == "did not clearly change"
    little = wording.verb(finding_of(0.9, 1.1, "D"))
    assert str(little) == "changed little"


@pytest.mark.parametrize(
    ("lang", "case"),
    [
        pytest.param(lang, case, id=f"{lang}: {case['name']}")
        for lang in LANGUAGES
        for case in table_of(lang)["forecast"]
    ],
)
def test_what_comes_next_is_said_as_a_reader_approved(lang, case):
    months = pd.period_range("2019-01", periods=len(case["counts"]), freq="M")
    exposure = months.days_in_month.to_numpy(dtype=float).copy()
    exposure[-1] = case.get("last_days", exposure[-1])
    series = trends.as_series(pd.Series(case["counts"], index=months), exposure=exposure)
    subject = Subject(**PLACE)
    if "n_origins" in case:
        found = trends.evaluate_forecasts(
            series, horizon=case["horizon"], n_origins=case["n_origins"]
        )
    else:
        found = trends.forecast_counts(series, case["horizon"], season="none", rng=1)
    assert [str(wording.say(one, lang)) for one in found.findings(subject)] == case["says"]


# ------- no sentence says more than its interval


def in_order(first, second, days):
    """Return two figures of which the first is the later one."""
    starts = [pd.Timestamp("2022-01-01"), pd.Timestamp("2020-01-01")]
    return tuple(
        (count, start, start + pd.Timedelta(days=length - 1))
        for count, start, length in zip((first, second), starts, days, strict=True)
    )


@settings(max_examples=80, deadline=None)
@given(
    first=st.integers(0, 400),
    second=st.integers(0, 400),
    days=st.tuples(st.integers(1, 400), st.integers(1, 400)),
)
def test_the_verb_never_says_more_than_the_interval(first, second, days):
    comparison = trends.compare_rates(*in_order(first, second, days))
    low, high = comparison.ratio_low, comparison.ratio_high
    finding = comparison.findings(SYRIA["attack"])[0]
    sentence, arabic = str(wording.say(finding)), str(wording.say(finding, "ar"))
    assert ("doubled" in sentence) <= (low >= 2 or (low >= 1.6 and high <= 2.5))
    assert ("tripled" in sentence) <= (low >= 3)
    assert ("halved" in sentence) <= (high <= 0.5 or (low >= 0.4 and high <= 0.625))
    assert ("rose" in sentence) <= (low > 1)
    assert ("fell" in sentence) <= (high < 1)
    if low <= 1 <= high and "cannot" not in sentence:
        assert finding.grade == "D"
        assert "did not clearly change" in sentence or "changed little" in sentence
    assert ("did not clearly" in sentence) == (
        "لم يظهر ارتفاع واضح في المعدل ولا انخفاض واضح" in arabic
    )
    assert ("tripled" in sentence) == ("ثلاثة أضعافه" in arabic)
    assert ("fell" in sentence or "halved" in sentence) == ("انخفض" in arabic)


@settings(max_examples=50, deadline=None)
@given(
    first=st.integers(0, 400),
    second=st.integers(0, 400),
    days=st.tuples(st.integers(1, 400), st.integers(1, 400)),
)
def test_two_places_never_rise_or_fall(first, second, days):
    comparison = trends.compare_rates((first, days[0]), (second, days[1]))
    low, high = comparison.ratio_low, comparison.ratio_high
    sentence = str(wording.say(comparison.findings(SYRIA["attack"])[0]))
    assert not re.search("rose|fell|doubled|tripled|halved|changed", sentence)
    assert ("twice" in sentence) <= (low >= 2 or (low >= 1.6 and high <= 2.5))
    assert ("three times" in sentence) <= (low >= 3)
    assert ("higher" in sentence) <= (low > 1)
    assert ("lower" in sentence) <= (high < 1)


@settings(max_examples=40, deadline=None)
@given(first=st.integers(0, 60), second=st.integers(0, 60), dated=st.booleans())
def test_no_clear_change_always_comes_with_what_could_have_been_seen(first, second, dated):
    days = (30, 30)
    windows = in_order(first, second, days) if dated else ((first, 30), (second, 30))
    said = trends.compare_rates(*windows).summary()
    if "did not clearly" in said:
        assert "would have been seen" in said or "could have been clear" in said


def test_on_pace_to_more_than_double_is_not_more_than_doubled():
    summary = trends.compare_rates((153, 365), (121, 365)).summary()
    assert "doubled" not in summary
    assert "1.26" in summary


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_verb_of_the_rules_has_words(lang):
    for quantity, rules in rule_tables()["verb"].items():
        for rule in rules:
            assert rule["key"] in wording.words(lang)["verb"].get(quantity, {}), (quantity, rule)


@pytest.mark.parametrize("kind", ["verb", "grade", "variant", "precision", "caveat"])
def test_every_rule_table_ends_with_a_rule_that_always_holds(kind):
    for name, rules in rule_tables()[kind].items():
        assert "if" not in rules[-1], name


@pytest.mark.parametrize("lang", LANGUAGES[1:])
def test_every_language_has_the_same_sentences_with_the_same_slots(lang):
    """A slot that one language lacks would be a fact that its readers are not told."""
    english, other = wording.words("en"), wording.words(lang)
    own = other if lang in KEPT else words_file(lang)
    for name, template in english["sentence"].items():
        assert name in own["sentence"], name
        if isinstance(template, str):
            assert isinstance(own["sentence"][name], str), name
        else:
            assert set(template) == set(own["sentence"][name]), name
    for section in ("caveat", "grade", "unit", "change", "cause", "cause_detail", "quoted"):
        assert set(english[section]) == set(own[section]), section


@pytest.mark.parametrize("lang", FURTHER)
def test_a_further_language_has_every_word_that_english_has(lang):
    """What is missing would be said in English in the midst of another language."""
    # Shapes of numbers are of no language.
    left_out = {"shape", "heading_shape"}

    def slots(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    def compare(english, own, place):
        for key, said in english.items():
            here = f"{place}.{key}"
            assert key in own, here
            if isinstance(said, dict):
                compare(said, own[key], here)
            elif isinstance(said, str) and place != ".counted":
                assert slots(said) == slots(own[key]), here
        assert set(own) <= {*english, "first_day", "signs", "plural_from"} or not place, place

    own = words_file(lang)
    english = {**words_file("en"), "caveat": wording.words("en")["caveat"]}
    compare({key: one for key, one in english.items() if key not in left_out}, own, "")
    starter = {name: own["starter"][name] for name in own["starter"] if "example" not in name}
    compare(words_of_pages()["en"], starter, ".starter")
    compare(terms_of("en"), own["terms"], ".terms")


def words_of_pages():
    """Return the words of a new report's pages."""
    path = Path(trends.__file__).parent / "report/starter/words.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


# ------- counts


@pytest.mark.parametrize(
    ("count", "en", "ar"),
    [
        (0, "no operations", "لا عمليات"),
        (1, "1 operation", "عملية واحدة"),
        (2, "2 operations", "عمليتان"),
        (3, "3 operations", "3 عمليات"),
        (10, "10 operations", "10 عمليات"),
        (11, "11 operations", "11 عملية"),
        (99, "99 operations", "99 عملية"),
        (100, "100 operations", "100 عملية"),
        (102, "102 operations", "102 عملية"),
        (103, "103 operations", "103 عمليات"),
        (1000, "1,000 operations", "1,000 عملية"),
    ],
)
def test_a_count_agrees_with_its_noun(count, en, ar):
    assert wording.count_phrase(count, NOUNS["operation"], "en") == en
    assert wording.count_phrase(count, NOUNS["operation"], "ar") == ar


@pytest.mark.parametrize(
    ("noun", "count", "oblique"),
    [
        ("claimed", 2, "هجومين متبنّيين"),
        ("operation", 2, "عمليتين"),
        ("operation", 0, "عدم تسجيل أي عملية"),
        ("killed", 1, "قتيل واحد"),
        ("arrest", 11, "11 موقوفًا"),
    ],
)
def test_a_count_after_a_preposition_takes_its_form(noun, count, oblique):
    assert wording.count_phrase(count, NOUNS[noun], "ar", oblique=True) == oblique


def test_what_describes_a_single_noun_follows_the_numeral():
    noun = Noun(
        en_one="x", en_many="x", ar_one="عملية ضد التنظيم", ar_two="عمليتان ضد التنظيم",
        ar_few="x", ar_many="x", ar_gender="f",
    )  # fmt: skip
    assert wording.count_phrase(1, noun, "ar") == "عملية واحدة ضد التنظيم"
    assert wording.count_phrase(2, noun, "ar", oblique=True) == "عمليتين ضد التنظيم"


# ------- numbers, times, intervals


@pytest.mark.parametrize(
    ("value", "shape", "printed"),
    [
        (1.0, "ratio", "1.00"),
        (1 + 1e-12, "ratio", "1.00"),
        (1.004, "ratio", "1.004"),
        (0.996, "ratio", "0.996"),
        (0.0, "ratio", "0"),
        (0.0004, "ratio", "0.0004"),
        (12.34, "ratio", "12.3"),
        (1234.5, "ratio", "1,234"),
        (4.51, "rough", "4.5"),
        (1.04, "rough", "1.04"),
        (13.4, "rough", "13"),
        (0.291, "rough", "0.29"),
        (-6.21, "percent", "−6.2%"),
        (25.4, "percent", "25%"),
        (0.0004, "p", "less than 0.001"),
        (0.0412, "p", "0.041"),
        (0.412, "p", "0.41"),
        (0.95, "level", "95%"),
        (math.inf, "ratio", "no upper limit"),
        # each side of every place where the number of digits changes
        (9.99, "ratio", "9.99"),
        (10.0, "ratio", "10.0"),
        (99.9, "ratio", "99.9"),
        (100.0, "ratio", "100"),
        (9.94, "rough", "9.9"),
        (10.0, "rough", "10"),
        (0.96, "rough", "0.96"),
        (1.0, "rough", "1.0"),
        (0.99, "rate", "0.99"),
        (1.0, "rate", "1.0"),
        (99.94, "rate", "99.9"),
        (100.0, "rate", "100"),
        (1234.5, "rate", "1,234"),
        (-0.5, "rate", "−0.50"),
        (-1.0, "rate", "−1.0"),
        (0.0, "percent", "0%"),
        (9.94, "percent", "9.9%"),
        (10.0, "percent", "10%"),
        (-9.94, "percent", "−9.9%"),
        (-10.0, "percent", "−10%"),
        (1234.5, "percent", "1,234%"),
        (0.000999, "p", "less than 0.001"),
        (0.001, "p", "0.001"),
        (0.0994, "p", "0.099"),
        (0.1, "p", "0.10"),
        (1.0, "p", "1.00"),
        (0.999, "level", "99.9%"),
        (0.0004, "share", "0.0%"),
        (1234567.4, "count", "1,234,567"),
        (2.5, "days", "2.5"),
        (12345.0, "days", "12,345"),
    ],
)
def test_a_number_is_printed_with_the_digits_it_carries(value, shape, printed):
    assert wording.format_number(value, shape, "en") == printed


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match="`shape` must be one of the printed shapes, got 'blue'"):
        wording.format_number(1.0, "blue", "en")


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="`lang` must be one of en, ar, fr, got 'de'"):
        trends.compare_rates((1, 2), (3, 4)).summary("de")


def test_a_type_checker_knows_the_languages_that_there_are():
    assert get_args(Language) == LANGUAGES


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "attack", "aucune attaque"),
        (0, "killed", "aucun mort"),
        (1, "attack", "1 attaque"),
        (2, "attack", "2 attaques"),
        (12345, "attack", "12\u202f345 attaques"),
    ],
)
def test_a_further_language_counts_by_its_file_of_words(count, noun, said):
    assert wording.count_phrase(count, NOUNS[noun], "fr") == said
    # A noun that has no words in the language is said in English, one of the package is not.
    english = Noun(**table_of("en")["noun"]["operation"])
    assert wording.count_phrase(3, english, "fr") == "3 operations"
    assert wording.count_phrase(3, EVENT, "fr") == "3 événements"


@pytest.mark.parametrize(
    ("value", "shape", "said"),
    [
        (1234.5, "rate", "1\u202f234"),
        (2.4234, "ratio", "2,42"),
        (-12.3, "percent", "\u221212\u202f%"),
        (0.00004, "p", "moins de 0,001"),
        (20000.0, "ratio", "plus de 10\u202f000"),
        (0.95, "level", "95\u202f%"),
    ],
)
def test_a_further_language_writes_numbers_with_its_own_signs(value, shape, said):
    assert wording.format_number(value, shape, "fr") == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("de avril à le premier", "d’avril au premier"),
        ("De octobre", "D’octobre"),
        ("en 3 mai 2024 ; en 2024", "le 3 mai 2024\u00a0; en 2024"),
        ("en le deuxième trimestre de 2024", "au deuxième trimestre de 2024"),
        ("de les uns, de Homs", "des uns, de Homs"),
    ],
)
def test_words_run_together_where_the_language_asks_for_it(text, said):
    assert wording._contracted(text, "fr") == said
    assert wording._contracted(text, "en") == text


@pytest.mark.parametrize(
    ("time", "en", "ar"),
    [
        (pd.Timestamp("2025-05-19"), "19 May 2025", "19 أيار/مايو 2025"),
        (pd.Period("2025-05", "M"), "May 2025", "أيار/مايو 2025"),
        (pd.Period("2025", "Y"), "2025", "عام 2025"),
        (pd.Period("2025Q3", "Q"), "the third quarter of 2025", "الربع الثالث من عام 2025"),
        (
            pd.Period("2025-05-19", "W-SUN"),
            "the week of 19 May 2025",
            "الأسبوع البادئ في 19 أيار/مايو 2025",
        ),
        (pd.Period("2025-01-02", "D"), "2 January 2025", "2 كانون الثاني/يناير 2025"),
    ],
)
def test_times_are_written_out(time, en, ar):
    assert wording.format_time(time, "en") == en
    assert wording.format_time(time, "ar") == ar


@pytest.mark.parametrize(
    ("figure", "en", "ar"),
    [
        ((1, "2024-01-01", "2024-12-31"), "in 2024", "في عام 2024"),
        ((1, "2024-02-01", "2024-02-29"), "in February 2024", "في شباط/فبراير 2024"),
        ((1, "2024-05-19", "2024-05-19"), "on 19 May 2024", "في 19 أيار/مايو 2024"),
        (
            (1, "2024-05-01", "2024-05-19"),
            "from 1 May 2024 to 19 May 2024",
            "من 1 أيار/مايو 2024 إلى 19 أيار/مايو 2024",
        ),
        ((1, 1), "in 1 day", "في يوم واحد"),
        ((1, 2), "in 2 days", "في يومين"),
        ((1, 10), "in 10 days", "في 10 أيام"),
        ((1, 366), "in 366 days", "في 366 يومًا"),
        ((1, 1.5), "in 1.5 days", "في 1.5 يوم"),
    ],
)
def test_windows_are_written_out(figure, en, ar):
    assert wording.format_window(as_window(figure), "en") == en
    assert wording.format_window(as_window(figure), "ar") == ar


@pytest.mark.parametrize(
    ("low", "high", "en", "ar"),
    [
        (1.5, 3.0, "1.50 to 3.00", "من 1.50 إلى 3.00"),
        (1.5, math.inf, "1.50 or more", "1.50 فأكثر"),
        (-math.inf, 3.0, "3.00 or less", "3.00 فأقل"),
        (-math.inf, math.inf, "no limits", "بلا حدود"),
    ],
)
def test_an_interval_says_where_it_is_open(low, high, en, ar):
    assert wording.format_interval(low, high, "ratio", "en") == en
    assert wording.format_interval(low, high, "ratio", "ar") == ar


def test_a_paragraph_says_each_caveat_once():
    comparison = trends.compare_rates((9, 30), (8, 30))
    paragraph = wording.paragraph(comparison.findings(SYRIA["attack"]))
    assert paragraph.count("Two totals are a comparison") == 1
    assert paragraph.count("Fewer than 20 events") == 1
    assert '{.caveat key="few_events"}' in paragraph.markdown


def test_arabic_uses_western_digits_throughout():
    summary = trends.compare_rates((1234, 366), (11, 10)).summary("ar")
    assert re.search(r"\d", summary)
    assert not re.search(r"[\u0660-\u0669\u06f0-\u06f9]", summary)


def test_nouns_of_time_agree_too():
    assert wording.count_phrase(2, DAY, "ar") == "يومان"
    assert wording.count_phrase(1, EVENT, "ar") == "حدث واحد"

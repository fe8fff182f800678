"""How the course of one series is said: reviewed sentences in both languages."""

import tomllib
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest

import trends
from trends.analysis.description import Verdict
from trends.findings.finding import Noun, Subject
from trends.findings.wording import headline, say
from trends.tables.languages import LANGUAGES

HERE = Path(__file__).parent


def table_of(lang):
    """Return the reviewed sentences of a language."""
    return tomllib.loads((HERE / f"sentences_{lang}.toml").read_text(encoding="utf-8"))


ATTACK = Noun(**table_of("en")["noun"]["attack"], others={"fr": table_of("fr")["noun"]["attack"]})
SUBJECT = Subject(key="s", en="Syria", ar="سوريا", noun=ATTACK, others={"fr": {"name": "Syrie"}})
COURSES = {course["name"]: course for course in table_of("en")["course"]}
CASES = [
    pytest.param(lang, case["name"], case["says"], id=f"{lang}: {case['name']}")
    for lang in LANGUAGES
    for case in table_of(lang)["course"]
]


@pytest.mark.parametrize(("lang", "name", "says"), CASES)
def test_a_course_is_said_as_a_reader_of_the_language_approved(lang, name, says):
    course = COURSES[name]
    counts = course["counts"]
    periods = pd.period_range(
        course.get("start", "2018-01"), periods=len(counts), freq=course.get("freq", "M")
    )
    trend = trends.estimate_trend(trends.as_series(pd.Series(counts, index=periods)))
    assert [str(say(finding, lang)) for finding in trend.findings(SUBJECT)] == says


def test_every_language_reviews_the_same_courses():
    for lang in LANGUAGES:
        assert [case["name"] for case in table_of(lang)["course"]] == list(COURSES)


ACCOUNTS = {account["name"]: account for account in table_of("en")["description"]}
ACCOUNT_CASES = [
    pytest.param(lang, case["name"], case, id=f"{lang}: {case['name']}")
    for lang in LANGUAGES
    for case in table_of(lang)["description"]
]


@pytest.mark.parametrize(("lang", "name", "approved"), ACCOUNT_CASES)
def test_an_account_is_said_as_a_reader_of_the_language_approved(lang, name, approved):
    case = ACCOUNTS[name]
    months = pd.period_range("2015-01", periods=len(case["counts"]), freq="M")
    series = trends.as_series(pd.Series(case["counts"], index=months))
    account = trends.describe_series(series, rng=1)
    assert account.verdict == case["verdict"]
    found = account.findings(SUBJECT)
    assert [str(say(finding, lang)) for finding in found] == approved["says"]
    assert str(headline(found[0], lang)) == approved["headline"]


def test_every_language_reviews_the_same_accounts_and_every_verdict():
    for lang in LANGUAGES:
        assert [case["name"] for case in table_of(lang)["description"]] == list(ACCOUNTS)
    verdicts = {case["verdict"] for case in ACCOUNTS.values()}
    assert verdicts == {*get_args(Verdict)}

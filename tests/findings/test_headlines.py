"""Does the headline of a figure say what its finding may say, and no more, in every language?"""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trends
from trends.findings.finding import Noun, Subject
from trends.findings.wording import headline, say, words
from trends.tables.languages import LANGUAGES

HERE = Path(__file__).parent
REVIEWED = tomllib.loads((HERE / "headlines.toml").read_text(encoding="utf-8"))
ATTACK = Noun(
    **tomllib.loads((HERE / "sentences_en.toml").read_text(encoding="utf-8"))["noun"]["attack"],
    others={
        "fr": tomllib.loads((HERE / "sentences_fr.toml").read_text(encoding="utf-8"))["noun"][
            "attack"
        ]
    },
)
SUBJECT = Subject(key="s", en="Syria", ar="سوريا", noun=ATTACK, others={"fr": {"name": "Syrie"}})
#: Ten and forty a month, with the same scatter around both.
AROUND = np.tile([-3, 1, 2, -1, 0, 3, -2, 0], 9)
LOW, HIGH = 10 + AROUND, 40 + 2 * AROUND


def monthly(counts, start="2018-01"):
    months = pd.period_range(start, periods=len(counts), freq="M")
    return trends.as_series(pd.Series(counts, index=months))


ASKED = {
    "a rise at a named date": lambda: trends.estimate_interruption(
        monthly([*LOW[:40], *HIGH[:32]]), ["2021-05"], slope=False
    ),
    "no change at a named date": lambda: trends.estimate_interruption(
        monthly(LOW), ["2021-05"], slope=False
    ),
    "an alarm": lambda: trends.detect_alarms(monthly([*LOW[:70], 60, 60]), rng=1),
    "no alarm": lambda: trends.detect_alarms(monthly(LOW), rng=1),
    "a forecast": lambda: trends.forecast_counts(monthly(LOW), 6, rng=1),
}


def asked(name):
    """Return the finding that the figure of an answer is about."""
    known = words("en")["headline"]
    found = ASKED[name]().findings(SUBJECT)
    return next(one for one in found if one.sentence in known)


@pytest.mark.parametrize("name", ASKED)
def test_a_headline_is_said_as_a_reader_of_each_language_approved(name):
    finding = asked(name)
    assert {lang: str(headline(finding, lang)) for lang in LANGUAGES} == REVIEWED[name]


@pytest.mark.parametrize("name", ASKED)
def test_a_headline_is_as_firm_as_its_sentence(name):
    finding = asked(name)
    for lang in LANGUAGES:
        grade = words(lang)["grade"].get(finding.grade, "") if finding.grade else ""
        said, whole = str(headline(finding, lang)), str(say(finding, lang))
        assert grade in said or grade not in whole


def test_every_language_has_every_headline_in_every_case():
    for lang in LANGUAGES:
        for kind in ("interruption_level", "ranking_leader", "forecast_score", "alarm_state"):
            assert set(words(lang)["headline"][kind]) == set(words("en")["headline"][kind])

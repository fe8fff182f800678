"""Has everything that is said words in both languages, and is every word said by something?"""

import ast
import re
import string
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

import trends
from trends.findings.listing import caveat_listing, grade_listing, verb_listing
from trends.findings.rules import caveat_table, rule_tables
from trends.findings.wording import words
from trends.tables.languages import KEPT, LANGUAGES

ROOT = Path(trends.__file__).parent
#: Written by hand into the ``caveats`` of a table of counts.
TYPED_IN = {"places_unstated", "zeros_left_out"}


@cache
def trees():
    """Return the syntax tree of every module, by its path."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}


@cache
def literals():
    """Return every string of the code, and its f-strings as patterns."""
    strings, patterns = set(), set()
    for node in (node for tree in trees().values() for node in ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(part.value) if isinstance(part, ast.Constant) else ".+"
                for part in node.values
            ]
            if re.search("[a-z]{3}", "".join(parts)):
                patterns.add("".join(parts))
    return strings, patterns


@cache
def ruled():
    """Return the keys that rules give, and the names their conditions look at."""
    tables = [
        rules
        for kind, named in rule_tables().items()
        if kind != "consequences"
        for rules in named.values()
    ]
    keys = {rule["key"] for rules in tables for rule in rules}
    return keys, {name for rules in tables for rule in rules for name in rule.get("if", {})}


def is_used(key):
    """Whether the code or a rule can come by this key."""
    strings, patterns = literals()
    named = (key, f"{key}:detail")
    return key in strings | ruled()[0] or any(
        re.fullmatch(one, each) for one in patterns for each in named
    )


def given(keyword):
    """Return every literal that a `Finding` is given, in place or by a name spelt the same."""
    found = {}
    for path, tree in trees().items():
        nodes = list(ast.walk(tree)) if path.parent.name == "findings" else []
        values = [
            *(
                one.value
                for node in nodes
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding"
                for one in node.keywords
                if one.arg == keyword
            ),
            *(
                node.value
                for node in nodes
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == keyword
            ),
        ]
        # Of a choice between two words both may be said, and what is compared is none.
        parts = [
            part
            for value in values
            for part in ([value.body, value.orelse] if isinstance(value, ast.IfExp) else [value])
        ]
        found |= {
            part.value: path.name for part in parts if isinstance(part, ast.Constant) and part.value
        }
    return found


# ------- what is said has words


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("keyword", "table"),
    [
        ("sentence", ("sentence",)),
        ("quantity", ("explain", "quantity")),
        ("method", ("explain", "method")),
        ("unit", ("unit",)),
        ("unit", ("shape",)),
        ("graded_by", ("rule", "graded")),
    ],
)
def test_what_a_finding_is_given_has_words(keyword, table, lang):
    said = words("en" if table == ("shape",) else lang)
    for name in table:
        said = said[name]
    assert given(keyword)
    for key, module in given(keyword).items():
        assert key in said, f"{module}: {keyword} {key}"


def test_a_finding_names_only_tables_of_grades_that_there_are_and_all_of_them():
    assert set(given("graded_by")) == set(rule_tables()["grade"])


def test_every_caveat_is_declared_whole():
    for key, caveat in caveat_table().items():
        needed = {"weakens", "en", "ar"}
        assert needed <= set(caveat) <= needed | {"caps", "rows", "about"}, key
        assert caveat.get("about", "period") in {"period", "day"}, key
        assert ("about" in caveat) <= ("{detail}" in caveat["en"] and "{detail}" in caveat["ar"]), (
            key
        )
        assert isinstance(caveat["weakens"], bool), key
        assert caveat.get("caps", "C") in "BCD", key
        assert caveat["en"].endswith("."), key
        assert caveat["ar"].endswith("."), key


def raised():
    """Return the caveats that the numbers' rooms raise, as far as they are spelt in place."""
    found = {}
    for path, tree in trees().items():
        if path.parent == ROOT / "findings":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and "caveats" in node.name:
                appended = [
                    one.args[0]
                    for one in ast.walk(node)
                    if isinstance(one, ast.Call) and ast.unparse(one.func) == "found.append"
                ]
                returned = [
                    key
                    for one in ast.walk(node)
                    if isinstance(one, ast.Return) and isinstance(one.value, ast.Dict)
                    for key in one.value.keys
                ]
                started = [
                    element
                    for one in ast.walk(node)
                    if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "found"
                    for element in getattr(one.value, "elts", [])
                ]
                parts = [*appended, *returned, *started]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "holds":
                tables = [one for one in ast.walk(node.value) if isinstance(one, ast.Dict)]
                parts = [key for table in tables for key in table.keys]
            else:
                continue
            found |= {
                part.value: path.name
                for part in parts
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def test_every_caveat_that_an_analysis_raises_has_words():
    assert {"bent_trend", "few_events", "drifting_multipliers", "two_totals"} <= set(raised())
    for key, module in raised().items():
        assert key in caveat_table(), f"{module}: {key}"


@pytest.mark.parametrize("lang", KEPT)
def test_caveats_have_one_place(lang):
    text = files("trends.findings").joinpath(f"words/{lang}.toml").read_text(encoding="utf-8")
    assert "caveat" not in tomllib.loads(text)


# ------- every word is said by something


def test_every_caveat_is_raised_by_something():
    assert [key for key in caveat_table() if not is_used(key) and key not in TYPED_IN] == []


@pytest.mark.parametrize("section", ["sentence", "figure", "smoothing_choice", "reporting_reason"])
def test_every_sentence_and_label_is_said_by_something(section):
    assert [key for key in words("en")[section] if not is_used(key)] == []


@pytest.mark.parametrize("section", ["quantity", "method"])
def test_everything_that_is_explained_is_used(section):
    assert [key for key in words("en")["explain"][section] if not is_used(key)] == []


def test_every_condition_that_has_words_is_in_a_rule():
    assert set(words("en")["rule"]["name"]) == ruled()[1] - VARIANTS_ONLY
    assert set(words("en")["rule"]["graded"]) == set(rule_tables()["grade"])


#: Conditions that choose a form or a precision or a caveat, which are not printed.
VARIANTS_ONLY = {
    "smallest_count", "total", "visible_down", "size", "size_low", "size_high",
    "end_n_in_set", "grade", "risen", "tested",
}  # fmt: skip


def test_every_verb_that_has_words_is_in_a_rule():
    for quantity, said in words("en")["verb"].items():
        assert set(said) == {rule["key"] for rule in rule_tables()["verb"][quantity]}, quantity


# ------- both languages say the same


def slots(template):
    """Return the names a template speaks of, whether as a number or as a counted noun."""
    named = (name for _, name, _, _ in string.Formatter().parse(template) if name)
    return {name.removesuffix("_counted") for name in named}


def templates(table, path=()):
    """Yield every text of a word table with the place it stands at."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from templates(value, (*path, key))
        else:
            yield (*path, key), value


def test_both_languages_have_the_same_entries():
    english, arabic = (dict(templates(words(lang))) for lang in KEPT)
    assert {place for place in set(english) ^ set(arabic) if place not in ONE_LANGUAGE} == {
        place for place in english if place[0] in {"shape", "heading_shape", "counted"}
    }


#: A column of its own for each language.
ONE_LANGUAGE = {("heading", "what"), ("heading", "what_ar")}


def test_a_table_of_words_speaks_of_the_same_numbers_in_both_languages():
    english, arabic = (dict(templates(words(lang))) for lang in KEPT)
    different = [
        place
        for place in english
        if place in arabic
        and isinstance(english[place], str)
        and place[0] not in FORMS_DIFFER
        and slots(english[place]) != slots(arabic[place])
    ]
    assert different == []


#: Sections whose slots differ by grammar: an Arabic verb holds its subject.
FORMS_DIFFER = {"sentence"}


# ------- rules in print


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_grades_in_print_are_the_rules_that_are_applied(lang):
    printed = grade_listing(lang=lang)
    applied = [
        (words(lang)["rule"]["graded"][name], rule["key"], len(rule.get("if", {})))
        for name, rules in rule_tables()["grade"].items()
        for rule in rules
    ]
    joiner = words(lang)["rule"]["joiner"]
    for (name, grade, condition), (finding, key, n_conditions) in zip(
        printed.itertuples(index=False), applied, strict=True
    ):
        assert (name, grade) == (finding, key)
        if n_conditions:
            assert condition.count(joiner.strip()) >= n_conditions - 1


def test_the_grades_of_a_changepoint_in_print():
    printed = grade_listing().query("Finding == 'Changepoint'")["When"].tolist()
    assert printed[0] == (
        "p-value at most 0.01 and share of resampled series that show it again at least 0.9 and "
        "share of the series in which its date may lie at most 0.1 and number of weaknesses at "
        "most 0"
    )
    assert printed[-1] == "otherwise"
    power = grade_listing(lang="ar").iloc[:, 2][grade_listing()["Finding"].str.startswith("Small")]
    assert power.tolist() == ["دائمًا"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("quantity", sorted(rule_tables()["verb"]))
def test_the_verbs_in_print_are_the_rules_that_are_applied(lang, quantity):
    printed = verb_listing(quantity, lang=lang)
    said = words(lang)["verb"][quantity]
    assert printed.iloc[:, 0].tolist() == [
        said[rule["key"]] for rule in rule_tables()["verb"][quantity]
    ]
    assert printed.iloc[-1, 1] == words(lang)["rule"]["otherwise"]


def test_every_caveat_is_printed_with_what_it_does():
    printed = caveat_listing().set_index("Caveat")["Effect on a grade"]
    assert len(printed) == len(caveat_table())
    assert printed["Two totals are a comparison, not a trend."] == "none"
    assert printed["Fewer than 20 events in all carry this result."] == "counts as a weakness"
    zeros = caveat_table()["zeros_left_out"]["en"]
    assert printed[zeros] == "counts as a weakness; at best C"

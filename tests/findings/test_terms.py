import pandas as pd
import pytest

import trends
from trends.findings.finding import EVENT
from trends.findings.terms import in_words, read_names, read_nouns, read_subjects
from trends.tables.faults import InvalidTable

NOUN = """
[measure.operations]
en_one = "operation"
en_many = "operations"
ar_one = "عملية"
ar_two = "عمليتان"
ar_few = "عمليات"
ar_many = "عملية"
ar_gender = "f"
"""


@pytest.fixture
def written(tmp_path):
    def write(subjects, terms=NOUN):
        (tmp_path / "terms.toml").write_text(terms, encoding="utf-8")
        (tmp_path / "subjects.toml").write_text(subjects, encoding="utf-8")
        return tmp_path / "subjects.toml", tmp_path / "terms.toml"

    return write


def test_a_subject_takes_its_noun_from_the_terms(written):
    path, terms = written('[subject.a]\nen = "A"\nar = "أ"\nmeasure = "operations"\n')
    subject = read_subjects(path, terms=terms)["a"]
    assert (subject.key, subject.en, subject.ar) == ("a", "A", "أ")
    assert subject.noun == read_nouns(terms)["operations"]
    assert subject.noun.ar_gender == "f"


def test_a_subject_without_a_measure_counts_events(written):
    path, _ = written('[subject.a]\nen = "A"\nar = "أ"\n')
    assert read_subjects(path)["a"].noun == EVENT


def test_a_measure_that_is_no_term_is_an_error_with_the_nearest(written):
    path, terms = written('[subject.a]\nen = "A"\nar = "أ"\nmeasure = "operation"\n')
    with pytest.raises(InvalidTable, match=r"subject.a.measure.*'operation'.*mean operations"):
        read_subjects(path, terms=terms)


def test_every_form_that_is_missing_is_listed(written):
    path, _ = written('[subject.a]\nen = "A"\n[subject.b]\nar = "ب"\nname = "B"\n')
    with pytest.raises(InvalidTable) as caught:
        read_subjects(path)
    assert [fault.column for fault in caught.value.faults] == [
        "subject.a.ar",
        "subject.b.en",
        "subject.b.name",
    ]


def test_an_unknown_subject_is_an_error_with_the_nearest(written):
    path, _ = written('[subject.syria-2024]\nen = "A"\nar = "أ"\n')
    with pytest.raises(KeyError, match=r"got 'syria'.*Did you mean syria-2024"):
        read_subjects(path)["syria"]


def test_a_file_that_is_not_toml_is_an_error_that_names_it(written):
    path, _ = written("[subject.a\n")
    with pytest.raises(InvalidTable, match=r"subjects.toml: must be TOML"):
        read_subjects(path)


def test_counters_are_named_in_the_language_of_the_sentence(tmp_path):
    path = tmp_path / "terms.toml"
    path.write_text('[counter]\n"SDF" = { en = "SDF", ar = "قسد" }\n')
    names = read_names(path)
    figure = {
        "statement_id": "a", "counted_by": "SDF", "count": 10, "qualifier": "exact",
        "window_start": None, "window_end": None, "window_basis": "unknown",
    }  # fmt: skip
    quoted = trends.Ledger(lang="ar", names=names).statement(figure)
    assert "جهة الإحصاء: قسد" in quoted.markdown
    assert in_words(pd.DataFrame({"by": ["SDF", "UN"]}), names, lang="ar")["by"].tolist() == [
        "قسد",
        "UN",
    ]


def test_a_name_that_lacks_a_language_is_a_fault(tmp_path):
    path = tmp_path / "terms.toml"
    path.write_text('[counter]\n"SDF" = { en = "SDF" }\n')
    with pytest.raises(InvalidTable, match=r"counter\.SDF\.ar"):
        read_names(path)

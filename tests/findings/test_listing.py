"""Tables in print: every cell by its kind, and every row of what they are made from."""

import math

import numpy as np
import pandas as pd
import pytest

from trends.findings.listing import listing, scatter_listing
from trends.findings.wording import words
from trends.models.published.borrowed_scatter import scatter_table


@pytest.mark.parametrize(
    ("value", "english"),
    [
        (None, "–"),
        (math.nan, "–"),
        (pd.NaT, "–"),
        (pd.NA, "–"),
        ("", "–"),
        (2.4234, "2.42"),
        (np.float64(0.5), "0.50"),
        (7, "7.00"),
        (pd.Period("2021-03", freq="M"), "March 2021"),
        (pd.Timestamp("2021-03-09"), "9 March 2021"),
        ("steady", "one level"),
        ("Raqqa", "Raqqa"),
        (True, "yes"),
    ],
)
def test_a_cell_is_printed_by_its_kind(value, english):
    frame = pd.DataFrame({"ratio": pd.Series([value], dtype=object)})
    assert listing(frame).iloc[0, 0] == english


def test_a_number_has_the_form_of_its_column():
    frame = pd.DataFrame({"ratio": [2.041], "p_value": [0.0412], "n_months": [1204]})
    assert listing(frame).iloc[0].tolist() == ["2.04", "0.041", "1,204"]
    assert listing(pd.DataFrame({"p_value": [1e-5]})).iloc[0, 0] == "less than 0.001"


def test_columns_are_printed_as_asked_under_their_headings():
    frame = pd.DataFrame({"ratio": [2.0], "n_months": [3], "p_value": [0.5]})
    for lang in ("en", "ar"):
        heading = words(lang)["heading"]
        printed = listing(frame, ["p_value", "ratio"], lang=lang)
        assert printed.columns.tolist() == [heading["p_value"], heading["ratio"]]
    with pytest.raises(KeyError):
        listing(frame, ["unheard"])


def test_a_formula_in_arabic_reads_from_the_left_and_words_do_not():
    frame = pd.DataFrame({"ratio": ["3 + 4 > 5", "3", "a + 4"]})
    assert listing(frame, lang="ar").iloc[:, 0].tolist() == [
        "\N{LEFT-TO-RIGHT ISOLATE}3 + 4 > 5\N{POP DIRECTIONAL ISOLATE}", "3", "a + 4",
    ]  # fmt: skip
    assert listing(frame).iloc[0, 0] == "3 + 4 > 5"


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_series_that_scatter_is_borrowed_from_has_its_row(lang):
    donors = scatter_table()["donor"]
    names = {"UCDP GED 21.1": {"en": "UCDP", "ar": "أوبسالا"}}
    printed = scatter_listing(names, lang=lang)
    assert printed.columns.tolist() == list(words(lang)["scatter_table"].values())
    assert len(printed) == len(donors)
    months = scatter_table()["months"]
    for row, donor in zip(printed.itertuples(index=False), donors, strict=True):
        said = names.get(donor["counter"], {}).get(lang, donor["counter"])
        assert (row[0], row[1]) == (said, donor["country"])
        assert row[3] == f"{donor['n_observed']:,}"
        numbers = [donor["rate"], *(donor["inflation"][months.index(length)] for length in (1, 12))]
        # printed to three figures or one decimal
        assert [float(one.replace(",", "")) for one in row[4:]] == pytest.approx(numbers, rel=0.02)
    assert {"en": "events", "ar": "أحداث"}[lang] in set(printed.iloc[:, 2])

import re
import time
import tomllib
from pathlib import Path

import pytest

from trends.findings.lint import (
    _Clauses,
    _found_claims,
    _opposed,
    _pairs,
    _plain_letters,
    _short,
    lint,
)
from trends.findings.prose import passages, sentences
from trends.findings.wording import words

HERE = Path(__file__).parent
TABLES = {
    lang: tomllib.loads((HERE / f"prose_{lang}.toml").read_text(encoding="utf-8"))
    for lang in ("en", "ar")
}
BAD = [(lang, text, words) for lang in TABLES for text, words in TABLES[lang]["bad"]]
GOOD = [(lang, text) for lang in TABLES for text in TABLES[lang]["good"]]


@pytest.fixture(scope="module")
def kept(pages):
    return pages.ledger()


def written(text, kept, pages, folder, lang="en"):
    """Write a page of one sentence whose slots are marked ratios."""
    ledger, claims = kept
    ratios = {
        name: pages.span(one["ratio"], "finding", f"{name}.rate.ratio")
        for name, one in claims.items()
    }
    return pages.page(folder, ledger, f"<p>{text.format(**ratios)}</p>", lang=lang)


def test_there_are_thirty_bad_sentences_in_each_language():
    assert all(len(table["bad"]) >= 30 for table in TABLES.values())


@pytest.mark.parametrize(("lang", "text", "words"), BAD)
def test_a_bad_sentence_is_caught_at_its_words(lang, text, words, kept, pages, tmp_path):
    faults = lint(written(text, kept, pages, tmp_path, lang))
    assert all(any(word in fault.words for fault in faults) for word in words), faults
    assert all(fault.line == 5 and fault.allowed for fault in faults)


@pytest.mark.parametrize(("lang", "text"), GOOD)
def test_a_good_sentence_passes(lang, text, kept, pages, tmp_path):
    assert lint(written(text, kept, pages, tmp_path, lang)) == []


@pytest.mark.parametrize("lang", ["en", "ar"])
def test_every_sentence_written_by_rule_passes(lang, kept, pages, tmp_path):
    ledger, claims = kept
    said = [
        pages.span(claim.say(lang), "sentence", claim.finding.finding_id)
        for one in claims.values()
        for claim in one.values()
    ]
    assert lint(pages.page(tmp_path, ledger, f"<p>{' '.join(said)}</p>", lang=lang)) == []


def test_a_sentence_edited_by_hand_is_caught_and_the_ledgers_is_offered(kept, pages, tmp_path):
    ledger, claims = kept
    sentence = claims["rose"]["ratio"].say()
    edited = pages.span(sentence.replace("rose", "doubled"), "sentence", "rose.rate.ratio")
    (fault,) = lint(pages.page(tmp_path, ledger, f"<p>{edited}</p>"))
    assert fault.finding == "rose.rate.ratio"
    assert fault.allowed == f"Write: {sentence}"


def test_a_caveat_edited_by_hand_is_caught(kept, pages, tmp_path):
    ledger, _ = kept
    edited = pages.span("Two totals are a trend.", "caveat", "two_totals")
    (fault,) = lint(pages.page(tmp_path, ledger, f"<p>{edited}</p>"))
    assert fault.allowed == "Write: Two totals are a comparison, not a trend."
    unknown = pages.span("Two totals.", "caveat", "two_total")
    (fault,) = lint(pages.page(tmp_path, ledger, f"<p>{unknown}</p>"))
    assert "two_totals" in fault.allowed


def test_a_number_edited_by_hand_is_caught(kept, pages, tmp_path):
    edited = pages.span("2.52", "finding", "rose.rate.ratio")
    (fault,) = lint(pages.page(tmp_path, kept[0], f"<p>A ratio of {edited}.</p>"))
    assert fault.words == "2.52"
    assert "not those of the ledger" in fault.rule
    assert fault.allowed == "Write: 2.42"


def test_a_finding_that_is_in_no_ledger_is_a_fault_that_names_the_nearest(kept, pages, tmp_path):
    unknown = pages.span("2.42", "finding", "rise.rate.ratio")
    (fault,) = lint(pages.page(tmp_path, kept[0], f"<p>A ratio of {unknown}.</p>"))
    assert "in no ledger" in fault.rule
    assert "rose.rate.ratio" in fault.allowed


def test_a_typed_number_that_a_finding_has_is_pointed_to_that_finding(kept, pages, tmp_path):
    (fault,) = lint(pages.page(tmp_path, kept[0], "<p>A ratio of 2.42.</p>"))
    assert fault.finding == "rose.rate.ratio"


def test_tables_figures_code_and_navigation_are_not_read(kept, pages, tmp_path):
    body = (
        "<table><tr><td>294 rose</td></tr></table><pre>x = 294</pre><svg><text>294</text></svg>"
        '<nav>294 attacks surged</nav><div id="refs">2013, 523</div>'
        '<span popover class="finding-note" role="note">2.42 rose</span>'
    )
    assert lint(pages.page(tmp_path, kept[0], body)) == []


def test_a_page_of_the_manual_speaks_of_the_software(kept, pages, tmp_path):
    said = "<p>Attacks rose by 12,345 in a made-up example.</p>"
    for body, n_faults in ((said, 2), (f'<div class="manual">{said}</div>', 0)):
        page = tmp_path / "page.html"
        page.write_text(f"<body>{body}</body>", encoding="utf-8")
        assert len(lint(page, ledger=kept[0])) == n_faults


def test_a_caption_may_number_things_but_not_say_that_they_rose(kept, pages, tmp_path):
    body = "<figure><figcaption>Figure 1: 294 attacks, which rose.</figcaption></figure>"
    assert [fault.words for fault in lint(pages.page(tmp_path, kept[0], body))] == ["rose"]


def test_headings_are_read(kept, pages, tmp_path):
    (fault,) = lint(pages.page(tmp_path, kept[0], "<h2>Attacks surge</h2>"))
    assert fault.words == "surge"


def test_a_fault_names_its_line(kept, pages, tmp_path):
    body = "<p>Nothing.</p>\n<p>Nothing\nhere.\nBut attacks rose.</p>"
    (fault,) = lint(pages.page(tmp_path, kept[0], body))
    assert fault.line == 8
    assert str(fault).startswith(f"{tmp_path / 'page.html'}:8: 'rose': ")


def test_a_statement_must_be_quoted_as_it_was_published(pages, tmp_path):
    ledger, _ = pages.ledger()
    row = {
        "statement_id": "a-1", "count_low": None, "count": 200, "count_high": None,
        "qualifier": "about", "window_start": None, "window_end": None,
        "window_basis": "unknown", "counted_by": "An army", "published_by": None, "url": None,
    }  # fmt: skip
    quoted = ledger.statement(row)
    assert quoted == "about 200"
    good = pages.span(quoted, "statement", "a-1")
    assert lint(pages.page(tmp_path, ledger, f"<p>It counted {good} operations.</p>")) == []
    bad = pages.span("200", "statement", "a-1")
    (fault,) = lint(pages.page(tmp_path, ledger, f"<p>It counted {bad} operations.</p>"))
    assert fault.allowed == "Write: about 200"


def test_a_ledger_changed_by_hand_on_a_page_is_a_fault(kept, pages, tmp_path):
    path = pages.page(tmp_path, kept[0], "<p>Nothing.</p>")
    path.write_text(path.read_text().replace('"grade":"C"', '"grade":"A"', 1))
    (fault,) = lint(path)
    assert "cannot be trusted" in fault.rule


def test_a_finding_that_does_not_survive_the_edition_is_said_with_that_caveat(pages, tmp_path):
    import trends
    from trends.findings.finding import Subject

    ledger = trends.Ledger()
    weak = ledger.add(
        trends.compare_rates((21, 30), (9, 30), dispersion=1),
        Subject(key="weak", en="Events", ar="الأحداث"),
    )["ratio"]
    sentence = weak.say()
    marked = pages.span(sentence, "sentence", "weak.rate.ratio")
    page = pages.page(tmp_path, ledger, f"<p>{marked}</p>")
    assert lint(page) == []
    ledger.expect(rate=20)
    page = pages.page(tmp_path, ledger, f"<p>{marked}</p>")
    (fault,) = lint(page)
    assert "does not survive" in fault.rule
    assert "ledger.expect(rate=20)" in fault.allowed
    assert "no longer clear" in weak.say()


def test_a_folder_without_pages_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="must hold rendered pages"):
        lint(tmp_path)


def test_marked_words_are_never_cut_into_sentences():
    page = '<p>One. <span class="sentence" data-key="k">Two. Three.</span> Four. Five</p>'
    found = ["".join(piece.text for piece in one).strip() for one in sentences(passages(page)[0])]
    assert found == ["One.", "Two. Three.", "Four.", "Five"]


# ------- how near a denial must stand


def denied(text, word="rose"):
    """Return how a word of a text is denied."""
    return _Clauses(text).denied(re.search(word, text))


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("it did not rose", "denied"),
        ("not one two three rose", "denied"),
        ("not one two three four rose", ""),
        ("not one, and it rose", ""),
        ("not one but it rose", ""),
        ("it did not clearly rose", "no claim"),
        ("it did not rose one two three four clearly", "no claim"),
        ("it did not rose one two three four five clearly", "denied"),
        ("it did not rose one, clearly", "denied"),
        ("it rose", ""),
        ("it rose, not clearly", ""),
    ],
)
def test_a_denial_reaches_four_words_ahead_and_its_doubt_five_words_on(text, how):
    assert denied(text) == how


@pytest.mark.parametrize("length", [79, 80, 81])
def test_long_words_are_shown_by_their_beginning(length):
    text = "x" * length
    assert _short(text) == (text if length <= 80 else "x" * 77 + "...")


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("whether it rose", True),
        ("whether it did, it rose", False),
        ("whether it did and it rose", False),
        ("they said “it rose” then", True),
        ("they said “it” and it rose", False),
        ('they said "rose"', True),
        ("it rose", False),
    ],
)
def test_what_is_asked_or_quoted_is_not_said(text, asked):
    assert _Clauses(text).asked(re.search("rose", text)) == asked


@pytest.mark.parametrize(
    ("text", "pair"),
    [("it may rise or fall", True), ("neither rise nor fall", True), ("a rise and a fall", False)],
)
def test_opposites_joined_by_or_say_neither(text, pair):
    claims = _found_claims(text)
    assert len(claims) == 2
    assert all((found.start() in _opposed(text, claims)) == pair for _, found in claims)


#: What made a page of some hundred kilobytes take minutes: everything was looked up from the start
#: for each word, quotation or element.
LONG = [
    "attacks rose here and fell there ", "attacks did not rise here and never doubled ",
    "rise or fall ", "“rose ", '" rose ', "rose ”", "rose, ", "x rose.\n", ".", '."', "A.",
    "وارتفعت الهجمات ", "<p>x ", "<span>x ", "<b>x</i>", "<svg>x ", "<!-- x ", "<header>x",
    '<span class="finding" data-key="a">1</span> ',
]  # fmt: skip


@pytest.mark.parametrize("unit", LONG)
def test_the_time_grows_with_the_text_and_not_with_its_square(unit, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<main><p>{unit * (60_000 // len(unit))}</p></main>", encoding="utf-8")
    begun = time.process_time()
    lint(page)
    # A second on any machine; with the square of the length it was four minutes.
    assert time.process_time() - begun < 20


def test_what_is_no_page_is_refused_in_words(tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_bytes(b"<p>\xff</p>")
    with pytest.raises(ValueError, match=r"`pages` must be UTF-8 text, got byte 0xff at offset 3"):
        lint(page)
    monkeypatch.setattr("trends.findings.lint.PAGE_BYTES", 5)
    with pytest.raises(ValueError, match=r"`pages` must be at most 0 MB each"):
        lint(page)


# ------- true in English, false in Arabic

#: English, Arabic that is often put for it and says another thing, and Arabic that means it.
PAIRS = [
    ("at least halved", "انخفض المعدل إلى النصف على الأقل", "انخفض المعدل إلى النصف أو أقل"),
    ("fell to a third or less", "انخفض إلى الثلث على الأقل", "انخفض المعدل إلى الثلث أو أقل"),
    ("at least doubled", "زاد المعدل بمقدار ضعفين", "ارتفع المعدل إلى الضعف على الأقل"),
    ("at least tripled", "ارتفع بمقدار ثلاثة أضعاف", "ارتفع المعدل إلى ثلاثة أضعافه على الأقل"),
    ("halved", "تراجع المعدل مرتين", "انخفض المعدل إلى النصف تقريبًا"),
    ("did not clearly change", "لم يتغير المعدل", "لم يظهر ارتفاع واضح في المعدل ولا انخفاض واضح"),
    ("did not clearly change", "لم يتغير المعدل تغيرًا واضحًا",
     "لم يظهر ارتفاع واضح في المعدل ولا انخفاض واضح"),
    ("1.5 times as high", "أعلى بمقدار 1.5 مرة", "بلغت النسبة بين المعدلين 1.5"),
    ("exact interval", "مجالات ثقة مضبوطة", "مجال ثقة دقيق"),
    ("tipping points", "نقطتا انقلاب لهذا الفرق", "لهذا الفرق عتبتان"),
]  # fmt: skip


def false_pairs(arabic):
    """Return what the English of every pair is that an Arabic text stands wrongly for."""
    return {pair["en"] for pair, pattern in _pairs() if pattern.search(_plain_letters(arabic))}


@pytest.mark.parametrize(("english", "wrong", "right"), PAIRS)
def test_arabic_that_says_another_thing_than_the_english_is_a_fault(
    english, wrong, right, kept, pages, tmp_path
):
    assert any(english in one for one in false_pairs(wrong))
    assert false_pairs(right) == set()
    faults = lint(written(wrong + ".", kept, pages, tmp_path, "ar"))
    assert any("not what" in fault.rule and english in fault.rule for fault in faults)


def test_every_pair_is_met_and_says_arabic_that_is_none():
    met = [pair["en"] for pair, pattern in _pairs()
           if any(pattern.search(_plain_letters(wrong)) for _, wrong, _ in PAIRS)]  # fmt: skip
    assert met == [pair["en"] for pair, _ in _pairs()]
    assert all(false_pairs(pair["say"]) == set() for pair, _ in _pairs())


def test_a_word_for_little_change_and_a_finding_that_did_not_change_are_no_such_pair():
    assert false_pairs("لم يتغير المعدل إلا قليلًا") == set()
    assert false_pairs("لم تتغير أي نتيجة") == set()


def texts(table):
    """Yield every text of a word table."""
    for value in table.values():
        if isinstance(value, dict):
            yield from texts(value)
        elif isinstance(value, str):
            yield value


def test_our_own_arabic_means_what_its_english_says():
    assert [text for text in texts(words("ar")) if false_pairs(text)] == []


# ------- facts about sources


SOURCES = tomllib.loads((HERE / "sources_prose.toml").read_text(encoding="utf-8"))

ROWS = {
    "claims": {
        "count": 294, "country": "Iraq+Syria", "scope": "whole", "relayed_by": "New York Times",
        "published_by": "An outlet", "document": None, "note": "Anonymous defence official.",
        "window_start": "2024-01-01", "window_end": "2024-12-31", "published_on": None,
        "counted_by": "US Department of Defense", "url": None,
    },
    "syria": {
        "count": 294, "country": "Syria", "scope": "whole", "relayed_by": "New York Times",
        "published_by": "A paper", "document": "000", "note": None,
        "window_start": "2024-01-01", "window_end": "2024-12-31", "published_on": "2025-04-16",
        "counted_by": "US Department of Defense", "url": None,
    },
    "desert": {
        "count": 40, "country": "Syria", "scope": "part", "relayed_by": None,
        "published_by": "A monitor", "document": None, "note": None,
        "window_start": "2023-01-01", "window_end": "2023-12-31", "published_on": None,
        "counted_by": "A monitor", "url": None,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def quoted(pages):
    """A ledger with three rows and two ratios, and what stands for each on a page."""
    import numpy as np
    import pandas as pd

    import trends
    from trends.findings.finding import Subject

    ledger = trends.Ledger()
    slots = {}
    for name, row in ROWS.items():
        bare = {
            "count_low": None,
            "count_high": None,
            "qualifier": "exact",
            "window_basis": "stated",
        }
        said = ledger.statement({"statement_id": name, **bare, **row})
        slots[name] = pages.span(said, "statement", name)
    months = pd.period_range("2019-01", periods=48, freq="M")
    counts = np.random.default_rng(1).poisson(np.where(np.arange(48) < 24, 10, 40))
    series = trends.as_series(pd.Series(counts, index=months))
    for name, options in (("named", {"candidates": ["2021-01"]}), ("searched", {})):
        found = trends.detect_changepoints(series, rng=1, n_null=199, **options)
        claims = ledger.add(found, Subject(key=name, en="Events", ar="الأحداث"))
        finding = next(iter(claims.values())).finding
        ratio = ledger.findings[finding.finding_id]["said"]["en"]["number"]
        slots[name] = pages.span(ratio, "finding", finding.finding_id)
    return ledger, slots


def of_sources(text, quoted, pages, folder, lang):
    """The faults of a page of one sentence about sources."""
    ledger, slots = quoted
    return lint(pages.page(folder, ledger, f"<p>{text.format(**slots)}</p>", lang=lang))


@pytest.mark.parametrize(
    ("lang", "text", "words"),
    [(lang, *one) for lang in ("en", "ar") for one in SOURCES[lang]["bad"]],
)
def test_a_fact_about_a_source_that_no_row_holds_is_caught(
    lang, text, words, quoted, pages, tmp_path
):
    faults = of_sources(text, quoted, pages, tmp_path, lang)
    assert all(any(word in fault.words for fault in faults) for word in words), faults
    assert all(fault.allowed for fault in faults)


@pytest.mark.parametrize(
    ("lang", "text"), [(lang, text) for lang in ("en", "ar") for text in SOURCES[lang]["good"]]
)
def test_a_fact_about_a_source_that_a_row_holds_passes(lang, text, quoted, pages, tmp_path):
    assert of_sources(text, quoted, pages, tmp_path, lang) == []

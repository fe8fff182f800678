"""Does a page say more than its findings carry?

Every number in running text must come from a finding, a declared constant or a quoted statement,
and every word for a rise, a fall or a multiple must be licensed by a finding of the same sentence.
What is said of a source (a release, a spokesman, a scope) must be held by a row the sentence
quotes, and a typed date by a row, a finding or a declared date of the edition.
Sentences written by rule must stand on the page as they stand in the ledger.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from tomllib import loads
from typing import Any

from trends.findings import wording
from trends.findings.account import irreconcilable
from trends.findings.claims import nearest
from trends.findings.inputs import Record
from trends.findings.ledger import Ledger
from trends.findings.prose import ENTRY, MARKS, Passage, Piece, passages, sentences
from trends.tables.faults import InvalidTable
from trends.tables.languages import LANGUAGES
from trends.tables.packs import bundled, pack_of_project

#: Largest page that is read; a page of a report has some hundred kilobytes.
PAGE_BYTES = 50_000_000


@dataclass(frozen=True, kw_only=True)
class LintFault:
    """One place where a page says what no finding carries.

    Attributes
    ----------
    file : str
        The page.
    line : int
        Line of the page, counted from 1.
    words : str
        The offending words.
    finding : str
        Id of the finding beside them; "" when there is none.
    rule : str
        What is wrong.
    allowed : str
        What could stand there instead.
    """

    file: str
    line: int
    words: str
    finding: str
    rule: str
    allowed: str

    def __str__(self) -> str:
        """Return the fault as one line."""
        beside = f" (beside {self.finding})" if self.finding else ""
        return f"{self.file}:{self.line}: {self.words!r}{beside}: {self.rule}. {self.allowed}"

    def to_dict(self) -> dict[str, object]:
        """Return the fault as a mapping for JSON."""
        return asdict(self)


def lint(
    pages: str | Path | Iterable[str | Path], *, ledger: Ledger | None = None
) -> list[LintFault]:
    """Find numbers without a finding, verbs none licenses, and facts of sources no row holds.

    Parameters
    ----------
    pages : path or iterable of path
        Rendered pages, or folders whose HTML pages are all read.
    ledger : Ledger, optional
        The findings; by default those that the pages carry.

    Returns
    -------
    list of LintFault
        In the order of the pages and of their lines.

    Raises
    ------
    FileNotFoundError
        If there is no such page.
    InvalidTable
        If the pages are of a project whose own pack breaks a rule.
    ValueError
        If a folder holds no page, or a page is no UTF-8 text or larger than `PAGE_BYTES`.

    Notes
    -----
    Tables, figures, code, navigation, citations, and what is marked as a quotation or a definition
    (``<blockquote>``, ``<q>``, ``<dfn>``, classes ``quote`` and ``definition``) are not read; nor
    are pages of the class ``manual`` (``body-classes: manual``), which speak of the software.
    Captions may hold numbers that name things, so only their verbs are checked. Numbers that are
    written out count only before the nouns of the findings' subjects.
    """
    paths = _pages(pages)
    texts = {path: _text_of(path) for path in paths}
    if ledger is None:
        ledger, broken = _ledger_of(paths)
        if broken:
            return broken  # against a ledger that cannot be trusted every mark would be a fault
    found: list[LintFault] = []
    guards = {own: _Guard(ledger, own) for own in set(map(_own_patterns, paths))}
    for path, text in texts.items():
        guard = guards[_own_patterns(path)]
        for passage in passages(text):
            found += guard.faults(passage, str(path))
    return found


def _own_patterns(page: Path) -> str:
    """Return the patterns of the pack of the project that a page is in."""
    pack = pack_of_project(page)
    return _NONE if pack is None else json.dumps(pack.lint, sort_keys=True)


def _pages(pages: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return every page named, folders opened."""
    listed = [pages] if isinstance(pages, str | Path) else list(pages)
    paths: list[Path] = []
    for page in map(Path, listed):
        if page.is_dir():
            inside = sorted(page.rglob("*.html"))
            if not inside:
                raise ValueError(
                    f"`pages` must hold rendered pages, got the folder {page} with none. "
                    "Render the site first."
                )
            paths += inside
        else:
            paths.append(page)
    return paths


def _text_of(page: Path) -> str:
    """Return the text of a page."""
    size = page.stat().st_size
    if size > PAGE_BYTES:
        raise ValueError(
            f"`pages` must be at most {PAGE_BYTES / 1e6:.0f} MB each, got {str(page)!r} of "
            f"{size / 1e6:,.0f} MB. Name the rendered page, not a table."
        )
    try:
        return page.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        raise ValueError(
            f"`pages` must be UTF-8 text, got byte {fault.object[fault.start]:#x} at offset "
            f"{fault.start} of {str(page)!r}. Render the page again, or name another file."
        ) from None


def _ledger_of(paths: list[Path]) -> tuple[Ledger, list[LintFault]]:
    """Return the ledger that pages carry; a block that was changed by hand is a fault."""
    with suppress(InvalidTable, ValueError):
        return Ledger.from_pages(paths), []
    # Page by page, to say which cannot be trusted.
    ledger, faults = Ledger(), []
    for path in paths:
        try:
            ledger.merge(Ledger.from_pages([path]))
        except (InvalidTable, ValueError) as broken:
            faults.append(
                LintFault(
                    file=str(path),
                    line=1,
                    words="trends-ledger",
                    finding="",
                    rule=f"the page's ledger cannot be trusted: {broken}",
                    allowed="Render the page again.",
                )
            )
    return ledger, faults


class _Guard:
    """The rules of `words/lint.toml`, and the findings they are held against."""

    def __init__(self, ledger: Ledger, own: str) -> None:
        self.ledger = ledger
        self.own = own
        self.printed = {
            number: key
            for key, record in ledger.findings.items()
            for number in (said["number"] for said in record["said"].values())
        }
        nouns = {
            form
            for record in ledger.findings.values()
            for form in record["subject"].get("nouns", [])
            if form
        }
        self.written_out = _written_out(frozenset(nouns))
        self.excluded = irreconcilable(ledger.findings.values())
        self.dates = known_dates(ledger)

    def faults(self, passage: Passage, file: str) -> Iterator[LintFault]:
        """Yield everything wrong with a passage."""
        passage = Passage([self._listed(piece) for piece in passage.pieces], passage.caption)
        for piece in passage.pieces:
            if piece.kind in MARKS:
                yield from self._of_mark(piece, file)
        yield from self._of_accounts(passage, file)
        yield from self._of_survival(passage, file)
        for sentence in sentences(passage):
            yield from self._of_verbs(sentence, file)
            yield from self._of_pairs(sentence, file)
            yield from self._of_significance(sentence, file)
            yield from self._of_sources(sentence, file)
            yield from self._of_dates(sentence, file)
            if not passage.caption:
                yield from self._of_numbers(sentence, file)

    def _listed(self, piece: Piece) -> Piece:
        """Return a piece of the list of findings without its mark unless the ledger says it."""
        if piece.kind != ENTRY:
            return piece
        record = self.ledger.findings.get(piece.key) or self.ledger.statements.get(piece.key)
        said = _plain(piece.text)
        if record is not None and said in {_plain(form) for form in _forms(record)}:
            return piece
        return Piece(piece.text, piece.line)

    def _of_mark(self, piece: Piece, file: str) -> Iterator[LintFault]:
        """Check that marked words say what the ledger says."""
        said = _plain(piece.text)
        if piece.kind == "caveat":
            if piece.key not in self.ledger.caveats:
                yield self._unknown(piece, file, self.ledger.caveats)
                return
            allowed = list(self.ledger.caveats[piece.key].values())
        elif piece.kind == "statement":
            record = self.ledger.statements.get(piece.key)
            if record is None:
                yield self._unknown(piece, file, self.ledger.statements)
                return
            allowed = [form for forms in record["said"].values() for form in forms]
        else:
            record = self.ledger.findings.get(piece.key)
            if record is None:
                yield self._unknown(piece, file, self.ledger.findings)
                return
            names = (
                ("sentence", "brief", "headline")
                if piece.kind == "sentence"
                else ("number", "interval", "verb")
            )
            allowed = [said.get(name, "") for said in record["said"].values() for name in names]
        if said not in {_plain(form) for form in allowed}:
            same = _in_language_of(piece.text, allowed)
            yield LintFault(
                file=file,
                line=piece.line,
                words=_short(piece.text),
                finding=piece.key,
                rule=f"the words of the {piece.kind} are not those of the ledger",
                allowed=f"Write: {same}" if same else "Render the page again.",
            )

    def _unknown(self, piece: Piece, file: str, known: Iterable[str]) -> LintFault:
        """Return the fault of a mark whose key is in no ledger."""
        return LintFault(
            file=file,
            line=piece.line,
            words=_short(piece.text),
            finding=piece.key,
            rule=f"the {piece.kind} {piece.key} is in no ledger",
            allowed=nearest(piece.key, known).strip() or "Add the result to the page's ledger.",
        )

    def _of_accounts(self, passage: Passage, file: str) -> Iterator[LintFault]:
        """Check that no sentence says what another one about the same series excludes."""
        for piece in passage.pieces:
            if piece.kind == "sentence" and piece.key in self.excluded:
                other = self.excluded[piece.key]
                described = self.ledger.findings[other]["quantity"] == "course_weight"
                yield LintFault(
                    file=file,
                    line=piece.line,
                    words=_short(piece.text),
                    finding=piece.key,
                    rule=f"the sentence cannot stand beside {other}, which is about the same "
                    "series",
                    allowed="Add the description to the page's ledger before this result."
                    if described
                    else "Describe the series: add trends.describe_series(...) to the page's "
                    "ledger first.",
                )

    def _of_survival(self, passage: Passage, file: str) -> Iterator[LintFault]:
        """Check that what does not survive the number of tests is said with that caveat."""
        warned = any(piece.key == "many_tests" for piece in passage.pieces)
        for piece in passage.pieces:
            if piece.kind != "sentence" or warned or piece.key not in self.ledger.findings:
                continue
            record = self.ledger.findings[piece.key]
            if self.ledger.adjusted(piece.key)["survives"] is False:
                yield LintFault(
                    file=file,
                    line=piece.line,
                    words=_short(piece.text),
                    finding=piece.key,
                    rule=f"the finding does not survive the number of tests in the edition "
                    f"(family {record['family']})",
                    allowed=f"Tell the page's ledger: ledger.expect({record['family']}="
                    f"{self._tests_in(record['family'])}).",
                )

    def _tests_in(self, family: str) -> int:
        """Return how many tests a family has."""
        return next(one.n_tests for one in self.ledger.families() if one.name == family)

    def _of_verbs(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check the words for rises, falls and multiples that are not marked."""
        words = _Words.of(sentence)
        text = words.text
        if text.rstrip(" \"'”’»)").endswith(("?", "؟")):
            return
        beside = [
            self.ledger.findings[piece.key]
            for piece in sentence
            if piece.kind in {"finding", "sentence"} and piece.key in self.ledger.findings
        ]
        licences = {record["verb"] for record in beside if record["verb"]}
        found_claims = _found_claims(text, self.own)
        clauses, opposed = _Clauses(text), _opposed(text, found_claims)
        for claim, found in found_claims:
            doubt = clauses.denied(found)
            if doubt == "no claim" or clauses.asked(found) or found.start() in opposed:
                continue
            wanted = _licensed_by(claim, denied=bool(doubt))
            if not licences & wanted:
                yield self._unlicensed(words.shown(found), words.line(found), beside, file, doubt)

    def _unlicensed(
        self, words: str, line: int, beside: list[Record], file: str, doubt: str
    ) -> LintFault:
        """Return the fault of a verb, with the wording that the nearest finding allows."""
        lang = "ar" if _ARABIC.search(words) else "en"
        if not beside:
            return LintFault(
                file=file,
                line=line,
                words=words,
                finding="",
                rule="no finding in the sentence licenses the word",
                allowed="Put the finding into the sentence, or mark a quotation with .quote and a "
                "definition with .definition.",
            )
        record = next((one for one in beside if one["said"][lang]["verb"]), beside[0])
        verb = record["said"][lang]["verb"]
        return LintFault(
            file=file,
            line=line,
            words=words,
            finding=record["finding_id"],
            rule="the finding does not license the denial"
            if doubt
            else "the finding does not license the word",
            allowed=f"Write: {verb}." if verb else f"Write: {record['said'][lang]['sentence']}",
        )

    def _of_pairs(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check for Arabic that says another thing than the English it is put for."""
        words = _Words.of(sentence)
        for pair, pattern in _pairs():
            for found in pattern.finditer(words.text):
                yield words.fault(
                    found,
                    file,
                    rule=f"not what {pair['en']!r} says: {pair['why']}",
                    allowed=f"Write: {pair['say']}.",
                )

    def _of_significance(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check that two are not held apart because one is significant and the other is not."""
        table, words = _tables()["significance"], _Words.of(sentence)
        questions = {
            self.ledger.findings[piece.key]["question"]
            for piece in sentence
            if piece.kind in {"finding", "sentence"} and piece.key in self.ledger.findings
        }
        if questions & set(table["questions"]) or re.search(table["unless"], words.text, re.I):
            return
        found = _significance().search(words.text)
        if found is not None:
            lang = "ar" if _ARABIC.search(found[0]) else "en"
            yield words.fault(
                found,
                file,
                rule="that one is significant and the other is not does not show that they differ",
                allowed=f"{table[f'say_{lang}']}.",
            )

    def _rows(self, sentence: list[Piece]) -> list[Record]:
        """Return the rows that a sentence quotes, and those behind the findings it says."""
        rows = []
        for piece in sentence:
            if piece.kind == "statement" and piece.key in self.ledger.statements:
                rows.append(self.ledger.statements[piece.key])
            elif piece.kind in {"finding", "sentence"} and piece.key in self.ledger.findings:
                names = self.ledger.findings[piece.key]["inputs"]["records"]
                rows += [self.ledger.inputs[name] for name in names if name in self.ledger.inputs]
        return [row for row in rows if row.get("kind") != "series"]

    def _of_sources(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check that what is said of a source is held by a row that the sentence quotes."""
        words = _Words.of(sentence)
        rows = self._rows(sentence)
        for name, table in _tables()["source"].items():
            if table.get("beside") and not rows:
                continue
            held = any(
                re.search(
                    table["holds"],
                    " ".join(str(row.get(column) or "") for column in table["columns"]),
                    re.IGNORECASE,
                )
                for row in rows
            )
            for found in () if held else _source_words(name, self.own).finditer(words.text):
                yield words.fault(
                    found,
                    file,
                    rule="no row that the sentence quotes says so of its source",
                    allowed="Quote the row with ledger.statement in this sentence; enter what is "
                    f"known in {', '.join(table['columns'])} of the row, or leave it out.",
                )
        for found in _source_words("advance").finditer(words.text):
            if _Clauses(words.text).denied(found) or self._is_named(sentence):
                continue
            yield words.fault(
                found,
                file,
                rule="no finding is about a date that was named in advance",
                allowed="Name the date to the analysis (candidates=, date=), or say that it was "
                "searched for.",
            )

    def _is_named(self, sentence: list[Piece]) -> bool:
        """Tell whether a finding of the sentence (of the edition, if it has none) was named."""
        beside = [
            self.ledger.findings[piece.key]
            for piece in sentence
            if piece.kind in {"finding", "sentence"} and piece.key in self.ledger.findings
        ]
        asked = _tables()["advance"]["questions"]
        return any(
            not record["searched"] and (bool(beside) or record["question"] in asked)
            for record in beside or self.ledger.findings.values()
        )

    def _of_dates(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check that typed dates are known to a row, a finding or a declared constant."""
        words = _Words.of(sentence)
        for found, day in _typed_dates(words.text):
            if day in self.dates:
                continue
            yield words.fault(
                found,
                file,
                rule="no row, finding or declared date of the edition has this date",
                allowed="Correct the date, print it from a finding, or quote the row that holds "
                "it.",
            )

    def _of_numbers(self, sentence: list[Piece], file: str) -> Iterator[LintFault]:
        """Check the numbers that are not marked."""
        words = _Words.of(sentence)
        masked = _allowed_numbers().sub(lambda found: " " * len(found[0]), words.text)
        found = [*_NUMBER.finditer(masked), *self.written_out.finditer(masked)]
        for number in sorted(found, key=lambda match: match.start()):
            key = self.printed.get(number[0].strip(), "")
            yield words.fault(
                number,
                file,
                finding=key,
                rule="the number is typed, not computed",
                allowed=f"Print the claim of {key}."
                if key
                else "Print a claim, quote a statement with ledger.statement, or declare it with "
                "ledger.constant.",
            )


#: A number: digits with separators, not a part of a name such as UTF-8 or COVID-19.
_NUMBER = re.compile(
    r"(?<![\w.,/\u2011-])(?<![A-Za-z][-\u2011])[-\u2212+]?[\d\u0660-\u0669]"
    r"(?:[\d\u0660-\u0669.,\u066b\u066c]*[\d\u0660-\u0669])?(?:st|nd|rd|th)?\s?[%\u066a]?(?![\w])"
)
#: Stands for a mark in a sentence.
_MARK = "\ufffc"
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_VOWEL_SIGNS = re.compile(r"[\u064b-\u0652\u0670\u0640\u200e\u200f\u2066-\u2069]")
_LETTERS = str.maketrans("أإآٱى\u2018\u2019\u2011\u00a0\n", "ااااي''-  ")


#: Further patterns of a project's own pack by fact and language, as text that can be a key.
_NONE = "{}"


@cache
def _tables(own: str = _NONE) -> dict[str, Any]:
    """Return the patterns, with those of the subject packs among them."""
    text = files("trends.findings").joinpath("words/lint.toml").read_text(encoding="utf-8")
    further = [*(pack.lint for pack in bundled()), json.loads(own)]
    counted = list(loads(text)["counted"]["ar"])
    counted += [one for lint in further for one in lint.get("counted", {}).get("ar", [])]
    table = loads(text.replace("COUNTED", "|".join(counted)))
    for name, fact in table["source"].items():
        for lang in ("en", "ar"):
            fact[lang] += [one for lint in further for one in lint.get(name, {}).get(lang, [])]
    return table


@cache
def _claims(own: str = _NONE) -> Mapping[str, re.Pattern[str]]:
    """Return what each kind of claim looks like in both languages, the special ones first."""
    found = {}
    for claim, table in _tables(own)["claim"].items():
        english = "|".join(table["en"])
        arabic = "|".join(table["ar"])
        found[claim] = re.compile(
            rf"(?<![\w-])(?:{english})(?![\w-])"
            rf"|(?<!\w)[وف]?[لبكس]?(?:{arabic})(?:ه|ها|هم|هما)?(?!\w)",
            re.IGNORECASE,
        )
    return found


@cache
def _pairs() -> list[tuple[Mapping[str, str], re.Pattern[str]]]:
    """Return the pairs that are true in English and false in Arabic, with what to look for."""
    return [
        (pair, re.compile(rf"(?<!\w)[وف]?(?:{pair['false']})(?!\w)")) for pair in _tables()["pair"]
    ]


@cache
def _significance() -> re.Pattern[str]:
    """Return what it looks like that one of two is significant and the other is not."""
    table = _tables()["significance"]
    english, arabic = "|".join(table["en"]), "|".join(table["ar"])
    return re.compile(rf"(?<![\w-])(?:{english})(?![\w-])|(?:{arabic})", re.IGNORECASE)


@cache
def _licensed_by(claim: str, *, denied: bool) -> frozenset[str]:
    """Return the verb keys that license a claim; its denial is carried by those that exclude it."""
    table = _tables()["claim"]
    if not denied:
        return frozenset(table[claim]["licensed_by"])
    opposites = _tables()["negation"]["carried_by"].get(claim, [])
    return frozenset().union(*(table[other]["licensed_by"] for other in opposites))


@cache
def _allowed_numbers() -> re.Pattern[str]:
    """Return what numbers may stand unmarked: dates, levels, units, labels."""
    names = [name for lang in LANGUAGES for name in wording.words(lang)["month"]]
    parts = {_plain_letters(part) for name in names for part in [name, *name.split("/")]}
    parts |= {name[:3] for name in wording.words("en")["month"]} | {"Sept"}
    months = "(?:" + "|".join(sorted(map(re.escape, parts), key=len, reverse=True)) + r")\.?"
    patterns = [one.replace("MONTH", months) for one in _tables()["number"]["allowed"]]
    return re.compile("|".join(f"(?:{one})" for one in patterns), re.IGNORECASE)


@cache
def _source_words(name: str, own: str = _NONE) -> re.Pattern[str]:
    """Return what a fact about a source looks like in both languages."""
    table = _tables()["advance"] if name == "advance" else _tables(own)["source"][name]
    english, arabic = "|".join(table["en"]), "|".join(table["ar"])
    return re.compile(
        rf"(?<![\w-])(?:{english})(?![\w-])|(?<!\w)[وف]?[لبك]?(?:{arabic})(?!\w)", re.IGNORECASE
    )


@cache
def _month_numbers() -> dict[str, int]:
    """Return the number of each month by its names in plain letters, long and short."""
    numbers = {}
    for lang in LANGUAGES:
        for number, name in enumerate(wording.words(lang)["month"], start=1):
            for part in (name, *name.split("/")):
                numbers[_plain_letters(part).lower()] = number
    for number, name in enumerate(wording.words("en")["month"], start=1):
        numbers[name[:3].lower()] = number
    return {**numbers, "sept": 9}


@cache
def _date_words() -> re.Pattern[str]:
    """Return what a date with a month's name and a year looks like, with or without its day."""
    names = sorted(map(re.escape, _month_numbers()), key=len, reverse=True)
    month = rf"(?P<month>{'|'.join(names)})\.?"
    other = month.replace("month", "name")
    return re.compile(
        rf"(?<![\w-])(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?)?[وف]?[لبك]?{month},? "
        rf"(?P<year>\d{{4}})(?![\w-])"
        rf"|(?<![\w-]){other} (?P<date>\d{{1,2}})(?:st|nd|rd|th)?, ?(?P<in>\d{{4}})(?![\w-])",
        re.IGNORECASE,
    )


def _typed_dates(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield dates in prose, with how they are written in tables: 2024-05-19 or 2024-05."""
    for found in _date_words().finditer(text):
        month = _month_numbers()[(found["month"] or found["name"]).lower()]
        day, year = found["day"] or found["date"], found["year"] or found["in"]
        yield found, f"{year}-{month:02d}" + (f"-{int(day):02d}" if day else "")


def known_dates(ledger: Ledger) -> frozenset[str]:
    """Return the days and months that the rows, findings and inputs of an edition know.

    Parameters
    ----------
    ledger : Ledger
        The edition's findings.

    Returns
    -------
    frozenset of str
        Such as 2024-05-19, with its month 2024-05.
    """
    texts = [
        str(row.get(column) or "")
        for row in (*ledger.statements.values(), *ledger.inputs.values())
        for column in ("window_start", "window_end", "published_on", "note", "first", "last")
    ]
    texts += [
        str(finding["inputs"][end])
        for finding in ledger.findings.values()
        for end in ("first", "last")
    ]
    said = [finding["said"]["en"]["sentence"] for finding in ledger.findings.values()]
    said += [caveat["en"] for caveat in ledger.caveats.values()]
    days = {day for text in texts for day in re.findall(r"\d{4}-\d{2}(?:-\d{2})?", text)}
    prose = [*said, *texts]
    days |= {day for text in prose for _, day in _typed_dates(_plain_letters(text))}
    return frozenset(days | {day[:7] for day in days})


def _written_out(nouns: frozenset[str]) -> re.Pattern[str]:
    """Return numbers in words: large ones anywhere, small ones before what findings count."""
    table = _tables()["number"]
    parts = [
        rf"(?<![\w-])(?:{table['words_en']})(?![\w-])",
        rf"(?<!\w)[وف]?[لبك]?(?:{table['words_ar']})(?!\w)",
    ]
    english = "|".join(re.escape(noun) for noun in sorted(nouns) if not _ARABIC.search(noun))
    arabic = "|".join(
        re.escape(_plain_letters(noun)) for noun in sorted(nouns) if _ARABIC.search(noun)
    )
    if english:
        parts.append(rf"(?<![\w-])(?:{table['counts_en']}) (?:\w+ )?(?:{english})(?![\w-])")
    if arabic:
        parts.append(rf"(?<!\w)[وف]?[لبك]?(?:{table['counts_ar']}) (?:{arabic})(?!\w)")
    return re.compile("|".join(parts), re.IGNORECASE)


@dataclass(frozen=True)
class _Words:
    """A sentence to look for words in, its marks blanked out.

    Attributes
    ----------
    text : str
        In plain letters.
    printed : str
        As it stands on the page.
    origin : list of int
        Place in `printed` of each letter of `text`.
    lines : list of int
        Line of the page of each letter of `printed`.
    """

    text: str
    printed: str
    origin: list[int]
    lines: list[int]

    @classmethod
    def of(cls, sentence: list[Piece]) -> _Words:
        """Read a sentence."""
        printed, lines = "", []
        for piece in sentence:
            line = piece.line
            for letter in _MARK if piece.kind else piece.text:
                lines.append(line)
                line += letter == "\n"
            printed += _MARK if piece.kind else piece.text
        origin = [at for at, letter in enumerate(printed) if not _VOWEL_SIGNS.match(letter)]
        text = "".join(printed[at] for at in origin).translate(_LETTERS)
        return cls(text, printed, origin, lines)

    def shown(self, found: re.Match[str]) -> str:
        """Return matched words as they stand on the page."""
        start, last = self.origin[found.start()], self.origin[found.end() - 1]
        return self.printed[start : last + 1].strip()

    def line(self, found: re.Match[str]) -> int:
        """Return the line of matched words."""
        return self.lines[self.origin[found.start()]]

    def fault(
        self, found: re.Match[str], file: str, *, rule: str, allowed: str, finding: str = ""
    ) -> LintFault:
        """Return what is wrong with matched words."""
        return LintFault(
            file=file,
            line=self.line(found),
            words=self.shown(found),
            finding=finding,
            rule=rule,
            allowed=allowed,
        )


#: What ends a clause: always, before a denial, before a question.
_PAUSE = re.compile(r"[,;:،؛]")
_TURN = re.compile(r"[,;:،؛]| but | لكن ")
_JOIN = re.compile(r"[,;:،؛]| but | and | لكن ")
_OPENER, _CLOSER = re.compile(r"[“«\"]"), re.compile(r"[”»]")
#: In so many letters stand the few words beside a verb that deny it or doubt it.
_NEAR = 200


class _Clauses:
    """Where a text pauses, quotes and asks, found once, since every verb of it wants to know."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._pauses = [pause.start() for pause in _PAUSE.finditer(text)]
        self._turns = [turn.end() for turn in _TURN.finditer(text)]
        self._joins = [join.end() for join in _JOIN.finditer(text)]
        self._questions = [question.span() for question in _asking().finditer(text)]
        self._question_ends = [end for _, end in self._questions]
        self._quotations = list(_quotations(text))

    def asked(self, found: re.Match[str]) -> bool:
        """Whether a verb is asked about, supposed or quoted rather than said."""
        quoted = bisect_left(self._quotations, found.start(), key=lambda span: span[0]) - 1
        if quoted >= 0 and found.end() <= self._quotations[quoted][1]:
            return True
        question = bisect_right(self._question_ends, found.start()) - 1
        return question >= 0 and self._questions[question][0] >= _last(self._joins, found.start())

    def denied(self, found: re.Match[str]) -> str:
        """Return "denied" for a denied verb, "no claim" when the denial leaves it open, else ""."""
        begin = max(_last(self._turns, found.start()), found.start() - _NEAR)
        near = " ".join(self.text[begin : found.start()].split()[-4:])
        lang = "ar" if _ARABIC.search(found[0]) else "en"
        if not _negating(lang).search(near):
            return ""
        pause = bisect_left(self._pauses, found.end())
        stop = self._pauses[pause] if pause < len(self._pauses) else len(self.text)
        rest = self.text[found.end() : min(stop, found.end() + _NEAR)].split()[:5]
        return "no claim" if _doubting(lang).search(f"{near} {' '.join(rest)}") else "denied"


def _last(ends: list[int], place: int) -> int:
    """Return the last of some ends that lies at or before a place, 0 if none does."""
    at = bisect_right(ends, place)
    return ends[at - 1] if at else 0


def _quotations(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each quotation that is closed."""
    past, closers = 0, True
    for opened in _OPENER.finditer(text):
        if opened.start() < past or (opened[0] != '"' and not closers):
            continue
        if opened[0] == '"':
            close = text.find('"', opened.end())
        else:
            closed = _CLOSER.search(text, opened.end())
            close, closers = (closed.start(), True) if closed else (-1, False)
        if close >= 0:
            past = close + 1
            yield opened.start(), past


def _found_claims(text: str, own: str = _NONE) -> list[tuple[str, re.Match[str]]]:
    """Return the trend words of a text; where kinds overlap, the special one counts."""
    found_claims: list[tuple[str, re.Match[str]]] = []
    taken = bytearray(len(text))
    for claim, pattern in _claims(own).items():
        for found in pattern.finditer(text):
            if not any(taken[found.start() : found.end()]):
                found_claims.append((claim, found))
                taken[found.start() : found.end()] = b"\x01" * len(found[0])
    return sorted(found_claims, key=lambda pair: pair[1].start())


def _opposed(text: str, found_claims: list[tuple[str, re.Match[str]]]) -> set[int]:
    """Return where the words stand that are a pair of opposites, such as "rise or fall"."""
    opposed = set()
    for (_, first), (_, second) in pairwise(found_claims):
        if text[first.end() : second.start()].strip() in {"or", "nor", "او", "ام"}:
            opposed |= {first.start(), second.start()}
    return opposed


@cache
def _asking() -> re.Pattern[str]:
    table = _tables()["asked"]
    return re.compile(rf"(?<!\w)(?:{table['en']}|[وف]?(?:{table['ar']}))(?!\w)", re.IGNORECASE)


@cache
def _negating(lang: str) -> re.Pattern[str]:
    pattern = _tables()["negation"][lang]
    before = "[وف]?" if lang == "ar" else ""
    return re.compile(rf"(?<!\w){before}(?:{pattern})(?!\w)", re.IGNORECASE)


@cache
def _doubting(lang: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_tables()['negation'][f'doubt_{lang}']})(?!\w)", re.IGNORECASE)


def _plain_letters(text: str) -> str:
    """Return text without vowel signs and with one form of each letter."""
    return _VOWEL_SIGNS.sub("", text).translate(_LETTERS)


def _plain(text: str) -> str:
    """Return text as it is compared: without signs that a renderer may set in another form."""
    flat = text.replace("\u2026", "...").replace("\u2013", "-").replace("\u201c", '"')
    flat = flat.replace("\u201d", '"').replace("\u2060", "").replace("\u202f", " ")
    return " ".join(_plain_letters(flat).split())


def _forms(record: Record) -> Iterator[str]:
    """Yield everything the ledger says of a finding or of a quoted figure."""
    for said in record["said"].values():
        yield from said.values() if isinstance(said, dict) else [*said, " / ".join(said)]
    yield from record.get("source", {}).values()


def _in_language_of(text: str, forms: list[str]) -> str:
    """Return the first form in the script of a text."""
    arabic = bool(_ARABIC.search(text))
    same = [form for form in forms if form and bool(_ARABIC.search(form)) == arabic]
    return same[0] if same else next((form for form in forms if form), "")


def _short(text: str) -> str:
    """Return the beginning of a text."""
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:77] + "..."

"""Which numbers does an edition say, and what stands behind each of them?

A page adds the results it speaks of to a `Ledger` and prints the claims it gets back. The ledger
travels with the page as a block of JSON; the blocks of all pages, merged, are the edition's
``findings.json``.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from trends import __version__, escaping
from trends.analysis.description import Description
from trends.analysis.result import Result, plain
from trends.findings import wording
from trends.findings.account import Account, account_of, under
from trends.findings.claims import Claim, Claims, nearest
from trends.findings.finding import Finding, Noun, Subject
from trends.findings.inputs import Record, digest, input_records
from trends.findings.multiplicity import Family, adjust
from trends.findings.wording import Phrase
from trends.tables.faults import Fault, InvalidTable
from trends.tables.languages import FURTHER, KEPT, in_language
from trends.tables.window import as_window

#: Version of the ledger's shape; `ledger.schema.json` describes it.
SCHEMA_VERSION = 2

_BLOCK = re.compile(
    r'<script type="application/json" class="trends-ledger">(?P<json>.*?)</script>', re.DOTALL
)

#: What a page of a finished edition has in the place of its own ledger: where the edition's is.
_LINK = re.compile(
    r'<link rel="describedby" class="trends-ledger" type="application/json" href="(?P<href>[^"]+)">'
)

#: Questions whose findings are worded under the description of their series.
_UNDER_ACCOUNT = ("trend", "power", "joinpoint", "changepoint", "interruption", "season")

#: Columns of findings.csv, in order.
_COLUMNS = (
    "finding_id", "question", "quantity", "subject", "estimate", "conf_low", "conf_high",
    "conf_level", "unit", "method", "settings", "records", "files", "first", "last",
    "n_observed", "n_periods", "caveats", "searched", "grade", "p_value", "p_bh", "p_by",
    "survives", "sentence_en", "sentence_ar",
)  # fmt: skip


class Ledger:
    """The findings of a page or of an edition.

    Parameters
    ----------
    lang : {"en", "ar", "fr"}
        Language in which the page's claims print.
    names : dict, optional
        What counters and places are called in each language, as `read_names` returns it; without
        it they are printed as the tables spell them.

    Attributes
    ----------
    findings : dict
        Finding id to its record: plain values, ready for JSON, with its sentences in both
        languages.
    statements : dict
        Statement id to the record of a published figure quoted in prose.
    inputs : dict
        Record id to the counts that findings were made from.
    accounts : dict
        Series, by its record's id, to what its description allows other findings to say.
    caveats : dict
        Caveat of a finding to its sentence in each language.
    edition : dict
        Title, date and address of the edition; empty until it is written.
    made_with : dict
        Version of the package and hash of its code.

    Examples
    --------
    >>> import trends
    >>> ledger = trends.Ledger()
    >>> claims = ledger.add(trends.compare_rates((294, 366), (121, 365)), trends.Subject.generic())
    >>> print(claims["ratio"], "with interval", claims["ratio"].interval())
    2.42 with interval 0.93 to 8.00
    >>> list(ledger.findings)
    ['series.rate.ratio', 'series.rate.visible', 'series.rate.tipping']
    """

    def __init__(
        self, *, lang: str = "en", names: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        wording.words(lang)
        self.lang = lang
        # A page in a further language keeps its own words beside the two of every edition.
        self.languages = tuple(dict.fromkeys((*KEPT, lang)))
        self.names = dict(names or {})
        self.findings: dict[str, Record] = {}
        self.statements: dict[str, Record] = {}
        self.inputs: dict[str, Record] = {}
        self.accounts: dict[str, Account] = {}
        self.caveats: dict[str, dict[str, str]] = {}
        self.edition: dict[str, str] = {}
        self.made_with = {"version": __version__, "code": code_hash()}
        self._expected: dict[str, int] = {}
        self._adjusted: tuple[dict[str, dict[str, Any]], list[Family]] | None = None

    def add(self, result: Result, subject: Subject | None = None) -> Claims:
        """Add the findings of a result.

        A description comes before whatever else is asked of its series: from then on findings of
        that series are worded and graded under it.

        Parameters
        ----------
        result : Result
            What an analysis returned.
        subject : Subject, optional
            What the counts are about; its key begins the findings' ids.

        Returns
        -------
        Claims
            Short name (``ratio``) to claim, in the page's language.

        Raises
        ------
        TypeError
            If `result` is not a result.
        ValueError
            If the ledger holds another finding under one of the ids, or a description comes after
            other findings of its series or beside another description.
        """
        if not isinstance(result, Result):
            raise TypeError(
                f"`result` must be what an analysis returned, got {type(result).__name__}. "
                "Call the analysis first and add its result."
            )
        found = self._under_account(result, result.findings(subject))
        found = [self._named(finding) for finding in found]
        tests: dict[float, str] = {}
        for finding in found:
            # Findings of one result with one p-value say one test in different ways.
            test = tests.setdefault(finding.p_value, finding.finding_id)
            self._keep(_record(finding, test=test, languages=self.languages))
        self.inputs |= input_records(result)
        return Claims(
            ((_short_name(finding), self._claim(finding)) for finding in found), self.lang
        )

    def keep(self, finding: Finding) -> Claim:
        """Add one finding that was derived from findings the ledger holds.

        Parameters
        ----------
        finding : Finding
            For instance since when a place is not counted any more.

        Returns
        -------
        Claim

        Raises
        ------
        ValueError
            If the ledger holds another finding under the id.
        """
        self._keep(_record(finding, test="", languages=self.languages))
        return self._claim(finding)

    def _under_account(self, result: Result, found: list[Finding]) -> list[Finding]:
        """Return findings as the description of their series allows; keep a description."""
        records = {key for finding in found for key in finding.inputs.records}
        if not isinstance(result, Description):
            known = [self.accounts[key] for key in sorted(records) if key in self.accounts]
            return under(found, known[0]) if len(records) == len(known) == 1 else found
        account = account_of(result, found)
        for key in records:
            if self.accounts.get(key, account) != account:
                raise ValueError(
                    "`result` must be the one description of its series, got a second one that "
                    f"says {account.verdict!r}. Describe a series once and add that."
                )
            earlier = [
                one["finding_id"]
                for one in self.findings.values()
                if key in one["inputs"]["records"] and one["question"] in _UNDER_ACCOUNT
            ]
            if earlier and key not in self.accounts:
                raise ValueError(
                    "`result` must be added before other findings of its series, got a "
                    f"description after {earlier[0]}. Add the description first."
                )
            self.accounts[key] = account
        return found

    def constant(
        self,
        key: str,
        value: float,
        noun: Noun | None = None,
        *,
        en: str,
        ar: str,
        unit: str = "events",
    ) -> Claim:
        """Declare a number that prose uses and that is derived, not estimated.

        Parameters
        ----------
        key : str
            Stable identifier; the finding's id is ``<key>.count``.
        value : float
            The number, computed on the page.
        noun : Noun, optional
            What is counted; without it the number is printed bare.
        en, ar : str
            What the number is, for the reader who asks, in both languages.
        unit : str
            Printed shape when there is no noun: events, percent, ratio, days.

        Returns
        -------
        Claim

        Raises
        ------
        TypeError
            If the value is not a number.
        ValueError
            If the ledger holds another number under the key.
        """
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(
                f"`value` must be a plain number, got {type(value).__name__}. "
                "Convert it with int() or float()."
            )
        subject = Subject(key=key, en=en, ar=ar)
        finding = Finding(
            finding_id=f"{key}.count",
            question="count",
            quantity="count",
            subject=subject,
            estimate=float(value),
            unit=unit,
            method="counted",
            sentence="",
            values={} if noun is None else {"counted": (int(value), noun)},
        )
        return self.keep(finding)

    def statement(
        self, figure: Mapping[str, object], noun: Noun | None = None, *, lang: str | None = None
    ) -> Phrase:
        """Quote a published figure: as firmly as it was published, and marked with its source.

        Parameters
        ----------
        figure : statement row
            A row of the frame of `read_statements`.
        noun : Noun, optional
            What is counted; without it the number is printed bare.
        lang : {"en", "ar", "fr"}, optional
            Language; the page's by default.

        Returns
        -------
        Phrase
            For instance ``294``, ``about 200`` or ``at least 27 incidents``.

        Raises
        ------
        TypeError
            If `figure` is not a row of a table of statements.
        """
        if not (hasattr(figure, "keys") and "statement_id" in figure):
            raise TypeError(
                f"`figure` must be a row of a table of statements, got {type(figure).__name__}. "
                "Pick one with `.loc` or `.iloc`."
            )
        record = {str(key): plain(figure[key]) for key in figure.keys()}  # noqa: SIM118 - a Series
        text = {one: quoted(record, noun, one) for one in self.languages}
        said = {one: _source(record, one, self.names) for one in self.languages}
        key = str(record["statement_id"])
        kept = self.statements.setdefault(key, {**record, "said": {}, "source": said})
        for one in self.languages:
            forms = kept["said"].setdefault(one, [])
            if text[one] not in forms:
                forms.append(text[one])
        lang = lang or self.lang
        return Phrase(text[lang], wording.mark(text[lang], "statement", key=key, say=said[lang]))

    def expect(self, **n_tests: int) -> None:
        """Say how many tests of each family the whole edition makes, when a page makes only some.

        Parameters
        ----------
        **n_tests : int
            Family to number of tests, for instance ``rate=12``.
        """
        self._expected |= n_tests
        self._adjusted = None

    def finding(self, finding_id: str) -> Record:
        """Return the record of a finding.

        Raises
        ------
        ValueError
            If there is none; the message names the ids most like it.
        """
        if finding_id not in self.findings:
            raise ValueError(
                f"`finding_id` must be one of the ledger's {len(self.findings):,} findings, "
                f"got {finding_id!r}.{nearest(finding_id, self.findings)} Correct the id."
            )
        return self.findings[finding_id]

    def families(self) -> list[Family]:
        """Return the number of tests and of findings that survive adjustment, by family."""
        return self._adjustment()[1]

    def adjusted(self, finding_id: str) -> dict[str, object]:
        """Return ``p_bh``, ``p_by`` and ``survives`` of a finding."""
        return self._adjustment()[0][finding_id]

    def _adjustment(self) -> tuple[dict[str, dict[str, Any]], list[Family]]:
        """Return the adjusted values and the families, worked out once for the tests so far."""
        if self._adjusted is None:
            self._adjusted = adjust(self.findings.values(), expected=self._expected)
        return self._adjusted

    def to_dict(self) -> dict[str, object]:
        """Return the ledger as plain values."""
        return json.loads(self.to_json())

    def to_json(self) -> str:
        """Return the ledger as JSON, one finding a line so that versions compare line by line."""
        return self._written(self._body())

    def digest(self) -> str:
        """Return the SHA-256 of everything the ledger says."""
        return _digest(_lines(self._body()))

    def _written(self, body: Mapping[str, Any]) -> str:
        """Return the whole ledger as JSON; the digest is of the text that follows it."""
        text = _lines(body)
        head = {
            "schema": "trends-ledger",
            "schema_version": SCHEMA_VERSION,
            "made_with": self.made_with,
            "edition": self.edition,
            "digest": _digest(text),
        }
        return "{\n" + _lines(head) + ",\n" + text + "\n}\n"

    def _body(self) -> dict[str, Any]:
        """Return findings, families, caveats, statements and inputs as plain values."""
        return {
            "findings": [
                {**self.findings[key], **self.adjusted(key)} for key in sorted(self.findings)
            ],
            "families": [dataclasses.asdict(family) for family in self.families()],
            "caveats": {key: self.caveats[key] for key in sorted(self.caveats)},
            "statements": {key: self.statements[key] for key in sorted(self.statements)},
            "inputs": {key: self.inputs[key] for key in sorted(self.inputs)},
        }

    def write(self, folder: str | Path, *, edition: Mapping[str, str] | None = None) -> list[Path]:
        """Write ``findings.json`` and ``findings.csv``.

        Parameters
        ----------
        folder : path
            Where; must exist.
        edition : mapping, optional
            Title, date and url of the edition, for citations.

        Returns
        -------
        list of Path
            The two files.
        """
        if edition is not None:
            self.edition = {str(key): str(value) for key, value in edition.items()}
        table = Path(folder) / "findings.csv"
        ledger = Path(folder) / "findings.json"
        body = self._body()
        ledger.write_text(self._written(body), encoding="utf-8")
        with table.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.writer(opened, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(_row(finding) for finding in body["findings"])
        return [ledger, table]

    def page_block(self) -> Block:
        """Return what a page ends with: the ledger as a block of JSON that readers do not see."""
        return Block(self.to_json())

    @classmethod
    def from_pages(cls, pages: Iterable[str | Path], *, root: str | Path | None = None) -> Ledger:
        """Merge the ledgers that rendered pages carry.

        Parameters
        ----------
        pages : iterable of path
            Rendered HTML pages; those without a ledger say no findings. Pages of a finished edition
            name its ``findings.json``, which is read once for all of them.
        root : path, optional
            Folder to which the pages' names in the ledger are relative.

        Returns
        -------
        Ledger
            Each finding lists in ``pages`` where it is said.

        Raises
        ------
        ValueError
            If two pages say different things under one id.
        """
        merged = cls()
        linked: dict[Path, None] = {}
        for page in pages:
            path = Path(page)
            name = path.relative_to(root).as_posix() if root is not None else path.name
            text = path.read_text(encoding="utf-8")
            for block in _BLOCK.finditer(text):
                merged.merge(_parse(_unescaped(block["json"]), name), page=name)
            for link in _LINK.finditer(text):
                linked.setdefault((path.parent / unquote(link["href"])).resolve(), None)
        for ledger in linked:
            merged.merge(read_ledger(ledger))
        return merged

    @staticmethod
    def leave(page: str | Path, ledger: str | Path) -> None:
        """Take the ledger out of a page, which from then on names the edition's.

        Parameters
        ----------
        page : path
            A rendered page that carries a ledger; one without is left as it is.
        ledger : path
            The edition's ``findings.json``, which holds what the page's own did.
        """
        page = Path(page)
        text = page.read_text(encoding="utf-8")
        if not _BLOCK.search(text):
            return
        href = quote(os.path.relpath(ledger, page.parent).replace(os.sep, "/"))
        link = (
            f'<link rel="describedby" class="trends-ledger" type="application/json" href="{href}">'
        )
        text = _BLOCK.sub("", text).replace("</head>", f"{link}\n</head>", 1)
        page.write_text(text, encoding="utf-8")

    def _named(self, finding: Finding) -> Finding:
        """Return a finding whose values that have names in both languages hold them."""
        tables = wording.words(self.lang)
        values = {
            slot: self.names.get(value, value)
            if isinstance(value, str) and slot not in tables
            else value
            for slot, value in finding.values.items()
        }
        return dataclasses.replace(finding, values=values)

    def _claim(self, finding: Finding) -> Claim:
        """Return a claim that asks this ledger whether it survives adjustment."""
        return Claim(
            finding,
            self.lang,
            lambda said: self.adjusted(said.finding_id)["survives"] is not False,
        )

    def _keep(self, record: Record) -> None:
        """Keep a record; the same id may come again only with the same content."""
        key = record["finding_id"]
        known = self.findings.get(key)
        if known is not None and _without_place(known) != _without_place(record):
            raise ValueError(
                f"`subject` must give every finding its own id, got {key} twice with different "
                "content. Give one of the subjects another key."
            )
        self.findings.setdefault(key, record)
        for caveat in (*record["caveats"], "many_tests"):
            said = {lang: str(wording.caveat(caveat, lang)) for lang in self.languages}
            self.caveats[caveat] = {**self.caveats.get(caveat, {}), **said}
        self._adjusted = None

    def merge(self, other: Ledger, *, page: str = "") -> None:
        """Take over the findings of another page.

        Parameters
        ----------
        other : Ledger
            What the page says.
        page : str
            Name of the page, kept with its findings; by default the pages that `other` lists.

        Raises
        ------
        ValueError
            If the two say different things under one id.
        """
        self.made_with = other.made_with
        for key, record in other.findings.items():
            pages = [page] if page else record.get("pages", [])
            known = self.findings.setdefault(key, {**record, "pages": []})
            if _without_place(known) != _without_place(record):
                raise ValueError(
                    f"`pages` must say the same under one id, got {key} with different content on "
                    f"{' and '.join([*known['pages'], *pages])}. Give one of the subjects another "
                    "key, or render both pages from the same files."
                )
            for name in ("said", "subject"):
                known[name] = {**known[name], **record[name]}
            known["pages"] += [name for name in pages if name not in known["pages"]]
        for key, record in other.statements.items():
            figure = self.statements.setdefault(key, {**record, "said": {}})
            for lang, forms in record["said"].items():
                kept = figure["said"].setdefault(lang, [])
                kept += [form for form in forms if form not in kept]
            figure["source"] = {**figure["source"], **record["source"]}
        self.inputs |= other.inputs
        for key, said in other.caveats.items():
            self.caveats[key] = {**self.caveats.get(key, {}), **said}
        for family in other.families():
            known_tests = self._expected.get(family.name, 0)
            self._expected[family.name] = max(known_tests, family.n_tests)
        self._adjusted = None


class Block:
    """The ledger of a page as raw HTML; on paper it is left out.

    Parameters
    ----------
    text : str
        The ledger as JSON.
    """

    def __init__(self, text: str) -> None:
        # Within a script element nothing is escaped, and nothing may look like its end.
        self.text = text.replace("<", _LESS)

    # Not `_repr_html_`: where a cell gives HTML, Quarto loads RequireJS and jQuery from a CDN.
    def to_html(self) -> str:
        """Return the script element that holds the ledger."""
        return f'<script type="application/json" class="trends-ledger">{self.text}</script>'

    def _repr_markdown_(self) -> str:
        return f"````{{=html}}\n{self.to_html()}\n````"

    def __repr__(self) -> str:
        """Return a word for the console."""
        return f"Block({len(self.text):,} characters)"


#: How a sign that could end the block is written in it.
_LESS = "\\u003c"


def _unescaped(block: str) -> str:
    """Return the ledger of a page's block as it was written."""
    return block.replace(_LESS, "<")


@cache
def code_hash() -> str:
    """Return the SHA-256 of the package's code and rules, to tell a change of method by."""
    root = Path(str(files("trends")))
    parts = [
        (path.relative_to(root).as_posix(), path.read_bytes().decode())
        for room in ("tables", "analysis", "findings")
        for path in sorted((root / room).rglob("*"))
        if path.suffix == ".py" or path.name == "rules.toml"
    ]
    return digest(parts)


def read_ledger(path: str | Path) -> Ledger:
    """Read the ledger of an edition, ``findings.json``.

    Parameters
    ----------
    path : path
        The file, or the folder that holds it.

    Returns
    -------
    Ledger

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidTable
        If it is not a ledger, is of another version, holds an id twice, breaks the schema, or was
        changed after it was written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import trends
    >>> ledger = trends.Ledger()
    >>> _ = ledger.add(trends.compare_rates("294 in 2024", "121 in 2023"))
    >>> folder = Path(mkdtemp())
    >>> _ = ledger.write(folder)
    >>> trends.read_ledger(folder).findings.keys() == ledger.findings.keys()
    True
    """
    path = Path(path)
    if path.is_dir():
        path = path / "findings.json"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        at = f"byte {fault.object[fault.start]:#x} at offset {fault.start}"
        raise InvalidTable([_fault(path.name, "", at, "must be JSON in UTF-8", _AGAIN)]) from None
    return _parse(text, path.name)


def _parse(text: str, file: str) -> Ledger:
    """Read and check a ledger from its JSON."""
    try:
        contents = json.loads(text)
    except json.JSONDecodeError as fault:
        raise InvalidTable(
            [_fault(file, "", f"line {fault.lineno}", f"must be JSON ({fault.msg})", _AGAIN)]
        ) from None
    except (RecursionError, ValueError):
        rule = "must be JSON, is nested too deep or holds numbers too long"
        raise InvalidTable([_fault(file, "", "", rule, _AGAIN)]) from None
    _check(contents, text, file)
    ledger = Ledger()
    ledger.edition = contents["edition"]
    ledger.made_with = contents["made_with"]
    ledger.findings = {
        finding["finding_id"]: {
            key: value for key, value in finding.items() if key not in _ADJUSTMENTS
        }
        for finding in contents["findings"]
    }
    ledger.statements = contents["statements"]
    ledger.caveats = contents["caveats"]
    ledger.inputs = contents["inputs"]
    ledger._expected = {family["name"]: family["n_tests"] for family in contents["families"]}
    return ledger


_AGAIN = "Write the ledger again with `trends render`."
_ADJUSTMENTS = frozenset({"p_bh", "p_by", "survives"})


def _check(contents: Any, text: str, file: str) -> None:
    """Raise InvalidTable unless contents are a ledger of this version, as it was written."""
    if not isinstance(contents, dict) or contents.get("schema") != "trends-ledger":
        got = contents.get("schema", "") if isinstance(contents, dict) else type(contents).__name__
        raise InvalidTable(
            [_fault(file, "schema", str(got), "must be a trends ledger", "Name a findings.json.")]
        )
    if contents.get("schema_version") != SCHEMA_VERSION:
        raise InvalidTable(
            [
                _fault(
                    file,
                    "schema_version",
                    str(contents.get("schema_version")),
                    f"must be version {SCHEMA_VERSION} of the ledger",
                    "Read it with the release of trends that wrote it, or render that edition "
                    "again with this one.",
                )
            ]
        )
    faults = _schema_faults(contents, file)
    if not faults:
        often = Counter(finding["finding_id"] for finding in contents["findings"])
        faults = [
            _fault(file, "finding_id", key, "must stand in the ledger once", _AGAIN)
            for key, times in often.items()
            if times > 1
        ]
    if not faults:
        said = text.partition(f'"digest":"{contents["digest"]}",\n')[2]
        if _digest(said.rstrip("\n").removesuffix("\n}")) != contents["digest"]:
            faults = [
                _fault(
                    file,
                    "digest",
                    contents["digest"][:12],
                    "must be the hash of the findings; the file was changed after it was written",
                    _AGAIN,
                )
            ]
    if faults:
        raise InvalidTable(faults)


def _schema_faults(contents: Mapping[str, Any], file: str) -> list[Fault]:
    """Return the first break of the JSON schema, in words."""
    import fastjsonschema

    try:
        _validator()(contents)
    except fastjsonschema.JsonSchemaValueException as broken:
        place = ".".join(str(part) for part in broken.path[1:])
        rule = broken.message.removeprefix(".".join(map(str, broken.path))).strip()
        value = "" if isinstance(broken.value, dict | list) else str(broken.value)
        return [_fault(file, place, value, re.sub(r"^data\S* ", "", rule), _AGAIN)]
    return []


@cache
def _validator() -> Any:
    """Return the compiled check of `ledger.schema.json`."""
    import fastjsonschema

    text = files("trends.findings").joinpath("ledger.schema.json").read_text(encoding="utf-8")
    return fastjsonschema.compile(json.loads(text))


def _fault(file: str, column: str, value: str, rule: str, fix: str) -> Fault:
    """Return a fault of a ledger."""
    return Fault(file=file, row=None, column=column, value=value, rule=rule, fix=fix)


def _record(finding: Finding, *, test: str, languages: Sequence[str]) -> Record:
    """Return a finding as plain values, said in some languages."""
    subject, noun = finding.subject, finding.subject.noun
    tested = not math.isnan(finding.p_value)
    return {
        "finding_id": finding.finding_id,
        "question": finding.question,
        "quantity": finding.quantity,
        "subject": {
            "key": subject.key,
            "en": subject.en,
            "ar": subject.ar,
            **{lang: subject.name(lang) for lang in languages if lang not in KEPT},
            "nouns": [noun.en_one, noun.en_many, noun.ar_one, noun.ar_few, noun.ar_many],
        },
        "estimate": _number(finding.estimate),
        "conf_low": _number(finding.conf_low),
        "conf_high": _number(finding.conf_high),
        "conf_level": finding.conf_level,
        "unit": finding.unit,
        "method": finding.method,
        "settings": {key: _setting(value) for key, value in finding.settings.items()},
        "inputs": plain(finding.inputs),
        "caveats": list(finding.caveats),
        "searched": finding.searched,
        "grade": finding.grade,
        "p_value": _number(finding.p_value),
        "family": finding.family or finding.question,
        "test": test if tested else "",
        "verb": wording.verb_key(finding),
        "said": {lang: _said(finding, lang) for lang in languages},
    }


def _said(finding: Finding, lang: str) -> dict[str, str]:
    """Return every way in which a finding is printed in a language."""
    return {
        "number": str(wording.number(finding, lang)),
        "interval": "" if math.isnan(finding.conf_low) else str(wording.interval(finding, lang)),
        "verb": str(wording.verb(finding, lang)) if wording.verb_key(finding) else "",
        "sentence": str(wording.say(finding, lang)) if finding.sentence else "",
        **{
            form: str(said(finding, lang))
            for form, said in (("brief", wording.brief), ("headline", wording.headline))
            if finding.sentence in wording.words(lang)[form]
        },
        "explain": wording.explain(finding, lang),
    }


def _number(value: float) -> float | str | None:
    """Return a number for JSON: None when there is none, "inf" or "-inf" when it has no end."""
    value = float(value)
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _setting(value: Any) -> Any:
    """Return a setting for JSON."""
    value = plain(value)
    return value if isinstance(value, str | int | float | bool | None) else json.dumps(value)


def _short_name(finding: Finding) -> str:
    """Return a finding's id without the subject and the question."""
    return finding.finding_id.removeprefix(f"{finding.subject.key}.{finding.question}.")


def _without_place(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without the pages it stands on and what further languages say of it."""
    kept = {
        name: {key: one for key, one in record[name].items() if key not in FURTHER}
        for name in ("said", "subject")
    }
    return {key: value for key, value in record.items() if key != "pages"} | kept


def _row(finding: Mapping[str, Any]) -> list[Any]:
    """Return a finding as a row of findings.csv."""
    flat = {
        **finding,
        "subject": finding["subject"]["key"],
        "settings": json.dumps(finding["settings"], ensure_ascii=False, sort_keys=True),
        **finding["inputs"],
        "records": "; ".join(finding["inputs"]["records"]),
        "files": "; ".join(finding["inputs"]["files"]),
        "caveats": "; ".join(finding["caveats"]),
        "sentence_en": finding["said"]["en"]["sentence"],
        "sentence_ar": finding["said"]["ar"]["sentence"],
    }
    return [
        escaping.spreadsheet(cell) if isinstance(cell, str) else cell
        for cell in (flat[column] for column in _COLUMNS)
    ]


def _digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(contents: Mapping[str, Any]) -> str:
    """Return the members of a JSON object with one finding, statement or input a line."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def lines(value: Any) -> str:
        if isinstance(value, list) and value:
            return _bracketed("[]", map(line, value))
        if isinstance(value, dict) and len(value) > 3:
            return _bracketed("{}", (f"{line(key)}:{line(one)}" for key, one in value.items()))
        return line(value)

    return ",\n".join(f"{line(key)}:{lines(one)}" for key, one in contents.items())


def _bracketed(brackets: str, parts: Iterable[str]) -> str:
    """Return parts between brackets, one a line."""
    return brackets[0] + "\n" + ",\n".join(parts) + "\n" + brackets[1]


def quoted(record: Mapping[str, Any], noun: Noun | None, lang: str) -> str:
    """Return a published figure as firmly as it was published."""
    table = wording.words(lang)["quoted"]

    def amount(count: int) -> str:
        if noun is None:
            return f"{count:,}"
        return wording.count_phrase(count, noun, lang, oblique=record["qualifier"] != "exact")

    low, count, high = (record.get(key) for key in ("count_low", "count", "count_high"))
    if count is None and low is not None and high is not None:
        return str(table["range"].format(low=f"{low:,}", high=amount(high)))
    if count is None and low is not None:
        return str(table["at_least"].format(count=amount(low)))
    if count is None and high is not None:
        return str(table["at_most"].format(count=amount(high)))
    if count is None:
        return str(wording.words(lang)["number"]["unknown"])
    return str(table.get(record["qualifier"], "{count}").format(count=amount(count)))


def _source(record: Mapping[str, Any], lang: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return where a published figure comes from, in one line."""
    table = wording.words(lang)["source"]

    def name(of: str) -> str:
        return in_language(names[of], lang) if of in names else of

    parts = [table["counted_by"].format(name=name(str(record["counted_by"])))]
    try:
        parts.append(wording.format_window(as_window(record), lang))
    except ValueError:
        parts.append(table["window_unknown"])
    if record.get("window_basis") == "inferred":
        parts.append(table["window_inferred"])
    if record.get("published_by"):
        parts.append(table["published_by"].format(name=name(str(record["published_by"]))))
    if record.get("url"):
        parts.append(str(record["url"]))
    joiner: str = wording.words(lang)["explain"]["joiner"]
    return joiner.join(parts)

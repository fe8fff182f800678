"""What do counts know about themselves that every finding made from them must carry?

A count series or an event-count table says in its ``attrs`` whose counts it holds (``labels``),
what a reader must know of them (``caveats``) and what its rates are relative to (``unit``); a
published figure says in its row how it was read and whether its window is stated. All this is read
here and nowhere else, for every question alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from trends.analysis.result import Result
from trends.findings.finding import COUNTED, Finding, Subject
from trends.findings.inputs import Record, input_files, input_records, sources, summarise
from trends.findings.rules import caveat_table
from trends.findings.wording import words
from trends.tables.exposure import label_words
from trends.tables.figure import figure_flags, flag_caveats
from trends.tables.languages import LANGUAGES
from trends.tables.series import MEASURED_COLUMNS


def informed(found: Iterable[Finding], result: Result) -> list[Finding]:
    """Return findings with their inputs, and with what these know about themselves.

    Parameters
    ----------
    found : iterable of Finding
        As the question made them: with the caveats of the analysis, and with the records they were
        made from where these are not all of the result's.
    result : Result
        Their result; its windows and frames hold the counts.

    Returns
    -------
    list of Finding
        Each with its inputs, and with their caveats after its own: those of a count series in any
        case, those of a published figure's row where the finding is graded. Its rates have the
        unit of the counts.

    Raises
    ------
    KeyError
        If a finding names a record that its result does not hold.
    ValueError
        If the counts carry a caveat that has no words.

    Examples
    --------
    >>> import trends
    >>> months = pd.period_range("2020-01", periods=24, freq="M")
    >>> series = trends.as_series(pd.Series([4, 6, 5, 3] * 6, index=months))
    >>> series.attrs["caveats"] = ["declared_jump"]
    >>> finding = trends.estimate_trend(series).findings()[0]
    >>> finding.inputs.first, finding.inputs.last, "declared_jump" in finding.caveats
    ('2020-01', '2021-12', True)
    """
    records, files = input_records(result), input_files(result)
    units = {frame.attrs["unit"] for frame in _frames(result) if frame.attrs.get("unit")}
    extra = {"rate_unit": units.pop()} if len(units) == 1 else {}
    return [_informed(finding, records, files, extra) for finding in found]


def _informed(
    finding: Finding,
    records: Mapping[str, Record],
    files: tuple[str, ...],
    extra: Mapping[str, Any],
) -> Finding:
    """Return one finding with its inputs, their caveats and the unit of its rates."""
    own = {key: records[key] for key in finding.inputs.records or records}
    caveats = (*finding.caveats, *(key for one in own.values() for key in _caveats(one, finding)))
    return replace(
        finding,
        inputs=summarise(own, files),
        caveats=tuple(dict.fromkeys(caveats)),
        values={**finding.values, **extra},
    )


def _caveats(record: Record, finding: Finding) -> tuple[str, ...]:
    """Return the keys of the caveats that a record brings to a finding."""
    if record["kind"] == "figure":
        return flag_caveats(figure_flags(record)) if finding.graded_by else ()
    unknown = [key for key in record["caveats"] if key.partition(":")[0] not in caveat_table()]
    if unknown:
        raise ValueError(
            f"`caveats` must be keys of the package's caveats, got {unknown[0]!r}. "
            "Leave the cell empty, or use a key that `trends count` writes."
        )
    return tuple(record["caveats"])


def subject_called(name: str, result: Result) -> Subject:
    """Return a subject that somebody named in a few words, the same in both languages.

    A blank name is none, so that the counts are called what they are called without one.

    Parameters
    ----------
    name : str
        Such as "Claims in Syria".
    result : Result
        Tells what is counted.
    """
    said = " ".join(name.split())
    if not said:
        return named_subject(result)
    return Subject(key=key_of(said), en=said, ar=said, noun=COUNTED[result.counted])


def named_subject(result: Result) -> Subject:
    """Return the subject that the labels of the counts name; the generic one where they differ.

    Parameters
    ----------
    result : Result
        Its frames hold the counts.

    Returns
    -------
    Subject
        Named by the labels of the one group the result is about, or by those that all its groups
        have in common, in both languages as the table writes them.
    """
    frames = _frames(result)
    tables = [frame for frame in frames if {"period", "count", "complete"} <= set(frame.columns)]
    if tables:
        known = [shared for table in tables if (shared := _shared_labels(table))]
    else:
        known = [frame.attrs["labels"] for frame in frames if frame.attrs.get("labels")]
    if not known or any(labels != known[0] for labels in known):
        return Subject.generic(result.counted)
    labels: Mapping[str, object] = known[0]
    return Subject(
        key=key_of(" ".join(map(_label_key, labels.items()))),
        en=_label_words(labels, "en"),
        ar=_label_words(labels, "ar"),
        noun=COUNTED[result.counted],
    )


def key_of(words: str) -> str:
    """Return what ids of findings begin with: lower-case words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", _ascii(words)).strip("-") or "series"


def names_of(frame: pd.DataFrame, unnamed: Mapping[str, str]) -> dict[str, str]:
    """Return what the labels of some counts name, in both languages.

    Parameters
    ----------
    frame : DataFrame
        Count series.
    unnamed : mapping of language to str
        What to say where it has no labels.
    """
    labels: Mapping[str, object] = frame.attrs.get("labels") or {}
    if not labels:
        return dict(unnamed)
    return {lang: _label_words(labels, lang) for lang in LANGUAGES}


def _frames(result: Result) -> list[pd.DataFrame]:
    """Return every frame a result holds."""
    return [source for source in sources(result) if isinstance(source, pd.DataFrame)]


def _shared_labels(table: pd.DataFrame) -> Mapping[str, object]:
    """Return the labels that all groups of an event-count table have in common."""
    groups = [name for name in table.columns if name not in MEASURED_COLUMNS]
    return {name: table[name].iloc[0] for name in groups if len(table[name].unique()) == 1}


def _label_key(item: tuple[str, object]) -> str:
    """Return a label as it enters a finding's id."""
    name, label = item
    return f"no {name}" if _is_missing(label) else label_words(str(label), "en")


def _label_words(labels: Mapping[str, object], lang: str) -> str:
    """Return labels as they start a sentence, such as "Syria, Homs".

    A label that is written in both languages ("Homs | حمص") is said in each.
    """
    table = words(lang)["label"]
    said = (
        str(table["missing"]).format(column=name)
        if _is_missing(label)
        else label_words(str(label), lang)
        for name, label in labels.items()
    )
    return str(table["joiner"]).join(said)


def _is_missing(label: object) -> bool:
    """Tell whether a group has no label."""
    return label is None or bool(pd.isna(label)) or label == ""


def _ascii(text: str) -> str:
    """Return text in lower-case ASCII, marks over letters left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower()

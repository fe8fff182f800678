"""What do counts know about themselves that every finding made from them must carry?

A count series or an event-count table says in its ``attrs`` whose counts it holds (``labels``),
what a reader must know of them (``caveats``) and what its rates are relative to (``unit``). It is
read here and nowhere else, for every question alike.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from trends.analysis.result import Result
from trends.findings.finding import Finding, Grade, Subject
from trends.findings.rules import rule_tables
from trends.findings.wording import words


def informed(found: list[Finding], result: Result) -> list[Finding]:
    """Return findings with what the counts behind them know about themselves.

    Parameters
    ----------
    found : list of Finding
        As the question made them.
    result : Result
        Their result; its frames hold the counts.

    Returns
    -------
    list of Finding
        Each carries the caveats of its counts after its own, a grade no better than these caveats
        allow, and the unit of its rates.

    Raises
    ------
    ValueError
        If the counts carry a caveat that has no words.
    """
    frames = list(_frames(result))
    keys = tuple(dict.fromkeys(key for frame in frames for key in frame.attrs.get("caveats", ())))
    unknown = [key for key in keys if key not in words("en")["caveat"]]
    if unknown:
        raise ValueError(
            f"`caveats` must be keys of the package's caveats, got {unknown[0]!r}. "
            "Leave the cell empty, or use a key that `trends count` writes."
        )
    units = {frame.attrs["unit"] for frame in frames if frame.attrs.get("unit")}
    extra = {"rate_unit": units.pop()} if len(units) == 1 else {}
    if not keys and not extra:
        return found
    return [
        dataclasses.replace(
            finding,
            caveats=tuple(dict.fromkeys((*finding.caveats, *keys))),
            grade=_capped(finding.grade, keys),
            values={**finding.values, **extra},
        )
        for finding in found
    ]


def named_subject(result: Result) -> Subject:
    """Return the subject that the labels of the counts name; the generic one where they differ.

    Parameters
    ----------
    result : Result
        Its frames hold the counts.

    Returns
    -------
    Subject
        Named by the labels of the one group the result is about, in both languages as the table
        writes them.
    """
    known = [frame.attrs["labels"] for frame in _frames(result) if frame.attrs.get("labels")]
    if not known or any(labels != known[0] for labels in known):
        return Subject.generic()
    labels: Mapping[str, object] = known[0]
    key = re.sub(r"[^a-z0-9]+", "-", _ascii(" ".join(map(_label_key, labels.items()))))
    return Subject(
        key=key.strip("-") or "series", en=_label_words(labels, "en"), ar=_label_words(labels, "ar")
    )


def _frames(value: Any) -> Iterator[pd.DataFrame]:
    """Yield every frame a result holds, also inside other results and sequences of them."""
    if isinstance(value, pd.DataFrame):
        yield value
    elif isinstance(value, Result):
        for field in dataclasses.fields(value):
            yield from _frames(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _frames(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _frames(item)


def _capped(grade: Grade, keys: tuple[str, ...]) -> Grade:
    """Return the grade, lowered to the best one that every caveat of the counts allows."""
    return max(grade, *(rule_tables()["cap"].get(key, "A") for key in keys), "A")


def _label_key(item: tuple[str, object]) -> str:
    """Return a label as it enters a finding's id."""
    name, label = item
    return f"no {name}" if _is_missing(label) else str(label)


def _label_words(labels: Mapping[str, object], lang: str) -> str:
    """Return labels as they start a sentence, such as "Syria, Homs"."""
    table = words(lang)["label"]
    said = (
        str(table["missing"]).format(column=name) if _is_missing(label) else str(label)
        for name, label in labels.items()
    )
    return str(table["joiner"]).join(said)


def _is_missing(label: object) -> bool:
    """Tell whether a group has no label."""
    return label is None or label == "" or bool(pd.isna(label))


def _ascii(text: str) -> str:
    """Return text in lower-case ASCII, marks over letters left out."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return plain.lower()

"""How are all published figures listed, each with where it was read and how to cite it?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from trends.analysis.contradiction import SEPARATOR, Contradictions
from trends.analysis.result import plain
from trends.escaping import html as escape
from trends.escaping import visible
from trends.findings.finding import Noun
from trends.findings.ledger import quoted
from trends.findings.wording import format_time, format_window, several, words
from trends.report.markup import terms_of
from trends.report.provenance import Raw
from trends.tables.window import as_window

#: Columns in order, and those that can be filtered by choice.
COLUMNS = (
    "counter", "measure", "area", "window", "figure", "definition", "read", "source", "conflict",
)  # fmt: skip
_FILTERED = frozenset({"counter", "measure", "area", "window", "definition", "read"})


def figures_table(
    statements: pd.DataFrame,
    *,
    nouns: Mapping[str, Noun],
    names: Mapping[str, Mapping[str, str]] | None = None,
    contradictions: Contradictions | None = None,
    conflicts_page: str = "contradictions.html#sec-conflicts",
    lang: str = "en",
) -> Raw:
    """Return every published figure as a row of a table to be searched, sorted and filtered.

    Parameters
    ----------
    statements : DataFrame
        What `read_statements` returns; the id of a row is the figure's.
    nouns : dict of Noun
        What was counted, by measure, as `read_nouns` returns it.
    names : dict, optional
        What counters and places are called, as `read_names` returns it.
    contradictions : Contradictions, optional
        What does not go together; such figures link to `conflicts_page`.
    conflicts_page : str
        Address of the list of contradictions as seen from the page.
    lang : {"en", "ar", "fr"}
        Language of headings and words.

    Returns
    -------
    Raw
        HTML. A render brings a script to the page, which adds search and filters; without it the
        table is whole.
    """
    table = words(lang)["figures_table"]
    said = _Sayer(dict(names or {}), lang)
    conflicting = set() if contradictions is None else _conflicting(contradictions)
    heads = "".join(
        f'<th scope="col"{" data-filter" if name in _FILTERED else ""}>{escape(table[name])}</th>'
        for name in COLUMNS
    )
    rows = "\n".join(
        _row(record, said, nouns, conflicting, conflicts_page) for record in _records(statements)
    )
    script = "".join(
        f' data-{key}="{escape(table[key])}"' for key in ("search", "all", "clear", "count")
    )
    return Raw(
        "````{=html}\n"
        f'<div class="figures-bar" role="search" aria-label="{escape(table["search"])}"></div>'
        '<div class="table-scroll" tabindex="0" role="region" '
        f'aria-label="{escape(table["name"])}">'
        f'<table class="figures" data-quarto-disable-processing="true"{script}>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n"
        "</tbody></table></div>\n````"
    )


class _Sayer:
    """What values of the table are called in the page's language."""

    def __init__(self, names: dict[str, Mapping[str, str]], lang: str) -> None:
        self.names, self.lang = names, lang
        self.table = words(lang)["figures_table"]
        self.joiner = str(terms_of(lang)["joiner"])

    def name(self, value: Any) -> str:
        """Return a value as it is called; "" where there is none."""
        if value is None:
            return ""
        known = self.names.get(str(value))
        return escape(visible(str(known[self.lang] if known else value)))


def _records(statements: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table as plain values, None where nothing is entered."""
    for row in statements.to_dict("records"):
        yield {str(key): plain(value) for key, value in row.items()}


def _conflicting(contradictions: Contradictions) -> set[str]:
    """Return the figures that stand in a contradiction."""
    listed = contradictions.conflicts["statement_ids"]
    return {name for names in listed for name in names.split(SEPARATOR)}


def _row(
    record: Mapping[str, Any],
    said: _Sayer,
    nouns: Mapping[str, Noun],
    conflicting: Iterable[str],
    conflicts_page: str,
) -> str:
    """Return one figure as a row."""
    key = str(record["statement_id"])
    noun = nouns.get(record["measure"])
    counted = str(record["measure"])
    if noun is not None:
        counted = several(noun, said.lang)
    country = said.name(record["country"])
    given = (record[name] for name in ("count", "count_low", "count_high"))
    count = next((one for one in given if one is not None), "")
    figure = quoted(dict(record), None, said.lang)
    if record.get("quantity") == "rate":
        figure = said.table["rate"].format(figure=figure)
    number = "" if figure == str(count) else f' data-n="{count}"'
    window, start, years = _window(record, said)
    conflict = ""
    if key in conflicting:
        conflict = f'<a href="{escape(conflicts_page)}">{escape(said.table["yes"])}</a>'
    cells = (
        f"<td>{said.name(record['counter'])}</td>",
        f"<td>{escape(counted)}</td>",
        f'<td data-f="{country}">{said.name(record["area"])}</td>',
        f'<td data-s="{start}" data-f="{years}">{window}</td>',
        f"<td{number}>{escape(figure)}</td>",
        f"<td>{said.name(record['definition'])}</td>",
        f"<td>{_read(record, said)}</td>",
        f"<td>{_source(record, key, said)}</td>",
        f"<td>{conflict}</td>",
    )
    return f'<tr id="{escape(key)}">{"".join(cells)}</tr>'


def _window(record: Mapping[str, Any], said: _Sayer) -> tuple[str, str, str]:
    """Return a figure's days in words, what they sort by, and the years they lie in."""
    start, end = record["window_start"], record["window_end"]
    known = [pd.Timestamp(day) for day in (start, end) if day is not None]
    if not known:
        return escape(said.table["unknown"]), "", ""
    first, last = known[0], known[-1]
    years = "|".join(str(year) for year in range(first.year, last.year + 1))
    if start is None or end is None:
        text = said.table["unknown_end"].format(day=format_time(last, said.lang))
    elif record.get("quantity") == "stock":
        text = format_time(last, said.lang)
    else:
        text = format_window(as_window({**record, "quantity": "count"}), said.lang)
    return escape(text), str(first.date()), years


def _read(record: Mapping[str, Any], said: _Sayer) -> str:
    """Return how a figure was read, and whether it is another figure's repetition or rival."""
    parts = [said.table["reading"][record["reading"]]] if record.get("reading") else []
    if record.get("role") not in (None, "primary"):
        parts.append(said.table["role"][record["role"]])
    return escape(said.joiner.join(parts))


def _source(record: Mapping[str, Any], key: str, said: _Sayer) -> str:
    """Return where a figure was read, when that was published, and the name to cite it by."""
    name = said.name(record.get("published_by")) or said.name(record.get("document"))
    if record.get("url"):
        name = f'<a href="{escape(str(record["url"]))}">{name or escape(key)}</a>'
    day = record.get("published_on")
    when = f" (<time>{escape(str(day)[:10])}</time>)" if day is not None else ""
    return f'{name}{when} <a href="#{escape(key)}"><code>{escape(key)}</code></a>'

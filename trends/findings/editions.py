"""Which conclusions changed between two editions, and why?

Causes are read off the ledgers' records of inputs, method and code; nothing is computed again. When
several causes act at once each is listed with the records that show it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple

import pandas as pd

from trends import escaping
from trends.findings.finding import EVENT, PERIOD
from trends.findings.inputs import Record
from trends.findings.ledger import Ledger
from trends.findings.rules import rule_tables
from trends.findings.wording import count_phrase, format_time, words
from trends.tables.calendar import parse_periods
from trends.tables.languages import KEPT, in_language

Kind = Literal["new", "gone", "changed"]

CauseKind = Literal[
    "new_data",
    "revised_data",
    "changed_coverage",
    "changed_method",
    "not_asked_before",
    "no_longer_asked",
    "unexplained",
]


@dataclass(frozen=True)
class Cause:
    """One reason why a finding changed.

    Attributes
    ----------
    kind : str
        new_data, revised_data, changed_coverage, changed_method, not_asked_before, no_longer_asked
        or unexplained.
    detail : str
        Key of the words that describe the evidence; "" when the kind says it all.
    values : dict
        What the words name: how many periods and events, which figure, which setting.
    """

    kind: CauseKind
    detail: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def to_text(self, lang: str = "en") -> str:
        """Return the cause in words."""
        kind = str(words(lang)["cause"][self.kind])
        if not self.detail:
            return kind
        shown = {name: _shown(value) for name, value in self.values.items()}
        for name, noun in (("n", PERIOD), ("events", EVENT)):
            count = self.values.get(name)
            if isinstance(count, int):
                shown[f"{name}_counted"] = count_phrase(count, noun, lang)
        return f"{kind} ({words(lang)['cause_detail'][self.detail].format(**shown)})"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One finding that is new, gone or changed.

    Attributes
    ----------
    finding_id : str
        Which finding.
    kind : {"new", "gone", "changed"}
        What happened to it.
    conclusion : bool
        Whether its verb or grade changed, or it came or went.
    old, new : dict or None
        Its records in the two ledgers.
    causes : tuple of Cause
        Why, the data first.
    """

    finding_id: str
    kind: Kind
    conclusion: bool
    old: Record | None
    new: Record | None
    causes: tuple[Cause, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain values."""
        return {
            "finding_id": self.finding_id,
            "kind": self.kind,
            "conclusion": self.conclusion,
            "causes": [asdict(cause) for cause in self.causes],
            "old": _outline(self.old),
            "new": _outline(self.new),
        }


@dataclass(frozen=True, kw_only=True)
class EditionChanges:
    """What changed between two editions.

    Attributes
    ----------
    changes : tuple of Change
        Changed conclusions first, then changed numbers, new findings, and those gone.
    n_same : int
        Findings that are as they were.
    old_edition, new_edition : dict
        Title, date and address of the two editions.
    """

    changes: tuple[Change, ...]
    n_same: int
    old_edition: Mapping[str, str]
    new_edition: Mapping[str, str]

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.changes)

    def count(self, kind: Kind) -> int:
        """Return how many findings are new, gone or changed."""
        return sum(change.kind == kind for change in self.changes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "old_edition": dict(self.old_edition),
            "new_edition": dict(self.new_edition),
            "n_same": self.n_same,
            **{f"n_{kind}": self.count(kind) for kind in ("new", "gone", "changed")},
            "changes": [change.to_dict() for change in self.changes],
        }

    def to_text(self, lang: str = "en") -> str:
        """Return the changes as lines of text."""
        table = words(lang)["change"]
        lines = [self._overview(lang)]
        for title, changes in self._sections():
            lines += ["", str(table[title])]
            for change in changes:
                lines.append(f"  {change.finding_id}")
                for name, said in _before_and_now(change, lang):
                    lines.append(f"    {table[name]}: {said}")
                lines.append(f"    {table['why']}: {_why(change, lang)}")
        return "\n".join(lines)

    def to_markdown(self, lang: str = "en") -> str:
        """Return the body of the page "What changed since the last edition"."""
        table = words(lang)["change"]
        blocks = [self._overview(lang)]
        for title, changes in self._sections():
            blocks.append(f"## {table[title]}")
            for change in changes:
                lines = [f"`{change.finding_id}`"]
                for name, said in _before_and_now(change, lang):
                    lines.append(f"**{table[name]}:** {escaping.markdown(said)}")
                lines.append(f"**{table['why']}:** {escaping.markdown(_why(change, lang))}")
                blocks.append("\n\n".join(lines))
        body = "\n\n".join(blocks)
        return f"::: {{.trends-changes}}\n{body}\n:::\n"

    def to_html(self, lang: str = "en") -> str:
        """Return the changes as a piece of HTML."""
        table = words(lang)["change"]
        parts = [f"<p>{escaping.html(self._overview(lang))}</p>"]
        for title, changes in self._sections():
            parts.append(f"<h2>{escaping.html(table[title])}</h2>\n<dl>")
            for change in changes:
                parts.append(f"<dt><code>{escaping.html(change.finding_id)}</code></dt>")
                for name, said in [
                    *_before_and_now(change, lang),
                    ("why", _why(change, lang)),
                ]:
                    parts.append(
                        f"<dd><b>{escaping.html(table[name])}:</b> {escaping.html(said)}</dd>"
                    )
            parts.append("</dl>")
        return '<div class="trends-changes">\n' + "\n".join(parts) + "\n</div>\n"

    def __str__(self) -> str:
        """Return the changes as English text."""
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _overview(self, lang: str) -> str:
        """Return how many findings changed, and against which edition."""
        table = words(lang)["change"]
        day = self.old_edition.get("date")
        # Whoever writes a ledger by hand may date it in words.
        is_day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", day or "")
        old = format_time(pd.Timestamp(day), lang) if is_day else day or table["unnamed"]
        counts = {kind: self.count(kind) for kind in ("new", "gone", "changed")}
        summary = table["overview"].format(**counts, same=self.n_same) if self else table["none"]
        return f"{table['compared'].format(old=old)} {summary}"

    def _sections(self) -> Iterator[tuple[str, list[Change]]]:
        """Yield the title and the changes of every section that has any."""
        sections = {
            "conclusions": [
                one for one in self.changes if one.kind == "changed" and one.conclusion
            ],
            "numbers": [
                one for one in self.changes if one.kind == "changed" and not one.conclusion
            ],
            "new": [one for one in self.changes if one.kind == "new"],
            "gone": [one for one in self.changes if one.kind == "gone"],
        }
        yield from ((title, changes) for title, changes in sections.items() if changes)


def compare_editions(old: Ledger, new: Ledger) -> EditionChanges:
    """Say which findings are new, gone or changed, and why.

    Parameters
    ----------
    old, new : Ledger
        Ledgers of the two editions, as `read_ledger` returns them.

    Returns
    -------
    EditionChanges

    Raises
    ------
    TypeError
        If either is not a ledger.

    Notes
    -----
    A finding is as it was when it reads the same, to the last printed digit, in both languages.

    New data are periods and figures that were not there or not yet counted; revised data are other
    counts for the same days, and figures withdrawn; changed coverage is more or fewer days
    watched, or another scope; changed method is another setting, method or version of the code.
    A change of code is named only where no other cause is found, because most code bears on few
    findings.

    Examples
    --------
    >>> import trends
    >>> old, new = trends.Ledger(), trends.Ledger()
    >>> subject = trends.Subject(key="claims", en="Claims", ar="ما أُعلن")
    >>> first = old.add(trends.compare_rates((294, 366), (121, 365)), subject)
    >>> second = new.add(trends.compare_rates((250, 366), (121, 365)), subject)
    >>> change = compare_editions(old, new).changes[0]
    >>> change.causes[0].to_text()
    'revised data (figure 250 in 366 days: 294 to 250)'
    """
    for name, ledger in (("old", old), ("new", new)):
        if not isinstance(ledger, Ledger):
            raise TypeError(
                f"`{name}` must be a ledger, got {type(ledger).__name__}. "
                "Read one with `read_ledger`."
            )
    evidence = _Evidence(old, new)
    changes = []
    for key in {**old.findings, **new.findings}:
        change = _change(key, old.findings.get(key), new.findings.get(key), evidence)
        if change is not None:
            changes.append(change)
    n_same = len({**old.findings, **new.findings}) - len(changes)
    order = {"changed": 0, "new": 1, "gone": 2}
    changes.sort(key=lambda one: (order[one.kind], not one.conclusion, one.finding_id))
    return EditionChanges(
        changes=tuple(changes),
        n_same=n_same,
        old_edition=old.edition,
        new_edition=new.edition,
    )


def _change(key: str, old: Record | None, new: Record | None, evidence: _Evidence) -> Change | None:
    """Return the change of one finding; None when it is as it was."""
    made = partial(Change, finding_id=key, old=old, new=new)
    if old is None and new is not None:
        causes = evidence.of_arrival(new, evidence.old_ledger, "not_asked_before")
        return made(kind="new", conclusion=True, causes=causes)
    if new is None and old is not None:
        causes = evidence.of_arrival(old, evidence.new_ledger, "no_longer_asked")
        return made(kind="gone", conclusion=True, causes=causes)
    if old is None or new is None or _same(old, new):
        return None
    conclusion = (old["verb"], old["grade"]) != (new["verb"], new["grade"])
    return made(kind="changed", conclusion=conclusion, causes=evidence.of_change(old, new))


_NUMBERS = ("estimate", "conf_low", "conf_high", "conf_level", "p_value")
_WORDS = ("verb", "grade", "caveats", "said", "method")


def _same(old: Record, new: Record) -> bool:
    """Whether a finding says the same in both editions, to the last printed digit."""
    return all(old[name] == new[name] for name in _WORDS)


def _same_numbers(old: Record, new: Record) -> bool:
    """Whether all numbers are equal, up to rounding that differs between machines."""
    for name in _NUMBERS:
        one, two = old[name], new[name]
        if one == two:
            continue
        if not isinstance(one, float | int) or not isinstance(two, float | int):
            return False
        if not math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12):
            return False
    return True


class _Series(NamedTuple):
    """What changed from one count series to another."""

    added: int
    added_events: int
    completed: int
    revised: int
    revised_events: int
    removed: int
    exposure: int


class _Evidence:
    """The input records of two ledgers, compared once for each pair."""

    def __init__(self, old: Ledger, new: Ledger) -> None:
        self.old_ledger, self.new_ledger = old, new
        self.version_old, self.version_new = old.made_with, new.made_with
        self._compared: dict[tuple[str, str], tuple[Cause, ...]] = {}
        self._computed = frozenset(rule_tables()["consequences"]["settings"])

    def of_change(self, old: Record, new: Record) -> tuple[Cause, ...]:
        """Return why a finding changed."""
        causes = [*self._of_inputs(old["inputs"]["records"], new["inputs"]["records"])]
        causes += self._of_method(old, new, with_computed=not causes)
        if causes:
            return tuple(causes)
        if _same_numbers(old, new) and old["said"] != new["said"] and old["verb"] == new["verb"]:
            return (Cause("changed_method", "wording"),)
        return self._of_code() or (Cause("unexplained"),)

    def of_arrival(self, record: Record, other: Ledger, unknown: CauseKind) -> tuple[Cause, ...]:
        """Return why a finding came or went.

        Its own figures tell when the other edition has them too; a series is compared through
        another finding of the same question and subject.
        """
        if any(key in other.inputs for key in record["inputs"]["records"]) and not _typed(
            record["inputs"]["records"]
        ):
            causes = list(self._of_inputs(*self._in_both(record, other)))
            if causes:
                return tuple(causes)
        sibling = next(
            (
                one
                for one in other.findings.values()
                if one["question"] == record["question"]
                and one["subject"]["key"] == record["subject"]["key"]
            ),
            None,
        )
        if sibling is None:
            return (Cause(unknown),)
        old, new = (sibling, record) if other is self.old_ledger else (record, sibling)
        causes = [*self._of_inputs(old["inputs"]["records"], new["inputs"]["records"])]
        if not causes:
            # A sibling of another quantity may have settings of its own; only shared ones compare.
            own = set(old["settings"]) ^ set(new["settings"])
            causes += _setting_causes(old, new, own)
        return tuple(causes) or self._of_code() or (Cause("unexplained"),)

    def _in_both(self, record: Record, other: Ledger) -> tuple[list[str], list[str]]:
        """Return a finding's records in the old and in the new edition."""
        here = record["inputs"]["records"]
        there = [key for key in here if key in other.inputs]
        return (there, here) if other is self.old_ledger else (here, there)

    def _of_inputs(self, old: list[str], new: list[str]) -> Iterator[Cause]:
        """Yield what differs between the input records of two findings."""
        only_old = [key for key in old if key not in set(new)]
        only_new = [key for key in new if key not in set(old)]
        both = [key for key in old if key in set(new)]
        for key in both:
            yield from self._of_pair(key, key)
        for kind in ("series", "figure"):
            before = [key for key in only_old if self._record(key, "old")["kind"] == kind]
            after = [key for key in only_new if self._record(key, "new")["kind"] == kind]
            if kind == "figure" and not _typed([*before, *after]):
                yield from (Cause("new_data", "figure_added", {"key": key}) for key in after)
                yield from (Cause("revised_data", "figure_removed", {"key": key}) for key in before)
                continue
            for one, two in zip(before, after, strict=False):
                yield from self._of_pair(one, two)
            for key in after[len(before) :]:
                yield Cause("new_data", "figure_added", {"key": key})
            for key in before[len(after) :]:
                yield Cause("revised_data", "figure_removed", {"key": key})

    def _of_pair(self, old: str, new: str) -> tuple[Cause, ...]:
        """Return what differs between two records, compared once."""
        pair = (old, new)
        if pair not in self._compared:
            one, two = self._record(old, "old"), self._record(new, "new")
            found = (
                _series_causes(one, two)
                if one["kind"] == "series"
                else _figure_causes(new, one, two)
            )
            self._compared[pair] = tuple(found)
        return self._compared[pair]

    def _record(self, key: str, edition: Literal["old", "new"]) -> Record:
        """Return an input record; one that a ledger lacks counts as an empty figure."""
        ledger = self.old_ledger if edition == "old" else self.new_ledger
        return ledger.inputs.get(key, {"kind": "figure"})

    def _of_method(self, old: Record, new: Record, *, with_computed: bool) -> Iterator[Cause]:
        """Yield what differs in method and settings."""
        if old["method"] != new["method"]:
            yield Cause("changed_method", "method", {"old": old["method"], "new": new["method"]})
        yield from _setting_causes(old, new, set() if with_computed else self._computed)

    def _of_code(self) -> tuple[Cause, ...]:
        """Return whether the package itself changed."""
        if self.version_old["version"] != self.version_new["version"]:
            pair = {"old": self.version_old["version"], "new": self.version_new["version"]}
            return (Cause("changed_method", "version", pair),)
        if self.version_old["code"] != self.version_new["code"]:
            return (Cause("changed_method", "code", {"version": self.version_new["version"]}),)
        return ()


def _setting_causes(old: Record, new: Record, left_out: Iterable[str]) -> list[Cause]:
    """Return the settings that differ, apart from some."""
    before, after = old["settings"], new["settings"]
    names = [name for name in {**before, **after} if name not in set(left_out)]
    return [
        Cause(
            "changed_method",
            "setting",
            {"name": name, "old": before.get(name), "new": after.get(name)},
        )
        for name in names
        if before.get(name) != after.get(name)
    ]


def _figure_causes(key: str, old: Record, new: Record) -> Iterator[Cause]:
    """Yield what differs between two editions of one published figure."""
    amounts = ("count_low", "count", "count_high", "qualifier")
    before, after = ([one.get(name) for name in amounts] for one in (old, new))
    if before != after:
        values = {"key": key, "old": _amount(before), "new": _amount(after)}
        yield Cause("revised_data", "figure_revised", values)
    window = ("window_start", "window_end", "window_basis", "days")
    before, after = ([one.get(name) for name in window] for one in (old, new))
    if before != after:
        values = {"key": key, "old": _window(old), "new": _window(new)}
        yield Cause("changed_coverage", "figure_window", values)
    rest = [name for name in {**old, **new} if name not in {*amounts, *window, "kind"}]
    for name in rest:
        if old.get(name) != new.get(name):
            values = {
                "key": f"{key} ({name})",
                "old": str(old.get(name)),
                "new": str(new.get(name)),
            }
            yield Cause("revised_data", "figure_revised", values)


def _series_causes(old: Record, new: Record) -> Iterator[Cause]:
    """Yield what differs between two editions of one count series."""
    if old["freq"] != new["freq"]:
        values = {"name": "freq", "old": old["freq"], "new": new["freq"]}
        yield Cause("changed_method", "setting", values)
        return
    if old["labels"] != new["labels"]:
        values = {"old": _labels(old), "new": _labels(new)}
        yield Cause("changed_coverage", "scope_changed", values)
    if old["caveats"] != new["caveats"]:
        values = {
            name: ", ".join(one["caveats"]) or "\N{EN DASH}"
            for name, one in (("old", old), ("new", new))
        }
        yield Cause("changed_coverage", "flags_changed", values)
    found = _compare_series(old, new)
    if found.added:
        values = {"n": found.added, "events": found.added_events}
        yield Cause("new_data", "periods_added", values)
    if found.completed:
        yield Cause("new_data", "periods_completed", {"n": found.completed})
    if found.revised:
        values = {"n": found.revised, "events": f"{found.revised_events:+d}"}
        yield Cause("revised_data", "periods_revised", values)
    if found.removed:
        yield Cause("changed_coverage", "periods_removed", {"n": found.removed})
    if found.exposure:
        yield Cause("changed_coverage", "exposure_changed", {"n": found.exposure})


def _compare_series(old: Record, new: Record) -> _Series:
    """Return what differs, period by period.

    A period that was missing or the partial last one, and is counted now, is new data; other
    changes in the days watched are coverage.
    """
    before, after = _by_period(old), _by_period(new)
    last = max((at for at, (_, days) in before.items() if days > 0), default=None)
    added = added_events = completed = revised = revised_events = removed = exposure = 0
    for at in sorted({*before, *after}):
        count_old, days_old = before.get(at, (None, 0.0))
        count_new, days_new = after.get(at, (None, 0.0))
        if (count_old, days_old) == (count_new, days_new):
            continue
        unheard = at not in before or days_old == days_new
        if unheard and count_old is None and count_new is not None:
            added, added_events = added + 1, added_events + count_new
        elif at == last and days_new > days_old and count_new is not None:
            completed += 1
        elif days_new == 0 and days_old > 0:
            removed += 1
        elif days_old != days_new:
            exposure += 1
        else:
            revised += 1
            revised_events += (count_new or 0) - (count_old or 0)
    return _Series(added, added_events, completed, revised, revised_events, removed, exposure)


def _by_period(series: Record) -> dict[int, tuple[int | None, float]]:
    """Return count and days of each period by its number in the calendar."""
    first = _ordinal(series["first"])
    pairs = zip(series["count"], series["exposure"], strict=True)
    return {first + step: pair for step, pair in enumerate(pairs)}


def _ordinal(first: str) -> int:
    """Return the number of a written period in its calendar."""
    if not first:
        return 0
    return int(parse_periods(pd.Series([first]))[0].ordinal)


def _typed(keys: list[str]) -> bool:
    """Whether any figure was typed in on a page, so that its id is its content."""
    return any(" in " in key or " from " in key for key in keys)


def _amount(amounts: list[Any]) -> str:
    """Return a figure's count with its bounds and qualifier."""
    low, count, high, qualifier = amounts
    bounds = "" if low is None and high is None else f" [{low}, {high}]"
    hedge = "" if qualifier in {"exact", None} else f"{qualifier} "
    return f"{hedge}{'' if count is None else count}{bounds}"


def _window(figure: Record) -> str:
    """Return a figure's window as it is stored."""
    start, end = figure.get("window_start"), figure.get("window_end")
    if start is None and end is None:
        return f"{figure.get('days')} days"
    return f"{start}/{end}, {figure.get('window_basis')}"


def _labels(series: Record) -> str:
    """Return what a series is of."""
    return ", ".join(f"{name} {label}" for name, label in series["labels"].items()) or "no labels"


def _shown(value: Any) -> str:
    """Return a value as it stands in a sentence."""
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _outline(record: Record | None) -> dict[str, Any] | None:
    """Return what a machine needs of a record: its numbers, verb, grade and sentences."""
    if record is None:
        return None
    said = {f"sentence_{lang}": record["said"][lang]["sentence"] for lang in KEPT}
    return {name: record[name] for name in (*_NUMBERS, "verb", "grade", "method")} | said


def _before_and_now(change: Change, lang: str) -> Iterator[tuple[str, str]]:
    """Yield the finding's words before and now, with the grade where it moved."""
    grade = ""
    if change.old and change.new and change.old["grade"] != change.new["grade"]:
        moved = words(lang)["change"]["grade"]
        grade = f" ({moved.format(old=change.old['grade'], new=change.new['grade'])})"
    if change.old:
        yield "before", _in_words(change.old, lang)
    if change.new:
        yield "now", _in_words(change.new, lang) + grade


def _in_words(record: Record, lang: str) -> str:
    """Return a finding's sentence, or what stands behind it when it has none."""
    said = in_language(record["said"], lang)
    return str(said["sentence"] or said["explain"])


def _why(change: Change, lang: str) -> str:
    """Return the causes in words."""
    return str(words(lang)["explain"]["joiner"]).join(
        cause.to_text(lang) for cause in change.causes
    )

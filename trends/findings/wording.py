"""How is a finding said, in English and in Arabic?

A sentence is a template of ``words/en.toml`` or ``words/ar.toml`` filled with the finding's own
numbers; the verb comes from the rule tables. Nothing here decides what is true, and no sentence is
written in code.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from trends import escaping
from trends.findings.finding import DAY, Finding, Inputs, Noun
from trends.findings.rules import caveat_table, declared_caveat, first_match, rule_tables
from trends.tables.calendar import is_of_the_calendar, parse_periods
from trends.tables.exposure import unit_words
from trends.tables.languages import KEPT, LANGUAGES, in_language, laid_over, words_file
from trends.tables.window import Window

#: Ratio and percentage beyond which a number is said to be more than this one.
_MOST_RATIO, _MOST_PERCENT = 10_000.0, 10_000.0


class Phrase(str):
    """A piece of prose that knows its marked-up form.

    As a string it is plain text; on a page its Markdown marks the finding the words come from.
    """

    markdown: str

    def __new__(cls, text: str, markdown: str | None = None) -> Phrase:
        """Make a phrase; without Markdown of its own it is plain text."""
        phrase = super().__new__(cls, text)
        phrase.markdown = text if markdown is None else markdown
        return phrase

    def _repr_markdown_(self) -> str:
        return self.markdown


@cache
def words(lang: str) -> dict[str, Any]:
    """Return the word tables of a language.

    Raises
    ------
    ValueError
        If there are none.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"`lang` must be one of {', '.join(LANGUAGES)}, got {lang!r}. Pick one.")
    kept = lang if lang in KEPT else "en"
    caveats = {key: caveat[kept] for key, caveat in caveat_table().items()}
    if lang in KEPT:
        return {**words_file(lang), "caveat": caveats}
    # What a further language has no words for is said in English.
    return laid_over(words("en"), words_file(lang))


def say(finding: Finding, lang: str = "en") -> Phrase:
    """Return a finding as a sentence, its number marked.

    Parameters
    ----------
    finding : Finding
        What to say.
    lang : {"en", "ar", "fr"}
        In which language.

    Returns
    -------
    Phrase
        Plain text as a string; Markdown with the finding's mark for pages.
    """
    template = _template(finding, lang)
    slots = _slots(finding, lang)
    text = _contracted(_Filler(lang).format(template, **slots), lang)
    return Phrase(text, _mark(finding, text, lang, "sentence"))


def _contracted(text: str, lang: str) -> str:
    """Return a sentence whose words run together where the language asks for it: de une, d'une."""
    for pattern, together in words(lang).get("contracted", []):
        text = re.sub(pattern, together, text)
    return text


def brief(finding: Finding, lang: str = "en") -> Phrase:
    """Return a finding in few words, for a place that has been named already, its number marked.

    It begins in the middle of a sentence and ends it: direction, size, interval, dates, who counted
    and the grade. A finding without a short form is said as `say` says it.
    """
    return _in_form(finding, lang, "brief")


def headline(finding: Finding, lang: str = "en") -> Phrase:
    """Return what a figure of the finding shows, as its headline, its number marked.

    The verb is the one that the sentence may have. A finding without a headline of its own is said
    as `say` says it.
    """
    return _in_form(finding, lang, "headline")


def _in_form(finding: Finding, lang: str, form: str) -> Phrase:
    """Return a finding in another form than its sentence; in its sentence where it has none."""
    if finding.sentence not in words(lang)[form]:
        return say(finding, lang)
    text = _Filler(lang).format(_template(finding, lang, form), **_slots(finding, lang))
    text = _contracted(text, lang)
    return Phrase(text, _mark(finding, text, lang, "sentence"))


def direction(finding: Finding) -> str:
    """Return which way a finding says a rate went: up, down, level, or unclear."""
    known = {**finding.facts, "verb": verb_key(finding), "grade": finding.grade}
    return first_match("direction", "change", known)


def paragraph(findings: Iterable[Finding], lang: str = "en") -> Phrase:
    """Return the sentences of several findings, each with its caveats, as one paragraph.

    A caveat that holds for several findings is said once, at the end.
    """
    chosen = [finding for finding in findings if finding.sentence]
    parts = [*(say(finding, lang) for finding in chosen), *caveats(chosen, lang)]
    return Phrase(" ".join(parts), " ".join(part.markdown for part in parts))


def caveats(findings: Iterable[Finding], lang: str = "en") -> list[Phrase]:
    """Return the sentences of the caveats of findings, each once."""
    keys = dict.fromkeys(key for finding in findings if finding.sentence for key in finding.caveats)
    return [caveat(key, lang) for key in keys]


def caveat(key: str, lang: str = "en") -> Phrase:
    """Return the sentence of a caveat, marked as one.

    What the caveat is about may follow its name after a colon, for the sentence to name it; a
    period is said in the words of the language.
    """
    declared, detail = declared_caveat(key), key.partition(":")[2]
    if detail and declared.get("about") == "period":
        detail = format_time(parse_periods(pd.Series([detail]))[0], lang)
    if detail and declared.get("about") == "day":
        detail = format_time(pd.Timestamp(detail), lang)
    text = str(words(lang)["caveat"][key.partition(":")[0]]).format(detail=detail)
    return Phrase(text, mark(text, "caveat", key=key))


def verb(finding: Finding, lang: str = "en") -> Phrase:
    """Return the verb that a finding's numbers license, its finding marked.

    Raises
    ------
    ValueError
        If the finding is not about a change.
    """
    key = verb_key(finding)
    if not key:
        raise ValueError(
            f"`finding` must be about a change, got {finding.finding_id}, whose quantity "
            f"{finding.quantity} has no verb. Print its number instead."
        )
    text = _verb_words(finding, key, lang)
    return Phrase(text, _mark(finding, text, lang, "finding"))


def _verb_words(finding: Finding, key: str, lang: str) -> str:
    """Return a verb as firmly as its finding's grade lets it be said."""
    text: str = words(lang)["verb"].get(finding.quantity, {}).get(key, "")
    table = words(lang)["hedge"]
    hedge = table.get(finding.grade)
    if not hedge or first_match("hedge", "verb", {"verb": key}) == "plain":
        return text
    head = table["after"] if text.startswith(table["after"]) else ""
    return head + str(hedge.format(verb=text.removeprefix(head)))


def number(finding: Finding, lang: str = "en") -> Phrase:
    """Return a finding's estimate as it is printed, with its unit where the unit is a sign."""
    text = _Filler(lang).format_field(finding.estimate, _format_of(finding))
    counted = finding.values.get("counted")
    if counted is not None:
        text = _Filler(lang).format_field(counted, "noun")
    return Phrase(text, _mark(finding, text, lang, "finding"))


def interval(finding: Finding, lang: str = "en") -> Phrase:
    """Return a finding's interval as it is printed."""
    text = format_interval(finding.conf_low, finding.conf_high, _format_of(finding), lang)
    return Phrase(text, _mark(finding, text, lang, "finding"))


def explain(finding: Finding, lang: str = "en") -> str:
    """Return what stands behind a number, in one line: what it is, interval, method, grade.

    What weakens the grade is said after it, because a number by itself shows no caveats.
    """
    table = words(lang)["explain"]
    shape = _format_of(finding)
    relative = per(str(finding.values.get("rate_unit", "")), lang)
    quantity = table["quantity"].get(finding.quantity, finding.quantity).format(per=relative)
    shown = _Filler(lang).format_field(finding.estimate, shape)
    parts = [
        table["what"]
        .format(subject=finding.subject.name(lang), quantity=quantity, number=shown)
        .replace("  ", " ")
    ]
    if not math.isnan(finding.conf_low):
        level = _in_digits(f"{100 * finding.conf_level:g}%", lang)
        shown = format_interval(finding.conf_low, finding.conf_high, shape, lang)
        parts.append(table["interval"].format(level=level, interval=shown))
    parts.append(table["method"].get(finding.method, finding.method))
    parts.append(table["searched" if finding.searched else "named"])
    if finding.grade is not None:
        parts.append(table["grade"].format(grade=finding.grade))
    weak = [str(caveat(key, lang)) for key in finding.caveats if declared_caveat(key)["weakens"]]
    if weak:
        parts.append(table["weaknesses"].format(caveats=" ".join(weak)))
    return table["joiner"].join(part for part in parts if part)


def inputs_phrase(inputs: Inputs, lang: str = "en") -> str:
    """Return in words from what a finding was made; "" when it was made from nothing recorded.

    Examples
    --------
    >>> inputs_phrase(Inputs(records=("a", "b"), first="2024-01-01", last="2024-12-31"))
    'the figures a, b'
    >>> inputs_phrase(
    ...     Inputs(records=("s",), first="2024-01", last="2024-12", n_observed=11, n_periods=12)
    ... )
    '11 of 12 periods, 2024-01 to 2024-12'
    """
    table = words(lang)["inputs"]
    if inputs.n_periods is not None:
        return str(table["periods"].format(**vars(inputs)))
    if not inputs.records:
        return ""
    return str(table["figures"].format(records=table["joiner"].join(shortened(inputs.records))))


def shortened(names: Sequence[str]) -> list[str]:
    """Return names as they are listed; of many, the first two and the last.

    Examples
    --------
    >>> shortened(["a", "b", "c", "d"]), shortened(["a", "b", "c", "d", "e"])
    (['a', 'b', 'c', 'd'], ['a', 'b', '…', 'e'])
    """
    return list(names) if len(names) <= 4 else [*names[:2], "…", names[-1]]


def verb_key(finding: Finding) -> str:
    """Return the key of the verb the finding's numbers license; "" when it needs none."""
    table = finding.quantity if finding.quantity in rule_tables()["verb"] else ""
    if not table:
        return ""
    key = first_match("verb", table, finding.facts)
    plain = first_match("established", "verb", {"verb": key}) if finding.grade == "D" else ""
    return plain or key


def per(unit: str, lang: str) -> str:
    """Return what a rate is relative to: a month of 30.4375 days, or the unit of its exposure.

    Examples
    --------
    >>> per("", "en"), per("100,000 people", "en")
    ('a month', 'per 100,000 people')
    """
    table = words(lang)["per"]
    return str(table["unit"].format(unit=unit_words(unit, lang)) if unit else table["days"])


def rate_axis(series: pd.DataFrame | None, lang: str) -> str:
    """Return the label of an axis of rates of a count series."""
    known = {} if series is None else series.attrs
    unit, counted = str(known.get("unit", "")), str(known.get("counted", "events"))
    if counted != "events" and not unit:
        return str(words(lang)["figure"][f"{counted}_per_month_axis"])
    return str(words(lang)["figure"]["rate_axis_per"].format(per=per(unit, lang)))


def format_interval(low: float, high: float, shape: str, lang: str, *, short: bool = False) -> str:
    """Return ``low to high``, or with a dash in short, saying so where an end is open."""
    table = words(lang)["interval"]
    filler = _Filler(lang)
    if math.isinf(high) and math.isinf(low):
        return str(table["none"])
    if math.isinf(high):
        return str(table["open_above"].format(low=filler.format_field(low, shape)))
    if math.isinf(low):
        return str(table["open_below"].format(high=filler.format_field(high, shape)))
    return str(
        table["both_short" if short else "both"].format(
            low=filler.format_field(low, shape), high=filler.format_field(high, shape)
        )
    )


def count_phrase(count: int, noun: Noun, lang: str, *, oblique: bool = False) -> str:
    """Return a count with its noun, in grammatical agreement.

    Arabic: 1 and 2 are said by the noun alone, 3 to 10 take the plural, 11 to 99 the accusative
    singular, round hundreds and above the singular; what counts is the last two digits.

    Parameters
    ----------
    count : int
        How many.
    noun : Noun
        What is counted.
    lang : {"en", "ar", "fr"}
        In which language.
    oblique : bool
        Whether the phrase stands after a preposition, where the Arabic dual has another ending.

    Examples
    --------
    >>> from trends.findings.finding import EVENT
    >>> count_phrase(0, EVENT, "en"), count_phrase(1, EVENT, "en"), count_phrase(294, EVENT, "en")
    ('no events', '1 event', '294 events')
    >>> count_phrase(2, EVENT, "ar"), count_phrase(2, EVENT, "ar", oblique=True)
    ('حدثان', 'حدثين')
    >>> count_phrase(10, EVENT, "ar"), count_phrase(11, EVENT, "ar"), count_phrase(300, EVENT, "ar")
    ('10 أحداث', '11 حدثًا', '300 حدث')
    """
    if lang != "ar":
        forms, table = forms_of(noun, lang), words(lang)["counted"]
        said = table.get(str(count), table["other"])
        if not isinstance(said, str):
            said = said[forms.get("gender", "m")]
        return str(said).format(count=_grouped(count, lang), **forms)
    if count == 0:
        return f"عدم تسجيل أي {noun.ar_one}" if oblique else f"لا {noun.ar_few}"
    if count == 1:
        # The numeral follows the noun itself, before what describes it.
        head, _, rest = noun.ar_one.partition(" ")
        return f"{head} {'واحدة' if noun.ar_gender == 'f' else 'واحد'} {rest}".rstrip()
    if count == 2:
        return _oblique_dual(noun.ar_two) if oblique else noun.ar_two
    last_two = count % 100
    if 3 <= last_two <= 10:
        return f"{count:,} {noun.ar_few}"
    if 11 <= last_two <= 99:
        return f"{count:,} {noun.ar_many}"
    return f"{count:,} {noun.ar_one}"


def forms_of(noun: Noun, lang: str) -> Mapping[str, str]:
    """Return the forms of a noun in a language; the English ones where it has none.

    Those of a table of terms come first, then those of the language's own table ``[noun]``.
    """
    own = noun.others.get(lang) or words(lang).get("noun", {}).get(noun.en_one)
    return own or {"one": noun.en_one, "many": noun.en_many}


def several(noun: Noun, lang: str) -> str:
    """Return what more than a few of a thing are called.

    Examples
    --------
    >>> from trends.findings.finding import EVENT
    >>> several(EVENT, "en"), several(EVENT, "ar")
    ('events', 'أحداث')
    """
    return noun.ar_few if lang == "ar" else forms_of(noun, lang)["many"]


def _grouped(count: int, lang: str) -> str:
    """Return a whole number with its thousands apart."""
    return _in_digits(f"{count:,}", lang)


def _in_digits(text: str, lang: str) -> str:
    """Return a number that was written in English with the signs of a language."""
    signs = words(lang)["number"].get("signs")
    if signs is None:
        return text
    return "".join(str(signs.get(sign, sign)) for sign in text)


def figure_phrase(window: Window, noun: Noun, lang: str, *, oblique: bool = False) -> str:
    """Return a published figure with its noun, said as firmly as it was published.

    Examples
    --------
    >>> from trends.findings.finding import EVENT
    >>> figure_phrase(Window(count=35, days=31.0, qualifier="at_least"), EVENT, "en")
    'at least 35 events'
    """
    table = words(lang)["said"]
    if window.qualifier == "range" and window.count_low is not None and window.count_high:
        high = count_phrase(window.count_high, noun, lang, oblique=True)
        return str(table["range"].format(low=_grouped(window.count_low, lang), count=high))
    governed = window.qualifier in table["governs"]
    count = count_phrase(window.count, noun, lang, oblique=oblique or governed)
    return str(table.get(window.qualifier, "{count}").format(count=count))


def _oblique_dual(dual: str) -> str:
    """Return an Arabic dual as it stands after a preposition: the noun and its adjectives."""
    heads: list[str] = []
    words_left = dual.split(" ")
    if words_left[0].endswith("ا"):  # the first part of a genitive has lost its last letter
        heads.append(words_left.pop(0)[:-1] + "ي")
        return " ".join([*heads, *words_left])
    while words_left and words_left[0].endswith("ان"):
        heads.append(words_left.pop(0)[:-2] + "ين")
    return " ".join([*heads, *words_left])


class _Filler(string.Formatter):
    """Fill a template; format names after the colon are ours, not Python's."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one slot: a number in a printed shape, a noun, interval, window, date or text."""
        if format_spec == "":
            return str(value)
        if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
            return str(words(self.lang)["number"]["unknown"])
        if format_spec in {"noun", "noun_of"}:
            count, noun, *said = value
            oblique = format_spec == "noun_of"
            if said:
                return figure_phrase(said[0], noun, self.lang, oblique=oblique)
            return count_phrase(int(count), noun, self.lang, oblique=oblique)
        if format_spec == "named":
            return _named(value, self.lang)
        if format_spec == "interval":
            return format_interval(value[0], value[1], "ratio", self.lang)
        if format_spec == "window":
            return format_window(value, self.lang)
        if format_spec in {"date", "period"}:
            return format_time(value, self.lang)
        return format_number(float(value), format_spec, self.lang)


def format_number(value: float, shape: str, lang: str) -> str:
    """Return a number in one of the printed shapes.

    Parameters
    ----------
    value : float
        The number; infinite is said in words.
    shape : {"count", "ratio", "rough", "rate", "percent", "p", "level", "share", "days"}
        How it is printed; "rough" is a ratio of small counts, "level" and "share" are fractions
        said in percent, the share always with one decimal.
    lang : {"en", "ar", "fr"}
        Language of the words around it; digits are Western in both.

    Examples
    --------
    >>> format_number(2.4234, "ratio", "en"), format_number(14.23, "rate", "en")
    ('2.42', '14.2')
    >>> format_number(0.00004, "p", "en"), format_number(30.4375, "days", "en")
    ('less than 0.001', '30.4375')
    >>> format_number(0.95, "level", "en"), format_number(0.95, "share", "en")
    ('95%', '95.0%')
    """
    table = words(lang)["number"]
    if math.isinf(value):
        return str(table["infinite"])
    if shape in {"ratio", "rough", "percent"}:
        bounded = _beyond(value, shape, table, lang)
        if bounded:
            return bounded
    if shape == "p" and value < 0.001:
        return str(table["tiny_p"])
    return _in_digits(_written_number(value, shape), lang)


def as_printed(ratio: float) -> float:
    """Return a ratio of small counts as a reader reads it, who sees it rounded.

    Parameters
    ----------
    ratio : float
        Ratio, 0 or larger.

    Returns
    -------
    float

    Examples
    --------
    >>> as_printed(0.1983), as_printed(4.96), as_printed(0.9999)
    (0.2, 5.0, 0.9999)
    """
    return float(_format_ratio(ratio, rough=True).replace(",", ""))


def _written_number(value: float, shape: str) -> str:
    """Return a number in one of the printed shapes, with English signs."""
    if shape == "count":
        return f"{value:,.0f}"
    if shape == "days":
        return f"{value:,.10g}"
    if shape in {"ratio", "rough"}:
        return _format_ratio(value, rough=shape == "rough")
    if shape == "rate":
        decimals = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
        return f"{value:,.{decimals}f}".replace("-", "\N{MINUS SIGN}")
    if shape == "percent":
        decimals = 1 if 0 < abs(value) < 10 else 0
        return f"{value:,.{decimals}f}%".replace("-", "\N{MINUS SIGN}")
    if shape == "level":
        return f"{100 * value:g}%"
    if shape == "share":
        return f"{100 * value:.1f}%".replace("-", "\N{MINUS SIGN}")
    if shape == "p":
        return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
    raise ValueError(
        f"`shape` must be one of the printed shapes, got {shape!r}. Correct the template."
    )


def _beyond(value: float, shape: str, table: Mapping[str, str], lang: str) -> str:
    """Return in words what lies beyond numbers that mean anything; "" for all others."""
    if shape == "percent":
        if value > _MOST_PERCENT:
            return table["beyond"].format(bound=_in_digits(f"{_MOST_PERCENT:,.0f}%", lang))
        if 99.5 < abs(value) < 100:
            bound = "100%" if value > 0 else "\N{MINUS SIGN}100%"
            return table["almost"].format(bound=_in_digits(bound, lang))
        return ""
    if value > _MOST_RATIO:
        return table["beyond"].format(bound=_in_digits(f"{_MOST_RATIO:,.0f}", lang))
    if 0 < value < 1 / _MOST_RATIO:
        return table["below"].format(bound=_in_digits(f"{1 / _MOST_RATIO:g}", lang))
    return ""


def _format_ratio(value: float, *, rough: bool) -> str:
    """Return a ratio; one that is not 1 is never printed as 1, because 1 is where verbs turn."""
    if value == 0:
        return "0"
    decimals = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    decimals = max(0, decimals - 1) if rough and abs(value) >= 1 else decimals
    is_one = math.isclose(value, 1, rel_tol=1e-9)
    while float(f"{value:.{decimals}f}") in (0, 1) and not is_one and decimals < 6:
        decimals += 1
    return f"{value:,.{decimals}f}"


def format_time(value: Any, lang: str) -> str:
    """Return a date, week, month, quarter or year in words.

    A quarter or year that does not end with those of the calendar is named by its last month, a
    week by its first day.

    Examples
    --------
    >>> format_time(pd.Period("2025-05", "M"), "en"), format_time(pd.Timestamp("2025-05-19"), "en")
    ('May 2025', '19 May 2025')
    >>> format_time(pd.Period("2024", "Y-JUN"), "en")
    'the year to June 2024'
    """
    months = words(lang)["month"]
    if isinstance(value, pd.Period):
        letter = str(value.freqstr)[0]
        if letter == "M":
            return f"{months[value.month - 1]} {value.year}"
        if letter in "QY" and not is_of_the_calendar(value):
            kind = "fiscal_quarter" if letter == "Q" else "fiscal_year"
            month = format_time(value.asfreq("M", "end"), lang)
            return str(words(lang)["number"][kind].format(month=month))
        if letter in "YA":
            return str(words(lang)["number"]["year"].format(year=value.year))
        if letter == "Q":
            ordinal = words(lang)["ordinal"][value.quarter - 1]
            return str(words(lang)["number"]["quarter"].format(quarter=ordinal, year=value.year))
        day = format_time(value.start_time, lang)
        return str(words(lang)["number"]["week"].format(day=day)) if letter == "W" else day
    day = pd.Timestamp(value)
    number = words(lang)["number"].get("first_day", "1") if day.day == 1 else day.day
    return f"{number} {months[day.month - 1]} {day.year}"


def _named(pairs: Iterable[tuple[Any, Any]], lang: str) -> str:
    """Return periods named in advance, each with the first observed one where that is later."""
    table = words(lang)["named"]
    said = []
    for named, observed in pairs:
        text = format_time(named, lang)
        if observed != named:
            text = table["unobserved"].format(named=text, observed=format_time(observed, lang))
        said.append(str(text))
    return str(table["joiner"]).join(said)


def format_window(window: Window, lang: str) -> str:
    """Return a window in words: a whole year, a whole month, two dates, or a number of days.

    Examples
    --------
    >>> from trends.tables.window import as_window
    >>> format_window(as_window((294, "2024-01-01", "2024-12-31")), "en")
    'in 2024'
    >>> format_window(as_window((10, "2025-05-01", "2025-05-19")), "en")
    'from 1 May 2025 to 19 May 2025'
    """
    table = words(lang)["window"]
    if window.start is None or window.end is None:
        return str(table["days"].format(days=_days_phrase(window.days, lang)))
    for freq in ("Y", "M"):
        period = window.start.to_period(freq)
        if window.start == period.start_time and window.end == period.end_time.normalize():
            return str(table["period"].format(period=format_time(period, lang)))
    if window.start == window.end:
        return str(table["day"].format(day=format_time(window.start, lang)))
    start, end = (format_time(day, lang) for day in (window.start, window.end))
    return str(table["span"].format(start=start, end=end))


def _days_phrase(days: float, lang: str) -> str:
    """Return a length in days, in agreement; a broken number of days takes one decimal."""
    if float(days).is_integer():
        return count_phrase(int(days), DAY, lang, oblique=True)
    noun = DAY.ar_one if lang == "ar" else several(DAY, lang)
    if days < words(lang).get("counted", {}).get("plural_from", 0):
        noun = forms_of(DAY, lang)["one"]
    return f"{_in_digits(f'{days:,.1f}', lang)} {noun}"


def _template(finding: Finding, lang: str, form: str = "sentence") -> str:
    """Return a sentence's template: the variant its rules pick, else that of its verb."""
    table = words(lang)[form][finding.sentence]
    if isinstance(table, str):
        return table
    if finding.sentence in rule_tables()["variant"]:
        key = first_match("variant", finding.sentence, finding.facts)
    else:
        key = verb_key(finding)
    template: str = table.get(key) or table["default"]
    return template


def _slots(finding: Finding, lang: str) -> dict[str, Any]:
    """Return what a template may name: the finding's numbers, its values and its verb."""
    key = verb_key(finding)
    unit = words(lang)["unit"].get(finding.unit, "")
    values = {name: _in_language(name, value, lang) for name, value in finding.values.items()}
    for name, value in finding.values.items():
        # The words of a value may themselves name values.
        if isinstance(value, str) and "{" in str(values[name]):
            values[name] = _Filler(lang).format(values[name], **values)
    return {
        **values,
        "subject": finding.subject.name(lang),
        "counted_by": finding.subject.counter(lang),
        "nouns": several(finding.subject.noun, lang),
        "estimate": finding.estimate,
        "conf_low": finding.conf_low,
        "conf_high": finding.conf_high,
        "conf_level": finding.conf_level,
        "interval": format_interval(finding.conf_low, finding.conf_high, _format_of(finding), lang),
        "short_interval": format_interval(
            finding.conf_low, finding.conf_high, _format_of(finding), lang, short=True
        ),
        "number": _Filler(lang).format_field(finding.estimate, _format_of(finding)),
        "p_value": finding.p_value,
        "unit": unit,
        "per": per(str(finding.values.get("rate_unit", "")), lang),
        "verb": _verb_words(finding, key, lang),
        "grade": words(lang)["grade"][finding.grade] if finding.grade else "",
        "grade_letter": finding.grade or "",
    }


def _in_language(slot: str, value: Any, lang: str) -> Any:
    """Return a value as its language says it: by the slot's word table, or by its own names."""
    if isinstance(value, Mapping):
        return in_language(value, lang)
    return words(lang).get(slot, {}).get(value, value) if isinstance(value, str) else value


def _format_of(finding: Finding) -> str:
    """Return the printed shape of a finding's estimate, which its unit decides."""
    shape: str = words("en")["shape"][finding.unit]
    return shape


def mark(text: str, kind: str, **attributes: str) -> str:
    r"""Return text as a Markdown span of a class, with attributes, safe for Pandoc.

    Parameters
    ----------
    text : str
        Plain text; every sign that Markdown reads is escaped.
    kind : str
        Class of the span: finding, sentence, statement, constant or caveat.
    **attributes : str
        Attributes of the span.

    Examples
    --------
    >>> print(mark("a [b]_c", "finding", key="k", say='say "x"'))
    [a \[b\]\_c]{.finding key="k" say="say \"x\""}
    """
    shown = " ".join(f'{name}="{escaping.attribute(value)}"' for name, value in attributes.items())
    return f"[{escaping.markdown(text)}]{{.{kind} {shown}}}"


def _mark(finding: Finding, text: str, lang: str, kind: str) -> str:
    """Return the text as a Markdown span that carries its finding."""
    # A sentence shows its grade; a number alone shows it when it is opened.
    grade = {"grade": finding.grade} if kind == "sentence" and finding.grade else {}
    return mark(text, kind, key=finding.finding_id, say=explain(finding, lang), **grade)

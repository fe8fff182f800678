"""Where does the reference of the manual come from? From the docstrings, by `make manual`.

`python docs/reference.py` writes a page for each part of the package, the list of all names and the
glossary. A test compares the pages with what this module makes, so that they are never stale.
"""

from __future__ import annotations

import inspect
import os
import re
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import griffe
from typer.main import get_command

import trends
from trends.cli import app
from trends.endings import MEANINGS
from trends.tables.glossary import glossary
from trends.tables.languages import LANGUAGES

DOCS = Path(__file__).parent
FOLDER = "reference"

#: Page, its title, what it is for, and its names; each public name stands once.
PARTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "windows": (
        "Published figures",
        "Two figures, one figure, many figures of several counters.",
        (
            "compare_rates", "RateComparison", "figure_rate", "figure_rates", "FigureRate",
            "compare_reporting", "ReportingComparison", "find_contradictions", "Contradictions",
            "estimate_rate", "LatentRate", "score_claims", "ClaimScores",
        ),
    ),
    "course": (
        "The course of a series",
        "What kind of course, how fast, where it bends, what the season does.",
        (
            "describe_series", "Description", "estimate_trend", "Trend", "fit_joinpoints",
            "Joinpoints", "estimate_season", "Season", "detectable_change", "DetectableChange",
        ),
    ),
    "shifts": (
        "Changes at a date",
        "Dates that are looked for, dates named in advance, two stretches of one series.",
        (
            "detect_changepoints", "Changepoints", "shared_changepoints", "estimate_interruption",
            "Interruption", "compare_periods", "PeriodComparison",
        ),
    ),
    "ahead": (
        "What comes next",
        "Forecasts and their score, alarms, and what is still to be reported.",
        (
            "forecast_counts", "Forecast", "evaluate_forecasts", "ForecastEvaluation",
            "detect_alarms", "Alarms", "reporting_delay", "ReportingDelay",
        ),
    ),
    "many": (
        "Several series",
        "One question of many series, who drives a change, shares, how deadly events are.",
        (
            "analyse_panel", "Panel", "rank_groups", "GroupRanking", "compare_trends",
            "TrendComparison", "estimate_share", "Shares", "compare_severity",
            "SeverityComparison",
        ),
    ),
    "tables": (
        "Tables",
        "Reading, counting, and what a table must hold.",
        (
            "read_events", "read_counts", "write_counts", "read_statements", "read_coverage",
            "read_definitions", "read_subjects", "count_events", "series", "as_series",
            "statement_series", "figures_of_series", "known_breaks", "validate", "Window",
            "Statements", "Definitions", "Events", "EventCounts", "CountSeries", "Coverage",
        ),
    ),
    "answers": (
        "Answers",
        "What every result can do, findings and their ledger, pictures, bundled series.",
        ("Finding", "Subject", "Noun", "Ledger", "read_ledger", "plot", "glossary", "datasets"),
    ),
}  # fmt: skip
#: The base of all results has no public name; what it does is told once.
EVERY_RESULT = "trends.analysis.result.Result"


@cache
def package() -> griffe.Module:
    """Return the package as griffe reads it, without running it."""
    loaded = griffe.load(
        "trends",
        docstring_parser="numpy",
        search_paths=[str(DOCS.parent)],
        resolve_aliases=True,
    )
    assert isinstance(loaded, griffe.Module)
    return loaded


def named(name: str) -> Any:
    """Return what a public name stands for."""
    found: Any = package()[name]
    return found.final_target if found.is_alias else found


def place_of(name: str) -> str | None:
    """Return the page and anchor of a public name as seen from the folder of the reference."""
    for page, (_, _, names) in PARTS.items():
        if name in names:
            return f"{page}.md#{name.lower()}"
    return None


def pages() -> dict[str, str]:
    """Return every page that is made, by its path under `docs`."""
    listed = [name for _, _, names in PARTS.values() for name in names]
    if sorted(listed) != sorted(trends.__all__):
        differs = sorted(set(listed) ^ set(trends.__all__))
        raise ValueError(f"each public name must stand once in PARTS, got {differs}.")
    made = {f"{FOLDER}/{page}.md": _part(page) for page in PARTS}
    made[f"{FOLDER}/index.md"] = _index()
    made[f"{FOLDER}/commands.md"] = _commands()
    made["../trends/tables/spoken.pyi"] = _spoken()
    made["../reports/glossary.md"] = _glossary("en")
    made["../reports/ar/glossary.md"] = _glossary("ar")
    return made


def _headed(title: str, subtitle: str, body: Iterable[str]) -> str:
    front = f'---\ntitle: "{title}"\nsubtitle: "{subtitle}"\nformat: html\n---'
    made = "\n\n".join(part.strip("\n") for part in [front, *body] if part)
    return made + "\n"


def _index() -> str:
    body = [
        "Every public name, with what it answers. Rates are per 30.4375 days, the mean month, "
        "unless a name says otherwise; windows include both of their days; options are given by "
        "name."
    ]
    for page, (title, about, names) in PARTS.items():
        lines = [f"- {_linked(name)}: {_first_line(named(name))}" for name in names]
        body += [f"## [{title}]({page}.md)", about, "\n".join(lines)]
    return _headed("Reference", "Every public name", body)


def _spoken() -> str:
    """Return the stub that tells type checkers the languages with a file of words."""
    listed = ", ".join(f'"{lang}"' for lang in LANGUAGES)
    return f"from typing import Literal\n\nLanguage = Literal[{listed}]\n"


@cache
def examples() -> list[dict[str, Any]]:
    """Return one example of each command, in the order in which they are run."""
    return tomllib.loads((DOCS / "commands.toml").read_text(encoding="utf-8"))["example"]


def _commands() -> str:
    """Return the page of the command line, made from its parser."""
    commands: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    order = [str(example["command"]) for example in examples()]
    if sorted(order) != sorted(commands):
        differs = sorted(set(order) ^ set(commands))
        raise ValueError(f"each command must have one example in commands.toml, got {differs}.")
    body = [
        "`trends COMMAND --help` says the same in the terminal, and `trends --install-completion` "
        "lets the shell complete commands and options. The examples are run one after the other "
        "in one empty folder by the tests.",
        "| exit code | meaning |\n|--:|:--|\n"
        + "\n".join(f"| {code} | {meaning} |" for code, meaning in MEANINGS.items()),
    ]
    for example in examples():
        body += _command(str(example["command"]), commands[str(example["command"])], example)
    return _headed("Command line", "Every command, with an example", body)


def _command(name: str, command: Any, example: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield " ".join(str(command.help).split())
    given = [one for one in command.params if one.opts[0].startswith("-")]
    named = [one for one in command.params if one not in given]
    words = " ".join([one.name.upper() for one in named] + ["[OPTIONS]"] * bool(given))
    yield f"```text\ntrends {name} {words}\n```".replace(" \n", "\n")
    yield "\n".join(f"- `{one.name.upper()}`: {one.help}" for one in named)
    yield "\n".join(f"- `{_option(one)}`: {one.help}{_default(one)}" for one in given)
    if "text" in example:
        yield f"With a file `{example['file']}`:"
        yield f"```text\n{example['text'].strip()}\n```"
    yield example.get("about", "")
    yield f"```sh\n{example['run']}\n```"
    if "printed" in example:
        yield f"```text\n{example['printed'].strip()}\n```"


def _option(option: Any) -> str:
    """Return an option as it is written, with what it takes."""
    choices = [
        *get_args(option.type_descriptor.annotation),
        *(each for one in get_args(option.type_descriptor.annotation) for each in get_args(one)),
    ]
    words = [one for one in choices if isinstance(one, str)]
    if option.is_flag:
        taken = ""
    elif words:
        taken = "|".join(words)
    else:
        taken = " ".join([option.name.upper().removeprefix("AS_")] * option.nargs)
    return f"{option.opts[0]} {taken}".strip()


def _default(option: Any) -> str:
    """Return what holds without an option, where that says something."""
    silent = option.is_flag or option.default in (None, "", [], ())
    return f" Default: {option.default}." * (not silent) + " Required." * option.required


def _part(page: str) -> str:
    title, about, names = PARTS[page]
    body = [about]
    if page == "answers":
        body += _every_result()
    for name in names:
        found = named(name)
        if isinstance(found, griffe.Function):
            body += _function(found, f"trends.{name}", "##")
        elif isinstance(found, griffe.Class):
            body += _class(found, name)
        elif isinstance(found, griffe.Module):
            body += _module(found, name)
        else:
            body += _value(name, found)
    return _headed(title, "Reference", body)


def _every_result() -> Iterator[str]:
    yield "## Every result"
    yield (
        "Results are frozen, keep their input and settings, and share these methods. Columns of "
        "frames are defined in the [glossary](../../reports/glossary.md)."
    )
    found = package()[EVERY_RESULT.removeprefix("trends.")]
    yield from _methods(found, "result")


def _function(found: griffe.Function, name: str, mark: str) -> Iterator[str]:
    yield f"{mark} {name.rpartition('.')[2]}"
    yield f"```python\n{_signature(found, name)}\n```"
    yield from _aliases(found)
    yield from _sections(found)


def _class(found: griffe.Class, name: str) -> Iterator[str]:
    yield f"## {name}"
    columns = _columns(found)
    if columns:
        yield _prose(_text(found))
        yield "Columns:"
        yield "\n".join(columns)
        return
    yield from _sections(found)
    bases = [str(base) for base in found.bases]
    yield from _methods(found, "result" if "Result" in bases else name)
    if "Result" in bases:
        yield "Further methods: [every result](answers.md#every-result)."


def _module(found: griffe.Module, name: str) -> Iterator[str]:
    yield f"## {name}"
    yield _prose(_text(found))
    for own in getattr(trends, name).__all__:
        yield from _function(found[own], f"trends.{name}.{own}", "###")


def _value(name: str, found: griffe.Attribute) -> Iterator[str]:
    yield f"## {name}"
    yield f"```python\ntrends.{name}: {found.annotation}\n```"
    yield "Every column of every table and result, each a term with `name`, `room`, `en` and `ar`."
    yield '```pycon\n>>> import trends\n>>> print(trends.glossary["exposure"])\n'
    said = f"{glossary['exposure']}\n```"
    yield said


def _methods(found: griffe.Class, instance: str) -> Iterator[str]:
    """Tell of what a class does itself, as the bold start of a paragraph."""
    for name, member in found.members.items():
        if name.startswith("_") or member.is_alias or not isinstance(member, griffe.Function):
            continue
        if not member.docstring:
            continue
        spoken = "result" if instance == "result" else instance[0].lower() + instance[1:]
        yield f"```python\n{_signature(member, f'{spoken}.{name}')}\n```"
        yield from _sections(member)


def _columns(found: griffe.Class) -> list[str]:
    """Return the columns of a table's schema, as the glossary defines them."""
    if not any(str(base).endswith("DataFrameModel") for base in found.bases):
        return []
    lines = []
    for name, one in found.attributes.items():
        if name.startswith("_") or name == "Config":
            continue
        kind = re.sub(r"^(Series|Index)\[(.*)\]$", r"\2", str(one.annotation))
        about = f": {_prose(glossary[name].en)}" if name in glossary else ""
        lines.append(f"- `{name}` ({kind.removeprefix('pd.')}){about}")
    return lines


def _signature(found: griffe.Function, name: str) -> str:
    """Return how a function is called, a parameter a line where one line is too long."""
    given = []
    starred = False
    for one in found.parameters:
        if one.name in ("self", "cls"):
            continue
        if one.kind is griffe.ParameterKind.keyword_only and not starred:
            given.append("*")
            starred = True
        text = {"variadic positional": "*", "variadic keyword": "**"}.get(one.kind.value, "")
        starred = starred or text == "*"
        text += one.name
        if one.annotation is not None:
            text += f": {one.annotation}"
        if one.default is not None and one.kind.value[:8] != "variadic":
            text += f" = {one.default}" if one.annotation is not None else f"={one.default}"
        given.append(text)
    gives = f" -> {found.returns}" if found.returns is not None else ""
    line = f"{name}({', '.join(given)}){gives}"
    if len(line) <= 88:
        return line
    return f"{name}(\n" + "".join(f"    {one},\n" for one in given) + f"){gives}"


def _aliases(found: griffe.Function) -> Iterator[str]:
    """Say what the package's own names of types in a signature stand for."""
    told: dict[str, str] = {}
    for one in found.parameters:
        for name in _names_in(one.annotation):
            try:
                alias = package()[name.canonical_path.removeprefix("trends.")]
                alias = alias.final_target if alias.is_alias else alias
            except (KeyError, griffe.AliasResolutionError):
                continue
            if isinstance(alias, griffe.Attribute) and alias.value is not None:
                told[name.name] = re.sub(r"\s+", " ", str(alias.value))
    if told:
        yield "```python\n" + "\n".join(f"{name} = {text}" for name, text in told.items()) + "\n```"


def _names_in(annotation: Any) -> list[griffe.ExprName]:
    if isinstance(annotation, griffe.ExprName):
        return [annotation]
    if isinstance(annotation, griffe.Expr):
        return [one for one in annotation.iterate(flat=True) if isinstance(one, griffe.ExprName)]
    return []


def _text(found: Any) -> str:
    sections = found.docstring.parsed if found.docstring else []
    return "\n\n".join(one.value for one in sections if one.kind.value == "text")


def _first_line(found: Any) -> str:
    if not found.docstring:
        return "Every column of every table and result."
    return _prose(re.sub(r"\s+", " ", found.docstring.value.strip().split("\n\n")[0]))


def _sections(found: Any) -> Iterator[str]:
    """Yield a docstring as Markdown, section by section."""
    for section in found.docstring.parsed if found.docstring else []:
        kind, value = section.kind.value, section.value
        if kind == "text":
            yield _prose(value)
        elif kind in ("parameters", "attributes", "returns"):
            yield f"**{kind.capitalize()}**"
            yield "\n".join(_items(value))
        elif kind == "raises":
            yield "**Raises**"
            yield "\n".join(_item("", one) for one in value)
        elif kind == "examples":
            yield "**Example**"
            yield from (
                _prose(text) if one.value == "text" else _pasted(text) for one, text in value
            )
        elif kind == "admonition":
            yield f"**{section.title}**"
            yield _prose(value.description)
        else:
            raise ValueError(f"the docstring of {found.path} has a section of kind {kind!r}.")


def _pasted(example: str) -> str:
    return f"```pycon\n{example}\n```"


def _items(described: list[Any]) -> Iterator[str]:
    """Yield an item for all neighbours that share one description, as numpydoc writes them."""
    for _, alike in groupby(described, key=lambda one: (str(one.annotation), one.description)):
        together = list(alike)
        yield _item(", ".join(one.name for one in together), together[0])


def _item(name: str, one: Any) -> str:
    """Return one parameter, attribute, value or error as an item of a list."""
    kind = _kind(str(one.annotation or ""))
    head = f"**`{name}`**" if name else ""
    if kind:
        head = f"{head} ({kind})" if head else f"**{kind}**"
    about = _prose(one.description or "")
    rest = textwrap.indent(about, "  ").strip()
    return f"- {head}: {rest}" if rest else f"- {head}"


def _kind(said: str) -> str:
    """Return the type of a docstring; griffe reads a set of choices as a tuple."""
    if place_of(said):
        return _linked(said)
    choices = re.compile(r"[({]('[^)}]*')[)}]")
    return _prose(choices.sub(lambda found: f"`{found[1]}`", said.replace('"', "'")))


#: Code, and the words in italics that begin a paragraph of notes.
_CODE = re.compile(r"(``[^`]+``|`[^`]+`|\*[A-Z][^*\n]*\.\*)")
_ACTING = re.compile(r"([\\*^~$@<\[\]#{}|]|(?<!\w)_|_(?!\w))")


def _prose(text: str) -> str:
    """Return the text of a docstring as Markdown: code stays code, public names become links."""
    parts = _CODE.split(inspect.cleandoc(text))
    return "".join(
        _code(part) if index % 2 else _ACTING.sub(r"\\\1", part) for index, part in enumerate(parts)
    )


def _code(part: str) -> str:
    if part.startswith("*"):
        return part
    said = part.strip("`")
    name = said.removeprefix("trends.")
    return _linked(name, said) if place_of(name) else f"`{said}`"


def _linked(name: str, said: str = "") -> str:
    return f"[`{said or name}`]({place_of(name)})"


def _glossary(lang: str) -> str:
    rooms = {
        "en": {"statements": "Published figures", "definitions": "Definitions", "counts": "Counts",
               "events": "Events", "results": "Results"},
        "ar": {"statements": "الأرقام المنشورة", "definitions": "التعريفات", "counts": "الأعداد",
               "events": "الأحداث", "results": "النتائج"},
    }[lang]  # fmt: skip
    title, subtitle, said = {
        "en": ("Glossary", "What each column means", "Every column of a table or a result has one "
               "definition, which Python gives as `trends.glossary`."),
        "ar": ("مسرد المصطلحات", "معنى كل عمود", "لكل عمود في جدول أو نتيجة تعريف واحد، وهو في "
               "Python تحت الاسم `trends.glossary`."),
    }[lang]  # fmt: skip
    body = [said]
    for room in dict.fromkeys(term.room for term in glossary.values()):
        terms = [term for term in glossary.values() if term.room == room]
        body.append(f"## {rooms.get(room, room.capitalize())}")
        head = "| Column | Meaning |" if lang == "en" else "| العمود | المعنى |"
        rows = [f"| `{term.name}` | {_prose(getattr(term, lang))} |" for term in terms]
        body.append("\n".join([head, "|:--|:--|", *rows]))
    return _headed(title, subtitle, body)


def write(folder: Path = DOCS) -> None:
    """Write every page that is made, and take away those of names that went."""
    made = pages()
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in (folder / FOLDER).glob("*.md"):
        if os.path.relpath(path, folder).replace(os.sep, "/") not in made:
            path.unlink()


if __name__ == "__main__":
    write()

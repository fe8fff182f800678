"""How does somebody start a report of their own, filled from their own table?"""

from __future__ import annotations

import difflib
import json
import keyword
import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pandas as pd

import trends
from trends import escaping
from trends.findings.finding import COUNTED
from trends.findings.wording import format_time
from trends.parts import DISTRIBUTION
from trends.report.filling import (
    HORIZON,
    Filling,
    Section,
    of_counts,
    of_sheet,
    of_statements,
)
from trends.report.outline import EXAMPLE_NAME, EXAMPLE_TITLE, OF_EVENTS, Kind
from trends.tables.files import read_sheets
from trends.tables.languages import FURTHER, LANGUAGES, in_language, words_file
from trends.tables.packs import OUTLINE, Pack, pack_names, read_pack
from trends.tables.provenance import write_sidecar
from trends.tables.sources import layout_of

#: What is asked, in the order of the page: the call, the name of its result and of its findings.
_CALLS = {
    "course": "trends.describe_series({series}, rng=1)",
    "trend": "trends.estimate_trend({series})",
    "shifts": "trends.detect_changepoints({series}, rng=1)",
    "season": "trends.estimate_season({series})",
    "forecast": f"trends.forecast_counts({{series}}, {HORIZON}, rng=1)",
    "comparison": "trends.compare_rates(*outline.figures({key}))",
    "date": "trends.estimate_interruption({series}, outline.dates[{date}])",
}


def scaffold(
    folder: str | Path,
    file: str | Path | None = None,
    kind: Kind | None = None,
    *,
    title: str | None = None,
    languages: Sequence[str] = ("en",),
    by: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    reading: Mapping[str, Any] | None = None,
    pack: str | Path | None = None,
    counted: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Make a report that renders as it is, filled from a table.

    Parameters
    ----------
    folder : path
        Folder to make.
    file : path, optional
        The table; it is copied into ``data/`` as it is, with its sidecar if it has one. Without a
        table the report is about made-up counts, and says so.
    kind : {"events", "counts", "statements"}, optional
        What the rows of the table are.
    title : str, optional
        Title of the report; by default what is counted, and when.
    languages : sequence of {"en", "ar", "fr"}
        Languages of the pages; the first is that of the front page.
    by : sequence of str
        Columns that tell groups apart; by default the country of events, or the groups of counts.
    where : mapping of str to str, optional
        Picks a part of the table.
    reading : mapping, optional
        How the table is read: freq, span, columns, encoding, sheet, header.
    pack : str or path, optional
        Subject pack that gives words, names and dates: one of the package, or a folder, which is
        copied into the project. Without a table its series is taken.
    counted : str, optional
        Key of the noun that sentences say: one of the pack, or events, people, targets, groups; by
        default what the pack says of such a table. Published figures take that of their measure.
    progress : callable
        Is told the name of each group as its questions are tried.

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    InvalidTable
        If the table breaks a rule or is of a layout that nobody knows.
    ValueError
        If the folder exists and is not empty, a language, column, noun or pack is unknown, an
        option is not for tables of this kind, or no series of the table can be asked anything.
        Nothing is written then.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ValueError(
            f"`folder` must not exist or be empty, got {str(folder)!r}. Choose another name."
        )
    if not target.absolute().parent.is_dir():
        raise ValueError(
            f"`folder` must be in a folder that exists, got {str(folder)!r}. Make that one first."
        )
    chosen = list(dict.fromkeys(languages))
    if not chosen or not set(chosen) <= set(LANGUAGES):
        raise ValueError(
            f"`languages` must be among {', '.join(LANGUAGES)}, got {', '.join(languages)!r}. "
            "Write one, or several as en,ar."
        )
    subject = None if pack is None else read_pack(pack)
    noun = _noun_of(subject, kind, counted)
    example = file is None and (subject is None or subject.series is None)
    file = file if file is not None or subject is None else subject.series
    room = files("trends.report")
    with as_file(room) as ours:
        table = ours / "starter" / "data" / "counts.csv" if file is None else Path(file)
        if not table.is_file():
            raise FileNotFoundError(2, "No such file", str(table))
        asked = dict(reading or {})
        named = "counts" if kind is None else kind
        if named == "statements":
            told = {"by": by, "where": where, **{name: asked.get(name) for name in OF_EVENTS}}
            unfit = [name for name, value in told.items() if value]
            if unfit:
                raise ValueError(
                    f"`--{unfit[0]}` must be left out beside --statements, got {told[unfit[0]]!r}. "
                    "Published figures are compared as the table names them."
                )
            filling = of_statements(table, asked, chosen, subject)
        else:
            filling = of_counts(
                table,
                named,
                asked,
                by=by,
                where=where or {},
                all_name={lang: _words()[lang]["all"] for lang in ("en", *chosen)},
                pack=subject,
                counted=noun,
                progress=progress,
            )
        titles = _titles(filling, named, table, chosen, title, subject, noun)
        if example:
            titles = {lang: title or EXAMPLE_TITLE[lang] for lang in chosen}
            for section in filling.sections:
                section.names.update({lang: EXAMPLE_NAME[lang] for lang in ("en", *chosen)})
        # Whatever goes wrong on the way leaves no folder behind.
        made = Path(tempfile.mkdtemp(dir=target.absolute().parent, prefix=f".{target.name}."))
        try:
            _write(made, ours, table, named, filling, titles, subject, noun)
            made.chmod(0o777 & ~_umask())
            if target.exists():
                target.rmdir()
            made.replace(target)
        except BaseException:
            # Ctrl-C and signals too: no half-made project is left behind.
            shutil.rmtree(made, ignore_errors=True)
            raise
    return sorted(path for path in target.rglob("*") if path.is_file())


def _write(
    made: Path,
    ours: Path,
    table: Path,
    kind: str,
    filling: Filling,
    titles: dict[str, str],
    pack: Pack | None,
    counted: str,
) -> None:
    """Write every file of the project."""
    starter, languages = ours / "starter", list(titles)
    name = _file_name(table)
    for folder in ("data", "reports", ".github/workflows"):
        (made / folder).mkdir(parents=True)
    shutil.copyfile(table, made / "data" / name)
    beside = table.with_suffix(".toml")
    if beside.is_file() and beside != table:
        shutil.copyfile(beside, (made / "data" / name).with_suffix(".toml"))
    write_sidecar(made / "data" / name, _known_of(table, filling, made / "data" / name))
    for script in ("complete.py", "prepare.py"):
        shutil.copyfile(starter / "reports" / script, made / "reports" / script)
    if pack is not None and pack.name not in pack_names():
        shutil.copytree(pack.folder, made / "packs" / pack.name)
    # Quarto looks for filters and templates inside the project, so they go along.
    shutil.copytree(ours / "filters", made / "reports" / "filters")
    shutil.copytree(ours / "typst", made / "reports" / "typst")
    texts = {
        OUTLINE: _outline(name, kind, filling, languages, pack, counted),
        "_quarto.yml": _quarto(titles),
        "reports/_ask.qmd": _ask(kind, filling),
        ".gitignore": _IGNORED,
        ".github/workflows/report.yml": _workflow(),
        "requirements.txt": f"{DISTRIBUTION}[report]=={trends.__version__}\n",
    }
    for lang in languages:
        place = _place(lang, languages)
        texts[f"{place}/index.qmd"] = _page(lang, place, name, kind, filling, titles[lang], pack)
        if lang == "ar":
            texts[f"{place}/_metadata.yml"] = _arabic(titles["ar"])
        elif lang in FURTHER:
            texts[f"{place}/_metadata.yml"] = _metadata(lang, titles[lang])
    for path, text in texts.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text, encoding="utf-8")


def _noun_of(pack: Pack | None, kind: Kind | None, counted: str | None) -> str:
    """Return the key of the noun that sentences say: the one chosen, or the pack's own."""
    known = (*({} if pack is None else pack.measures), *COUNTED)
    if counted is not None and kind == "statements":
        raise ValueError(
            f"`--counted` must be left out beside --statements, got {counted!r}. The measure of "
            "each figure says what it counts."
        )
    if counted is not None and counted not in known:
        near = difflib.get_close_matches(counted, known, n=1, cutoff=0.5)
        raise ValueError(
            f"`--counted` must be one of {', '.join(known)}, got {counted!r}. "
            f"{f'Write {near[0]}.' if near else 'A pack (--pack) has nouns of its own.'}"
        )
    if counted is not None or pack is None:
        return counted or "events"
    return pack.events if kind == "events" else pack.counted


def _titles(
    filling: Filling,
    kind: str,
    table: Path,
    languages: list[str],
    title: str | None,
    pack: Pack | None,
    counted: str,
) -> dict[str, str]:
    """Return the title of the report in each language."""
    if title is not None:
        return dict.fromkeys(languages, " ".join(title.split()))
    found = {}
    for lang in languages:
        words = _words()[lang]
        if kind == "statements":
            found[lang] = words["figures_title"].format(name=table.stem.replace("_", " "))
            continue
        name = filling.sections[0].names[lang]
        # The whole stands first where there is one; its parts are no others.
        several = len(filling.sections) > 1 and bool(filling.sections[0].entry["where"])
        if pack is not None:
            subject = pack.called(counted, lang)
            alone = len(filling.sections) == 1 and bool(filling.sections[0].entry["where"])
            name = words["title"].format(name=subject, span=name) if alone else subject
        elif several:
            name = words["of_many"].format(name=name)
        found[lang] = words["title"].format(name=name, span=_span(filling, lang))
    return found


def _span(filling: Filling, lang: str) -> str:
    """Return the periods that a table covers, in words; of days and weeks the months."""
    freq = filling.freq if filling.freq in ("Q", "Y") else "M"
    first, last = (day.to_period(freq) for day in (filling.first, filling.last))
    return str(
        _words()[lang]["span"].format(first=format_time(first, lang), last=format_time(last, lang))
    )


def _known_of(table: Path, filling: Filling, copied: Path) -> dict[str, str]:
    """Return what a new sidecar can say by itself; nothing where there is one already."""
    if copied.with_suffix(".toml").is_file():
        return {}
    cells = read_sheets(table, **of_sheet(filling.reading))[0]
    known = layout_of([str(one) for one in cells.columns])
    producer = {"producer": known.database} if known is not None and known.published else {}
    return {
        **producer,
        "title": table.stem.replace("_", " "),
        "how_made": "Read as it was obtained.",
    }


def _file_name(table: Path) -> str:
    """Return a file's name without what a shell, a page or an address would read otherwise."""
    stem = "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in table.stem)
    return f"{stem.lstrip('.') or 'table'}{table.suffix}"


def _outline(
    name: str,
    kind: str,
    filling: Filling,
    languages: list[str],
    pack: Pack | None,
    counted: str,
) -> str:
    """Return the outline: what the report is about, with what each entry means."""
    lines = [
        "# What this report is about. The pages read it; a key that is misspelt is named when they",
        "# are rendered. Titles and words stand in reports/; where the table is from stands beside",
        "# it in data/.",
        "",
        *_pack_lines(pack),
        "[table]",
        f"file = {escaping.toml(f'data/{name}')}",
        f"kind = {escaping.toml(kind)}    # events, counts or statements",
    ]
    for key, value in filling.reading.items():
        lines.append(f"{key} = {_toml(value)}{_SAYS.get(key, '')}")
    if kind == "events" and "span" not in filling.reading:
        lines += [
            "# First and last day that the table covers; without it, those of its events:",
            f'# span = ["{filling.first.date()}", "{filling.last.date()}"]',
        ]
    lines += [
        "",
        "# A new vintage of the table: copy it into data/ under a name of its own, run",
        "# `trends sidecar data/NEW_FILE`, and name it as `file` above.",
        "",
    ]
    for text in filling.left_out[:20]:
        lines.append(f"# Without a section: {' '.join(escaping.visible(text).split())}")
    if filling.left_out:
        lines.append("")
    for section in filling.sections:
        lines += [f"[[{'comparison' if kind == 'statements' else 'series'}]]"]
        lines += [f"key = {escaping.toml(section.key)}    # by which the pages ask for it"]
        lines += [f"en = {escaping.toml(section.names.get('en') or section.key)}"]
        if "ar" in languages:
            lines += [
                f"ar = {escaping.toml(section.names['ar'])}    # what Arabic sentences call it"
            ]
        lines += [
            f"{lang} = {escaping.toml(section.names[lang])}"
            for lang in languages
            if lang in FURTHER
        ]
        lines += [f"{key} = {_toml(value)}" for key, value in section.entry.items()]
        if kind != "statements":
            others = [] if pack is None else [key for key in pack.measures if key != counted]
            alike = [one for one in (*others, *COUNTED) if one != counted]
            lines += [f"counted = {escaping.toml(counted)}    # or {', '.join(alike)}"]
        lines += [
            f"# Not asked: {question}. {' '.join(escaping.visible(why).split())}"
            for question, why in section.refused.items()
        ]
        lines += [""]
    return "\n".join(lines)


def _pack_lines(pack: Pack | None) -> list[str]:
    """Return what names the subject's pack in an outline."""
    if pack is None:
        return []
    name = pack.name if pack.name in pack_names() else f"packs/{pack.name}"
    return [f"pack = {escaping.toml(name)}    # what things are called, and dates that matter", ""]


_SAYS = {
    "freq": "    # length of a period: D, W, M, Q or Y",
    "span": "    # first and last day or period that are counted",
    "columns": "    # what its columns mean",
}


def _toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, Mapping):
        inside = ", ".join(
            f"{escaping.toml(str(key))} = {_toml(one)}" for key, one in value.items()
        )
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value) if isinstance(value, int) else escaping.toml(str(value))


def _ask(kind: str, filling: Filling) -> str:
    """Return the cell that asks every question, once for all languages."""
    lines = [
        "```{python}",
        "#| label: ask",
        "#| include: false",
        "import trends",
        "from trends.report import Table, plot_windows, provenance_table, read_outline, use_style",
        "",
        "use_style()",
        f"outline = read_outline({OUTLINE!r})",
        "ledger = trends.Ledger(lang=lang, names=outline.names)",
    ]
    for section in filling.sections:
        key = section.key
        lines += [""]
        for question in section.questions:
            which, _, day = question.partition(":")
            series = f"outline.series({key!r})"
            call = _CALLS[which].format(series=series, key=repr(key), date=repr(day))
            asked = _result_name(section, question)
            lines += [
                f"{asked}, {asked}_said = outline.ask(",
                f"    ledger, {key!r}, lambda: {call}",
                ")",
            ]
    if kind == "statements":
        lines += [
            "",
            "conflicts = trends.find_contradictions(outline.statements)",
            f"figures = trends.Subject(key='figures', en={_words()['en']['figures']!r}, "
            f"ar={_words()['ar']['figures']!r}, others={_further('figures')!r})",
            "conflicts_said = ledger.add(conflicts, figures)",
        ]
    return "\n".join([*lines, "```", ""])


def _further(word: str) -> dict[str, dict[str, str]]:
    """Return a word of the pages as the name of a subject in the further languages."""
    return {lang: {"name": _words()[lang][word]} for lang in FURTHER}


def _result_name(section: Section, question: str) -> str:
    """Return what a page's cells call the answer to a question."""
    return f"{_identifier(section.key)}_{_identifier(question.replace(':', '_'))}"


def _page(
    lang: str,
    place: str,
    name: str,
    kind: str,
    filling: Filling,
    title: str,
    pack: Pack | None,
) -> str:
    """Return the page in one language, on screen and on paper."""
    words = _words()[lang]
    up = "../" * place.count("/")
    lines = [
        "---",
        f"title: {_yaml(title)}",
        f"lang: {lang}",
        "---",
        "",
        "```{python}",
        "#| label: language",
        "#| include: false",
        f"lang = {lang!r}",
        "```",
        "",
        f"{{{{< include {up}_ask.qmd >}}}}",
        "",
        words["intro"],
        "",
    ]
    if kind == "statements":
        lines += _of_statements(words)
    several = len(filling.sections) > 1 or kind == "statements"
    for section in filling.sections:
        if several:
            name_shown = escaping.markdown(section.names[lang])
            lines += [f"## {name_shown} {{#sec-{section.key}}}", ""]
        for question in section.questions:
            level = 3 if several else 2
            lines += _question(section, question, words, lang=lang, level=level, pack=pack)
    lines += [
        f"## {words['table']} {{#sec-table}}",
        "",
        "```{python}",
        "#| label: tbl-table",
        f"#| tbl-cap: {_yaml(words['table_caption'])}",
        "Table(provenance_table([outline.file], lang=lang))",
        "```",
        "",
        f"[{words['download']}]({up}../data/{name})",
        "",
        "```{python}",
        "#| label: ledger",
        "#| output: asis",
        "ledger.page_block()",
        "```",
        "",
    ]
    return "\n".join(lines)


def _question(
    section: Section,
    question: str,
    words: Mapping[str, str],
    *,
    lang: str,
    level: int,
    pack: Pack | None,
) -> list[str]:
    """Return heading, sentences and figure of one question."""
    asked = _result_name(section, question)
    which, _, day = question.partition(":")
    label = f"{section.key}-{question.replace(':', '-').replace('_', '-')}"
    said = {"name": escaping.markdown(section.names[lang])}
    if day and pack is not None:
        said["date"] = escaping.markdown(in_language(pack.dates[day], lang))
        said["day"] = format_time(pd.Timestamp(pack.dates[day]["date"]), lang)
    caption = words[f"{which}_figure"].format(**said)
    return [
        f"{'#' * level} {words[which].format(**said)} {{#sec-{label}}}",
        "",
        f"`{{python}} {asked}_said.summary()`",
        "",
        "```{python}",
        f"#| label: fig-{label}",
        f"#| fig-cap: {_yaml(caption)}",
        f"#| fig-alt: {_yaml(words[f'{which}_alt'])}",
        f"{asked}.plot(lang=lang);",
        "```",
        "",
    ]


def _of_statements(words: Mapping[str, str]) -> list[str]:
    """Return what is said of published figures as a whole."""
    return [
        f"## {words['windows']} {{#sec-windows}}",
        "",
        "```{python}",
        "#| label: fig-windows",
        f"#| fig-cap: {_yaml(words['windows_figure'])}",
        f"#| fig-alt: {_yaml(words['windows_alt'])}",
        "plot_windows(outline.statements, lang=lang);",
        "```",
        "",
        f"## {words['conflicts']} {{#sec-conflicts}}",
        "",
        "`{python} conflicts_said.summary()`",
        "",
    ]


#: Names that the cells have for other things.
_TAKEN = ("trends", "outline", "ledger", "lang", "conflicts", "figures")


def _identifier(key: str) -> str:
    """Return a key as a name in a page's cells."""
    name = key.replace("-", "_")
    taken = keyword.iskeyword(name) or name in _TAKEN
    return f"series_{name}" if taken or not name[0].isalpha() else name


def _yaml(text: str) -> str:
    """Return text as YAML on one line; a string of JSON is one."""
    return json.dumps(" ".join(escaping.visible(text).split()), ensure_ascii=False)


def _place(lang: str, languages: Sequence[str]) -> str:
    """Return the folder of a language's pages."""
    return "reports" if lang == languages[0] else f"reports/{lang}"


@cache
def _words() -> dict[str, dict[str, str]]:
    """Return the words of the pages by language; those of a further language are in its file."""
    text = files("trends.report").joinpath("starter", "words.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    return known | {lang: {**known["en"], **words_file(lang)["starter"]} for lang in FURTHER}


def _umask() -> int:
    """Return which permissions new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _quarto(titles: Mapping[str, str]) -> str:
    """Return the project file: pages, navigation, formats."""
    languages = list(titles)
    pages = {lang: f"{_place(lang, languages)}/index.qmd" for lang in languages}
    links = [
        f"      - {{href: {page}, text: {_yaml(_words()[lang]['language'])}}}"
        for lang, page in pages.items()
    ]
    navbar = ["  navbar:", "    left: []", "    right:", *links] if len(languages) > 1 else []
    sidebar = ["  sidebar:"]
    for lang, page in pages.items():
        sidebar += [
            f"    - id: {lang}",
            "      contents:",
            f"        - {{href: {page}, text: {_yaml(titles[lang])}}}",
        ]
    front = languages[0]
    lines = [
        "project:",
        "  type: website",
        "  output-dir: _site",
        "  execute-dir: project",
        "  render:",
        *(f"    - {page}" for page in pages.values()),
        "  resources: [/data/*]",
        "  # `trends render` does by itself what these two do for plain `quarto render`.",
        "  pre-render: reports/prepare.py",
        "  post-render: reports/complete.py",
        "",
        "website:",
        f"  title: {_yaml(titles[front])}",
        "  search: false # Quarto's own finds nothing in a folder; ours is added to its pages",
        *navbar,
        *sidebar,
        f"  page-footer: {_yaml(_words()[front]['foot'])}",
        "",
        f"lang: {front}",
        "number-sections: true",
        "fig-format: svg",
        "fig-width: 7.2",
        "fig-height: 4",
        "execute: {echo: false, freeze: false}",
        "filters:",
        *(
            f"  - {{path: reports/filters/{name}.lua, at: post-quarto}}"
            for name in ("bidi", "findings", "paper")
        ),
        "format:",
        "  html: {theme: default, html-math-method: mathml, format-links: false, toc: true}",
        "  typst:",
        "    papersize: a4",
        "    pdf-standard: ua-1",
        "    toc: true",
        "    toc-depth: 2",
        '    section-numbering: "1.1"',
        "    font-paths: [.fonts]",
        "    template-partials:",
        *(f"      - reports/typst/{name}.typ" for name in ("typst-template", "typst-show", "page")),
        "",
    ]
    return "\n".join(lines)


def _arabic(title: str) -> str:
    """Return what Quarto has to be told of Arabic pages; its own words are English."""
    text = files("trends.report").joinpath("starter", "arabic.yml").read_text(encoding="utf-8")
    words = _words()["ar"]
    return text.replace("$title", _yaml(title)).replace("$foot", _yaml(words["foot"]))


def _metadata(lang: str, title: str) -> str:
    """Return what Quarto has to be told of pages in a further language; it has words of its own."""
    lines = [
        f"lang: {lang}",
        "website:",
        f"  title: {_yaml(title)}",
        f"  page-footer: {_yaml(_words()[lang]['foot'])}",
    ]
    own = words_file(lang).get("terms", {}).get("language", {})
    said = [f"  {name}: {_yaml(own[name])}" for name in _FINDING_WORDS if name in own]
    return "\n".join([*lines, *(["finding-words:", *said] if said else []), ""])


#: Words of the package's own filter, which Quarto does not know.
_FINDING_WORDS = (
    "figure-cite", "figure-findings", "finding-link", "source-link", "finding-mark",
    "findings-list-title", "page-of",
)  # fmt: skip


def _workflow() -> str:
    """Return the workflow that renders the report and publishes it."""
    return files("trends.report").joinpath("starter", "workflow.yml").read_text(encoding="utf-8")


_IGNORED = """\
_site/
_site.*/
.fonts/
.trends-cache/
.quarto/
.venv/
__pycache__/
**/*.quarto_ipynb
"""

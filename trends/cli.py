"""What can be asked from the command line? Thin: it parses words and calls the package."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn, TypeVar

import typer

import trends
from trends import escaping
from trends.destinations import check_destination
from trends.endings import INVALID, OK, PROBLEM, SIGNALLED, speak_any_encoding, told
from trends.parts import require
from trends.tables.spoken import Language as SpokenLanguage

if TYPE_CHECKING:
    import pandas as pd

    from trends.analysis.result import Result
    from trends.report.outline import Kind

Answer = TypeVar("Answer")

app = typer.Typer(
    name="trends",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Columns = Annotated[
    list[str],
    typer.Option(
        "--column",
        help="What a column of the table means, as date=Monat; may be repeated.",
    ),
]
Encoding = Annotated[
    str, typer.Option(help="How text is written, such as cp1252, or cp1256 for Arabic.")
]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook.")]
Header = Annotated[
    int | None, typer.Option(help="Row that holds the column names, from 1; 0 if there is none.")
]
Years = Annotated[
    tuple[int, int] | None, typer.Option(help="First and last year that dates may have.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Where = Annotated[
    list[str],
    typer.Option("--where", help="Pick one group, as column=value; may be repeated."),
]
Freq = Annotated[
    Literal["D", "W", "M", "Q", "Y"] | None,
    typer.Option(help="Length of a period, for events; months by default."),
]
Span = Annotated[
    tuple[str, str] | None,
    typer.Option(help="First and last day or period to count events in, both included."),
]
Language = Annotated[SpokenLanguage, typer.Option(help="Language of the sentences.")]
Name = Annotated[
    str | None, typer.Option("--name", help="What the counts are about, for the sentences.")
]
Question = Literal[
    "trend",
    "description",
    "changepoints",
    "joinpoints",
    "season",
    "forecast",
    "alarms",
    "power",
]
#: Questions that are asked of many series at once, and the name that a panel has for each.
OF_MANY = {
    "trend": "trend",
    "description": "description",
    "changepoints": "changepoint",
    "joinpoints": "joinpoint",
    "season": "season",
    "forecast": "forecast",
    "power": "power",
}
#: Periods that a forecast from the command line looks ahead.
HORIZON = 6
Plot = Annotated[
    Path | None, typer.Option(help="Also draw the answer into this file: .svg, .png or .pdf.")
]
Out = Annotated[
    Path | None,
    typer.Option(help="Also write the table of the answer: .csv, .json, .xlsx, .md or .tex."),
]


#: Endings of pictures, and what leaves the time of day out of each.
_UNDATED = {".svg": {"Date": None}, ".png": {}, ".pdf": {"CreationDate": None}}
PICTURES = tuple(_UNDATED)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Trend analysis of event counts, and reports whose every verb is earned."""
    if show:
        _print(trends.__version__)
        raise typer.Exit(OK)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Tables to check: CSV, Parquet, XLSX.")],
    as_json: AsJson = False,
    html: Annotated[Path | None, typer.Option(help="Also write the report as a page.")] = None,
    column: Columns = [],  # noqa: B006 - Typer reads it
    years: Years = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """List every fault of the given tables with row, column, value and what to do."""
    from trends.tables.validation import validate

    if html is not None:
        check_destination(html, name="--html", inputs=files)
    report = validate(
        files,
        columns=_mapping(column),
        years=years,
        encoding=encoding,
        sheet=sheet,
        header=header,
    )
    if html is not None:
        html.write_text(report.to_html(), encoding="utf-8")
    _print(_to_json(report.to_dict()) if as_json else report.to_text())
    raise typer.Exit(OK if report.ok else INVALID)


@app.command()
def count(
    events: Annotated[str, typer.Argument(help="Event file, or a glob of CSV or Parquet files.")],
    out: Annotated[Path, typer.Option(help="Where to write the counts, as CSV.")],
    by: Annotated[list[str], typer.Option(help="Group column; may be repeated.")] = [],  # noqa: B006 - Typer reads it
    freq: Annotated[
        Literal["D", "W", "M", "Q", "Y"], typer.Option(help="Length of a period.")
    ] = "M",
    span: Annotated[
        tuple[str, str] | None, typer.Option(help="First and last day or period, both included.")
    ] = None,
    coverage: Annotated[
        Path | None, typer.Option(help="Table of who watched which group from when to when.")
    ] = None,
    column: Columns = [],  # noqa: B006 - Typer reads it
    years: Years = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """Count events per period and group, with the days observed."""
    from trends.tables.counting import count_events
    from trends.tables.counts import write_counts
    from trends.tables.coverage import read_coverage

    check_destination(out, name="--out", inputs=[events, *([coverage] if coverage else [])])
    watched = "known" if coverage is None else read_coverage(coverage)
    counts = _with_clock(
        "counting",
        lambda: count_events(
            events,
            freq=freq,
            by=by,
            span=span,
            coverage=watched,
            columns=_mapping(column),
            years=years,
            encoding=encoding,
            sheet=sheet,
            header=header,
        ),
    )
    write_counts(counts, out)
    found = counts.attrs
    _print(
        f"{out}: {len(counts):,} rows; "
        f"{found['n_counted']:,} of {found['n_events']:,} events counted, "
        f"{found['n_outside_span']:,} outside the span, "
        f"{found['n_outside_coverage']:,} outside coverage, "
        f"{found['n_ambiguous']:,} that could belong to another period"
    )
    for number, became in (
        (found["n_repeated"], "rows told of an event once more and were not counted again"),
        (found["n_redated"], "events in an impossible year were read in the year of its column"),
    ):
        if number:
            typer.echo(f"{number:,} {became}")
    for key in dict.fromkeys(counts["caveats"].dropna()) if "caveats" in counts else ():
        typer.echo(f"some groups carry the caveat {key}")


@app.command()
def check(
    statements: Annotated[Path, typer.Argument(help="Table of published figures.")],
    as_json: AsJson = False,
    lang: Language = "en",
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """Print published figures that cannot all be true as read; exit code 1 if there are any."""
    table = trends.read_statements(statements, encoding=encoding, sheet=sheet, header=header)
    contradictions = trends.find_contradictions(table)
    _print(_to_json(contradictions.to_dict()) if as_json else contradictions.summary(lang))
    raise typer.Exit(PROBLEM if contradictions.n_contradictions else OK)


@app.command()
def rate(
    first: Annotated[str, typer.Argument(help="A figure and its window, as '294 in 2024'.")],
    second: Annotated[
        str,
        typer.Argument(help="The other: '121 in 2023', 'about 40 from 2024-03-01 to 2024-05-31'."),
    ],
    method: Annotated[
        Literal["exact-c", "midp-c", "score", "wald"], typer.Option(help="Interval of the ratio.")
    ] = "exact-c",
    name: Name = None,
    plot: Plot = None,
    out: Out = None,
    as_json: AsJson = False,
    lang: Language = "en",
) -> None:
    """Compare two published figures as rates: how do two windows compare?"""
    _check_outputs(plot, out, inputs=[])
    result = trends.compare_rates(first, second, method=method)
    _answer(result, name=name, plot=plot, out=out, as_json=as_json, lang=lang)


@app.command()
def analyse(
    table: Annotated[
        str, typer.Argument(help="Table of counts or of events, or a glob of event files.")
    ],
    question: Annotated[Question, typer.Option(help="What to ask.")] = "trend",
    where: Where = [],  # noqa: B006 - Typer reads it
    by: Annotated[
        list[str],
        typer.Option(help="Ask it of every group of this column; may be repeated."),
    ] = [],  # noqa: B006 - Typer reads it
    name: Name = None,
    plot: Plot = None,
    out: Out = None,
    as_json: AsJson = False,
    lang: Language = "en",
    seed: Annotated[int, typer.Option(help="Seed of simulations.")] = 1,
    freq: Freq = None,
    span: Span = None,
    column: Columns = [],  # noqa: B006 - Typer reads it
    years: Years = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """Ask one question of one count series, or of every group, and print the answer."""
    if by and question not in OF_MANY:
        raise ValueError(
            f"`--question` must be one of {', '.join(OF_MANY)} with `--by`, got {question!r}. "
            "Leave `--by` out, and pick one group with `--where`."
        )
    _check_outputs(plot, out, inputs=[table])
    labels = dict(_split(choice) for choice in where)
    from trends.tables.layouts import counts_in
    from trends.tables.series import rows_labelled

    counts = counts_in(
        table,
        [*labels, *(column for column in by if column not in labels)],
        freq=freq,
        span=span,
        years=years,
        columns=_mapping(column),
        encoding=encoding,
        sheet=sheet,
        header=header,
    )
    if by:
        answered = _ask_of_many(question, rows_labelled(counts, labels), by, seed)
    else:
        answered = _ask(question, trends.series(counts, **labels), seed)
    _answer(answered, name=name, plot=plot, out=out, as_json=as_json, lang=lang, table=bool(by))


@app.command()
def compare(
    table: Annotated[
        str, typer.Argument(help="Table of counts or of events, or a glob of event files.")
    ],
    first: Annotated[
        tuple[str, str], typer.Option(help="First and last period of one stretch, both included.")
    ],
    second: Annotated[
        tuple[str, str], typer.Option(help="First and last period of the other stretch.")
    ],
    where: Where = [],  # noqa: B006 - Typer reads it
    season: Annotated[
        Literal["auto", "none", "month", "harmonic", "hijri"],
        typer.Option(help="Pattern of the year to take out."),
    ] = "auto",
    name: Name = None,
    plot: Plot = None,
    out: Out = None,
    as_json: AsJson = False,
    lang: Language = "en",
    freq: Freq = None,
    span: Span = None,
    column: Columns = [],  # noqa: B006 - Typer reads it
    years: Years = None,
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """Compare two stretches of one count series, given its own scatter and memory."""
    _check_outputs(plot, out, inputs=[table])
    series = _series_of(
        table,
        where,
        freq=freq,
        span=span,
        years=years,
        columns=_mapping(column),
        encoding=encoding,
        sheet=sheet,
        header=header,
    )
    result = trends.compare_periods(series, first, second, season=season)
    _answer(result, name=name, plot=plot, out=out, as_json=as_json, lang=lang)


@app.command()
def render(
    project: Annotated[Path, typer.Argument(help="Folder that holds _quarto.yml.")] = Path(),
    engine: Annotated[
        Literal["auto", "quarto", "builtin"],
        typer.Option(help="Quarto if it is installed, or the renderer that comes with trends."),
    ] = "auto",
    previous: Annotated[
        Path | None, typer.Option(help="findings.json of the last edition, to say what changed.")
    ] = None,
) -> None:
    """Build the report site and the PDFs into _site/."""
    require("report")
    from trends.report import render

    built = render(project, engine=engine, previous_ledger=previous, progress=_say)
    _print(built.summary())


@app.command()
def lint(
    pages: Annotated[list[Path], typer.Argument(help="Rendered pages, or the folder of a site.")],
    as_json: AsJson = False,
) -> None:
    """Find numbers, verbs and facts of sources that nothing on the pages carries; 1 if any."""
    from trends.findings.lint import lint

    faults = lint(pages)
    if as_json:
        _print(_to_json([fault.to_dict() for fault in faults]))
    else:
        _print(
            "\n".join(str(fault) for fault in faults)
            or "every number, verb and fact of a source is earned"
        )
    raise typer.Exit(PROBLEM if faults else OK)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="findings.json of the old edition.")],
    new: Annotated[Path, typer.Argument(help="findings.json of the new edition.")],
    as_json: AsJson = False,
    lang: Language = "en",
) -> None:
    """Say which conclusions are new, gone or changed between two editions, and why."""
    from trends.findings.editions import compare_editions
    from trends.findings.ledger import read_ledger

    changes = compare_editions(read_ledger(old), read_ledger(new))
    _print(_to_json(changes.to_dict()) if as_json else changes.to_text(lang))


@app.command()
def cite(
    finding_id: Annotated[str, typer.Argument(help="Id of a finding, as the report shows it.")],
    ledger: Annotated[Path, typer.Option(help="The edition's ledger.")] = Path(
        "_site/findings.json"
    ),
) -> None:
    """Print a citation of one finding, as text and as BibTeX."""
    from trends.findings.citation import cite
    from trends.findings.ledger import read_ledger

    _print(str(cite(read_ledger(ledger), finding_id)))


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder to make; must not exist.")],
    events: Annotated[Path | None, typer.Option(help="Table of events that it is about.")] = None,
    counts: Annotated[Path | None, typer.Option(help="Table of counts that it is about.")] = None,
    statements: Annotated[
        Path | None, typer.Option(help="Table of published figures that it is about.")
    ] = None,
    pack: Annotated[
        str | None,
        typer.Option(help="Subject whose words, names and dates it uses; a name, or a folder."),
    ] = None,
    counted: Annotated[
        str | None,
        typer.Option(
            help="What is counted: a noun of the pack, or events, people, targets, groups."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the report.")] = None,
    lang: Annotated[
        str,
        typer.Option(
            help="Languages of the pages, the first one in front: en, ar, fr, or several as en,ar."
        ),
    ] = "en",
    by: Annotated[
        list[str], typer.Option(help="Column that tells groups apart; may be repeated.")
    ] = [],  # noqa: B006 - Typer reads it
    where: Where = [],  # noqa: B006 - Typer reads it
    freq: Freq = None,
    span: Span = None,
    column: Columns = [],  # noqa: B006 - Typer reads it
    encoding: Encoding = "utf-8",
    sheet: Sheet = None,
    header: Header = None,
) -> None:
    """Start a report of your own, filled from your table; without one, an example."""
    require("report")
    from trends.report.scaffold import scaffold

    tables: dict[Kind, Path | None] = {
        "events": events,
        "counts": counts,
        "statements": statements,
    }
    given = [(kind, file) for kind, file in tables.items() if file is not None]
    if len(given) > 1:
        raise ValueError(
            f"`--{given[1][0]}` must be left out beside --{given[0][0]}: a report begins with one "
            "table. Add the other to the pages afterwards."
        )
    kind, file = given[0] if given else (None, None)
    reading = {
        "freq": freq,
        "span": span,
        "columns": _mapping(column),
        "encoding": None if encoding == "utf-8" else encoding,
        "sheet": sheet,
        "header": header,
    }
    for path in scaffold(
        folder,
        file,
        kind,
        title=title,
        languages=[one.strip() for one in lang.split(",")],
        by=by,
        where=dict(_split(choice) for choice in where),
        reading={name: one for name, one in reading.items() if one is not None},
        pack=pack,
        counted=counted,
        progress=_say,
    ):
        _print(str(path))
    _print(
        f"{_nouns_said(folder, pack)}Names and groups stand in {folder / 'report.toml'}, words in "
        f"{folder / 'reports'}, and where the table is from in {folder / 'data'}.\n"
        f"Next: trends render {folder}"
    )


def _nouns_said(folder: Path, pack: str | None) -> str:
    """Return which noun the sentences of a new report say, where its pack has several."""
    from trends.report.outline import read_outline

    outline = read_outline(folder / "report.toml")
    if pack is None or outline.pack is None or outline.kind == "statements":
        return ""
    [noun, *_] = [str(entry["counted"]) for entry in outline.named.values()]
    others = [one for one in outline.pack.measures if one != noun]
    return f"Counted as {noun}; another noun is chosen by --counted ({', '.join(others)}).\n"


@app.command("new-statements")
def new_statements(
    file: Annotated[Path, typer.Argument(help="CSV file to make; must not exist.")],
) -> None:
    """Start a table of published figures, with one commented example of each kind."""
    from trends.tables.template import write_statements_template

    typer.echo(write_statements_template(file))


@app.command()
def sidecar(
    file: Annotated[Path, typer.Argument(help="Table whose sidecar to write or renew.")],
    producer: Annotated[str | None, typer.Option(help="Who made the table.")] = None,
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    url: Annotated[str | None, typer.Option(help="Where it was found.")] = None,
    published: Annotated[str | None, typer.Option(help="When it was published.")] = None,
    licence: Annotated[str | None, typer.Option(help="On what terms it may be used.")] = None,
    citation: Annotated[str | None, typer.Option(help="How it asks to be cited.")] = None,
    how_made: Annotated[str | None, typer.Option(help="How the file was made.")] = None,
) -> None:
    """Write where a table comes from beside it, with its hash and the day; or renew that."""
    from trends.tables.provenance import UNSTATED, read_provenance, write_sidecar

    given = {
        "producer": producer,
        "title": title,
        "url": url,
        "published": published,
        "licence": licence,
        "citation": citation,
        "how_made": how_made,
    }
    written = write_sidecar(file, {name: text for name, text in given.items() if text is not None})
    _print(str(written))
    found = read_provenance(file)
    unsaid = [name for name in given if getattr(found, name) == UNSTATED]
    if unsaid:
        _print(f"not stated yet: {', '.join(unsaid)}. Write them into the file, or name them here.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what is installed, and what a missing part would enable."""
    from trends.parts import check_up

    parts = check_up()
    if as_json:
        _print(_to_json(parts))
        return
    for part in parts:
        sign = "yes" if part["installed"] else "no "
        _print(f"{sign}  {part['name']}: {part['enables']}")
        if part["remedy"]:
            _print(f"     {part['remedy']}")


#: Commands that run nobody else's code.
_PLAIN = frozenset({"validate", "count", "check", "rate", "analyse", "compare"})
#: Packages that Pandera imports where they are installed, for frames and tests that these commands
#: have no use for. Python takes a name without a module for one that is not there.
_DRAWN_IN = ("dask", "hypothesis", "modin", "pyspark")


def main() -> NoReturn:
    """Run the command line and end the process."""
    plain = bool(sys.argv[1:2]) and sys.argv[1] in _PLAIN
    if plain:
        for name in _DRAWN_IN:
            # The type of it knows modules only; Python knows None, which hides one.
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]
        # What imports make stays, and is not looked through again and again for what may go.
        gc.set_threshold(100_000, 50, 50)
    code = run()
    # Threads that watch over workers would still be waited for, and those are gone; where there
    # were no workers, nothing is left but to take all modules apart, which takes a tenth of a run.
    if code > SIGNALLED or (plain and "joblib" not in sys.modules):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def run() -> int:
    """Answer the arguments of this process, which goes on.

    Returns
    -------
    int
        Code with which the process is to end; every fault has its own, and is told in a sentence.
    """
    speak_any_encoding()
    commands = app.registered_commands
    if sys.argv[1:2] and sys.argv[1] in _PLAIN:
        # Typer works out the options of every command that it is told of.
        app.registered_commands = [
            one for one in commands if one.callback and one.callback.__name__ == sys.argv[1]
        ]
    try:
        # Typer gives the code of `typer.Exit` back, or nothing.
        code, message = app(standalone_mode=False) or OK, ""
    except BaseException as fault:  # each kind has its own code and words
        code, message = told(fault)
    finally:
        app.registered_commands = commands
    if code == SIGNALLED + signal.SIGINT:  # Typer turns Ctrl-C into a code of its own
        _, message = told(KeyboardInterrupt())
    if message:
        typer.echo(message, err=True)
    return int(code)


def _series_of(table: str, where: list[str], **read: Any) -> pd.DataFrame:
    """Return the count series that a table holds for the group that was picked."""
    from trends.tables.layouts import counts_in

    labels = dict(_split(choice) for choice in where)
    return trends.series(counts_in(table, list(labels), **read), **labels)


def _ask(question: Question, series: pd.DataFrame, seed: int) -> Result:
    """Call the analysis that answers a question."""
    asked: dict[Question, Callable[[], Result]] = {
        "trend": lambda: trends.estimate_trend(series),
        "description": lambda: trends.describe_series(series, rng=seed),
        "changepoints": lambda: trends.detect_changepoints(series, rng=seed),
        "joinpoints": lambda: trends.fit_joinpoints(series),
        "season": lambda: trends.estimate_season(series),
        "forecast": lambda: trends.forecast_counts(series, HORIZON, rng=seed),
        "alarms": lambda: trends.detect_alarms(series, rng=seed),
        "power": lambda: trends.detectable_change(series),
    }
    return _with_clock("analysing", asked[question])


def _ask_of_many(question: Question, counts: pd.DataFrame, by: list[str], seed: int) -> Result:
    """Ask a question of every group, with a bar of the share that is done."""
    options: dict[str, Any] = {"horizon": HORIZON} if question == "forecast" else {}
    if not sys.stderr.isatty():
        return trends.analyse_panel(counts, OF_MANY[question], by=by, rng=seed, **options)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{question} of each {', '.join(by)}", total=None)
        return trends.analyse_panel(
            counts,
            OF_MANY[question],
            by=by,
            rng=seed,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
            **options,
        )


def _check_outputs(plot: Path | None, out: Path | None, *, inputs: list[str]) -> None:
    """Say what is wrong with a file to write before any work is done."""
    from trends.tables.written import table_ending

    if plot is not None:
        if plot.suffix.lower() not in PICTURES:
            raise ValueError(
                f"`--plot` must end in {', '.join(PICTURES)}, got {str(plot)!r}. "
                "The ending says how the picture is written."
            )
        check_destination(plot, name="--plot", inputs=inputs)
    if out is not None:
        table_ending(out, "--out")
        check_destination(out, name="--out", inputs=inputs)


def _answer(
    result: Result,
    *,
    name: str | None,
    plot: Path | None,
    out: Path | None,
    as_json: bool,
    lang: Language,
    table: bool = False,
) -> None:
    """Print an answer, and write its picture and its table where that was asked for."""
    from trends.findings.about import subject_called

    subject = None if name is None else subject_called(name, result)
    if out is not None:
        from trends.tables.written import write_table

        write_table(result.to_frame(), out)
    if plot is not None:
        from trends.figures.style import use_style

        use_style()
        figure = result.plot(lang=lang).get_figure(root=True)
        assert figure is not None  # what was just drawn is in a figure
        figure.savefig(plot, bbox_inches="tight", metadata=_UNDATED[plot.suffix.lower()])
    if as_json:
        _print(_to_json(result.to_dict()))
        return
    _print(result.summary(lang, subject=subject))
    if table:
        _print_table(result.to_frame())


def _print_table(frame: pd.DataFrame) -> None:
    """Print a table that is readable in a terminal, without the columns that say nothing."""
    from rich.console import Console
    from rich.table import Table

    from trends.tables.written import is_number, shown

    told = frame.dropna(axis="columns", how="all")
    heading, *rows = shown(told)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, name in zip(heading, told.columns, strict=True):
        table.add_column(
            escaping.terminal(column), justify="right" if is_number(told[name]) else "left"
        )
    for row in rows:
        table.add_row(*map(escaping.terminal, row))
    # A pipe gets every column in full; Rich would fold them to 80 characters.
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)


def _split(choice: str, option: str = "--where", example: str = "country=Iraq") -> tuple[str, str]:
    """Split column=value."""
    column, equals, value = choice.partition("=")
    if not equals:
        raise ValueError(
            f"`{option}` must be column=value, got {choice!r}. For instance {example}."
        )
    return column, value


def _mapping(choices: list[str]) -> dict[str, str] | None:
    """Return what columns mean, None where nothing was said."""
    return dict(_split(choice, "--column", "date=Monat") for choice in choices) or None


def _to_json(value: object) -> str:
    """Return JSON, in ASCII where the output cannot hold more."""
    text = escaping.json(value, indent=2)
    if (sys.stdout.encoding or "").lower().replace("_", "-").startswith("utf"):
        return text
    return re.sub(r"[^\x00-\x7f]", lambda sign: json.dumps(sign[0])[1:-1], text)


def _print(text: str) -> None:
    """Print an answer, of which no terminal obeys a part."""
    typer.echo(escaping.terminal(text))


def _with_clock(label: str, work: Callable[[], Answer]) -> Answer:
    """Do some work and show a person who is waiting how long it has taken."""
    if not sys.stderr.isatty():
        return work()
    with ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(work)
        began = time.monotonic()
        while not wait([future], timeout=1).done:
            typer.echo(f"\r{label}: {time.monotonic() - began:.0f} s", nl=False, err=True)
        typer.echo("\r\033[K", nl=False, err=True)
        return future.result()


def _say(line: str) -> None:
    """Print a line of progress where a person may be watching."""
    if sys.stderr.isatty():
        typer.echo(escaping.terminal(line), err=True)


if __name__ == "__main__":
    main()

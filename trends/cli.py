"""What can be asked from the command line? Thin: it parses words and calls the package."""

from __future__ import annotations

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

if TYPE_CHECKING:
    import pandas as pd

    from trends.analysis.result import Result

Answer = TypeVar("Answer")

app = typer.Typer(
    name="trends",
    no_args_is_help=True,
    add_completion=False,
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
Language = Annotated[Literal["en", "ar"], typer.Option(help="Language of the sentences.")]
Question = Literal["trend", "changepoints", "joinpoints", "season", "power"]


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
def analyse(
    table: Annotated[
        str, typer.Argument(help="Table of counts or of events, or a glob of event files.")
    ],
    question: Annotated[Question, typer.Option(help="What to ask.")] = "trend",
    where: Where = [],  # noqa: B006 - Typer reads it
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
    """Ask one question of one count series and print the answer in sentences."""
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
    result = _ask(question, series, seed)
    _print(_to_json(result.to_dict()) if as_json else result.summary(lang))


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
    _print(_to_json(result.to_dict()) if as_json else result.summary(lang))


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
) -> None:
    """Start a report of your own: a project with one page, one table and its sidecar."""
    require("report")
    from trends.report.scaffold import scaffold

    for path in scaffold(folder):
        _print(str(path))


@app.command("new-statements")
def new_statements(
    file: Annotated[Path, typer.Argument(help="CSV file to make; must not exist.")],
) -> None:
    """Start a table of published figures, with one commented example of each kind."""
    from trends.tables.template import write_statements_template

    typer.echo(write_statements_template(file))


def main() -> NoReturn:
    """Run the command line; every end has its code, and every fault is told in a sentence."""
    speak_any_encoding()
    try:
        # Typer gives the code of `typer.Exit` back, or nothing.
        code, message = app(standalone_mode=False) or OK, ""
    except BaseException as fault:  # each kind has its own code and words
        code, message = told(fault)
    if code == SIGNALLED + signal.SIGINT:  # Typer turns Ctrl-C into a code of its own
        _, message = told(KeyboardInterrupt())
    if message:
        typer.echo(message, err=True)
    if code > SIGNALLED:
        # Threads that watch over workers would still be waited for, and those are gone.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _series_of(table: str, where: list[str], **read: Any) -> pd.DataFrame:
    """Return the count series that a table holds for the group that was picked."""
    from trends.tables.layouts import counts_in

    labels = dict(_split(choice) for choice in where)
    return trends.series(counts_in(table, list(labels), **read), **labels)


def _ask(question: Question, series: object, seed: int) -> Result:
    """Call the analysis that answers a question."""
    if question == "trend":
        return trends.estimate_trend(series)
    if question == "changepoints":
        return trends.detect_changepoints(series, rng=seed)
    if question == "joinpoints":
        return trends.fit_joinpoints(series)
    if question == "season":
        return trends.estimate_season(series)
    return trends.detectable_change(series)


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

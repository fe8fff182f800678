"""What can be asked from the command line? Thin: it parses words and calls the package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import trends

OK, PROBLEM, USAGE, INVALID, RENDERING = 0, 1, 2, 3, 4

app = typer.Typer(
    name="trends",
    help="Trend analysis of event counts, and reports whose every verb is earned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Trend analysis of event counts, and reports whose every verb is earned."""
    if show:
        typer.echo(trends.__version__)
        raise typer.Exit(OK)

"""The style of figures holds in a notebook as it does in a script."""

import subprocess
import sys

#: What Quarto does before the first cell of a page, and then what a page does.
NOTEBOOK = """\
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance()
shell.display_formatter.active_types = shell.display_formatter.format_types
shell.run_line_magic("matplotlib", "inline")
from matplotlib_inline.backend_inline import set_matplotlib_formats
set_matplotlib_formats({form!r})
import trends
from trends.report import use_style
use_style()
trends.compare_rates((294, 366), (121, 365)).plot()
from matplotlib import pyplot
bundle, _ = shell.display_formatter.format(pyplot.gcf())
print("shown:", sorted(kind for kind in bundle if kind.startswith("image/")))
print(bundle.get("image/svg+xml", ""))
"""


def said(form):
    ran = subprocess.run(
        [sys.executable, "-c", NOTEBOOK.format(form=form)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ran.stdout.partition("shown: ")[2]


def test_a_notebook_that_draws_svg_goes_on_drawing_svg_without_the_time_of_day():
    text = said("svg")
    assert text.startswith("['image/svg+xml']")
    assert "<dc:date>" not in text


def test_a_notebook_that_draws_png_goes_on_drawing_png():
    assert said("png").startswith("['image/png']")

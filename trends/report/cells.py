"""What do a page's cells give? Run in-process, in a fresh namespace for every page."""

from __future__ import annotations

import gc
import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from traitlets import Type
from traitlets.config import Config

from trends import escaping
from trends.report import drawing
from trends.report.errors import RenderError
from trends.report.page import Cell, Line
from trends.report.workplace import Stopped

_PREFERRED = (
    "text/markdown",
    "image/svg+xml",
    "text/html",
    "image/png",
    "text/latex",
    "text/plain",
)
_DRAWING_REPR = re.compile(r"^[\[<(]*(matplotlib|Axes|Figure|array\(\[<Axes|Text\()")


#: Figures are always drawn into the page: the line says what is so already.
_INLINE_MAGIC = re.compile(r"^[ \t]*%matplotlib[ \t]+inline[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Output:
    """One thing a cell gave: `kind` is stdout, stderr or a MIME type."""

    kind: str
    content: str | bytes


_collected: list[Output] = []


def _collect(bundle: dict[str, Any]) -> None:
    for kind in _PREFERRED:
        if kind in bundle:
            _collected.append(Output(kind, bundle[kind]))
            return


class _Hook(DisplayHook):
    """Keep the value of a cell's last expression instead of printing it."""

    def __call__(self, result: Any = None) -> None:
        if result is not None:
            # IPython ships no types.
            bundle, _ = self.compute_format_data(result)  # type: ignore[no-untyped-call]
            _collect(bundle)


class _Publisher(DisplayPublisher):
    """Keep what a cell displays."""

    def publish(self, data: dict[str, Any], *_: Any, **__: Any) -> None:
        _collect(data)


class _Stream(io.TextIOBase):
    """Keep what a cell prints, in order with what it displays."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def write(self, text: str) -> int:
        if _collected and _collected[-1].kind == self.kind:
            last = _collected.pop()
            _collected.append(Output(self.kind, str(last.content) + text))
        elif text:
            _collected.append(Output(self.kind, text))
        return len(text)

    def writable(self) -> bool:
        return True


class _Shell(InteractiveShell):
    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)

    def showtraceback(self, *_: Any, **__: Any) -> None:
        """Leave the error to the renderer, which names the page and the line."""

    showsyntaxerror = showtraceback
    showindentationerror = showtraceback

    def init_virtualenv(self) -> None:
        """Run pages with this interpreter, whichever environment the caller's shell names."""


def _open_shell() -> InteractiveShell:
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    return _Shell.instance(config=settings)


class Session:
    """The namespace of one page: runs its cells and answers its inline expressions."""

    def __init__(self, root: Path, *, figure_size: tuple[float, float]) -> None:
        import matplotlib as mpl

        self.root = root
        self.shell = _open_shell()
        # A reset collects garbage; what the imports made is none, and looking through it is slow.
        # (IPython ships no types.)
        gc.freeze()
        self.shell.reset(new_session=True, aggressive=False)  # type: ignore[no-untyped-call]
        self.formatter = DisplayFormatter(parent=self.shell)
        self.formatter.formatters["image/svg+xml"].for_type_by_name(
            "matplotlib.figure", "Figure", _figure_svg
        )
        self.shell.display_formatter = self.formatter
        mpl.use("module://trends.report.drawing")
        drawing.shown[:] = [lambda: _collected.extend(_take_figures())]
        mpl.rcdefaults()
        mpl.rcParams.update({"figure.figsize": figure_size, "savefig.facecolor": "none"})

    @property
    def names(self) -> dict[str, Any]:
        """Return what the page's names stand for."""
        return dict(self.shell.user_ns)

    @property
    def settings(self) -> dict[str, Any]:
        """Return what a drawing depends on beside the names that its cell uses."""
        import matplotlib as mpl

        return {str(name): value for name, value in mpl.rcParams.items()}

    def run(self, cell: Cell) -> list[Output]:
        """Run one cell; an error names the file and the line that raised it."""
        _collected.clear()
        with self._at_work():
            run_cell: Callable[..., ExecutionResult] = self.shell.run_cell
            with self._size_of(cell), self._shown_of(cell):
                outcome = run_cell(_INLINE_MAGIC.sub("", cell.source), store_history=False)
            error = outcome.error_before_exec or outcome.error_in_exec
            if isinstance(error, KeyboardInterrupt | Stopped):
                raise error
            if error is not None:
                raise _locate(error, cell)
            drawn = _take_figures()
        outputs = [*_collected, *drawn]
        drawn = [output for output in outputs if output.kind == "image/svg+xml"]
        if drawn:
            outputs = [output for output in outputs if not _is_drawing_repr(output)]
        return outputs

    def evaluate(self, expression: str, line: Line) -> str:
        """Return the Markdown of one inline expression, escaped as Quarto does."""
        with self._at_work():
            try:
                value = eval(expression, self.shell.user_ns)
                # IPython ships no types.
                bundle, _ = self.formatter.format(value)  # type: ignore[no-untyped-call]
            # A page's expression may raise anything; all of it is told with file and line.
            except Exception as error:
                raise RenderError(
                    f"`{{python}} {expression}` raised {type(error).__name__}: {error}",
                    file=line.file,
                    line=line.number,
                ) from error
        if "text/markdown" in bundle:
            return escaping.visible(str(bundle["text/markdown"]).strip())
        if isinstance(value, str):
            return escaping.markdown(value)
        plain = str(bundle.get("text/plain", ""))
        if plain.startswith(("np.", "<", "Timestamp(", "Period(", "datetime.")):
            raise RenderError(
                f"`{{python}} {expression}` would print {plain!r}. "
                "Pass a plain str, int or float, or a claim of the ledger.",
                file=line.file,
                line=line.number,
            )
        return plain

    @contextmanager
    def _size_of(self, cell: Cell) -> Iterator[None]:
        """Draw the figures of a cell in the size that its options give."""
        import matplotlib as mpl

        before = tuple(mpl.rcParams["figure.figsize"])
        own = [cell.options.get(name) for name in ("fig-width", "fig-height")]
        if any(own):
            size = [float(one or usual) for one, usual in zip(own, before, strict=True)]
            mpl.rcParams["figure.figsize"] = size
        try:
            yield
        finally:
            if any(own):
                mpl.rcParams["figure.figsize"] = before

    @contextmanager
    def _shown_of(self, cell: Cell) -> Iterator[None]:
        """Show no result of a cell that ends with a semicolon, which would be drawn for nothing."""
        before = self.shell.ast_node_interactivity
        if cell.source.rstrip().endswith(";"):
            self.shell.ast_node_interactivity = "none"
        try:
            yield
        finally:
            self.shell.ast_node_interactivity = before

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Run in the project's folder, with its modules importable and its prints kept."""
        before, path = Path.cwd(), list(sys.path)
        os.chdir(self.root)
        sys.path.insert(0, str(self.root))
        try:
            with redirect_stdout(_Stream("stdout")), redirect_stderr(_Stream("stderr")):
                yield
        finally:
            sys.path[:] = path
            os.chdir(before)


def _figure_svg(figure: Any) -> str:
    """Return a figure as SVG whose bytes depend on the figure alone."""
    import matplotlib as mpl

    from trends.figures.drawn import lines_of
    from trends.figures.narrow import lay_out_narrow, needs_it
    from trends.report.carried import with_data

    drawn, narrow = io.StringIO(), io.StringIO()
    settings = {"metadata": {"Date": None, "Creator": None}}
    lines, missing = lines_of(figure), str(figure.get_label())
    with mpl.rc_context({"svg.hashsalt": "trends", "svg.fonttype": "none"}):
        layout = figure.get_layout_engine()
        if layout is None:
            figure.savefig(drawn, format="svg", bbox_inches="tight", **settings)
        else:
            drawing.write_laid_out(figure, layout, drawn, **settings)
        if needs_it(figure):
            lay_out_narrow(figure)
            drawing.write_laid_out(figure, layout, narrow, **settings)
    return with_data(drawn.getvalue(), lines, narrow=narrow.getvalue(), missing=missing)


def _take_figures() -> list[Output]:
    """Return the open figures, oldest first, and close them."""
    if "matplotlib.pyplot" not in sys.modules:
        return []
    from matplotlib import pyplot

    outputs = [
        Output("image/svg+xml", _figure_svg(pyplot.figure(number)))
        for number in pyplot.get_fignums()
    ]
    pyplot.close("all")
    return outputs


def _is_drawing_repr(output: Output) -> bool:
    return output.kind == "text/plain" and bool(_DRAWING_REPR.match(str(output.content)))


def _locate(error: BaseException, cell: Cell) -> RenderError:
    """Say on which line of the page the error arose."""
    if isinstance(error, SyntaxError) and error.lineno:
        at = error.lineno
    else:
        at = 1
        trace = error.__traceback__
        while trace is not None:
            if "ipython-input" in trace.tb_frame.f_code.co_filename or (
                "ipykernel" in trace.tb_frame.f_code.co_filename
            ):
                at = trace.tb_lineno
            trace = trace.tb_next
    located = RenderError(
        f"the cell raised {type(error).__name__}: {error}", file=cell.file, line=cell.line + at - 1
    )
    located.__cause__ = error
    return located

"""What Markdown does a page become once its cells have run?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from trends import escaping
from trends.report.carried import carried
from trends.report.cells import Output
from trends.report.errors import RenderError
from trends.report.markup import terms_of
from trends.report.page import Cell, Line, Page, Text
from trends.report.pictures import write_picture
from trends.report.store import Store

_INLINE = re.compile(r"(?<!`)`\{python\}\s+(?P<expression>[^`]+)`(?!`)")
_FENCES = "::::::"


class Runner(Protocol):
    """What answers for a page's code: a session that runs it, or one that ran before."""

    def run(self, cell: Cell, /) -> list[Output]:
        """Return what a cell gives."""

    def evaluate(self, expression: str, line: Line, /) -> str:
        """Return what an expression within a sentence gives."""


def inline_expressions(page: Page) -> list[str]:
    """Return the expressions in a page's sentences, in order."""
    return [
        found["expression"].strip()
        for part in page.parts
        if isinstance(part, Text) and not part.verbatim
        for line in part.lines
        for found in _INLINE.finditer(line.text)
    ]


def weave(
    page: Page, session: Runner, metadata: dict[str, Any], figure_folder: Path, store: Store
) -> str:
    """Run a page's cells in order and put their outputs where they stand."""
    woven: list[str] = []
    labels: set[str] = set()
    execute = metadata.get("execute") or {}
    enabled = execute.get("enabled", True)
    for part in page.parts:
        if isinstance(part, Text):
            woven.append(_text(part, session, enabled=enabled))
            continue
        if part.label and part.label in labels:
            raise _fault(part, f"the label {part.label!r} is used twice on this page.")
        labels.add(part.label)
        options = {"echo": True, "warning": True, **execute, **part.options}
        runs = enabled and options.get("eval", True)
        outputs = session.run(part) if runs else []
        if options.get("include", True) is False:
            continue
        drawn = _write_pictures(part, outputs, figure_folder, store)
        if options["echo"]:
            woven.append(_code(part, options, metadata))
        if runs:
            lang = str(metadata.get("lang", "en"))
            woven.append(_outputs(part, options, outputs, drawn, lang))
    return "\n".join(woven) + "\n"


def _fault(cell: Cell, message: str) -> RenderError:
    return RenderError(message, file=cell.file, line=cell.option_line)


def _text(part: Text, session: Runner, *, enabled: bool) -> str:
    if part.verbatim:
        return "\n".join(line.text for line in part.lines)

    def inline(line: Line) -> str:
        found = _INLINE.search(line.text)
        if found and not enabled:
            raise RenderError(
                f"{found[0]} has no value, since `execute: enabled: false` runs no code.",
                file=line.file,
                line=line.number,
            )
        return _INLINE.sub(
            lambda found: session.evaluate(found["expression"].strip(), line), line.text
        )

    return "\n".join(inline(line) for line in part.lines)


def _code(cell: Cell, options: dict[str, Any], metadata: dict[str, Any]) -> str:
    fold = options.get("code-fold", metadata.get("code-fold", False))
    block = escaping.code_block(cell.source.strip(), ".python .cell-code")
    if not fold:
        return f"\n{block}\n"
    state = ' open="true"' if fold == "show" else ""
    summary = options.get("code-summary", metadata.get("code-summary"))
    if summary:
        state += f' summary="{escaping.attribute(str(summary))}"'
    return f"\n{_FENCES} {{.code-fold{state}}}\n{block}\n{_FENCES}\n"


def _write_pictures(cell: Cell, outputs: list[Output], folder: Path, store: Store) -> list[Path]:
    drawn = [output for output in outputs if output.kind in ("image/svg+xml", "image/png")]
    if drawn and not cell.options.get("fig-alt"):
        raise _fault(cell, "the cell draws a figure and must say what it shows. Add `#| fig-alt:`.")
    stem = cell.label or f"{Path(cell.file).stem}-{cell.line}"
    return [
        write_picture(output, folder, stem if len(drawn) == 1 else f"{stem}-{position}", store)
        for position, output in enumerate(drawn, start=1)
    ]


def _outputs(
    cell: Cell, options: dict[str, Any], outputs: list[Output], drawn: list[Path], lang: str
) -> str:
    if options.get("output", True) is False:
        return ""
    as_is = options.get("output") == "asis"
    pictures = iter(_picture_markdown(cell, drawn, lang))
    blocks = []
    for output in outputs:
        if output.kind in ("image/svg+xml", "image/png"):
            blocks.append(next(pictures))
        elif output.kind == "stderr":
            if options["warning"]:
                raise _fault(
                    cell,
                    f"the cell wrote a warning: {str(output.content).strip()[:300]!r}. "
                    "Cure it, or drop it with `#| warning: false`.",
                )
        else:
            blocks.append(_output_markdown(output, as_is=as_is))
    body = "\n\n".join(block for block in blocks if block)
    return _captioned(cell, body, n_pictures=len(drawn))


def _missing(path: Path) -> str:
    """Return what a figure says in place of what it would show; "" of one that shows it."""
    is_drawn = path.suffix == ".svg"
    return str(carried(path.read_text(encoding="utf-8")).get("missing", "")) if is_drawn else ""


def _shape(path: Path, lang: str) -> str:
    """Return in words where the lines of a figure start, turn and end."""
    if path.suffix != ".svg":
        return ""
    shapes = carried(path.read_text(encoding="utf-8")).get("shapes", [])
    said = str(terms_of(lang)["shape"])
    # Of figures with many panels the page says enough.
    told = [(shape["panel"], said.format(**shape)) for shape in shapes[:_MOST_SHAPES]]
    return "".join(f" {panel}: {text}" if panel else f" {text}" for panel, text in told)


#: Panels whose course is told in the alternative text of a figure.
_MOST_SHAPES = 4


def _picture_markdown(cell: Cell, drawn: list[Path], lang: str) -> list[str]:
    alts = _as_list(cell.options.get("fig-alt"))
    asked = cell.options.get("fig-subcap")
    subs = [""] * len(drawn) if asked is True else _as_list(asked)
    captions = _as_list(cell.options.get("fig-cap"))
    for option, given in (("fig-subcap", subs), ("fig-cap", captions[1:] and captions)):
        if given and len(given) != len(drawn):
            raise _fault(
                cell,
                f"`{option}` must have one caption for each of the {len(drawn)} figures, "
                f"got {len(given)}.",
            )
    if len(alts) not in (0, 1, len(drawn)):
        raise _fault(cell, f"`fig-alt` must have one text for each of the {len(drawn)} figures.")
    texts = []
    for position, path in enumerate(drawn):
        written = alts[position] if position < len(alts) else alts[-1]
        alt = escaping.attribute(_missing(path) or written + _shape(path, lang))
        name = f"#{cell.label}-{position + 1} " if cell.label else ""
        picture = f'![]({quote(path.as_posix())}){{fig-alt="{alt}"}}'
        if len(captions) > 1:
            picture = (
                f"::::: {{{name}.float .float-fig}}\n{picture}\n\n"
                f"::: {{.float-caption}}\n{captions[position]}\n:::\n:::::"
            )
        elif subs:
            picture = (
                f"::::: {{{name}.subfloat}}\n{picture}\n\n"
                f"::: {{.float-caption}}\n{subs[position]}\n:::\n:::::"
            )
        texts.append(picture)
    return texts


def _as_list(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _output_markdown(output: Output, *, as_is: bool) -> str:
    content = escaping.visible(str(output.content))
    if output.kind == "text/markdown" or (output.kind == "stdout" and as_is):
        return content.strip("\n")
    if output.kind == "text/html":
        return escaping.code_block(content.strip(), "=html")
    if output.kind == "text/latex":
        return content.strip()
    name = "cell-output-stdout" if output.kind == "stdout" else "cell-output-display"
    return escaping.code_block(content.rstrip(), f".text .{name}")


def _captioned(cell: Cell, body: str, *, n_pictures: int) -> str:
    """Wrap outputs that carry a label or a caption."""
    label = cell.label
    caption = cell.options.get("tbl-cap" if label.startswith("tbl-") else "fig-cap")
    if label.startswith("fig-") and n_pictures == 0:
        raise _fault(cell, f"the cell is labelled {label!r} but draws no figure.")
    if label.startswith("tbl-") and not body:
        raise _fault(cell, f"the cell is labelled {label!r} but gives no table.")
    if label.startswith(("fig-", "tbl-")) and not caption:
        which = "tbl-cap" if label.startswith("tbl-") else "fig-cap"
        raise _fault(
            cell, f"the cell is labelled {label!r} and must have a caption. Add `#| {which}:`."
        )
    if not body:
        return ""
    columns = _columns(cell, n_pictures)
    if columns:
        body = f":::::::: {{.layout layout-ncol={columns}}}\n{body}\n::::::::"
    where = cell.options.get("column")
    if where == "margin":
        body = f"::::::::: {{.column-margin}}\n{body}\n:::::::::"
    elif where is not None:
        raise _fault(cell, f"`column` must be margin, got {where!r}.")
    if not caption or isinstance(caption, list):
        return f"\n{body}\n"
    kind = "tbl" if cell.options.get("tbl-cap") else "fig"
    name = f"#{label} " if label.startswith(("fig-", "tbl-")) else ""
    widths = cell.options.get("tbl-colwidths")
    if widths is not None:
        name += f'tbl-colwidths="{widths}" '
    fence = ":" * 12
    return (
        f"\n{fence} {{{name}.float .float-{kind}}}\n{body}\n\n"
        f"::: {{.float-caption}}\n{str(caption).strip()}\n:::\n{fence}\n"
    )


def _columns(cell: Cell, n_pictures: int) -> int:
    """Return in how many columns the outputs of a cell stand; 0 for one after another."""
    columns, rows = (cell.options.get(f"layout-{name}") for name in ("ncol", "nrow"))
    for name, value in (("layout-ncol", columns), ("layout-nrow", rows)):
        if value is not None and (not isinstance(value, int) or not 1 <= value <= 12):
            raise _fault(cell, f"`{name}` must be a whole number from 1 to 12, got {value!r}.")
    return columns or (-(-n_pictures // rows) if rows else 0)

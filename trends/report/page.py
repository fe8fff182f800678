"""What does a page hold: front matter, text and cells, each with its file and line?"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from trends.report.errors import RenderError

_FENCE = re.compile(r"^(?P<indent>\s*)(?P<ticks>`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
_CELL = re.compile(r"^\{(?P<language>[A-Za-z]\w*)(?P<rest>[^}]*)\}$")
_INCLUDE = re.compile(r"^\s*\{\{<\s*include\s+(?P<file>\S+)\s*>\}\}\s*$")
_SHORTCODE = re.compile(r"\{\{<\s*/?(?P<name>[\w-]+)")
_OPTION = re.compile(r"^#\|\s?(?P<yaml>.*)$")
_ATTRIBUTES = re.compile(r"\{[^{}]*\}")
_UNSUPPORTED_ID = re.compile(
    r"#(thm|lem|cor|prp|cnj|def|exm|exr|sol|rem|alg|lst|nte|tip|wrn|imp|cau)-"
)

#: What a page may be called: `.qmd`, or `.md` where nothing is run.
SOURCES = (".qmd", ".md")

CELL_OPTIONS = frozenset(
    {
        "label", "fig-cap", "fig-subcap", "fig-alt", "tbl-cap", "echo", "include", "eval",
        "output", "layout-ncol", "layout-nrow", "code-fold", "code-summary", "warning",
        "tbl-colwidths", "fig-width", "fig-height", "column",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of source and where it stands."""

    text: str
    file: str
    number: int


@dataclass(frozen=True)
class Text:
    """Lines of Markdown; `verbatim` lines stand in a code block and are left alone."""

    lines: list[Line]
    verbatim: bool = False


@dataclass(frozen=True)
class Cell:
    """One Python cell: its options, its code and the line on which the code starts."""

    source: str
    options: dict[str, Any]
    file: str
    line: int
    option_line: int

    @property
    def label(self) -> str:
        """Return the cell's label, or an empty string."""
        return str(self.options.get("label", ""))


@dataclass(frozen=True)
class Page:
    """A page as it is written, with its includes read in."""

    path: Path
    name: str
    front_matter: dict[str, Any]
    parts: list[Text | Cell] = field(default_factory=list)
    sources: list[Path] = field(default_factory=list)

    @property
    def cells(self) -> list[Cell]:
        """Return the cells in order."""
        return [part for part in self.parts if isinstance(part, Cell)]

    @property
    def has_level_one_heading(self) -> bool:
        """Tell whether the page has chapters, as the full report does."""
        return any(
            line.text.startswith("# ")
            for part in self.parts
            if isinstance(part, Text) and not part.verbatim
            for line in part.lines
        )


def read_page(path: Path, root: Path) -> Page:
    """Read a page, its front matter and everything it includes."""
    name = _relative(path, root)
    lines = _read_lines(path, name)
    front_matter, body = _split_front_matter(lines)
    sources = [path]
    lines_with_includes = _expand_includes(body, path.parent, root, sources)
    return Page(path, name, front_matter, _split_parts(lines_with_includes), sources)


@lru_cache(maxsize=256)
def _loaded(text: str) -> Any:
    """Return what YAML says; the settings of a project are read again for every page of it."""
    return yaml.safe_load(text)


def parse_yaml(text: str, file: str, first_line: int = 1) -> Any:
    """Parse YAML; a fault names the file and the line of that file."""
    try:
        return deepcopy(_loaded(text))
    except RecursionError:
        raise RenderError("the YAML is nested too deep.", file=file, line=first_line) from None
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        line = first_line + (mark.line if mark else 0)
        raise RenderError(
            f"the YAML cannot be read: {fault.problem}.", file=file, line=line
        ) from None
    except yaml.reader.ReaderError as fault:
        line = first_line + text.count("\n", 0, fault.position)
        raise RenderError(
            f"the YAML cannot be read: it holds the sign {fault.character:#06x}. Take it out.",
            file=file,
            line=line,
        ) from None
    except ValueError as fault:  # a day or a number that there is not
        raise RenderError(
            f"the YAML cannot be read: {fault}. Put quotes around the value.",
            file=file,
            line=first_line,
        ) from None


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _read_lines(path: Path, name: str) -> list[Line]:
    text = read_text(path, name).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.removesuffix("\n").split("\n") if text else []
    return [Line(line, name, number) for number, line in enumerate(lines, start=1)]


def read_text(path: Path, name: str) -> str:
    """Read a file of the project, which must be UTF-8; a byte order mark is no part of it."""
    stored = path.read_bytes()
    try:
        return stored.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise RenderError(
            f"the page must be UTF-8, got byte {fault.object[fault.start]:#x} "
            f"at offset {fault.start}. Save it as UTF-8.",
            file=name,
            line=stored.count(b"\n", 0, fault.start) + 1,
        ) from None


def _split_front_matter(lines: list[Line]) -> tuple[dict[str, Any], list[Line]]:
    if not lines or lines[0].text.rstrip() != "---":
        return {}, lines
    for index, line in enumerate(lines[1:], start=1):
        if line.text.rstrip() in {"---", "..."}:
            text = "\n".join(part.text for part in lines[1:index])
            parsed = parse_yaml(text, lines[0].file, first_line=2) or {}
            if not isinstance(parsed, dict):
                raise RenderError(
                    f"front matter must be a mapping, got {type(parsed).__name__}.",
                    file=lines[0].file,
                    line=2,
                )
            return parsed, lines[index + 1 :]
    raise RenderError(
        "the front matter is never closed. End it with ---.", file=lines[0].file, line=1
    )


def _expand_includes(
    lines: list[Line], folder: Path, root: Path, sources: list[Path], depth: int = 0
) -> list[Line]:
    expanded: list[Line] = []
    fence = ""
    for line in lines:
        fence = _next_fence(line.text, fence)
        found = None if fence else _INCLUDE.match(line.text)
        if found is None:
            expanded.append(line)
            continue
        target = (
            root / found["file"][1:] if found["file"].startswith("/") else folder / found["file"]
        )
        target = target.resolve()
        if depth > 8:
            raise RenderError("includes go round in a circle.", file=line.file, line=line.number)
        if not target.is_file():
            raise RenderError(
                f"the included file {found['file']} does not exist.",
                file=line.file,
                line=line.number,
            )
        included = _read_lines(target, _relative(target, root))
        if included and included[0].text.rstrip() == "---":
            raise RenderError(
                f"{found['file']} has front matter, which an included file may not have. "
                "Move it out.",
                file=line.file,
                line=line.number,
            )
        sources.append(target)
        expanded += _expand_includes(included, target.parent, root, sources, depth + 1)
        expanded.append(Line("", line.file, line.number))
    return expanded


def _next_fence(text: str, fence: str) -> str:
    """Return the fence that is open after this line ('' when none is)."""
    found = _FENCE.match(text)
    if found is None:
        return fence
    if not fence:
        return found["ticks"]
    closes = found["ticks"].startswith(fence) and not found["info"]
    return "" if closes else fence


def _split_parts(lines: list[Line]) -> list[Text | Cell]:
    parts: list[Text | Cell] = []
    running: list[Line] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        found = _FENCE.match(line.text)
        if found is None:
            _check_supported(line)
            running.append(line)
            index += 1
            continue
        end = _closing(lines, index, found["ticks"])
        language = _cell_language(line, found["info"])
        if running:
            parts.append(Text(running))
            running = []
        if language is None:
            parts.append(Text(lines[index : end + 1], verbatim=True))
        else:
            parts.append(_read_cell(lines[index + 1 : end], line))
        index = end + 1
    if running:
        parts.append(Text(running))
    return parts


def _closing(lines: list[Line], start: int, ticks: str) -> int:
    for index in range(start + 1, len(lines)):
        found = _FENCE.match(lines[index].text)
        if found and not found["info"] and found["ticks"].startswith(ticks):
            return index
    raise RenderError(
        "the code block is never closed.", file=lines[start].file, line=lines[start].number
    )


def _cell_language(line: Line, info: str) -> str | None:
    """Return 'python' for a cell to run, None for a block to show."""
    found = _CELL.match(info)
    if found is None:
        return None
    if found["language"] != "python" or found["rest"].strip() or line.text[:1].isspace():
        raise RenderError(
            "a cell must open with ```{python} at the start of the line, "
            f"got {line.text.strip()!r}. Put its options on #| lines.",
            file=line.file,
            line=line.number,
        )
    return "python"


def _read_cell(lines: list[Line], fence: Line) -> Cell:
    options_text = []
    for line in lines:
        found = _OPTION.match(line.text)
        if found is None:
            break
        options_text.append(found["yaml"])
    option_line = fence.number + 1
    options = parse_yaml("\n".join(options_text), fence.file, option_line) or {}
    if not isinstance(options, dict):
        raise RenderError("cell options must be `key: value`.", file=fence.file, line=option_line)
    for key in options:
        if key not in CELL_OPTIONS:
            at = next(i for i, text in enumerate(options_text) if text.startswith(str(key)))
            raise RenderError(
                f"the cell option `{key}` is not supported.{_nearest(str(key))}",
                file=fence.file,
                line=option_line + at,
            )
    label = str(options.get("label", ""))
    if not re.fullmatch(r"[\w:.-]*", label) or ".." in label:
        raise RenderError(
            f"the label must be made of letters, digits, hyphens and underscores, got {label!r}.",
            file=fence.file,
            line=option_line,
        )
    code = lines[len(options_text) :]
    first = code[0].number if code else fence.number
    return Cell("\n".join(line.text for line in code), options, fence.file, first, option_line)


def _nearest(option: str) -> str:
    """Return a hint at the cell option that was meant."""
    close = get_close_matches(option, CELL_OPTIONS, n=1, cutoff=0.6)
    known = ", ".join(sorted(CELL_OPTIONS))
    return f" Did you mean `{close[0]}`?" if close else f" Known are {known}."


def _check_supported(line: Line) -> None:
    """Refuse what the portable subset leaves out, rather than print it as text."""
    text = re.sub(r"`[^`]*`", "", line.text)
    found = _SHORTCODE.search(text)
    if found:
        name = found["name"]
        what = (
            "an include must stand alone on its line"
            if name == "include"
            else f"the shortcode `{name}` is not supported"
        )
        raise RenderError(f"{what}.", file=line.file, line=line.number)
    for attributes in _ATTRIBUTES.findall(text):
        bad = _UNSUPPORTED_ID.search(attributes)
        if bad:
            raise RenderError(
                f"`{bad[0]}` is not supported by the built-in renderer. Rewrite it with the "
                "portable subset (figures, tables, callouts, footnotes).",
                file=line.file,
                line=line.number,
            )

"""What may a project, a page and its text ask for? Only what is known to do something.

Pandoc, and Quarto after it, take every key, class and attribute and pass over those that mean
nothing to them: a misspelt word changes the report in silence. Here it stops the render, with its
line and the nearest name that is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import yaml

from trends.report.errors import RenderError
from trends.report.page import Cell, Page

#: Any value will do.
ANY: Final = None
#: In a mapping of what is known: a plain value may stand in the place of the mapping.
PLAIN: Final = ""

_OFF = (False,)
#: The families that come with trends; no other is used.
FONTS = ("IBM Plex Sans", "IBM Plex Sans Arabic", "Amiri")
_ITEM = {PLAIN: ANY, "href": ANY, "file": ANY, "text": ANY}
_SIDEBAR_ITEM: dict[str, Any] = {**_ITEM, "section": ANY}
_SIDEBAR_ITEM["contents"] = _SIDEBAR_ITEM

#: What is known under `website`. `search` is Quarto's own, which finds nothing in a folder; pages
#: of both engines have one that does.
WEBSITE = {
    "title": ANY, "description": ANY, "favicon": ANY, "site-url": ANY, "page-navigation": ANY,
    "navbar": {"left": _ITEM, "right": _ITEM},
    "sidebar": {"id": ANY, "contents": _SIDEBAR_ITEM},
    "page-footer": {PLAIN: ANY, "left": ANY, "center": ANY, "right": ANY},
    "search": _OFF, "reader-mode": _OFF, "back-to-top-navigation": _OFF,
}  # fmt: skip
PROJECT = {
    "type": ("website",), "output-dir": ANY, "execute-dir": ("project",), "render": ANY,
    "resources": ANY, "pre-render": ANY, "post-render": ANY,
}  # fmt: skip
#: Frozen outputs go stale while the manifest attests the data of today.
EXECUTE = {
    "echo": ANY, "eval": ANY, "include": ANY, "output": ANY, "warning": ANY, "enabled": ANY,
    "freeze": _OFF, "cache": _OFF, "error": _OFF,
}  # fmt: skip
_TEXT = {
    "toc": ANY, "toc-depth": ANY, "toc-title": ANY, "number-sections": ANY, "fig-width": ANY,
    "fig-height": ANY, "fig-format": ("svg",), "code-fold": ANY, "code-summary": ANY,
    "bibliography": ANY, "csl": ANY, "citeproc": ANY, "link-citations": ANY, "nocite": ANY,
    "reference-section-title": ANY, "filters": {PLAIN: ANY, "path": ANY, "at": ANY},
    "lang": ANY, "dir": ("ltr", "rtl"), "language": ANY,
}  # fmt: skip
#: `theme` and `format-links` shape Quarto's pages; the built-in pages have a theme of their own.
HTML = {
    **_TEXT, "theme": ANY, "format-links": _OFF, "html-math-method": ("mathml",), "css": ANY,
    "embed-resources": _OFF, "code-tools": _OFF,
}  # fmt: skip
#: `include-in-header`, `section-numbering`, `font-paths` and the partials of a template give
#: Quarto's papers what the built-in ones have of themselves.
TYPST = {
    **_TEXT, "papersize": ANY, "pdf-standard": ("ua-1",),
    "include-in-header": {PLAIN: ANY, "text": ANY, "file": ANY},
    "section-numbering": ("1.1",), "mainfont": FONTS, "font-paths": ANY, "keep-typ": _OFF,
    "template-partials": ANY,
}  # fmt: skip
#: Styles come with trends; who wants others changes them in Word.
DOCX = {**_TEXT, "toc": _OFF}
AUTHOR = {
    PLAIN: ANY, "name": {PLAIN: ANY, "given": ANY, "family": ANY, "literal": ANY},
    "affiliation": {PLAIN: ANY, "name": ANY, "city": ANY, "country": ANY, "department": ANY},
    "email": ANY, "url": ANY, "orcid": ANY,
}  # fmt: skip
AUTHOR["affiliations"] = AUTHOR["affiliation"]
PAGE = {
    **_TEXT, "title": ANY, "subtitle": ANY, "description": ANY, "author": AUTHOR, "date": ANY,
    "abstract": ANY, "abstract-title": ANY, "pagetitle": ANY, "engine": ("jupyter",),
    "jupyter": {PLAIN: ANY, "kernelspec": {"name": ANY, "display_name": ANY, "language": ANY}},
    "execute": EXECUTE, "html-math-method": ("mathml",), "css": ANY, "theme": ANY,
    "papersize": ANY, "pdf-standard": ("ua-1",), "mainfont": FONTS, "website": WEBSITE,
    "finding-words": ANY, "findings-list": ANY, "body-classes": ("manual",),
    "format": {
        PLAIN: ("html", "typst", "docx"),
        "html": {PLAIN: ("default",), **HTML},
        "typst": {PLAIN: ("default",), **TYPST},
        "docx": {PLAIN: ("default",), **DOCX},
    },
}  # fmt: skip
#: What may stand in `_quarto.yml` and in the files of profiles beside it.
CONFIGURATION = {
    **PAGE, "project": PROJECT, "website": WEBSITE,
    "profile": {"default": ANY, "group": ANY},
}  # fmt: skip

#: Classes and attributes of the text, by the element that bears them.
CLASSES: Mapping[str, frozenset[str]] = {
    "Div": frozenset(
        {"callout-note", "callout-tip", "callout-warning", "callout-important", "callout-caution",
         "content-visible", "content-hidden", "panel-tabset", "column-margin", "aside", "quote",
         "definition", "references", "unnumbered", "callout", "finding-entry",
         "headline",
         "trends-changes", "short-answer", "what-if", "cover", "layout", "float",
         "float-fig", "float-tbl", "float-caption", "subfloat", "code-fold"}
    ),
    "Span": frozenset(
        {"finding", "sentence", "statement", "constant", "caveat", "quote", "definition", "aside",
         "column-margin", "content-visible", "content-hidden", "smallcaps", "underline", "mark",
         "direction"}
    ),
    "Header": frozenset({"unnumbered", "unlisted"}),
    "CodeBlock": frozenset({"cell-code", "cell-output-stdout", "cell-output-display"}),
    "Link": frozenset({"uri", "email"}),
}  # fmt: skip
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "Div": frozenset(
        {"when-format", "unless-format", "when-profile", "unless-profile", "when-meta",
         "unless-meta", "title", "collapse", "layout-ncol", "layout-nrow", "tbl-cap", "fig-cap",
         "tbl-colwidths", "lang", "dir", "open", "summary", "entry-spacing"}
    ),
    "Span": frozenset(
        {"when-format", "unless-format", "when-profile", "unless-profile", "when-meta",
         "unless-meta", "key", "say", "grade", "lang", "dir"}
    ),
    "Image": frozenset({"fig-alt", "alt", "width", "height"}),
    "Link": frozenset({"target", "rel", "download"}),
    "Table": frozenset({"tbl-colwidths"}),
}  # fmt: skip
FORMATS = frozenset({"html", "typst", "docx"})


def check_settings(
    settings: Mapping[str, Any], known: Mapping[str, Any], *, text: str, file: str, what: str
) -> None:
    """Refuse the first setting that is not known to do something.

    Parameters
    ----------
    settings : mapping
        What a file asks for.
    known : mapping
        What may be asked for: `CONFIGURATION` or `PAGE`.
    text : str
        The YAML itself, from the first line of the file on, for the line of a key.
    file : str
        Name of the file.
    what : str
        How the file's first level is called in a message.

    Raises
    ------
    RenderError
        With file, line and the nearest known name.
    """
    for path, fault in _faults(settings, known, what):
        raise RenderError(fault, file=file, line=_line_of_key(text, path))


def _faults(
    value: Any, known: Any, what: str, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path of every key that means nothing, and what is wrong with it."""
    name = ".".join(path)
    if known is ANY or value is None:
        return
    if isinstance(known, tuple):
        if value not in known:
            allowed = ", ".join(map(_as_yaml, known))
            yield path, f"`{name}` must be {allowed}, got {_as_yaml(value)}."
    elif isinstance(value, list):
        for item in value:
            yield from _faults(item, known, what, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == PLAIN or key not in known:
                names = [one for one in known if one != PLAIN]
                where = name or what
                yield (
                    (*path, str(key)),
                    f"`{key}` in {where} is not supported.{nearest(key, names)}",
                )
            else:
                yield from _faults(inner, known[key], what, (*path, str(key)))
    elif PLAIN in known:
        yield from _faults(value, known[PLAIN], what, path)
    else:
        keys = ", ".join(known)
        yield path, f"`{name or what}` must hold {keys}, got {_as_yaml(value)}."


def _as_yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a hint at the known name most like one that is not; all of them when none is."""
    names = sorted(known)
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    return f" Did you mean `{close[0]}`?" if close else f" Known are {', '.join(names)}."


def _line_of_key(text: str, path: tuple[str, ...]) -> int | None:
    """Return the line on which a key of a YAML text stands, lists looked through."""
    found: list[int] = []

    def look(node: Any, rest: tuple[str, ...]) -> None:
        if not rest:
            return
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                look(item, rest)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == rest[0]:
                    if len(rest) == 1:
                        found.append(key.start_mark.line + 1)
                    look(value, rest[1:])

    look(yaml.compose(text, Loader=yaml.SafeLoader), path)
    return found[0] if found else None


def check_uses(uses: Iterable[str], page: Page, to: str, own: frozenset[str] = frozenset()) -> None:
    """Refuse the first class, attribute or raw text that the renderer would pass over.

    Parameters
    ----------
    uses : iterable of str
        What `pandoc/uses.lua` found, one tabbed line each: element, class or attribute or raw,
        name, value.
    page : Page
        Where it stands.
    to : str
        The format that is made.
    own : frozenset of str
        Classes to which the page's own style sheets give a look.
    """
    for use in uses:
        element, what, name, value = use.split("\t", 3)
        if what == "class" and name in own:
            continue
        fault = _fault_of_use(element, what, name, value, to)
        if fault:
            file, line = _place(page, what, name, value)
            raise RenderError(fault, file=file, line=line)


def _fault_of_use(element: str, what: str, name: str, value: str, to: str) -> str:
    """Return why something in the text means nothing; "" if it means something."""
    if what == "class":
        known = CLASSES.get(element, frozenset())
        # A block of code may be in any language.
        if name in known or (element in ("CodeBlock", "Code") and "-" not in name):
            return ""
        return f"the class `.{name}` is not supported here.{nearest(name, known)}"
    if what == "attribute":
        known = ATTRIBUTES.get(element, frozenset())
        if name in known:
            if name in ("width", "height") and not re.fullmatch(r"\d+(\.\d+)?(px)?", value):
                return f"`{name}={value}` is not supported. Give it in pixels, such as {name}=400."
            return ""
        return f"the attribute `{name}` is not supported here.{nearest(name, known)}"
    if name not in ("html", "typst"):
        return f"raw `{name}` would be left out of every format. Write it in Markdown."
    if name != to and not value:
        other = {"typst": "paper", "docx": "the Word file"}.get(to, "the page")
        return (
            f"raw {name} would be left out of {other}. Put it into "
            f'::: {{.content-visible when-format="{name}"}}.'
        )
    return ""


def _place(page: Page, what: str, name: str, value: str) -> tuple[str, int | None]:
    """Return the file and the line on which something stands in a page's text."""
    word = re.escape(name)
    patterns = {
        "class": [rf"\.{word}(?![\w-])", rf":::+\s*{word}\b", rf"class=\"[^\"]*{word}"],
        "attribute": [rf"(?<![\w-]){word}\s*="],
        "raw": [rf"{{={word}}}", r"<[a-zA-Z/!]"],
    }[what]
    for pattern in patterns:
        for part in page.parts:
            lines = [] if isinstance(part, Cell) else part.lines
            for line in lines:
                if re.search(pattern, line.text):
                    return line.file, line.number
    return page.name, None

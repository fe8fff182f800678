"""How must text be written so that a medium prints it and does nothing else with it?

One function for each medium: what a source, a place or a group is called may hold any sign, and
none of them may become markup, mathematics, a citation, a formula or a command of the terminal.
"""

from __future__ import annotations

import html as _html
import json as _json
import re

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufff9-\ufffb]")
#: Overrides and embeddings turn the order of what follows; isolates do so until they are closed.
_TURNS = re.compile("[\u202a-\u202e]")
_OPENS, _CLOSES = "\u2066\u2067\u2068", "\u2069"

#: What Pandoc reads within a line, and what it reads at the start of one as a list or a rule.
_MARKDOWN = re.compile(
    r"[\\`*_{}\[\]<>#~^$@|\"'&!]|\.(?=\.)|-(?=-)|^[-+:%=]|^\(?\w{1,9}[.)](?= |$)"
)
_ATTRIBUTE = re.compile(r'[\\"&]')
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
}  # fmt: skip
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_PLAIN_NUMBER = re.compile(r"[-+\u2212]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?%?")


def visible(text: str) -> str:
    r"""Return text in which signs that act unseen are spelled out.

    These are control characters, commands of terminals among them, line separators, halves of
    characters, and signs that turn the order of reading beyond the text itself. Marks and closed
    isolates of bidirectional text stay, since Arabic needs them.

    Examples
    --------
    >>> print(visible("\x1b[31mred \u202egnp.exe"))
    \x1b[31mred \u202egnp.exe
    """
    shown = _TURNS.sub(_spelled, _CONTROL.sub(_spelled, text.replace("\r\n", "\n")))
    return "\n".join(map(_closed, shown.split("\n")))


def _spelled(sign: re.Match[str]) -> str:
    code = ord(sign[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _closed(line: str) -> str:
    """Return a line whose isolates are closed in it; others are spelled out."""
    depth = 0
    for sign in line:
        depth += (sign in _OPENS) - (sign in _CLOSES)
        if depth < 0:
            break
    if depth == 0:
        return line
    return re.sub(f"[{_OPENS}{_CLOSES}]", _spelled, line)


def html(text: str) -> str:
    """Return text for an element or a quoted attribute of HTML or SVG.

    Examples
    --------
    >>> html("<svg onload=x>")
    '&lt;svg onload=x&gt;'
    """
    return _html.escape(visible(text))


def markdown(text: str) -> str:
    r"""Return text for running text or a table cell of Pandoc's Markdown, on one line.

    Examples
    --------
    >>> print(markdown("@AmaqAgency | $x$"))
    \@AmaqAgency \| \$x\$
    """
    return _MARKDOWN.sub(_after_backslash, " ".join(visible(text).split()))


def _after_backslash(found: re.Match[str]) -> str:
    """Return what was found with a backslash before its last sign, the one that acts."""
    return f"{found[0][:-1]}\\{found[0][-1]}"


def attribute(text: str) -> str:
    r"""Return text for a quoted attribute in Pandoc's Markdown, on one line.

    Examples
    --------
    >>> print(attribute('say "x"'))
    say \"x\"
    """
    return _ATTRIBUTE.sub(_after_backslash, " ".join(visible(text).split()))


def code_block(text: str, attributes: str) -> str:
    r"""Return text as a block of code in Pandoc's Markdown that nothing in it can close.

    Examples
    --------
    >>> print(code_block("x = 1", ".python"))
    ```{.python}
    x = 1
    ```
    """
    runs = re.findall(r"^\s*(`{3,})", text, re.MULTILINE)
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 0)
    return f"{fence}{{{attributes}}}\n{text}\n{fence}"


def typst(text: str) -> str:
    r"""Return text as a string of Typst, with its quotes.

    Examples
    --------
    >>> print(typst('say "x"'))
    "say \"x\""
    """
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def toml(text: str) -> str:
    r"""Return text as a string of TOML on one line, with its quotes.

    Examples
    --------
    >>> print(toml('say "x"'))
    "say \"x\""
    """
    # A string of JSON is one of TOML, apart from the delete sign, which `visible` spells out.
    return _json.dumps(" ".join(visible(text).split()), ensure_ascii=False)


def tex(text: str) -> str:
    r"""Return text for TeX.

    Examples
    --------
    >>> print(tex("50% of R&D"))
    50\% of R\&D
    """
    return "".join(_TEX.get(sign, sign) for sign in visible(text))


def bibtex(text: str) -> str:
    r"""Return text for a field of BibTeX in braces, which must be closed in it and on one line.

    Braces become the signs of a set, because BibTeX counts those that TeX escapes as well.

    Examples
    --------
    >>> bibtex("a } b")
    'a \\textbraceright{} b'
    """
    made = " ".join(visible(text).split())
    braces = {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
    return "".join(braces.get(sign) or _TEX.get(sign, sign) for sign in made)


def figure(text: str) -> str:
    r"""Return text for a label in a figure, where dollars would enclose mathematics.

    Examples
    --------
    >>> print(figure("$x$"))
    \$x\$
    """
    made = " ".join(visible(text).split()).replace("$", r"\$")
    # matplotlib leaves a label that begins with an underscore out of the legend.
    return f" {made}" if made.startswith("_") else made


def spreadsheet(text: str) -> str:
    r"""Return text for a cell of CSV, which a spreadsheet would run if it looked like a formula.

    Examples
    --------
    >>> print(spreadsheet('=HYPERLINK("x")'), spreadsheet("-1.5"))
    '=HYPERLINK("x") -1.5
    """
    if not _FORMULA.match(text) or _PLAIN_NUMBER.fullmatch(text.strip()):
        return text
    return f"'{text}"


def json(value: object, *, indent: int | None = None) -> str:
    r"""Return JSON that keeps Arabic readable and holds nothing that a terminal or a page obeys.

    Examples
    --------
    >>> json({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    text = _json.dumps(value, ensure_ascii=False, indent=indent)
    return re.sub(
        "[<\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufff9-\ufffb]",
        lambda sign: f"\\u{ord(sign[0]):04x}",
        text,
    )


def terminal(text: str) -> str:
    """Return text for a terminal, which obeys control characters.

    Examples
    --------
    >>> terminal("red")
    'red'
    """
    return visible(text)

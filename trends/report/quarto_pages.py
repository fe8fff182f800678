"""How do pages that Quarto did not make look like those it made, and each like its language?

Quarto knows one title and one foot for a whole site, makes no page of the findings, and lets a page
on which a cell gave a table load scripts from the network. All is put right once its pages are
written.
"""

from __future__ import annotations

import re
from typing import Any

from trends.escaping import html as escape
from trends.report.bar import edition_bar, head
from trends.report.build import Build
from trends.report.errors import RenderError
from trends.report.kept import kept
from trends.report.navigation import Place, footer, foreign_links, output_name, website
from trends.report.page import Page
from trends.report.scripts import equipped
from trends.report.term_notes import noted

_MAIN = re.compile(r"(<main\b[^>]*>).*?(</main>)", re.DOTALL)
_OURS = re.compile(r'<main id="main"[^>]*>(?P<main>.*?)</main>', re.DOTALL)
_CONTENTS = re.compile(r'<nav class="contents".*?</nav>\s*', re.DOTALL)
_TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
_MARGIN = re.compile(
    r'(<div id="quarto-margin-sidebar"[^>]*>).*?(</div>\s*(?:<!--[^>]*-->\s*)*<main\b)', re.DOTALL
)
_TITLE_BLOCK = re.compile(r'<header id="title-block-header".*?</header>', re.DOTALL)
_SELF = re.compile(r' aria-current="page"|(?<=sidebar-link) active')
_NAVBAR_TITLE = re.compile(r'(<span class="navbar-title">).*?(</span>)', re.DOTALL)
#: What a script that a cell gave may ask for, such a script, and what Jupyter's widgets run in.
_LOADERS = re.compile(
    r'<script\b[^>]*\bsrc="https?://[^"]*/(?:requirejs|jquery)@[^"]*"[^>]*></script>\s*'
    r"|<script\b[^>]*>define\('jquery'.*?</script>\s*",
    re.DOTALL,
)
_RUNS = re.compile(r'<script\b(?![^>]*\btype="application/json")')
_WIDGETS = "@jupyter-widgets/html-manager"
_NAVBAR_ITEM = re.compile(
    r'<li class="nav-item">(?:(?!</li>).)*?<span class="menu-text">(.*?)</span>.*?</li>\s*',
    re.DOTALL,
)
_FOOT = re.compile(r'(<div class="nav-footer-center">).*?(</div>)', re.DOTALL)


def dressed(page: str, shell: str, title: str) -> str:
    """Return a page of ours inside what Quarto put around one of its own.

    Parameters
    ----------
    page : str
        HTML as the built-in renderer writes it.
    shell : str
        HTML of a page of Quarto's in the same folder, so that its links fit.
    title : str
        Title of the page.
    """
    ours = _OURS.search(page)
    if ours is None or _MAIN.search(shell) is None:
        raise RenderError(
            f"Quarto's pages hold no <main> to put {title!r} into. Use a theme of Quarto's own."
        )
    main = _CONTENTS.sub("", ours["main"]).strip()
    made = _MARGIN.sub(lambda found: found[1] + found[2], shell, count=1)
    made = _MAIN.sub(lambda found: f"{found[1]}\n{main}\n{found[2]}", made, count=1)
    made = _TITLE.sub(lambda _: f"<title>{escape(title)}</title>", made, count=1)
    return _SELF.sub("", made)


def put_right(build: Build, page: Page) -> None:
    """Give a page of Quarto's its title and foot, what it says of its edition, and no loaders."""
    path = build.site / output_name(page.name)
    if not path.is_file():
        return
    place, metadata = build.place(page), build.metadata[page.name]
    text = _translated(_unloaded(path.read_text(encoding="utf-8")), place, metadata)
    foreign = {escape(said) for said in foreign_links(place, website(place, metadata))}
    text = _NAVBAR_ITEM.sub(lambda found: "" if found[1].strip() in foreign else found[0], text)
    bar, tags = edition_bar(build, place, metadata), head(build, place, metadata)
    text = text.replace("</head>", f"{tags}\n</head>", 1)
    text = _TITLE_BLOCK.sub(lambda found: f"{found[0]}\n{bar}", text, count=1)
    path.write_text(equipped(kept(noted(text, place.lang)), place), encoding="utf-8")


def _unloaded(text: str) -> str:
    """Return a page without what Quarto loads from the network where a cell gave a mere table.

    It brings such scripts to every page with HTML from a cell, since that might be a widget. Where
    the text of the page holds a script they stay, and the check of the site names them.
    """
    main = _MAIN.search(text)
    if main is None or _RUNS.search(main[0]) or _WIDGETS in text:
        return text
    return _LOADERS.sub("", text)


def _translated(text: str, place: Place, metadata: dict[str, Any]) -> str:
    """Return a page with the title and the foot of its language."""
    own = metadata.get("website")
    if not isinstance(own, dict):
        return text
    words = website(place, metadata)
    if "title" in own:
        before = escape(str(place.project.website.get("title", "")))
        name = escape(str(words["title"]))
        text = _NAVBAR_TITLE.sub(lambda found: found[1] + name + found[2], text)
        if before:
            text = _TITLE.sub(lambda found: found[0].replace(before, name), text, count=1)
    if "page-footer" in own:
        text = _FOOT.sub(lambda found: f"{found[1]}\n{footer(words)}\n{found[2]}", text)
    return text

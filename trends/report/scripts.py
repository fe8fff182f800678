"""Which scripts does a page bring, and how do they reach it?

A page is whole without any. One searches the site; each other one makes more of an element that a
page may hold, and goes to such pages alone, whichever engine wrote them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from trends.escaping import html as escape
from trends.report.markup import HERE, terms_of
from trends.report.navigation import Place

ASSETS = "assets"
#: Scripts, each with a style sheet of its name, by the classes of the elements they make more of.
ENHANCE = {"table": "figures", "explore": "explore|what-if"}
_THEME = HERE / "theme"
#: Comments on lines of their own; texts; and what separates nothing that is not separated anyhow.
_COMMENT = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")')
_SPACE = re.compile(r"\s*([{}()\[\]=;,:?+<>&|!*-])\s*|^\s+|\s+(?=\s)")


def equipped(html: str, place: Place) -> str:
    """Return a page with the scripts that it needs, in an order that they may rely on."""
    root = place.href("/x").removesuffix("x")
    label = escape(terms_of(place.lang)["search"]["label"])
    about = f' data-root="{root}" data-index="{ASSETS}/{index_name(place.lang)}"'
    tags = _tags("search", root, f'{about} data-label="{label}"')
    for name, kind in ENHANCE.items():
        if re.search(rf'\bclass="(?:[^"]* )?(?:{kind})[ "]', html):
            tags += _tags(name, root)
    return html.replace("</head>", "\n".join([*tags, "</head>"]), 1)


def _tags(name: str, root: str, attributes: str = "") -> list[str]:
    """Return the elements that bring a script and its style sheet."""
    return [
        f'<link rel="stylesheet" href="{root}{ASSETS}/{name}.css">',
        f'<script src="{root}{ASSETS}/{name}.js" defer{attributes}></script>',
    ]


def index_name(lang: str) -> str:
    """Return what the index of a language's pages is called."""
    return f"search-{re.sub(r'[^A-Za-z-]', '', lang)}.js"


def copy_scripts(site: Path, names: tuple[str, ...] = ("search", *ENHANCE)) -> None:
    """Copy scripts and their style sheets into a site."""
    folder = site / ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(_THEME / f"{name}.css", folder / f"{name}.css")
        written = (_THEME / f"{name}.js").read_text(encoding="utf-8")
        (folder / f"{name}.js").write_text(shortened(written), encoding="utf-8")


def shortened(script: str) -> str:
    """Return a script without what only its readers need: comments, indents, spaces.

    Comments must stand on lines of their own, texts in double quotes, statements must end with a
    semicolon, and none may be empty.
    """
    parts = _TEXT.split(_COMMENT.sub("", script))
    return "".join(part if at % 2 else _closed(part) for at, part in enumerate(parts))


def _closed(part: str) -> str:
    """Return a part without spaces that separate nothing; a brace ends a statement by itself."""
    return _SPACE.sub(r"\1", part).replace(";}", "}")

"""Which rules of WCAG 2.2 AA does a page break? Asked of axe-core, where it is installed."""

from __future__ import annotations

import os
from pathlib import Path

from .chromium import Browser

#: Where the script of axe-core lies, version 4 of the package of that name.
AXE = Path(
    os.environ.get("AXE_CORE", Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js")
)
MISSING = "needs axe-core: npm install axe-core@4, or AXE_CORE with the address of axe.min.js"
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def broken_rules(browser: Browser) -> list[str]:
    """Return the rules that the open page breaks, each with the first elements that do."""
    browser.ask(AXE.read_text(encoding="utf-8") + ";0")
    return list(
        browser.ask(
            f"axe.run(document, {{runOnly: {{type: 'tag', values: {_WCAG}}}, resultTypes: "
            "['violations']}).then(made => made.violations.map(one => one.id + ': ' + "
            "one.nodes.slice(0, 3).map(node => node.html.slice(0, 120)).join(' | ')))"
        )
    )

"""Do pages find what they need on the package's public face?"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "reports").rglob("*.qmd")),
    *sorted((ROOT / "reports").rglob("*.py")),
    *sorted((ROOT / "trends/report/starter").rglob("*.qmd")),
    *sorted((ROOT / "trends/report/starter").rglob("*.py")),
]
CELL = re.compile(r"^```\{python\}\n(.*?)^```", re.DOTALL | re.MULTILINE)


def imported(page):
    """Return the modules that a page's cells, or a script, import."""
    text = page.read_text(encoding="utf-8")
    code = text if page.suffix == ".py" else "\n".join(CELL.findall(text))
    for node in ast.walk(ast.parse(code.replace(");\n", ")\n"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_the_setup_of_the_pages_is_among_those_looked_at():
    assert "trends.report" in set(imported(ROOT / "reports/_setup.qmd"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_imports_nothing_deeper_than_the_public_face(page):
    deeper = {name for name in imported(page) if name.startswith("trends.")}
    assert deeper <= {"trends.report"}

"""What every test in a browser may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from trends.report import render

from .chromium import Browser

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser with a profile of its own, open for the tests of one file."""
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the whole report with its manual, made from the project's own pages and tables.

    `SITE` names one that was built before.
    """
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    folder = tmp_path_factory.mktemp("report") / "site"
    return render(ROOT, engine="builtin", output=folder).site

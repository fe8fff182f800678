"""What every test in a browser may ask for."""

from collections.abc import Iterator

import pytest

from .chromium import Browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser with a profile of its own, open for the tests of one file."""
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()

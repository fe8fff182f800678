"""What every test may ask for."""

import gzip
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run, so that luck decides of no change; `make torture` looks for new
# ones, much longer.
settings.register_profile("short", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=3000, deadline=None)
settings.load_profile("short")

TESTS = Path(__file__).resolve().parent
#: Scripts that made reference values, with packages that the tests do not need.
collect_ignore = ["reference"]


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of reference values, each beside the script that made it."""
    return TESTS / "reference"


@pytest.fixture(scope="session")
def published() -> Path:
    """Return the folder of the tables that the report is built from."""
    return TESTS.parent / "data"


@pytest.fixture(scope="session")
def ucdp(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the event tables of UCDP, unpacked."""
    folder = tmp_path_factory.mktemp("ucdp")
    for packed in reference.glob("ucdp_*.csv.gz"):
        with gzip.open(packed) as source, (folder / packed.stem).open("wb") as target:
            shutil.copyfileobj(source, target)
    return folder

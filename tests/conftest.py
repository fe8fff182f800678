"""What every test may ask for."""

import gzip
import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from trends.parts import install_command

# The same examples on every run, so that luck decides of no change; `make torture` looks for new
# ones, much longer.
settings.register_profile("short", derandomize=True, deadline=None)
settings.register_profile("long", max_examples=3000, deadline=None)
settings.load_profile("short")

TESTS = Path(__file__).resolve().parent
#: Scripts that made reference values, with packages that the tests do not need.
collect_ignore = ["reference"]


@pytest.fixture(autouse=True)
def _no_test_draws_in_the_style_of_another() -> Iterator[None]:
    """Leave no figure open and no style set: what a test sees depends on no test before it."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        mpl, plt = sys.modules["matplotlib"], sys.modules["matplotlib.pyplot"]
        plt.close("all")
        if mpl.rcParams != mpl.rcParamsDefault:
            mpl.rcdefaults()


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


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a session of Spark in this process, where there are Java and PySpark."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip(f"Spark needs the package pyspark: {install_command('spark')}")
    from pyspark.sql import SparkSession

    # The workers run this interpreter, whichever one the shell would find.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()

"""What every test may ask for."""

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of shared data and reference values beside the repository."""
    if not _SHARED.is_dir():
        pytest.skip(f"no shared folder at {_SHARED}")
    return _SHARED

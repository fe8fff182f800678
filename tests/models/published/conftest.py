"""Published figures as a table and as arrays, with the usual labels unless others are given."""

import pandas as pd
import pytest

from trends.models.published.comparable import as_figures
from trends.tables.statements import with_defaults

LABELS = {
    "measure": "attacks",
    "count_low": pd.NA,
    "count_high": pd.NA,
    "qualifier": "exact",
    "window_basis": "stated",
    "country": "Syria",
    "area": "Syria",
    "control_area": "all",
    "actor": "Islamic State",
    "counted_by": "Monitor",
    "source_kind": "monitor",
    "published_by": "Monitor",
    "published_on": pd.NaT,
    "url": None,
    "document": None,
    "part_of": None,
    "part_kind": None,
    "role": "primary",
    "reading": "direct",
    "note": None,
}


@pytest.fixture(scope="session")
def figures():
    """Return a function of (id, count, first day, last day, labels) that makes arrays of rows."""

    def made(*rows):
        named = ("statement_id", "count", "window_start", "window_end")
        given = [{**LABELS, **dict(zip(named, row[:4], strict=True)), **row[4]} for row in rows]
        whole = ("count_low", "count", "count_high")
        frame = pd.DataFrame(given).astype(dict.fromkeys(whole, "Int64"))
        for name in ("window_start", "window_end", "published_on"):
            frame[name] = pd.to_datetime(frame[name])
        return as_figures(with_defaults(frame))

    return made

"""Which series come with the package, to learn and to compare methods on?

Each is a table with its sidecar, in this folder or in that of its subject pack;
`trends.datasets.sources` says where they are from.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.counts import read_counts
from trends.tables.packs import read_pack
from trends.tables.provenance import Provenance, read_provenance
from trends.tables.series import series

_FOLDER = Path(__file__).parent

__all__ = ["coal_disasters", "event_counts", "nile_flow", "sources"]


def event_counts() -> pd.DataFrame:
    """Return the monthly events of the conflict pack: Syria and Iraq, 2013 to 2020.

    Returns
    -------
    DataFrame of 192 rows
        Event-count table with the group columns source and country, as `read_counts` returns it:
        lethal events of UCDP GED 21.1 with location precision 1 or 2, and the known break in how
        Syria was coded.

    Examples
    --------
    >>> import trends
    >>> iraq = trends.series(trends.datasets.event_counts(), country="Iraq")
    >>> len(iraq), int(iraq["count"].sum())
    (96, 3098)
    """
    return read_counts(_series_of("conflict"))


def coal_disasters() -> pd.DataFrame:
    """Return yearly explosions in British coal mines that killed ten or more, 1851 to 1962.

    Returns
    -------
    DataFrame of 112 rows
        Count series by year; 191 disasters in all. The rate fell around 1890, and every method for
        counts has been tried on it.

    Notes
    -----
    The first and the last year are recorded in part (from 15 March 1851, to 22 March 1962); the
    exposure is that of whole years, as in the literature.

    References
    ----------
    Jarrett RG (1979). A note on the intervals between coal-mining disasters. Biometrika
    66(1):191-193. doi:10.1093/biomet/66.1.191

    Examples
    --------
    >>> import trends
    >>> shifts = trends.detect_changepoints(trends.datasets.coal_disasters(), rng=1)
    >>> [str(period) for period in shifts.to_frame()["period"]]
    ['1892']
    """
    return series(read_counts(_FOLDER / "coal_disasters.csv"))


def nile_flow() -> pd.DataFrame:
    """Return the yearly flow of the Nile at Aswan, 1871 to 1970, in hundred million cubic metres.

    Returns
    -------
    DataFrame of 100 rows
        Series by year, in the shape of a count series.

    Notes
    -----
    A flow is no count of events: the scatter is not that of counts, and sentences would speak of
    events. The series is here because every paper on changepoints shows it (1898, the year before
    the first dam was begun).

    References
    ----------
    Cobb GW (1978). The problem of the Nile: Conditional solution to a changepoint problem.
    Biometrika 65(2):243-251. doi:10.1093/biomet/65.2.243

    Examples
    --------
    >>> import trends
    >>> trends.datasets.nile_flow().loc["1898":"1900", "count"].tolist()
    [1100, 774, 840]
    """
    return series(read_counts(_FOLDER / "nile_flow.csv"))


def sources() -> dict[str, Provenance]:
    """Return where each of these series is from, on what terms, and how it is cited.

    Examples
    --------
    >>> import trends
    >>> trends.datasets.sources()["coal_disasters"].producer
    'R. G. Jarrett'
    """
    files = {
        "event_counts": _series_of("conflict"),
        "coal_disasters": _FOLDER / "coal_disasters.csv",
        "nile_flow": _FOLDER / "nile_flow.csv",
    }
    return {name: read_provenance(file) for name, file in files.items()}


def _series_of(pack: str) -> Path:
    """Return the table that a subject pack brings."""
    series = read_pack(pack).series
    assert series is not None
    return series

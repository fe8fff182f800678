"""How does a table of published figures begin?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from trends.tables.choices import STATEMENT_COLUMNS

#: Columns of the template beside those every table needs; all others may be added as well.
_OPTIONAL = (
    "statement_id", "qualifier", "count_low", "count_high", "unit", "quantity", "per", "country",
    "area", "scope", "control_area", "part_of", "part_kind", "role", "rival_of", "reading", "url",
    "note",
)  # fmt: skip

#: One example of each kind: its cells, and what it shows.
_EXAMPLES: tuple[tuple[dict[str, str], str], ...] = (
    ({"statement_id": "year", "count": "43"}, "A plain figure. Five columns are enough for it."),
    (
        {"statement_id": "february", "count": "4", "window_start": "2024-02",
         "window_end": "2024-02"},
        "A month written as a month is read whole; 2024 and 2024-Q1 likewise.",
    ),
    (
        {"statement_id": "about", "count": "200", "qualifier": "about", "measure": "patrols"},
        "A rounded figure: anything that rounds to it is allowed for.",
    ),
    (
        {"statement_id": "at-least", "count": "27", "qualifier": "at_least", "measure": "killed",
         "unit": "people"},
        "A minimum, and of people: people are no events. For 'more than' write more_than.",
    ),
    (
        {"statement_id": "range", "count_low": "9", "count_high": "12", "qualifier": "range",
         "measure": "fires"},
        "A range: leave count empty and give one bound or both.",
    ),
    (
        {"statement_id": "tenth", "count": "10", "qualifier": "nth_since",
         "window_start": "2024-05-01", "window_end": "2024-05-19", "measure": "alarms"},
        "The tenth since a day, said on the day of the tenth.",
    ),
    (
        {"statement_id": "north", "count": "11", "area": "the north", "scope": "part",
         "part_of": "year", "part_kind": "area"},
        "A part of another figure; name the whole and by what it is divided.",
    ),
    (
        {"statement_id": "held", "count": "9000", "measure": "detained", "unit": "people",
         "quantity": "stock", "window_start": "2024-04-05", "window_end": "2024-04-05"},
        "A stock: how many on one day. It enters no rate.",
    ),
    (
        {"statement_id": "pace", "count": "4", "quantity": "rate", "per": "month",
         "qualifier": "about", "counted_by": "Another monitor"},
        "A published rate, per month.",
    ),
    (
        {"statement_id": "newspaper", "count": "45", "role": "rival", "rival_of": "year",
         "reading": "weak"},
        "Another value for the same thing, read at third hand. For an earlier period that is "
        "repeated later write requoted.",
    ),
    (
        {"statement_id": "undated", "count": "5", "window_start": "", "measure": "alarms"},
        "An end of the window is not known: leave it empty. No rate uses the figure.",
    ),
)  # fmt: skip


def write_statements_template(path: str | Path) -> Path:
    """Write a table of published figures with one example of each kind, each with a comment.

    Parameters
    ----------
    path : str or Path
        CSV file to make; it must not exist.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If there is such a file already.

    Notes
    -----
    The comment of each example stands in its note. The table is valid as it is; replace its rows.

    Examples
    --------
    >>> import tempfile
    >>> import trends
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_statements_template(f"{folder}/mine.csv")
    ...     statements = trends.read_statements(path)
    >>> statements.loc[1, "window_end"].date().isoformat()
    '2024-02-29'
    """
    path = Path(path)
    if path.exists():
        raise ValueError(
            f"`path` must name a file that does not exist, got {str(path)!r}. Choose another name."
        )
    usual = {
        "measure": "incidents", "window_start": "2024-01-01", "window_end": "2024-12-31",
        "counted_by": "Name of the counter",
    }  # fmt: skip
    rows = [{**usual, **cells, "note": f"EXAMPLE. {comment}"} for cells, comment in _EXAMPLES]
    table = pd.DataFrame(rows, columns=[*STATEMENT_COLUMNS, *_OPTIONAL])
    table.to_csv(path, index=False, lineterminator="\n")
    return path

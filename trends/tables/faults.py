"""What is wrong with a table, where, and what should be done about it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with one table.

    Attributes
    ----------
    file : str
        The file's name, or "" for a frame in memory.
    row : int or None
        Row as a spreadsheet numbers it, the header being row 1; None when the fault is not in one
        row.
    column : str
        Column name, or several joined by ", "; "" when the whole file is meant.
    value : str
        The offending value as it was read.
    rule : str
        The rule that is broken.
    fix : str
        What to do.
    """

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    fix: str

    def __str__(self) -> str:
        """Return the fault as one line."""
        place = self.file or "table"
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {self.column}"
        got = f", got {self.value!r}" if self.value else ""
        return f"{place}: {self.rule}{got}. {self.fix}"

    def to_dict(self) -> dict[str, object]:
        """Return the fault as a mapping for JSON."""
        return asdict(self)


class InvalidTable(ValueError):
    """A table that cannot be used as it is; `faults` lists every fault found.

    Parameters
    ----------
    faults : sequence of Fault
        All that is wrong, in the order of the file.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        n_faults = len(self.faults)
        lines = "\n".join(f"  {fault}" for fault in self.faults[:50])
        more = f"\n  and {n_faults - 50} more" if n_faults > 50 else ""
        super().__init__(f"{n_faults} fault{'s' if n_faults != 1 else ''} found:\n{lines}{more}")

"""Where do events lie that are counted without being loaded, and how is that place asked?

Every question about them is written once, in the SQL of DuckDB. Files and frames are asked by
DuckDB itself; a table of Ibis in its own engine, into whose words Ibis puts the question. So Ibis
is imported by those who hold a table of it, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import duckdb
import pandas as pd
import pyarrow

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What a column holds, as far as rules differ by it: words, days (without a zone), integers,
#: other numbers, or anything else.
Kind = Literal["text", "day", "whole", "number", "other"]

#: What the table of events is called where it is asked.
_TABLE, _ASIDE, _VIEW = "trends_events", "trends_aside", "trends_view"

#: Rows of an answer that are looked at together, few enough to stay near the processor.
_AT_ONCE = 100_000

_KIND_OF: dict[str, Kind] = {
    **dict.fromkeys(("VARCHAR", "UUID", "ENUM"), "text"),
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "day"),
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "whole"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "whole"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL"), "number"),
}


@dataclass(frozen=True)
class InDuckDB:
    """Events that DuckDB reads.

    Attributes
    ----------
    connection : DuckDBPyConnection
    source : str
        What stands after ``from`` in a question about them.
    kinds : mapping
        Column to what it holds.
    """

    connection: duckdb.DuckDBPyConnection
    source: str
    kinds: Mapping[str, Kind]
    in_duckdb: bool = True

    def frame(self, question: str) -> pd.DataFrame:
        """Return the answer to a question."""
        return self.connection.sql(question).df()

    def column(self, question: str) -> pyarrow.ChunkedArray:
        """Return the answer that is one column, as Arrow holds it."""
        return self.connection.sql(question).to_arrow_table().column(0)

    def parts(self, question: str) -> Iterator[pyarrow.Array]:
        """Return the answer that is one column, a part at a time."""
        for batch in self.connection.sql(question).to_arrow_reader(_AT_ONCE):
            yield batch.column(0)

    def view(self, question: str) -> InDuckDB:
        """Return the rows that a question gives, as a place that can be asked in turn."""
        return replace(self, source=f"({question}) as {_VIEW}")

    def among(self, column: str, texts: Sequence[str], *, inside: bool) -> InDuckDB:
        """Return the rows of which a column is among some texts, or is not."""
        self.connection.register(_ASIDE, pyarrow.table({"aside": pyarrow.array(texts, "string")}))
        join = "semi" if inside else "anti"
        return self.view(f"select * from {self.source} {join} join {_ASIDE} on {column} = aside")


@dataclass(frozen=True)
class InIbis:
    """A table of Ibis, asked in its own engine."""

    table: ir.Table
    kinds: Mapping[str, Kind]
    source: str = _TABLE
    named: str = _TABLE
    in_duckdb: bool = False

    def frame(self, question: str) -> pd.DataFrame:
        """Return the answer to a question."""
        asked = self._asked(question)
        found: pd.DataFrame = asked.get_backend().execute(asked)
        return found

    def view(self, question: str) -> InIbis:
        """Return the rows that a question gives, as a place that can be asked in turn."""
        return replace(self, source=f"({question}) as {_VIEW}")

    def among(self, column: str, texts: Sequence[str], *, inside: bool) -> InIbis:
        """Return the rows of which a column is among some texts, or is not."""
        import ibis

        aside = ibis.memtable(pd.DataFrame({column: pd.array(texts, dtype="str")}))
        # What is in memory is made known to an engine by asking anything at all of it.
        self.table.get_backend().execute(aside.limit(0))
        held = self._asked(f"select * from {self.source}")
        joined = (held.semi_join if inside else held.anti_join)(aside, column)
        named = f"{_TABLE}_{'aside' if inside else 'rest'}"
        return replace(self, table=joined, source=named, named=named)

    def _asked(self, question: str) -> ir.Table:
        """Return a question in the words of the engine."""
        return self.table.alias(self.named).sql(question, dialect="duckdb")


Engine: TypeAlias = InDuckDB | InIbis


def in_memory(table: pyarrow.Table) -> InDuckDB:
    """Return a table of Arrow as one that DuckDB asks."""
    connection = duckdb.connect()
    connection.register(_TABLE, table)
    return asked_by(connection, _TABLE)


def asked_by(connection: duckdb.DuckDBPyConnection, source: str) -> InDuckDB:
    """Return what DuckDB reads from a source, once it knows the columns."""
    found = connection.sql(f"select * from {source} limit 0")
    kinds = {
        name: _kind(str(written)) for name, written in zip(found.columns, found.types, strict=True)
    }
    return InDuckDB(connection, source, kinds)


def in_engine(table: ir.Table) -> Engine:
    """Return a table of Ibis as one that can be asked in SQL."""
    import ibis

    backend = table.get_backend()
    if backend.name == "duckdb":
        # As above, where the table is in memory.
        backend.execute(table.limit(0))
        return asked_by(backend.con, f"({ibis.to_sql(table, dialect='duckdb')})")
    kinds: dict[str, Kind] = {}
    for name, of in table.schema().items():
        kinds[name] = "other"
        if of.is_string():
            kinds[name] = "text"
        elif of.is_date() or (of.is_timestamp() and of.timezone is None):
            # A moment in a zone belongs to another day elsewhere: that is for the reader.
            kinds[name] = "day"
        elif of.is_numeric():
            kinds[name] = "whole" if of.is_integer() else "number"
    return InIbis(table, kinds)


def _kind(written: str) -> Kind:
    """Return what a type of DuckDB holds."""
    return _KIND_OF.get(written.partition("(")[0], "other")


def quoted(name: str) -> str:
    """Return the name of a column as SQL takes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"

"""What may be said in the columns of a table, where few things may?"""

from __future__ import annotations

from trends.tables.packs import source_kinds

QUALIFIERS = ("exact", "about", "at_least", "more_than", "range", "nth_since")
WINDOW_BASES = ("stated", "inferred", "unknown")
#: Kinds of source of every subject, and those that subject packs add.
SOURCE_KINDS = ("monitor", *source_kinds(), "government", "un", "media", "unknown")
UNITS = ("events", "people", "targets", "groups")
QUANTITIES = ("count", "stock", "rate")
PER = ("month", "quarter", "year")
SCOPES = ("whole", "zone", "part")
BASES = ("stated", "inferred")
ROLES = ("primary", "requoted", "rival")
READINGS = ("direct", "secondary", "weak")
PART_KINDS = ("area", "country", "actor", "type", "target", "period", "subset")

#: Columns of a table of statements that nobody can fill in but its author.
STATEMENT_COLUMNS = ("measure", "count", "window_start", "window_end", "counted_by")
#: The same of a table of definitions.
DEFINITION_COLUMNS = ("definition", "counter", "measure", "counts_from", "counts_to", "counts")

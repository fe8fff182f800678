"""Was the same asked of the same numbers before? Then the answer is in the store.

The pages of an edition ask the same questions again, on screen and on paper and in each language.
A question of `trends` that a page asks is answered from the store where its inputs are equal to the
last byte and the package is the same, and so is a cell that draws and names only such inputs.

What is given a generator, code of the project or nothing to seed it is asked every time: it may
answer otherwise.

A search notes on the series that it is given which dates it proposes. An answer from the store
notes the same, and holds the very series that was given, as the answer itself would. Apart from
the questions that heed these notes, none has another answer for them.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import io
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype

import trends
from trends.report.page import Cell
from trends.report.store import DATA, Store, key_of, states_in
from trends.tables.proposed import note_proposed, proposed, without_proposed

#: Not questions, and yet as long to answer.
_ALSO = frozenset({"statement_series"})
#: Readers of tables; of those in `data/` their answer is kept with the state of that whole folder.
_READERS = frozenset({"read_counts", "read_statements"})
#: Questions that have another answer when a search has proposed what they ask about.
_HEED_SEARCHES = frozenset({"estimate_interruption"})
#: Packages whose code is part of the key of the installation.
_INSTALLED = frozenset({"trends", "pandas", "numpy", "builtins", "datetime", "collections"})
#: What gives a name to something, beside assignments.
_BINDING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class _Careful(pickle.Pickler):
    """Write values as bytes, unless two calls with them may differ."""

    def reducer_override(self, value: Any) -> Any:
        """Refuse what has a state of its own and what is code that may change.

        Tables and arrays are written by what they hold, whatever their layout in memory.
        """
        if isinstance(value, np.random.Generator | np.random.BitGenerator | np.random.RandomState):
            raise pickle.PicklingError("a generator answers otherwise the second time")
        if isinstance(value, type | FunctionType | ModuleType):
            name = value.__name__ if isinstance(value, ModuleType) else value.__module__
            if name.split(".")[0] not in _INSTALLED:
                raise pickle.PicklingError(f"{value!r} is no code of the installation")
            if isinstance(value, ModuleType):
                return str, (name,)
        if isinstance(value, pd.DataFrame):
            columns = [value.iloc[:, position].array for position in range(value.shape[1])]
            attrs = without_proposed(value.attrs)
            return list, ([attrs, value.index, value.columns, columns],)
        if isinstance(value, pd.Series):
            return list, ([value.attrs, value.index, value.name, value.array],)
        if isinstance(value, pd.MultiIndex):
            return list, (["levels", value.to_frame(index=False)],)
        if isinstance(value, pd.Index):
            return list, ([list(value.names), value.array],)
        if isinstance(value, ExtensionArray):
            held = value.asi8 if hasattr(value, "asi8") else np.asarray(value, dtype=object)
            return list, ([value.dtype, held],)
        if isinstance(value, ExtensionDtype) and not isinstance(value, pd.CategoricalDtype):
            return str, (repr(value),)
        if isinstance(value, np.ndarray):
            flat = value.ravel()
            held = flat.tolist() if value.dtype.hasobject else flat.tobytes()
            return list, ([str(value.dtype), value.shape, held],)
        return NotImplemented


def fingerprint(values: Any) -> str | None:
    """Return a text that equal values alone share; None where that cannot be promised."""
    written = io.BytesIO()
    careful = _Careful(written, protocol=5)
    # Without it two texts that are equal are written otherwise when they are one object.
    careful.fast = True
    try:
        careful.dump(values)
    # Values say in many ways that they cannot be written; then they are not remembered.
    except Exception:
        return None
    return hashlib.sha256(written.getbuffer()).hexdigest()


@contextmanager
def remembered(store: Store) -> Iterator[None]:
    """Answer the questions of `trends` from a store for a while.

    Parameters
    ----------
    store : Store
        Where answers are kept. Who may write there may run code here, as who may write pages can.
    """
    before = dict(vars(trends))
    public = dir(trends)
    for name in public:
        asked = getattr(trends, name)
        if inspect.isfunction(asked) and (_room(asked) == "analysis" or name in _ALSO):
            setattr(trends, name, _from_store(asked, store))
        elif name in _READERS:
            setattr(trends, name, _read_from_store(asked, store))
    try:
        yield
    finally:
        for name in public:
            vars(trends).pop(name, None)
        vars(trends).update(before)


def _room(asked: FunctionType) -> str:
    return (*asked.__module__.split("."), "")[1]


def _from_store(asked: Callable[..., Any], store: Store) -> Callable[..., Any]:
    signature = inspect.signature(asked)

    @functools.wraps(asked)
    def ask(*given: Any, **named: Any) -> Any:
        try:
            bound = signature.bind(*given, **named)
        except TypeError:
            return asked(*given, **named)
        bound.apply_defaults()
        key = _key(asked, bound.arguments)
        if key is None:
            return asked(*given, **named)
        tables = [value for value in bound.arguments.values() if isinstance(value, pd.DataFrame)]
        with store.alone_with(key):
            # The first answer is read back too, so that it is the same as all that follow.
            known = store.kept(key, lambda: _written(asked(*given, **named), tables))
        answer, noted = _Reading(io.BytesIO(known), tables).load()
        for table, periods in zip(tables, noted, strict=True):
            note_proposed(table, periods)
        return answer

    return ask


def _read_from_store(asked: Callable[..., Any], store: Store) -> Callable[..., Any]:
    @functools.wraps(asked)
    def read(path: str | Path, **named: Any) -> Any:
        folder = Path(DATA).resolve()
        given = fingerprint([str(path), named])
        if given is None or folder not in Path(path).resolve().parents:
            return asked(path, **named)
        key = key_of("table", asked.__name__, given, str(folder), states_in(folder))
        with store.alone_with(key):
            known = store.kept(key, lambda: pickle.dumps(asked(path, **named), protocol=5))
        return pickle.loads(known)

    return read


def _written(answer: Any, tables: list[pd.DataFrame]) -> bytes:
    """Return an answer as bytes, with what it noted on the tables that it was given."""
    written = io.BytesIO()
    _Writing(written, tables).dump((answer, [proposed(table) for table in tables]))
    return written.getvalue()


class _Writing(pickle.Pickler):
    """Write an answer; the tables that it was given stand in it by their number."""

    def __init__(self, file: io.BytesIO, tables: list[pd.DataFrame]) -> None:
        super().__init__(file, protocol=5)
        self._numbers = {id(table): number for number, table in enumerate(tables)}

    def persistent_id(self, value: Any) -> int | None:
        return self._numbers.get(id(value))


class _Reading(pickle.Unpickler):
    """Read an answer, with the tables that were given this time in it."""

    def __init__(self, file: io.BytesIO, tables: list[pd.DataFrame]) -> None:
        super().__init__(file)
        self._tables = tables

    def persistent_load(self, number: int) -> pd.DataFrame:
        return self._tables[number]


def _key(asked: Callable[..., Any], given: Mapping[str, Any]) -> str | None:
    """Return the key of an answer, None where it must be found anew."""
    if given.get("rng", 0) is None:
        return None
    values = fingerprint(dict(given))
    heeded = [
        proposed(value)
        for value in given.values()
        if asked.__name__ in _HEED_SEARCHES and isinstance(value, pd.DataFrame)
    ]
    return values and key_of("answer", f"{asked.__module__}.{asked.__qualname__}", values, heeded)


def drawing_key(cell: Cell, names: Mapping[str, Any], settings: Mapping[str, Any]) -> str | None:
    """Return the key of what a cell draws; None for one that may do more than draw.

    Parameters
    ----------
    cell : Cell
        The cell.
    names : mapping
        What its names stand for.
    settings : mapping
        Everything else that a drawing depends on.
    """
    if not cell.label.startswith("fig-"):
        return None
    try:
        nodes = list(ast.walk(ast.parse(cell.source)))
    except SyntaxError:
        return None
    read = [node for node in nodes if isinstance(node, ast.Name)]
    if any(isinstance(node, _BINDING) for node in nodes):
        return None
    if any(not isinstance(node.ctx, ast.Load) for node in read):
        return None
    used = sorted({node.id for node in read} & set(names))
    values = fingerprint([(name, names[name]) for name in used])
    sizes = [cell.options.get(name) for name in ("fig-width", "fig-height")]
    return values and key_of("drawing", cell.source, sizes, dict(settings), values)

"""Turn what a parser made into Arrow tables: their columns' names, and their columns."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .arrow_columns import arrow_column
from .families import valid_text
from .pandas_columns import frame_columns
from .python_columns import python_column
from .wire import KIND_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .tagged import Column

RESERVED_PREFIX = "_cf_"
TAGGED_FIELD = {b"cf.tagged": b"1"}
"""Metadata of the field of a tagged column."""


class StructuralError(ValueError):
    """What a parser returned has the wrong shape; the message says what to write instead."""

    def __init__(self, message: str, *, code: str = "output_shape") -> None:
        super().__init__(message)
        self.code = code


def safe_to_arrow(frame: Any) -> tuple[pa.Table, dict[str, str]]:
    """Convert a pandas DataFrame; return the table, and a note for each tagged column.

    The index is dropped and the frame is left as it is.  Raises `StructuralError` for its column
    names or for having none, never because of a cell.
    """
    if getattr(frame.columns, "nlevels", 1) > 1:
        raise StructuralError(
            "the frame has MultiIndex columns; flatten them first: "
            "df.columns = ['_'.join(map(str, c)) for c in df.columns]"
        )
    names = column_names(frame.columns)
    _refuse_bare_rows(len(frame), names)
    return _table(names, list(frame_columns(frame)))


def rows_to_arrow(rows: Sequence[dict[Any, Any]]) -> tuple[pa.Table, dict[str, str]]:
    """Convert a list of dicts: the columns are all keys as first seen, a missing key is null."""
    keys = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    names = column_names(keys)
    _refuse_bare_rows(len(rows), names)
    return _table(names, [python_column([dict.get(row, key) for row in rows]) for key in keys])


def arrow_to_arrow(
    table: pa.Table, extra: dict[str, list[Any]] | None = None, *, order: Sequence[str] = ()
) -> tuple[pa.Table, dict[str, str]]:
    """Pass an Arrow table on, without its metadata and in types that any reader knows.

    Columns that could not become Arrow are given as lists in `extra`; then `order` names all.
    """
    names = column_names(order or table.column_names)
    _refuse_bare_rows(table.num_rows, names)
    if not extra:
        return _table(names, [arrow_column(column) for column in table.columns])
    columns = [
        python_column(extra[name]) if name in extra else arrow_column(table[name]) for name in names
    ]
    return _table(names, columns)


def column_names(raw: Iterable[Any]) -> list[str]:
    """Return column names as text; raise `StructuralError` if they can't be a table's."""
    names = []
    for name in raw:
        if type(name) is str and name.isascii():  # nearly all
            names.append(name)
            continue
        if isinstance(name, bytes):
            text = name.decode("utf-8", "surrogateescape")
        else:
            text = str.__str__(name) if isinstance(name, str) else str(name)
        if not valid_text(text)[1]:
            raise StructuralError(
                f"column name {text!a} is not valid Unicode; rename the column",
                code="invalid_encoding",
            )
        names.append(text)
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise StructuralError(
            f"duplicate column names: {', '.join(map(repr, twice))}; rename or drop one of each",
            code="duplicate_column",
        )
    reserved = [name for name in names if name.startswith(RESERVED_PREFIX)]
    if reserved:
        raise StructuralError(
            f"column names that begin with '{RESERVED_PREFIX}' are casparian's own: "
            f"{', '.join(map(repr, reserved))}; rename them",
            code="reserved_column",
        )
    return names


def _refuse_bare_rows(rows: int, names: list[str]) -> None:
    if rows and not names:
        counted = "1 row" if rows == 1 else f"{rows} rows"
        raise StructuralError(
            f"{counted} without a column; give the rows a column, or yield nothing"
        )


def _table(names: list[str], columns: list[Column]) -> tuple[pa.Table, dict[str, str]]:
    if not [1 for column in columns if column.kinds is not None]:  # then there is no note either
        return pa.Table.from_arrays([column.array for column in columns], names), {}
    arrays, fields, notes = [], [], {}
    for name, column in zip(names, columns):  # noqa: B905 - the two come from one frame
        metadata = TAGGED_FIELD if column.kinds is not None else None
        arrays.append(column.array)
        fields.append(pa.field(name, column.array.type, metadata=metadata))
        if column.note is not None:
            notes[name] = column.note
    for name, column in zip(names, columns):  # noqa: B905
        if column.kinds is not None:
            arrays.append(column.kinds)
            fields.append(pa.field(KIND_PREFIX + name, column.kinds.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)), notes

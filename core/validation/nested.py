"""Kernels for lists, structs and json made of typed columns, or of texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.grammar import NotAValueError
from casparian.core.contract.model import Column
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.cells import Cell, cells_of, is_text, plain
from casparian.core.validation.kernel import Converted, accepted, every, only
from casparian.core.validation.nesting import fields_of, is_list, items_of
from casparian.core.validation.oracle_nested import (
    NO_TEXT,
    read_nested_text,
    read_nested_value,
)
from casparian.core.validation.tagged_json import ODD, written_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.types import ColumnType

    Convert = Callable[[pa.Array, Column], Converted]


class ImpossibleError(Exception):
    """A column's type can't become the declared one. ``why`` and ``hint`` may be empty."""

    def __init__(self, why: str = "", hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


def list_from_list(lists: pa.Array, type_: ColumnType, convert: Convert) -> Converted:
    """Convert all items at once; a row is bad if any of its items is.

    ``convert`` converts a plain array for a column. Raises ImpossibleError.
    """
    assert type_.item is not None
    items = items_of(lists)
    item = _converted(items.values, type_.item, "its items", convert)
    bad = pc.invert(item.ok)
    if not type_.item_nullable:
        bad = pc.or_(bad, item.values.is_null())
    ok = _none_in(bad, items.rows, len(lists))
    ends = pa.array(items.ends, pa.int32())
    values = pa.ListArray.from_arrays(
        ends, item.values, type=arrow_type(type_), mask=lists.is_null() if len(lists) else None
    )
    return Converted(ok, only(values, ok))


def _none_in(bad: pa.Array, rows: np.ndarray[Any, np.dtype[np.int64]], count: int) -> pa.Array:
    """Return a mask of the rows that have no bad item."""
    if not pc.any(bad).as_py():
        return every(count, True)
    ok = np.ones(count, np.bool_)
    ok[rows[bad.to_numpy(zero_copy_only=False)]] = False
    return pa.array(ok)


def struct_from_struct(structs: pa.Array, type_: ColumnType, convert: Convert) -> Converted:
    """Convert field by field; one that is missing is null. Raises ImpossibleError."""
    fields = fields_of(structs)
    given = dict(fields)
    if len(given) < len(fields):
        names = [name for name, _ in fields]
        raise ImpossibleError(f"it has two fields {max(names, key=names.count)!r}")
    declared = {field.name: field for field in type_.fields}
    unexpected = next((name for name in given if name not in declared), None)
    if unexpected is not None:
        raise ImpossibleError(f"it has the unexpected field {unexpected!r}")
    present = structs.is_valid()
    ok = every(len(structs), True)
    values: list[pa.Array] = []
    for name, field in declared.items():
        if name not in given and not field.nullable:
            raise ImpossibleError(f"it has no field {name!r}", f"write {name}: {field.type}?")
        data = given.get(name, pa.nulls(len(structs)))
        read = _converted(data, field.type, f"its field {name!r}", convert)
        ok = pc.and_(ok, read.ok)
        if not field.nullable:
            ok = pc.and_(ok, pc.or_(read.values.is_valid(), pc.invert(present)))
        values.append(read.values)
    target = arrow_type(type_)
    absent = structs.is_null() if len(structs) else None
    array = pa.StructArray.from_arrays(values, fields=list(target), mask=absent)
    return Converted(ok, only(array, ok))


def _converted(data: pa.Array, type_: ColumnType, what: str, convert: Convert) -> Converted:
    """Convert what lies in a list or struct, to which no relaxation applies."""
    data = plain(data)
    if is_text(data.type) and type_.family in NO_TEXT and data.null_count < len(data):
        raise ImpossibleError(f"{what} are text" if what == "its items" else f"{what} is text")
    try:
        return convert(data, Column("", type_))
    except ImpossibleError as error:
        verb = "are" if what == "its items" else "is"
        inner = f", of which {error.why}" if error.why else ""
        raise ImpossibleError(f"{what} {verb} {data.type}{inner}", error.hint) from error


# JSON


def json_from_nested(values: pa.Array, type_: ColumnType) -> Converted:
    """Write lists, structs and maps as JSON. Raises ImpossibleError if JSON can't hold a leaf."""
    strange = _strange_leaf(values)
    if strange is not None:
        raise ImpossibleError(f"JSON has no {strange}")
    column = Column("", type_)
    return _cell_by_cell(cells_of(values), column)


def _strange_leaf(values: pa.Array) -> pa.DataType | None:
    """Return the type of a leaf that JSON doesn't know by nature; None if there is none."""
    values = plain(values)
    type_ = values.type
    if values.null_count == len(values):
        return None
    if pa.types.is_map(type_) or is_list(type_):
        inside = items_of(values).values
        if pa.types.is_map(type_) and not is_text(plain(inside.field(0)).type):
            return type_
        return _strange_leaf(inside)
    if pa.types.is_struct(type_):
        found = (_strange_leaf(field) for _, field in fields_of(values))
        return next((leaf for leaf in found if leaf is not None), None)
    known = is_text(type_) or any(
        is_it(type_) for is_it in (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    )
    return None if known else type_


# Texts and tagged cells, one by one


def nested_from_text(texts: pa.Array, column: Column) -> Converted:
    """Read lists or structs from JSON."""
    return _cell_by_cell(
        [Cell("str" if t is not None else None, t or "") for t in texts.to_pylist()], column
    )


def nested_of_cells(texts: pa.Array, kind: str, column: Column) -> Converted:
    """Read lists, structs or json from what a guest wrote for nested values."""
    return _cell_by_cell([Cell(kind, text) for text in texts.to_pylist()], column)


def json_texts(texts: pa.Array) -> Converted:
    """Pass what was written for nested values as text, and refuse what could not be written."""
    odd = pc.match_substring_regex(texts, ODD).fill_null(False)
    if not pc.any(odd).as_py():
        return accepted(texts)
    read = [
        _json_text(text) if here else text
        for text, here in zip(texts.to_pylist(), odd.to_pylist(), strict=True)
    ]
    values = pa.array(read, pa.string())
    return Converted(pc.or_(values.is_valid(), texts.is_null()), values)


def _json_text(text: str) -> str | None:
    try:
        return written_json(text)
    except NotAValueError:
        return None


def _cell_by_cell(cells: list[Cell], column: Column) -> Converted:
    read = [_value(cell, column) for cell in cells]
    values = pa.array([value for _, value in read], arrow_type(column.type))
    return Converted(pa.array([ok for ok, _ in read], pa.bool_()), values)


def _value(cell: Cell, column: Column) -> tuple[bool, Any]:
    try:
        if cell.kind is None:
            return True, None
        if cell.kind == "str":
            return True, read_nested_text(cell.text, column.type)
        return True, read_nested_value(cell, column)
    except NotAValueError:
        return False, None

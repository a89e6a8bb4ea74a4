"""The oracle of lists, structs and json: values in values, each held against the type of its place.

A text is JSON, whose numbers are texts of their own: ``1.0`` is no int64, ``1.10`` is a
decimal(4,2). A typed value is written as JSON as well (kind ``json``, see ``cells``), but there
each leaf has a kind: JSON's own, or that of ``{"$kind": text}``. In either, a JSON string is no
number, however it reads. No relaxation reaches into a list or struct.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.grammar import NotAValueError
from casparian.core.contract.grammar_texts import JsonNumber, read_json
from casparian.core.contract.model import Column
from casparian.core.validation.cells import Cell
from casparian.core.validation.explain import error_type_of, is_not, kind_word, shown
from casparian.core.validation.oracle_texts import Value, read_text
from casparian.core.validation.oracle_values import read_value
from casparian.core.validation.tagged_json import (
    dumped,
    has_odd_names,
    leaf_of,
    read_tagged_json,
    set_of,
    written_json,
)

if TYPE_CHECKING:
    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.types import ColumnType

NESTED: Final = frozenset({"list", "struct", "json"})
NO_TEXT: Final = frozenset({"bool", "int", "float", "decimal", "list", "struct"})
"""Families that no text inside a list or struct can become: JSON writes them without quotes."""

_NUMBERS: Final = frozenset({"int", "float", "decimal"})
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class ItemError(NotAValueError):
    """A value inside another is wrong. ``error_type`` is final, ``why`` says which it is."""


def read_nested_text(text: str, type_: ColumnType) -> Value | None:
    """Read a text as a list, struct or json; JSON's null stands for null, except in a json.

    Raises NotAValueError.
    """
    if type_.family == "json":
        read_json(text)
        return text
    value = read_json(text, one_of_each=True)
    return None if value is None else _read(value, type_, (), _text_leaf)


def read_nested_value(cell: Cell, column: Column) -> Value | None:
    """Read a cell that is no text as a list, struct or json. Raises NotAValueError."""
    type_ = column.type
    if cell.kind not in ("json", "set") or (cell.kind == "set" and type_.family != "list"):
        raise NotAValueError("type_mismatch")
    value = read_tagged_json(cell.text)
    if type_.family != "json":
        return None if value is None else _read(value, type_, (), _typed_leaf)
    _check_json(value)
    return written_json(cell.text)


Place = tuple[int | str, ...]
"""Where a value lies: one-based numbers of items, and names of fields."""

Leaf = Callable[[Any, "ColumnType"], "Value"]
"""Reads a leaf as the type of its place: one for texts, one for typed values."""


def _read(value: Any, type_: ColumnType, place: Place, leaf: Leaf) -> Any:
    """Read a parsed value, which is not null, as the type of its place."""
    tagged = leaf is _typed_leaf
    if type_.family == "list":
        members = set_of(value) if tagged else None
        if members is None:
            members = value
        if not isinstance(members, list):
            raise NotAValueError("type_mismatch")
        assert type_.item is not None
        item, nullable = type_.item, type_.item_nullable
        return [
            _member(member, (*place, number), item, nullable=nullable, leaf=leaf)
            for number, member in enumerate(members, 1)
        ]
    if type_.family == "struct":
        if not isinstance(value, dict) or (tagged and leaf_of(value) is not None):
            raise NotAValueError("type_mismatch")
        return _fields(value, type_, place, leaf)
    return leaf(value, type_)


def _fields(value: dict[str, Any], type_: ColumnType, place: Place, leaf: Leaf) -> dict[str, Any]:
    declared = [field.name for field in type_.fields]
    unexpected = next((name for name in value if name not in declared), None)
    if unexpected is not None:
        where = _where(place) if place else "it"
        raise ItemError("type_mismatch", f"{where} has the unexpected field {unexpected!r}")
    return {
        field.name: _member(
            value.get(field.name),
            (*place, field.name),
            field.type,
            nullable=field.nullable,
            leaf=leaf,
            missing=field.name not in value,
        )
        for field in type_.fields
    }


def _where(place: Place) -> str:
    return ", ".join(f"item {at}" if isinstance(at, int) else f"field {at!r}" for at in place)


@lru_cache(maxsize=256)
def _column(type_: ColumnType) -> Column:
    return Column("", type_)


def _member(
    value: Any,
    place: Place,
    type_: ColumnType,
    *,
    nullable: bool,
    leaf: Leaf,
    missing: bool = False,
) -> Any:
    """Read one item or field; what is wrong with it is told with its place."""
    if value is None:
        if nullable:
            return None
        what = "is missing" if missing else "is null, which is not allowed"
        raise ItemError("null_not_allowed", f"{_where(place)} {what}")
    try:
        return _read(value, type_, place, leaf)
    except ItemError:
        raise
    except NotAValueError as error:
        cell = _cell_of(value, tagged=leaf is _typed_leaf)
        sentence = f"{_where(place)} ({shown(cell)}) {is_not(cell, type_, error)}"
        raise ItemError(_error_type(cell, type_, error, leaf), sentence) from error


def _error_type(cell: Cell, type_: ColumnType, error: NotAValueError, leaf: Leaf) -> ErrorType:
    if cell.kind in ("int", "float") and leaf is _text_leaf:
        return error_type_of(Cell("str", cell.text), type_, error)
    if cell.kind == "str" and type_.family in NO_TEXT:
        return error.error_type
    return error_type_of(cell, type_, error)


def _text_leaf(value: Any, type_: ColumnType) -> Value:
    """Read a leaf of a text: numbers and strings by their type's grammar."""
    if isinstance(value, JsonNumber):
        if type_.family not in _NUMBERS:
            raise NotAValueError("type_mismatch")
        return read_text(str(value), _column(type_))
    return _leaf(_cell_of(value, tagged=False), type_)


def _typed_leaf(value: Any, type_: ColumnType) -> Value:
    """Read a leaf of a typed value, by its kind."""
    cell = _cell_of(value, tagged=True)
    if type_.family == "json" and cell.kind == "json":
        _check_json(value)
    return _leaf(cell, type_)


def _leaf(cell: Cell, type_: ColumnType) -> Value:
    if type_.family == "json" and cell.kind == "json":
        return cell.text
    if cell.kind != "str":
        return read_value(cell, _column(type_))
    if type_.family in NO_TEXT:
        raise NotAValueError("type_mismatch")
    if _SURROGATE.search(cell.text):
        raise NotAValueError("invalid_encoding", "it is not valid Unicode")
    return read_text(cell.text, _column(type_))


def _cell_of(value: Any, *, tagged: bool) -> Cell:
    if isinstance(value, bool):
        return Cell("bool", "true" if value else "false")
    if isinstance(value, JsonNumber):
        return Cell("float" if re.search("[.eE]", value) else "int", str(value))
    if isinstance(value, str):
        return Cell("str", value)
    cell = leaf_of(value) if tagged else None
    return cell or Cell("json", dumped(value))


def _check_json(value: Any) -> None:
    """Refuse leaves that JSON doesn't know by nature."""
    leaf = leaf_of(value)
    if leaf is not None and leaf.kind == "float":
        raise NotAValueError("not_finite", f"JSON has no {leaf.text}")
    if leaf is not None and leaf.kind == "str_invalid":
        raise NotAValueError("invalid_encoding", "it is not valid Unicode")
    if leaf is not None:
        raise NotAValueError("type_mismatch", f"JSON has no {kind_word(leaf)}")
    if isinstance(value, dict):
        if set_of(value) is not None or has_odd_names(value):
            raise NotAValueError("type_mismatch", "JSON has lists, and objects with named fields")
        for member in value.values():
            _check_json(member)
    elif isinstance(value, list):
        for member in value:
            _check_json(member)

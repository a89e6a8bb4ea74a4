"""Cells of a table as they are drawn: exact, on one line, and of a known width."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from casparian.app.tui.widgets.plain_text import plain, width_of
from casparian.core.sinks.text import plain as plain_array
from casparian.core.sinks.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

NULL: Final = "∅"
#: Characters of a value that are looked at; no cell is that wide.
_LOOKED_AT: Final = 400
_ITEMS: Final = 60
_TEXT = pa.large_string()
_OUTER_SPACES = re.compile("^ +| +$")


class Cell(NamedTuple):
    """A cell's text on one line, not cut yet. ``width`` is in cells of the terminal."""

    text: str
    width: int
    null: bool = False


_NULL_CELL = Cell(NULL, 1, null=True)


def cells_of(values: Any) -> list[Cell]:
    """Return an Arrow array's cells; of long values only the beginning.

    Spaces at the ends of a text are ``·``: they would not be seen.
    """
    cells = []
    for value in spelled(_beginnings(values)):
        if value is None:
            cells.append(_NULL_CELL)
        else:
            shown = plain(_with_outer_spaces(value))
            cells.append(Cell(shown, width_of(shown)))
    return cells


def spelled(values: Any) -> list[str | None]:
    """Return each value's exact text: what the files have, but binary as hex."""
    return list(spelled_array(values).to_pylist())


def spelled_array(values: Any) -> Any:
    """Return the exact texts as a large_string array."""
    values = plain_array(values)
    if _is_binary(values.type):
        return pa.array([None if v is None else v.hex() for v in values.to_pylist()], _TEXT)
    if is_text(values.type):
        return _valid(values)
    try:
        return text(values)
    except (ValueError, pa.ArrowException):
        return pa.array([_one(scalar) for scalar in values], _TEXT)


def is_number(type_: Any) -> bool:
    """Whether a column is aligned at the right."""
    kinds = pa.types
    return bool(kinds.is_integer(type_) or kinds.is_floating(type_) or kinds.is_decimal(type_))


def is_text(type_: Any) -> bool:
    """Whether a column holds texts."""
    kinds = pa.types
    return bool(
        kinds.is_string(type_) or kinds.is_large_string(type_) or kinds.is_string_view(type_)
    )


def type_text(field: Any) -> str:
    """Return a field's type for people; ``?`` says that it may be null."""
    return plain(f"{field.type}{'?' if field.nullable else ''}")


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names of which no two are the same, for files that can't have that."""
    taken: set[str] = set()
    unique = []
    for name in names:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free)
        unique.append(free)
    return unique


def _is_binary(type_: Any) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_binary(type_) or kinds.is_large_binary(type_) or kinds.is_fixed_size_binary(type_)
    )


def _with_outer_spaces(value: str) -> str:
    if value[:1] == " " or value[-1:] == " ":
        return _OUTER_SPACES.sub(lambda spaces: "·" * len(spaces[0]), value)
    return value


def _beginnings(values: Any) -> Any:
    """The values, but of long ones only what may be seen: a cell of 100 MB costs no more."""
    kinds = pa.types
    values = plain_array(values)
    type_ = values.type
    if is_text(type_):
        if kinds.is_string_view(type_):
            values = values.cast(_TEXT)
        if values.nbytes <= _LOOKED_AT * max(1, len(values)):
            return values
        return pc.utf8_slice_codeunits(_valid(values), 0, _LOOKED_AT)
    if kinds.is_binary(type_) or kinds.is_large_binary(type_):
        return pc.binary_slice(values, 0, _LOOKED_AT)
    if kinds.is_list(type_) or kinds.is_large_list(type_):
        return pc.list_slice(values, 0, _ITEMS)
    return values


def _valid(values: Any) -> Any:
    """Texts as large_string; what isn't UTF-8 is escaped (``\\xff``)."""
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        raw = values.cast(pa.large_binary()).to_pylist()
        return pa.array(
            [None if v is None else v.decode("utf-8", "backslashreplace") for v in raw], _TEXT
        )
    return values.cast(_TEXT)


def _one(scalar: Any) -> str | None:
    """A value whose type has no text, or of a date that no calendar has."""
    if not scalar.is_valid:
        return None
    try:
        return str(text(pa.array([scalar], scalar.type))[0].as_py())
    except (ValueError, pa.ArrowException):
        return f"{getattr(scalar, 'value', scalar)} ({scalar.type})"

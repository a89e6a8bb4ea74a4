"""Taking something out of a table as it is shown: a value, rows for the clipboard, a file."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from casparian.app.tui.widgets.arranging import Sort, StaleError, arranged
from casparian.app.tui.widgets.cells import is_text, spelled, type_text
from casparian.app.tui.widgets.copying import COPIED_AT_ONCE, Copy, Form, copy_rows, copy_value
from casparian.app.tui.widgets.exporting import export
from casparian.app.tui.widgets.table_source import PIECE_ROWS
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from casparian.app.tui.widgets.table_filter import Filter
    from casparian.app.tui.widgets.table_view import TableView

_INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class CellValue:
    """One whole value. ``row`` is its row's number, counted from 0; ``text`` is None for null.

    ``pretty`` is the same JSON with a line for each member; None for what is no object or list.
    """

    row: int
    column: str
    type: str
    text: str | None
    pretty: str | None
    length: str

    @property
    def title(self) -> str:
        """Say which value it is."""
        said = f"row {self.row + 1:,} · {self.column} · {self.type}"
        return f"{said} · {self.length}" if self.length else said


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    rows: int
    path: Path


@dataclass(frozen=True, slots=True)
class Unarranged:
    """A view that could not be filtered and sorted as it was to be."""

    view: TableView
    error: Exception


def arranged_view(
    view: TableView, keep: Filter | None, sort: Sort | None, stale: Callable[[], bool]
) -> TableView | Unarranged:
    """Return a view with the rows that are kept, in their order."""
    try:
        return replace(view, shown=arranged(view.source, keep, sort, stale))
    except (CasparianError, pa.ArrowException, MemoryError) as error:
        return Unarranged(view, error)


def value_at(view: TableView, place: int, column: int) -> CellValue:
    """Return the whole value that stands at a place. Raises as the source's ``take``."""
    rows = view.shown.at(place, place + 1)
    field = view.source.schema.field(column)
    values = view.source.take(column, rows)
    text = spelled(values)[0]
    pretty, length = None, ""
    kinds = pa.types
    if text is not None:
        if kinds.is_nested(field.type) or is_text(field.type):
            pretty = pretty_json(text)
        if is_text(field.type):
            length = f"{len(text):,} character{'s' * (len(text) != 1)}"
        elif kinds.is_nested(field.type) and not kinds.is_struct(field.type):
            count = len(values[0])
            length = f"{count:,} item{'s' * (count != 1)}"
        elif kinds.is_binary(field.type) or kinds.is_large_binary(field.type):
            length = f"{len(text) // 2:,} byte{'s' * (len(text) != 2)}"
    row = view.numbers.number(int(rows[0]))
    return CellValue(row, field.name, type_text(field), text, pretty, length)


def pretty_json(text: str) -> str | None:
    """Return JSON with a line for each member; None if it is no object or list.

    Only blanks change: numbers keep their digits, and names that come twice stay.
    """
    stripped = text.strip()
    if stripped[:1] not in {"{", "["}:
        return None
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return "".join(_indented(stripped))


def _indented(text: str) -> Iterator[str]:
    depth, at = 0, 0
    while at < len(text):
        char = text[at]
        if char == '"':
            end = at + 1
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            yield text[at : end + 1]
            at = end
        elif char in "{[":
            rest = text[at + 1 :].lstrip()[:1] if at + 1 < len(text) else ""
            if rest in {"}", "]"}:
                yield char + rest
                at = text.index(rest, at)
            else:
                depth += 1
                yield f"{char}\n{_INDENT * depth}"
        elif char in "}]":
            depth -= 1
            yield f"\n{_INDENT * depth}{char}"
        elif char == ",":
            yield f",\n{_INDENT * depth}"
        elif char == ":":
            yield ": "
        elif not char.isspace():
            yield char
        at += 1


def copied_value(view: TableView, place: int, column: int) -> Copy:
    """Return one value for the clipboard."""
    rows = view.shown.at(place, place + 1)
    name = view.source.schema.field(column).name
    value = spelled(view.source.take(column, rows))[0]
    return copy_value(value, f"{name} of row {view.numbers.number(int(rows[0])) + 1:,}")


def copied_rows(
    view: TableView, places: range, columns: range, form: Form, stale: Callable[[], bool]
) -> Copy:
    """Return rows for the clipboard, as many as it takes."""

    def pieces() -> Iterator[list[Any]]:
        for start in range(places.start, places.stop, COPIED_AT_ONCE):
            if stale():
                raise StaleError
            rows = view.shown.at(start, min(places.stop, start + COPIED_AT_ONCE))
            yield [view.source.take(column, rows) for column in columns]

    fields = [view.source.schema.field(column) for column in columns]
    return copy_rows(pieces(), fields, len(places), form)


def exported(view: TableView, path: Path, stale: Callable[[], bool]) -> int:
    """Write the rows that are shown to a file, and return how many. Raises `ExportError`."""
    source = view.source
    columns = range(len(source.schema))
    # A dictionary may differ from piece to piece, and CSV has none: the values are what counts.
    schema = pa.schema([_undictionaried(field) for field in source.schema])

    def table(arrays: list[Any]) -> pa.Table:
        kinds = pa.types
        return pa.table(
            [
                each.dictionary_decode() if kinds.is_dictionary(each.type) else each
                for each in arrays
            ],
            schema=schema,
        )

    def tables() -> Iterator[pa.Table]:
        if view.shown.rows is None:
            for piece in source.pieces(columns):
                if stale():
                    raise StaleError
                yield table(piece)
            return
        for start in range(0, view.shown.count, PIECE_ROWS):
            if stale():
                raise StaleError
            rows = view.shown.at(start, start + PIECE_ROWS)
            yield table([source.take(column, rows) for column in columns])

    return export(tables(), schema, path)


def _undictionaried(field: Any) -> Any:
    return field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field

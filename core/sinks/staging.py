"""Rows on their way: kept as Parquet under temporary names, in order, with bounded memory.

A *part* holds the frames of one schema. Frames whose schemas take turns go to one part each, and a
short log of runs remembers the order, so that a hundred thousand alternating frames make two files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.sinks.errors import SinkError, storing
from casparian.core.sinks.parquet import GROUP_BYTES, Gathering, RowFile
from casparian.core.sinks.settle import EXACT_IN_FLOAT64, Seen, Settled, settle
from casparian.core.sinks.text import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPEN_PARTS = 16
_PARTS = 5_000
_BATCH_ROWS = 65_536
_BATCH_BYTES = 16 * 2**20


class Staging:
    """All rows of one output, or of its quarantine, until they are published.

    ``temporary`` gives a new temporary path whenever one is needed. With a ``schema`` there is one
    part of it, written even if no row comes; without, one part for each schema that is met.
    """

    def __init__(
        self,
        temporary: Callable[[], Path | str],
        wanted: Path | str,
        *,
        schema: Any | None,
        compression: str,
        metadata: dict[str, str],
    ) -> None:
        self._temporary = temporary
        self._wanted = wanted
        self._compression = compression
        self._metadata = metadata
        self._fixed = None if schema is None else schema.remove_metadata()
        self._parts: list[RowFile] = []
        self._open: dict[
            Any, int
        ] = {}  # schema -> index of its part; the least recently used first
        self._runs: list[tuple[int, int]] = []  # (part, rows), in the order in which rows came
        self._settled: Settled | None = None
        self.rows = 0

    def write(self, table: Any) -> None:
        """Add a frame."""
        table = self._conform(table)
        if table is None:
            return
        index = self._part_for(table.schema)
        self._parts[index].write(table)
        self.rows += table.num_rows
        if self._runs and self._runs[-1][0] == index:
            self._runs[-1] = (index, self._runs[-1][1] + table.num_rows)
        else:
            self._runs.append((index, table.num_rows))
        if sum(self._parts[i].bytes for i in self._open.values()) >= 2 * GROUP_BYTES:
            max((self._parts[i] for i in self._open.values()), key=lambda part: part.bytes).flush()

    def finish(self) -> Settled | None:
        """Close all parts and settle their schema; None if there was neither schema nor frame."""
        if self._settled is not None:
            return self._settled
        if self._fixed is not None and not self._parts:
            self._part_for(self._fixed)
        for part in self._parts:
            part.close()
        self._open.clear()
        if not self._parts:
            return None
        if len(self._parts) == 1:
            self._settled = Settled(self._parts[0].schema)
            return self._settled
        self._settled = settle(
            [Seen(part.schema, part.rows, _wide_columns(part)) for part in self._parts]
        )
        return self._settled

    def single_file(self) -> Path | str | None:
        """The finished file, if one part holds everything."""
        return self._parts[0].path if len(self._parts) == 1 else None

    def tables(self) -> Iterator[Any]:
        """All rows in order, in the settled schema, in tables of bounded size."""
        settled = self.finish()
        if settled is None:
            return
        readers = {
            i: _Reader(part, settled.schema, self._wanted) for i, part in enumerate(self._parts)
        }
        gathering = Gathering(rows=_BATCH_ROWS, size=_BATCH_BYTES)
        for index, rows in self._runs:
            for piece in readers[index].take(rows):
                gathering.add(piece)
                if gathering.full:
                    yield gathering.take()
        if (rest := gathering.take()) is not None:
            yield rest

    def discard(self) -> None:
        """Remove every temporary file."""
        for part in self._parts:
            part.discard()
        self._parts = []
        self._open.clear()

    def release(self, path: Path | str) -> None:
        """Forget the part at ``path``: it is somebody else's now."""
        self._parts = [part for part in self._parts if part.path != path]

    def _conform(self, table: Any) -> Any | None:
        """The frame as it is staged: in the contract's order, or of types that a file can keep."""
        if not table.num_columns:
            if table.num_rows:
                raise SinkError(
                    f"cannot write {self._wanted}: a frame of {table.num_rows} rows has no columns",
                    path=self._wanted,
                )
            return None
        names = table.column_names
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise SinkError(
                f"cannot write {self._wanted}: columns named twice: {', '.join(map(repr, twice))}",
                hint="rename them in the parser",
                path=self._wanted,
            )
        if self._fixed is not None:
            if table.schema.equals(self._fixed, check_metadata=True):
                return table  # as nearly always
            if sorted(names) != sorted(self._fixed.names):
                raise SinkError(
                    f"cannot write {self._wanted}: the frame has columns {names}, "
                    f"the contract {self._fixed.names}",
                    path=self._wanted,
                )
            table = table.select(self._fixed.names)
            for field, declared in zip(table.schema, self._fixed, strict=True):
                if field.type != declared.type:
                    raise SinkError(
                        f"cannot write {self._wanted}: column {field.name!r} is {field.type}, "
                        f"the contract says {declared.type}",
                        path=self._wanted,
                    )
            return pa.Table.from_arrays(table.columns, schema=self._fixed)
        fields, columns = [], []
        for field, column in zip(table.schema, table.columns, strict=True):
            if pa.types.is_dictionary(field.type):
                column = column.cast(field.type.value_type)
            elif pa.types.is_run_end_encoded(field.type):
                column = pa.chunked_array(
                    [pc.run_end_decode(chunk) for chunk in column.chunks],
                    field.type.value_type,
                )
            if _has_empty_struct(column.type):
                raise SinkError(
                    f"cannot write {self._wanted}: column {field.name!r} holds a struct without "
                    f"fields ({column.type}), which Parquet cannot store",
                    hint="leave the column out, or write it as text",
                    path=self._wanted,
                )
            columns.append(column)
            fields.append(pa.field(field.name, column.type))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def _part_for(self, schema: Any) -> int:
        index = self._open.pop(schema, None)
        if index is None:
            if len(self._open) >= _OPEN_PARTS:
                oldest = next(iter(self._open))
                self._parts[self._open.pop(oldest)].close()
            if len(self._parts) >= _PARTS:
                raise SinkError(
                    f"cannot write {self._wanted}: the columns or types of its frames changed "
                    f"more than {_PARTS} times",
                    hint="yield frames with the same columns, or declare them in `outputs`",
                    path=self._wanted,
                )
            index = len(self._parts)
            part = RowFile(
                self._temporary(),
                schema,
                compression=self._compression,
                metadata=self._metadata,
                wanted=self._wanted,
            )
            self._parts.append(part)
        self._open[schema] = index
        return index


class _Reader:
    """One part read from its beginning, a few rows at a time, converted to the settled schema."""

    def __init__(self, part: RowFile, schema: Any, wanted: Path | str) -> None:
        self._part = part
        self._schema = schema
        self._wanted = wanted
        self._tables: Iterator[Any] | None = None
        self._rest: Any = None

    def take(self, rows: int) -> Iterator[Any]:
        """The next ``rows`` rows."""
        while rows:
            if self._rest is None or not self._rest.num_rows:
                if self._tables is None:
                    self._tables = self._read()
                self._rest = next(self._tables)
            piece = self._rest.slice(0, rows)
            self._rest = self._rest.slice(piece.num_rows)
            rows -= piece.num_rows
            yield piece

    def _read(self) -> Iterator[Any]:
        import pyarrow.parquet as pq

        with (
            storing(self._wanted),
            Path(self._part.path).open("rb") as source,
            pq.ParquetFile(source) as file,
        ):
            for group in range(file.num_row_groups):
                size = file.metadata.row_group(group)
                each = max(1, size.total_byte_size // max(1, size.num_rows))
                batch = max(1, min(_BATCH_ROWS, _BATCH_BYTES // each))
                for found in file.iter_batches(batch_size=batch, row_groups=[group]):
                    yield _convert(pa.Table.from_batches([found]), self._part.schema, self._schema)


def _convert(table: Any, declared: Any, settled: Any) -> Any:
    """Bring a table read from a part to the types it was given in, then to the settled ones."""
    columns = []
    for field in settled:
        if field.name not in declared.names:
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table.column(declared.get_field_index(field.name))
        given = declared.field(field.name).type
        if column.type != given:
            column = column.cast(given)
        if given == field.type:
            columns.append(column)
        elif pa.types.is_string(field.type):
            columns.append(text(column).cast(pa.string()))
        else:
            columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=settled)


def _wide_columns(part: RowFile) -> frozenset[str]:
    """The columns with whole numbers beyond 2**53, by the statistics in the part's own footer."""
    import pyarrow.parquet as pq

    if not any(pa.types.is_integer(field.type) for field in part.schema):
        return frozenset()
    with storing(part.path), Path(part.path).open("rb") as source:
        footer = pq.read_metadata(source)
    wide = set()
    leaf = 0
    for field in part.schema:
        if pa.types.is_integer(field.type):
            for group in range(footer.num_row_groups):
                found = footer.row_group(group).column(leaf).statistics
                if found is not None and found.null_count == footer.row_group(group).num_rows:
                    continue
                known = found is not None and found.has_min_max
                if not known or max(-found.min, found.max) > EXACT_IN_FLOAT64:
                    wide.add(field.name)
        leaf += _leaves(field.type)
    return frozenset(wide)


def _leaves(kind: Any) -> int:
    """How many columns of a Parquet file a type takes."""
    if isinstance(kind, pa.BaseExtensionType):
        return _leaves(kind.storage_type)
    if not pa.types.is_nested(kind):
        return 1
    return sum(_leaves(kind.field(i).type) for i in range(kind.num_fields))


def _has_empty_struct(kind: Any) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return _has_empty_struct(kind.storage_type)
    if not pa.types.is_nested(kind):
        return False
    return not kind.num_fields or any(
        _has_empty_struct(kind.field(i).type) for i in range(kind.num_fields)
    )

"""Where a table's cells come from: a table in memory, or a Parquet file that is read as needed."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

#: Rows that are read, filtered or searched at a time.
PIECE_ROWS: Final = 65_536
#: Of a Parquet file, so much is kept decoded (bytes).
KEPT_BYTES: Final = 256 * 2**20
#: A row group that is no larger is read at once: to have a thread do it takes longer.
_SMALL_BYTES: Final = 256 * 2**10
_SMALL_ROWS: Final = 5_000


class UnreadableTableError(CasparianError):
    """A file can't be read as a table, or not any more."""


class TableSource(Protocol):
    """Cells by column and row, both counted from 0. Any thread may ask."""

    @property
    def schema(self) -> pa.Schema:
        """The columns."""

    @property
    def num_rows(self) -> int:
        """How many rows there are."""

    def at_hand(self, columns: Sequence[int], rows: npt.NDArray[np.int64]) -> bool:
        """Whether `take` would answer at once, without reading much of a file."""

    def take(self, column: int, rows: npt.NDArray[np.int64]) -> pa.Array:
        """A column's values in these rows, in this order.

        Raises:
            UnreadableTableError: the file can't be read.
        """

    def whole(self, column: int) -> pa.ChunkedArray:
        """A whole column. Raises as `take`."""

    def pieces(self, columns: Sequence[int]) -> Iterator[list[pa.Array]]:
        """These columns, some rows at a time, from the first row on. Raises as `take`."""


class MemoryTable:
    """A table in memory; nothing is copied."""

    def __init__(self, table: pa.Table) -> None:
        self.schema: pa.Schema = table.schema
        self.num_rows: int = table.num_rows
        self._table = table
        self._columns: dict[int, _Chunks] = {}

    def at_hand(self, columns: Sequence[int], rows: npt.NDArray[np.int64]) -> bool:
        """Always."""
        return True

    def take(self, column: int, rows: npt.NDArray[np.int64]) -> pa.Array:
        """A column's values in these rows, in this order."""
        chunks = self._columns.get(column)
        if chunks is None:
            chunks = self._columns[column] = _Chunks(self._table.column(column))
        return chunks.take(rows)

    def whole(self, column: int) -> pa.ChunkedArray:
        """A whole column."""
        return self._table.column(column)

    def pieces(self, columns: Sequence[int]) -> Iterator[list[pa.Array]]:
        """These columns, some rows at a time."""
        chosen = [self._table.column(column) for column in columns]
        for start in range(0, self.num_rows, PIECE_ROWS):
            yield [_joined(column.slice(start, PIECE_ROWS)) for column in chosen]


class ParquetTable:
    """A Parquet file, read by column and row group when somebody looks at it.

    The file stays open: replaced or removed, it goes on showing what it held.

    Raises:
        UnreadableTableError: it isn't there, or isn't Parquet.
    """

    def __init__(self, path: Path, *, kept_bytes: int = KEPT_BYTES) -> None:
        import pyarrow.parquet as pq

        self.path = path
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from error
        weakref.finalize(self, self._raw.close)
        try:
            self._file = pq.ParquetFile(self._raw)
        except (OSError, pa.ArrowException) as error:
            self._raw.close()
            raise self._unreadable(error) from error
        self.schema: pa.Schema = self._file.schema_arrow
        self.num_rows: int = self._file.metadata.num_rows
        sizes = [
            self._file.metadata.row_group(group).num_rows
            for group in range(self._file.metadata.num_row_groups)
        ]
        self._starts = np.cumsum([0, *sizes])
        self._is_small = [self._small(group) for group in range(len(sizes))]
        self._kept: OrderedDict[tuple[int, int], _Chunks] = OrderedDict()
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()  # of what is kept
        self._reading = threading.Lock()  # of the file: its reader is no thread's friend

    def close(self) -> None:
        """Let go of the file."""
        with self._reading:
            self._file.close()
            self._raw.close()

    def at_hand(self, columns: Sequence[int], rows: npt.NDArray[np.int64]) -> bool:
        """Whether all of it is decoded already, or small."""
        groups = self._groups(rows)
        with self._lock:
            return all(
                self._is_small[group] or (group, column) in self._kept
                for group in groups
                for column in columns
            )

    def take(self, column: int, rows: npt.NDArray[np.int64]) -> pa.Array:
        """A column's values in these rows, in this order."""
        if not len(rows):
            return pa.array([], self.schema.field(column).type)
        owners = np.searchsorted(self._starts, rows, side="right") - 1
        return _scattered(
            rows,
            owners,
            lambda owner, at: self._group(owner, column).take(at - self._starts[owner]),
        )

    def whole(self, column: int) -> pa.ChunkedArray:
        """A whole column."""
        read = [self._read(group, column) for group in range(len(self._starts) - 1)]
        chunks = [chunk for part in read for chunk in part.chunks]
        return pa.chunked_array(chunks, self.schema.field(column).type)

    def pieces(self, columns: Sequence[int]) -> Iterator[list[pa.Array]]:
        """These columns, some rows at a time."""
        for group, start in enumerate(self._starts[:-1]):
            rows = int(self._starts[group + 1] - start)
            read = [self._read(group, column) for column in columns]
            for at in range(0, rows, PIECE_ROWS):
                yield [_joined(column.slice(at, PIECE_ROWS)) for column in read]

    def _groups(self, rows: npt.NDArray[np.int64]) -> list[int]:
        return _different(np.searchsorted(self._starts, rows, side="right") - 1)

    def _group(self, group: int, column: int) -> _Chunks:
        key = (int(group), column)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        if self._is_small[group]:
            read = {(int(group), at): _Chunks(each) for at, each in enumerate(self._all(group))}
        else:
            read = {key: _Chunks(self._read(*key))}
        with self._lock:
            self._kept |= read
            while sum(each.nbytes for each in self._kept.values()) > self._kept_bytes:
                if len(self._kept) == 1:
                    break
                self._kept.popitem(last=False)
        return read[key]

    def _small(self, group: int) -> bool:
        found = self._file.metadata.row_group(group)
        return bool(found.total_byte_size <= _SMALL_BYTES and found.num_rows <= _SMALL_ROWS)

    def _all(self, group: int) -> list[pa.ChunkedArray]:
        """All columns of one row group."""
        try:
            with self._reading:
                return self._file.read_row_group(group).columns  # type: ignore[no-any-return]
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._unreadable(error) from error

    def _read(self, group: int, column: int) -> pa.ChunkedArray:
        """One column of one row group, by its place: two may have one name."""
        names = self.schema.names
        name = names[column]
        try:
            with self._reading:
                table = self._file.read_row_group(group, columns=[name])
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._unreadable(error) from error
        found = [at for at, other in enumerate(table.schema.names) if other == name]
        return table.column(found[names[:column].count(name)])

    def _unreadable(self, error: Exception) -> UnreadableTableError:
        return UnreadableTableError(
            f"cannot read {self.path}: {error}", hint="is it a complete Parquet file?"
        )


class _Chunks:
    """A column in pieces, of which any rows can be taken."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._chunks = [chunk for chunk in column.chunks if len(chunk)]
        self._starts = np.cumsum([0, *(len(chunk) for chunk in self._chunks)])
        self._type = column.type
        self.nbytes: int = column.nbytes

    def take(self, rows: npt.NDArray[np.int64]) -> pa.Array:
        if not len(rows):
            return pa.array([], self._type)
        first, last = int(rows[0]), int(rows[-1])
        if last - first == len(rows) - 1 and (len(rows) == 1 or bool((np.diff(rows) == 1).all())):
            return self._slice(first, last + 1)
        owners = np.searchsorted(self._starts, rows, side="right") - 1
        return _scattered(
            rows,
            owners,
            lambda owner, at: self._chunks[owner].take(pa.array(at - self._starts[owner])),
        )

    def _slice(self, start: int, stop: int) -> pa.Array:
        at = int(np.searchsorted(self._starts, start, side="right")) - 1
        parts = []
        while start < stop:
            inside = start - int(self._starts[at])
            part = self._chunks[at].slice(inside, stop - start)
            parts.append(part)
            start += len(part)
            at += 1
        return parts[0] if len(parts) == 1 else pa.concat_arrays(_alike(parts))


def _scattered(rows: Any, owners: Any, take: Any) -> pa.Array:
    """Values of rows that lie in several pieces: taken piece by piece, put back in order."""
    found = _different(owners)
    if len(found) == 1:
        return take(int(found[0]), rows)
    places = [np.flatnonzero(owners == owner) for owner in found]
    parts = [take(int(owner), rows[place]) for owner, place in zip(found, places, strict=True)]
    order = np.empty(len(rows), dtype=np.int64)
    order[np.concatenate(places)] = np.arange(len(rows))
    return pa.concat_arrays(_alike(parts)).take(pa.array(order))


def _alike(parts: list[Any]) -> list[Any]:
    """Dictionaries may differ from piece to piece; then their values are what can be joined."""
    if pa.types.is_dictionary(parts[0].type):
        return [part.dictionary_decode() for part in parts]
    return parts


def _joined(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.chunks
    if len(chunks) == 1:
        return chunks[0]
    return pa.concat_arrays(_alike(chunks)) if chunks else pa.array([], column.type)


def _different(places: npt.NDArray[np.int64]) -> list[int]:
    """Return each place once, in order. ``np.unique`` would import a tenth of a second's worth."""
    return [int(place) for place in np.flatnonzero(np.bincount(places))]

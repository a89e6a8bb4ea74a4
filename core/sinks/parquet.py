"""Parquet files: written in row groups of a good size, whatever the size of the frames.

Small frames are gathered; a row group ends at 64 MiB or a million rows, and the
first earlier. Parquet keeps some types coarser than Arrow: timestamps and times in seconds come
back in milliseconds, date64 as date32; no value changes.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.sinks.errors import SinkError, storing
from casparian.core.sinks.hidden_nulls import without_hidden_nulls
from casparian.core.sinks.temporary import discard, start_writing_back

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP_BYTES = 64 * 2**20
GROUP_ROWS = 1_000_000
FIRST_GROUP_ROWS = 131_072  # the first is smaller, so that writing begins while others still judge
_HELD_BYTES = 4 * GROUP_BYTES  # what small slices of big frames may keep alive
_SAMPLED_ROWS = 65_536
_BUFFERED = 64 * 2**10  # bytes of a file that wait to be written: what a small one has
_SMALL_FRAMES = 256  # so many are copied into one, which frees what each costs by itself

COMPRESSIONS = ("snappy", "gzip", "zstd", "lz4", "none")
DEFAULT_COMPRESSION = "zstd"
"""zstd writes about as fast as snappy, makes smaller files, and today's readers all know it."""


class Gathering:
    """Tables of one schema, gathered until they are worth writing."""

    def __init__(self, *, rows: int = GROUP_ROWS, size: int = GROUP_BYTES) -> None:
        self._most_rows = rows
        self._most_bytes = size
        self._small: list[Any] = []
        self._large: list[Any] = []
        self._held_by_small = 0  # counts a buffer that small frames share once for each of them
        self._held_by_large = 0
        self.rows = 0
        self.bytes = 0

    def add(self, table: Any) -> None:
        """Take a table."""
        self._small.append(table)
        self.rows += table.num_rows
        self.bytes += table.nbytes
        self._held_by_small += table.get_total_buffer_size()
        if len(self._small) >= _SMALL_FRAMES or self._held_by_small >= _HELD_BYTES:
            joined = pa.concat_tables(self._small).combine_chunks()
            self._small = []
            self._held_by_small = 0
            self._large.append(joined)
            self._held_by_large += joined.get_total_buffer_size()

    @property
    def full(self) -> bool:
        """Whether it holds enough for a row group, or keeps too much memory alive."""
        return (
            self.bytes >= self._most_bytes
            or self.rows >= self._most_rows
            or self._held_by_large >= _HELD_BYTES
        )

    def take(self) -> Any | None:
        """Everything gathered, as one table; None if there is nothing."""
        tables = self._large + self._small
        self._small, self._large = [], []
        self._held_by_small = self._held_by_large = self.rows = self.bytes = 0
        return pa.concat_tables(tables) if tables else None


class RowFile:
    """One Parquet file being written: frames of one schema in, row groups of a good size out."""

    def __init__(
        self,
        path: Path | str,
        schema: Any,
        *,
        compression: str,
        metadata: dict[str, str],
        wanted: Path | str,
    ) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._wanted = wanted
        self._gathering = Gathering(rows=FIRST_GROUP_ROWS)
        self._compression = compression
        self._metadata = metadata
        self._writer: Any = None
        self._closed = False
        with storing(wanted):
            _check_types(schema)
            # Arrow itself cannot open every name that a file system can have.
            self._file = open(path, "xb", buffering=_BUFFERED)  # noqa: PTH123, SIM115 - for each job

    @property
    def bytes(self) -> int:
        """How much is gathered but not written yet."""
        return self._gathering.bytes

    def write(self, table: Any) -> None:
        """Add rows; they reach the file when there are enough of them."""
        self._gathering.add(table)
        self.rows += table.num_rows
        if self._gathering.full:
            self.flush()
            with storing(self._wanted):
                self._file.flush()
                start_writing_back(self._file.fileno())

    def flush(self) -> None:
        """Write out what is gathered, in row groups of bounded size."""
        table = self._gathering.take()
        if table is None or not table.num_rows:
            return
        self._gathering = Gathering()
        groups = max(1, -(-table.nbytes // GROUP_BYTES))
        size = min(GROUP_ROWS, -(-table.num_rows // groups))
        with storing(self._wanted):
            table = without_hidden_nulls(table)
            self._begin(table).write_table(table, row_group_size=size)

    def close(self) -> None:
        """Write the rest and the footer."""
        if self._closed:
            return
        self.flush()
        with storing(self._wanted):
            (self._writer or self._begin(self.schema.empty_table())).close()
            self._writer = None
            self._closed = True
            self._file.close()

    def _begin(self, first: Any) -> Any:
        """Return the writer; the first rows decide which columns have dictionaries."""
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._file,
                self.schema.with_metadata(self._metadata or None),
                compression=self._compression,
                use_dictionary=repeating_columns(first),
            )
        return self._writer

    def discard(self) -> None:
        """Give up: no file is left."""
        if self._writer is not None:
            try:
                self._writer.close()
            except (OSError, pa.ArrowException):
                self._writer.is_open = False
            self._writer = None
        self._closed = True
        try:
            self._file.close()
        except OSError:
            pass  # what could not be written need not be
        self._gathering = Gathering()
        discard(self.path)


@lru_cache(maxsize=64)
def _check_types(schema: Any) -> None:
    """See whether Parquet can hold a schema at all. Raises ArrowException."""
    import pyarrow.parquet as pq

    pq.ParquetWriter(pa.MockOutputStream(), schema).close()


def repeating_columns(rows: Any) -> list[str]:
    """Return the columns that a dictionary makes smaller, as Parquet's paths of leaves.

    A dictionary of values that hardly repeat costs a fifth of the time of writing and makes the
    file larger; of those that do it makes it several times smaller. Half of the values in the
    first rows tell. Nested columns always have one.
    """
    paths: list[str] = []
    sample = rows.slice(0, _SAMPLED_ROWS)
    for place, name, leaves in _columns(rows.schema):
        if leaves is not None:
            paths += leaves
        elif _repeats(sample.column(place)):
            paths.append(name)
    return paths


@lru_cache(maxsize=64)
def _columns(schema: Any) -> list[tuple[int, str, list[str] | None]]:
    """Return the columns that may have dictionaries; with their leaves if they always do."""
    return [
        (
            place,
            field.name,
            _leaves(field.name, field.type) if pa.types.is_nested(field.type) else None,
        )
        for place, field in enumerate(schema)
        if not pa.types.is_boolean(field.type)
    ]


def _repeats(column: Any) -> bool:
    try:
        different = pc.call_function("count_distinct", [column]).as_py()
    except pa.ArrowNotImplementedError:
        return True
    return bool(2 * different <= len(column))


def _leaves(path: str, type_: Any) -> list[str]:
    """Return the paths of a column's leaves, as Parquet names them."""
    if pa.types.is_struct(type_):
        return [leaf for field in type_ for leaf in _leaves(f"{path}.{field.name}", field.type)]
    if pa.types.is_map(type_):
        return [
            leaf
            for name, inner in (("key", type_.key_type), ("value", type_.item_type))
            for leaf in _leaves(f"{path}.key_value.{name}", inner)
        ]
    if pa.types.is_nested(type_):
        return _leaves(f"{path}.list.element", type_.value_type)
    return [path]


def rewrite(
    tables: Iterator[Any],
    path: Path | str,
    schema: Any,
    *,
    compression: str,
    metadata: dict[str, str],
    wanted: Path | str,
) -> None:
    """Write tables that share one schema to one Parquet file."""
    file = RowFile(path, schema, compression=compression, metadata=metadata, wanted=wanted)
    try:
        for table in tables:
            file.write(table)
        file.close()
    except BaseException:
        file.discard()
        raise


def check_compression(name: str | None) -> str:
    """The compression to use; None is the default. An unknown one is a `SinkError`."""
    if name is None:
        return DEFAULT_COMPRESSION
    if name not in COMPRESSIONS:
        close = difflib.get_close_matches(name.lower(), COMPRESSIONS, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        raise SinkError(
            f"unknown compression {name!r}{meant}", hint=f"one of {', '.join(COMPRESSIONS)}"
        )
    if name != "none" and not pa.Codec.is_available(name):
        raise SinkError(f"this pyarrow was built without {name}", hint='compression="snappy"')
    return name


def has_metadata(path: Path, key: str, value: str) -> bool:
    """Whether a Parquet file says this of itself; one that can't be read says nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return False
    return bool(metadata.get(key.encode()) == value.encode())

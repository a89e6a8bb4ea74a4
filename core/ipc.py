"""Data frames of an untrusted guest, checked before a kernel of Arrow touches them.

Arrow reads an IPC stream whose offsets point anywhere without complaint, and unpacks compressed
bodies to whatever size they claim; so the stream's messages are looked at first (format:
https://arrow.apache.org/docs/format/Columnar.html, Message.fbs), and the batches validated after.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pyarrow as pa

from .arrow_validity import validate
from .inflation import check_inflation
from .wire import ProtocolError, WireLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONTINUATION = 0xFFFFFFFF
_SCHEMA, _DICTIONARY, _RECORD_BATCH = 1, 2, 3


def read_table(buffer: pa.Buffer, limits: WireLimits) -> pa.Table:
    """The rows of one data frame, zero-copy over ``buffer``.

    Raises:
        ProtocolError: not one complete, uncompressed Arrow IPC stream with valid contents, or over
            the limits.
    """
    try:
        _inspect(memoryview(buffer), limits)
        with pa.ipc.open_stream(buffer) as stream:
            table = stream.read_all()
        validate(table)
        # Names that are no text are found here, and not by whoever prints them.
        table.schema.to_string(show_field_metadata=False, show_schema_metadata=False)
    except (pa.ArrowException, OSError, struct.error, IndexError, ValueError, KeyError) as error:
        raise ProtocolError(f"a data frame is not valid Arrow IPC: {error}") from error
    check_inflation(table, limits)
    if table.num_rows > limits.max_rows:
        raise ProtocolError(f"a frame has {table.num_rows:,} rows, over {limits.max_rows:,}")
    return table


def _inspect(data: memoryview, limits: WireLimits) -> None:
    """Walk the stream's messages; bound rows and arrays, refuse compression.

    Columns of nulls take no bytes, so the size of the frame bounds none of these.
    """
    rows = arrays = 0
    for kind, header in _messages(data):
        if kind == _SCHEMA:
            columns, _ = _vector(data, header, 1)
            if columns > limits.max_columns:
                raise ProtocolError(f"a frame has {columns:,} columns, over {limits.max_columns:,}")
            continue
        if kind == _DICTIONARY:
            inner = _table_field(data, header, 1)
            if inner is None:
                raise ProtocolError("a dictionary batch without data")
            header = inner
        elif kind != _RECORD_BATCH:
            raise ProtocolError(f"a data frame holds an Arrow message of type {kind}")
        if _field(data, header, 3) is not None:
            raise ProtocolError("a data frame is compressed; the wire carries plain Arrow only")
        at = _field(data, header, 0)
        length = 0 if at is None else struct.unpack_from("<q", data, at)[0]
        if not 0 <= length <= limits.max_rows:
            raise ProtocolError(f"a record batch has {length:,} rows, over {limits.max_rows:,}")
        rows += length
        if rows > 2 * limits.max_rows:  # a dictionary's entries count beside the rows
            raise ProtocolError(f"a frame has more than {limits.max_rows:,} rows")
        count, nodes = _vector(data, header, 1)
        arrays += 1 + count
        if arrays > limits.max_arrays:
            raise ProtocolError(f"a frame has more than {limits.max_arrays:,} arrays")
        longest = max(limits.max_rows, 8 * len(data))  # booleans: eight in a byte
        for length, _ in struct.iter_unpack("<qq", data[nodes : nodes + 16 * count]):
            if not 0 <= length <= longest:
                raise ProtocolError(f"an array has {length:,} values, over {longest:,}")


def _messages(data: memoryview) -> Iterator[tuple[int, int]]:
    """Type and header position of each message, to the end-of-stream mark."""
    at = 0
    while at < len(data):
        word, size = struct.unpack_from("<Ii", data, at)
        if word != _CONTINUATION:
            raise ProtocolError("a data frame does not begin with an Arrow message")
        at += 8
        if size == 0:
            if at != len(data):
                raise ProtocolError(
                    f"{len(data) - at} bytes follow the end of a data frame's stream"
                )
            return
        if size < 0 or at + size > len(data):
            raise ProtocolError("an Arrow message is longer than its frame")
        root = at + struct.unpack_from("<I", data, at)[0]
        type_at, header, body_at = (
            _field(data, root, 1),
            _table_field(data, root, 2),
            _field(data, root, 3),
        )
        if type_at is None or header is None:
            raise ProtocolError("an Arrow message without a header")
        body = 0 if body_at is None else struct.unpack_from("<q", data, body_at)[0]
        if body < 0 or at + size + body > len(data):
            raise ProtocolError("an Arrow message's body is longer than its frame")
        yield data[type_at], header
        at += size + body
    raise ProtocolError("a data frame's stream has no end")


def _field(data: memoryview, table: int, index: int) -> int | None:
    """Where a field of a flatbuffer table stands, None if it is absent."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if vtable < 0:
        raise ProtocolError("an Arrow message is damaged")
    slot = 4 + 2 * index
    if slot >= struct.unpack_from("<H", data, vtable)[0]:
        return None
    offset = struct.unpack_from("<H", data, vtable + slot)[0]
    return table + offset if offset else None


def _table_field(data: memoryview, table: int, index: int) -> int | None:
    """Where a table that a field refers to stands, None if it is absent."""
    at = _field(data, table, index)
    return None if at is None else at + int(struct.unpack_from("<I", data, at)[0])


def _vector(data: memoryview, table: int, index: int) -> tuple[int, int]:
    """How many elements a field's vector has, and where the first one stands."""
    at = _table_field(data, table, index)
    return (0, 0) if at is None else (struct.unpack_from("<I", data, at)[0], at + 4)

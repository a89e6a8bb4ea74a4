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
_PREFIX, _UINT16, _INT32, _UINT32, _INT64 = map(struct.Struct, ("<Ii", "<H", "<i", "<I", "<q"))
#: So many fields of a table are looked at, by how many of them it has.
_SLOTS = tuple(struct.Struct(f"<{count}H") for count in range(5))


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
        fields = _fields(data, header)
        if kind == _SCHEMA:
            columns, _ = _vector(data, header, fields[1])
            if columns > limits.max_columns:
                raise ProtocolError(f"a frame has {columns:,} columns, over {limits.max_columns:,}")
            continue
        if kind == _DICTIONARY:
            if not fields[1]:
                raise ProtocolError("a dictionary batch without data")
            header = _referred(data, header + fields[1])
            fields = _fields(data, header)
        elif kind != _RECORD_BATCH:
            raise ProtocolError(f"a data frame holds an Arrow message of type {kind}")
        length_at, nodes_at, _, compression_at = fields
        if compression_at:
            raise ProtocolError("a data frame is compressed; the wire carries plain Arrow only")
        length = _INT64.unpack_from(data, header + length_at)[0] if length_at else 0
        if not 0 <= length <= limits.max_rows:
            raise ProtocolError(f"a record batch has {length:,} rows, over {limits.max_rows:,}")
        rows += length
        if rows > 2 * limits.max_rows:  # a dictionary's entries count beside the rows
            raise ProtocolError(f"a frame has more than {limits.max_rows:,} rows")
        count, nodes = _vector(data, header, nodes_at)
        arrays += 1 + count
        if arrays > limits.max_arrays:
            raise ProtocolError(f"a frame has more than {limits.max_arrays:,} arrays")
        longest = max(limits.max_rows, 8 * len(data))  # booleans: eight in a byte
        lengths = struct.unpack_from(f"<{2 * count}q", data, nodes)[::2]
        if lengths and not 0 <= min(lengths) <= max(lengths) <= longest:
            wrong = min(lengths) if min(lengths) < 0 else max(lengths)
            raise ProtocolError(f"an array has {wrong:,} values, over {longest:,}")


def _messages(data: memoryview) -> Iterator[tuple[int, int]]:
    """Type and header position of each message, to the end-of-stream mark."""
    at, end = 0, len(data)
    while at < end:
        word, size = _PREFIX.unpack_from(data, at)
        if word != _CONTINUATION:
            raise ProtocolError("a data frame does not begin with an Arrow message")
        at += 8
        if size == 0:
            if at != end:
                raise ProtocolError(f"{end - at} bytes follow the end of a data frame's stream")
            return
        if size < 0 or at + size > end:
            raise ProtocolError("an Arrow message is longer than its frame")
        root = _referred(data, at)
        _, type_at, header_at, body_at = _fields(data, root)
        if not type_at or not header_at:
            raise ProtocolError("an Arrow message without a header")
        body = _INT64.unpack_from(data, root + body_at)[0] if body_at else 0
        if body < 0 or at + size + body > end:
            raise ProtocolError("an Arrow message's body is longer than its frame")
        yield data[root + type_at], _referred(data, root + header_at)
        at += size + body
    raise ProtocolError("a data frame's stream has no end")


def _fields(data: memoryview, table: int) -> tuple[int, ...]:
    """How far into a flatbuffer table its first four fields stand, 0 for those that are absent."""
    vtable = table - _INT32.unpack_from(data, table)[0]
    if vtable < 0:
        raise ProtocolError("an Arrow message is damaged")
    slots = (_UINT16.unpack_from(data, vtable)[0] - 3) // 2  # after its own size and the table's
    if slots >= 4:
        return _SLOTS[4].unpack_from(data, vtable + 4)
    return (*_SLOTS[max(0, slots)].unpack_from(data, vtable + 4), 0, 0, 0, 0)[:4]


def _referred(data: memoryview, at: int) -> int:
    """Where what is referred to here stands."""
    return at + int(_UINT32.unpack_from(data, at)[0])


def _vector(data: memoryview, table: int, field: int) -> tuple[int, int]:
    """How many elements a field's vector has, and where the first one stands."""
    if not field:
        return 0, 0
    at = _referred(data, table + field)
    return _UINT32.unpack_from(data, at)[0], at + 4

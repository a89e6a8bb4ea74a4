"""Columns that say much in few bytes, bounded before anybody spells them out.

A dictionary of one long text and a million indices to it is a small frame and a huge column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from .wire import ProtocolError, WireLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Types whose values can share bytes without a dictionary to count them by; no shim sends them.
_SHARING = ("run_end_encoded", "string_view", "binary_view", "list_view", "large_list_view")
#: Types, by the numbers that Arrow gives them, of which each value has bytes of its own.
_PLAIN = frozenset(
    kind.id
    for kind in (
        *(pa.null(), pa.bool_(), pa.float16(), pa.float32(), pa.float64()),
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.binary(1)),
        *(pa.decimal128(1), pa.decimal256(1), pa.date32(), pa.date64()),
        *(pa.time32("s"), pa.time64("us"), pa.timestamp("us"), pa.duration("us")),
    )
)


def check_inflation(table: pa.Table, limits: WireLimits) -> None:
    """See that a frame stays within bounds when its dictionaries are spelled out.

    Raises:
        ProtocolError: it would come to more than ``limits.max_decoded`` bytes, or has a column of
            a type that the wire does not carry.
    """
    decoded = 0
    for index, field in enumerate(table.schema):
        if field.type.id in _PLAIN:
            continue
        for array in table.column(index).chunks:
            for part in _parts(array):
                if _shares(part.type):
                    raise ProtocolError(
                        f"the column {field.name!r} has the type {field.type}, which the wire "
                        "does not carry"
                    )
                if pa.types.is_dictionary(part.type):
                    decoded += _decoded_bytes(part)
        if decoded > limits.max_decoded:
            raise ProtocolError(
                f"the dictionaries of a frame come to {decoded:,} bytes when they are spelled out, "
                f"over the limit of {limits.max_decoded:,}",
                hint="yield smaller frames",
            )


def _shares(kind: pa.DataType) -> bool:
    return str(kind).startswith(_SHARING)


def _parts(array: pa.Array) -> Iterator[pa.Array]:
    """The array and all arrays within it."""
    yield array
    kind = array.type
    if _shares(kind):
        return
    if pa.types.is_dictionary(kind):
        yield from _parts(array.dictionary)
    elif pa.types.is_struct(kind) or pa.types.is_union(kind):
        for index in range(kind.num_fields):
            yield from _parts(array.field(index))
    elif pa.types.is_map(kind):
        yield from _parts(array.keys)
        yield from _parts(array.items)
    elif pa.types.is_nested(kind):
        yield from _parts(array.values)


def _decoded_bytes(array: pa.DictionaryArray) -> int:
    """Bytes of a dictionary column's values, each as often as it is used."""
    values = array.dictionary
    if not len(values):
        return 0
    if not _is_binary(values.type):
        return int(len(array) * (1 + values.nbytes // len(values)))
    lengths = pc.binary_length(values)
    longest = pc.max(lengths).as_py() or 0
    if len(array) * longest <= 1 << 20:
        return int(len(array) * longest)
    return int(pc.sum(pc.take(pc.cast(lengths, pa.int64()), array.indices)).as_py() or 0)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )

"""Kernels for types whose values are spelled, not counted: uuid, json, enum and binary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.grammar import NotAValueError
from casparian.core.contract.grammar_texts import read_json
from casparian.core.validation.kernel import Converted, accepted, masked, matches

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

Bytes = np.ndarray[Any, np.dtype[np.uint8]]

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_HEX: Final = np.frombuffer(b"0123456789abcdef", np.uint8)
_HYPHENS: Final = (8, 13, 18, 23)
_DIGITS: Final = np.array([at for at in range(36) if at not in _HYPHENS])

# Bits of the last character that no byte takes must be 0: AAE= is one byte 0 and one byte 1.
_BASE64: Final = (
    "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"
)
_SIX_BITS: Final = np.zeros(256, np.uint8)
_SIX_BITS[
    np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
] = np.arange(64)


def enum_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Pass the values of the enum."""
    known = pc.is_in(texts, value_set=pa.array(type_.values, pa.string()))
    return masked(pc.or_(known, texts.is_null()), texts)


# UUIDs


def uuid_from_text(texts: pa.Array) -> Converted:
    """Pass UUIDs in their one spelling."""
    return masked(matches(texts, _UUID), texts)


def uuid_from_uuid(uuids: pa.Array) -> Converted:
    """Spell typed UUIDs."""
    storage = uuids.storage
    valid = storage.is_valid()
    data = pc.cast(storage.filter(valid), pa.binary())
    count = len(data)
    start = data.offset
    _, offsets, buffer = data.buffers()
    first = int(np.frombuffer(offsets, np.int32)[start]) if count else 0
    octets = np.frombuffer(buffer or b"", np.uint8, 16 * count, first).reshape(count, 16)
    digits = np.stack([_HEX[octets >> 4], _HEX[octets & 15]], axis=2).reshape(count, 32)
    spelled = np.full((count, 36), ord("-"), np.uint8)
    spelled[:, _DIGITS] = digits
    ends = np.arange(count + 1, dtype=np.int32) * 36
    texts = pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(spelled.tobytes()))
    if count == len(storage):
        return accepted(texts)
    places = pc.subtract(pc.cumulative_sum(valid.cast(pa.int32())), 1)
    return accepted(texts.take(pc.if_else(valid, places, pa.scalar(None, pa.int32()))))


# JSON


def json_from_text(texts: pa.Array) -> Converted:
    """Pass texts that are JSON, as they are."""
    ok = [text is None or _is_json(text) for text in texts.to_pylist()]
    return masked(pa.array(ok, pa.bool_()), texts)


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except NotAValueError:
        return False
    return True


# Binary


def binary_from_text(texts: pa.Array) -> Converted:
    """Decode base64, if it is how base64 writes these bytes."""
    ok = matches(texts, _BASE64)
    here = pc.and_(ok, texts.is_valid())
    decoded = _decoded(texts.filter(here))
    if len(decoded) == len(texts):
        return accepted(decoded)
    places = pc.subtract(pc.cumulative_sum(here.cast(pa.int32())), 1)
    return Converted(ok, decoded.take(pc.if_else(here, places, pa.scalar(None, pa.int32()))))


def _decoded(texts: pa.Array) -> pa.Array:
    """Decode canonical base64: four characters are three bytes, less one for each ``=``."""
    count = len(texts)
    if not count:
        return pa.array([], pa.binary())
    _, offsets, buffer = texts.buffers()
    ends = np.frombuffer(offsets, np.int32, count + 1, 4 * texts.offset)
    marks = np.frombuffer(buffer or b"", np.uint8)[ends[0] : ends[-1]]
    six = _SIX_BITS[marks].reshape(-1, 4)
    three = np.empty((len(six), 3), np.uint8)
    three[:, 0] = six[:, 0] << 2 | six[:, 1] >> 4
    three[:, 1] = six[:, 1] << 4 | six[:, 2] >> 2
    three[:, 2] = six[:, 2] << 6 | six[:, 3]
    there = marks.reshape(-1, 4)[:, 1:] != ord("=")
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(there.sum(axis=1))])
    bounds = before[(ends - ends[0]) // 4].astype(np.int32)
    data = three[there].tobytes()
    return pa.BinaryArray.from_buffers(
        pa.binary(), count, [None, pa.py_buffer(bounds), pa.py_buffer(data)]
    )


def binary_from_binary(values: pa.Array) -> Converted:
    """Pass bytes, of whatever layout."""
    return accepted(values.cast(pa.binary()))

"""Texts are looked at together, and the answer is Arrow's own, text by text."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casparian.core import arrow_validity
from casparian.core.arrow_validity import validate

PIECES = st.sampled_from(
    [
        b"",
        b"a",
        b"ab",
        "é".encode(),
        "€".encode(),
        "😀".encode(),
        b"\xc3",
        b"\xa9",
        b"\xff",
        b"\x80x",
        b"\xc0\x80",
        b"\xc1",
        b"\xdf\xbf",
    ]
)


def texts_of(pieces: list[bytes], nulls: list[bool], *, large: bool) -> pa.Array:
    """Build an array of whatever bytes, as an untrusted guest might."""
    width = np.int64 if large else np.int32
    ends = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(width)
    valid = pa.array([not null for null in nulls]).buffers()[1] if any(nulls) else None
    return pa.Array.from_buffers(
        pa.large_string() if large else pa.string(),
        len(pieces),
        [valid, pa.py_buffer(ends.tobytes()), pa.py_buffer(b"".join(pieces))],
    )


def is_valid(table: pa.Table, check: object) -> bool:
    try:
        check(table)  # type: ignore[operator]
    except pa.ArrowInvalid:
        return False
    return True


@given(st.lists(st.tuples(PIECES, st.booleans()), max_size=8), st.booleans(), st.data())
def test_it_says_what_arrow_says(
    cells: list[tuple[bytes, bool]], large: bool, data: st.DataObject
) -> None:
    array = texts_of([cell for cell, _ in cells], [null for _, null in cells], large=large)
    start = data.draw(st.integers(0, len(cells)))
    table = pa.table({"x": array.slice(start, data.draw(st.integers(0, len(cells))))})
    assert is_valid(table, validate) == is_valid(table, lambda t: t.validate(full=True))


@pytest.mark.parametrize("together", [1, 2, 3, 100])
def test_characters_of_two_bytes(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_validity, "_BYTES", together)
    monkeypatch.setattr(arrow_validity, "_STARTS", together)
    edges = [bytes([byte]) for byte in (0x00, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF)]
    for length in range(1, 5):
        for letters in itertools.product(edges, repeat=length):
            text = b"".join(letters)
            assert is_valid(table_of([text]), validate) == is_text(text), text
    for parts in itertools.product([b"", b"a", b"\xc2", b"\x80", b"\xc2\x80"], repeat=4):
        assert is_valid(table_of([*parts]), validate) == all(map(is_text, parts)), parts


def table_of(pieces: list[bytes]) -> pa.Table:
    return pa.table({"x": texts_of(pieces, [False] * len(pieces), large=False)})


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("ends", [[0, 3, 1, 4], [0, 2, 9, 4]], ids=["back", "beyond"])
def test_offsets_that_point_anywhere_are_refused(ends: list[int]) -> None:
    offsets = pa.py_buffer(np.array(ends, np.int32).tobytes())
    array = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"abcd")])
    with pytest.raises(pa.ArrowInvalid):
        validate(pa.table({"x": array}))


def test_other_columns_are_looked_at_as_well() -> None:
    codes = pa.py_buffer(np.array([0, 7], np.int8).tobytes())
    indices = pa.Array.from_buffers(pa.int8(), 2, [None, codes])
    coded = pa.DictionaryArray.from_arrays(indices, pa.array(["a"]), safe=False)
    with pytest.raises(pa.ArrowInvalid):
        validate(pa.table({"x": coded}))
    nested = pa.ListArray.from_arrays([0, 1], texts_of([b"\xff"], [False], large=False))
    with pytest.raises(pa.ArrowInvalid):
        validate(pa.table({"x": nested}))

"""Data frames of a guest that lies: a table or a ProtocolError, and no crash."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casparian.core.ipc import read_table
from casparian.core.wire import ProtocolError, WireLimits


def stream(*batches: pa.RecordBatch, **options) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(**options)) as w:
        for batch in batches:
            w.write_batch(batch)
    return sink.getvalue().to_pybytes()


def read(data: bytes, **limits: int) -> pa.Table:
    return read_table(pa.py_buffer(data), WireLimits(**limits))


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1, "the bytes to change are not there"
    return data.replace(old, new)


NUMBERS = pa.record_batch({"n": pa.array([1, 2, 3])})


@given(st.lists(st.none() | st.text(max_size=10), max_size=20), st.integers(1, 3))
def test_a_valid_stream_is_read_as_it_was_written(cells, count):
    batch = pa.record_batch({"t": pa.array(cells, pa.string()), "n": pa.nulls(len(cells))})
    table = read(stream(*[batch] * count))
    assert table.equals(pa.Table.from_batches([batch] * count))


def test_a_table_stands_on_the_frame_itself():
    buffer = pa.py_buffer(stream(NUMBERS))
    [_, cells] = read_table(buffer, WireLimits())["n"].chunk(0).buffers()
    assert buffer.address < cells.address < buffer.address + buffer.size


def test_the_nasty_corpus_crashes_nothing():
    script = Path(__file__).with_name("ipc_corpus.py")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (0, "every stream was refused or read\n"), done.stderr


@given(st.data())
def test_a_stream_that_is_cut_is_refused(data):
    whole = stream(NUMBERS, NUMBERS)
    with pytest.raises(ProtocolError):
        read(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_bodies_are_refused(codec):
    with pytest.raises(ProtocolError, match="compressed"):
        read(stream(pa.record_batch({"n": [1] * 1000}), compression=codec))


def test_a_claim_of_rows_that_take_no_bytes_is_refused():
    rows = 123_456_789
    honest = stream(pa.record_batch({"n": pa.nulls(rows)}))
    assert len(honest) < 1000
    with pytest.raises(ProtocolError, match="123,456,789 rows, over 16,777,216"):
        read(honest)
    lie = patched(honest, struct.pack("<q", rows), struct.pack("<q", 2**62))
    with pytest.raises(ProtocolError, match="4,611,686,018,427,387,904 rows"):
        read(lie)
    with pytest.raises(ProtocolError, match="rows"):
        read(patched(honest, struct.pack("<q", rows), struct.pack("<q", -1)))


def test_many_batches_of_such_rows_are_refused_too():
    with pytest.raises(ProtocolError, match="rows"):
        read(stream(*[pa.record_batch({"n": pa.nulls(100)})] * 50), max_rows=1000)


def test_nested_values_that_take_no_bytes_are_refused():
    lists = pa.array([None] * 4, pa.list_(pa.null(), 2**27))
    with pytest.raises(ProtocolError, match="an array has 536,870,912 values"):
        read(stream(pa.record_batch({"l": lists})))


def test_more_columns_or_arrays_than_the_limits_are_refused():
    wide = pa.record_batch([pa.nulls(1)] * 20, names=[f"c{i}" for i in range(20)])
    with pytest.raises(ProtocolError, match="20 columns, over 10"):
        read(stream(wide), max_columns=10)
    with pytest.raises(ProtocolError, match="more than 100 arrays"):
        read(stream(*[wide] * 5), max_arrays=100)
    assert read(stream(wide), max_columns=20, max_arrays=21).num_columns == 20


def test_offsets_that_point_out_of_the_frame_are_refused():
    texts = pa.record_batch({"t": ["ab", "cd", "ef"]})
    offsets = struct.pack("<4i", 0, 2, 4, 6)
    for lie in [(0, 2, 4, 2**31 - 1), (0, 2**30, 4, 6), (0, 4, 2, 6), (-5, 2, 4, 6)]:
        with pytest.raises(ProtocolError, match="not valid Arrow IPC"):
            read(patched(stream(texts), offsets, struct.pack("<4i", *lie)))


def test_dictionary_indices_without_an_entry_are_refused():
    codes = pa.array([0, 1, 0, 1], pa.int8())
    batch = pa.record_batch({"d": pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"]))})
    assert read(stream(batch))["d"].to_pylist() == ["a", "b", "a", "b"]
    with pytest.raises(ProtocolError, match="not valid Arrow IPC"):
        read(patched(stream(batch), b"\0\1\0\1", b"\0\1\0\x7f"))


def test_text_that_is_not_utf8_is_refused_in_cells_and_in_names():
    whole = stream(pa.record_batch({"name": ["cell"]}))
    with pytest.raises(ProtocolError, match=r"(?i)utf.?8"):
        read(patched(whole, b"cell", b"ce\xff\xfe"))
    with pytest.raises(ProtocolError, match="utf-8"):
        read(patched(whole, b"name", b"na\xff\xfe"))


def test_bytes_after_the_end_are_refused():
    with pytest.raises(ProtocolError, match="1 bytes follow the end"):
        read(stream(NUMBERS) + b"\0")
    with pytest.raises(ProtocolError, match="follow the end"):
        read(stream(NUMBERS) * 2)


def test_a_stream_without_its_end_mark_is_refused():
    with pytest.raises(ProtocolError, match="has no end"):
        read(stream(NUMBERS)[:-8])


@pytest.mark.parametrize("data", [b"", b"\0", b"ARROW1\0\0", b"\xff" * 64, b"\0" * 64])
def test_what_is_no_stream_at_all_is_refused(data):
    with pytest.raises(ProtocolError):
        read(data)


def dictionary_batch(values: list[str], indices: int) -> pa.RecordBatch:
    codes = pa.array([0] * indices, pa.int8())
    return pa.record_batch({"a": pa.DictionaryArray.from_arrays(codes, pa.array(values))})


@pytest.mark.parametrize("nested", [False, True])
def test_a_dictionary_that_would_fill_memory_is_refused(nested):
    batch = dictionary_batch(["x" * 1000], 2000)
    if nested:
        batch = pa.record_batch({"a": pa.StructArray.from_arrays([batch["a"]], ["inner"])})
    assert read(stream(batch), max_decoded=2_000_000).num_rows == 2000
    with pytest.raises(ProtocolError, match="spelled out"):
        read(stream(batch), max_decoded=1_999_999)


@pytest.mark.parametrize("kind", [pa.string_view(), pa.run_end_encoded(pa.int32(), pa.string())])
def test_types_whose_values_share_bytes_are_not_carried(kind):
    column = pa.array(["x", "x"], pa.string_view())
    if kind != pa.string_view():
        column = pa.RunEndEncodedArray.from_arrays(pa.array([2], pa.int32()), pa.array(["x"]))
    with pytest.raises(ProtocolError, match="does not carry"):
        read(stream(pa.record_batch({"a": column})))

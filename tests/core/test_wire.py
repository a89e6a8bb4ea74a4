"""The wire's decoder, against the encoder of the shim and against bytes that nobody encoded."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import tracemalloc

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from casparian.core.wire import (
    DataFrame,
    EndFrame,
    FrameDecoder,
    MetadataFrame,
    ProtocolError,
    TextFrame,
    WireLimits,
)
from casparian.shim import wire as shim_wire

SMALL = WireLimits(max_frame=4096, max_control=2048, max_text=256)


def decode(data: bytes, limits: WireLimits | None = None, sizes=(1 << 16,)):
    """The frames in ``data``, given in pieces of ``sizes``, over and over."""
    decoder = FrameDecoder(limits)
    frames, at, turn = [], 0, 0
    while at < len(data):
        space = decoder.space()
        assert len(space) > 0
        count = min(sizes[turn % len(sizes)], len(space), len(data) - at)
        space[:count] = data[at : at + count]
        frames += decoder.received(count)
        at, turn = at + count, turn + 1
    return frames, decoder


def plain(frame):
    """A frame as something that compares by content."""
    if isinstance(frame, MetadataFrame):
        return frame.kind, frame.content
    return frame.buffer.to_pybytes() if isinstance(frame, DataFrame) else frame


def text_frame(word: int, body: bytes, level: int | None = None) -> bytes:
    middle = b"" if level is None else bytes([level])
    return struct.pack(">I", word) + middle + struct.pack(">I", len(body)) + body


def encode(actions) -> bytes:
    """What a FrameWriter sends for ``actions``, read off the other end of its socket."""
    ours, theirs = socket.socketpair()
    received = bytearray()

    def read() -> None:
        while data := ours.recv(1 << 16):
            received.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    with ours, theirs:
        writer = shim_wire.FrameWriter(theirs)
        for name, arguments, options in actions:
            getattr(writer, name)(*arguments, **options)
        theirs.shutdown(socket.SHUT_WR)
        reader.join()
    return bytes(received)


texts = st.text(max_size=50)
logs = st.tuples(st.just("log"), st.tuples(st.integers(0, 5), texts), st.just({}))
metadata = st.tuples(
    st.just("metadata"),
    st.tuples(st.sampled_from(["progress", "metrics", "unheard_of"])),
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers() | texts, max_size=3),
)
columns = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=30)
tables = st.tuples(
    st.just("data"),
    columns.map(lambda cells: (pa.table({"n": pa.array(cells, pa.int64())}),)),
    st.fixed_dictionaries({"output": st.sampled_from(["a", "b"])}, optional={"sink": texts}),
)
last = st.just(("end", (), {})) | st.tuples(st.just("error"), st.tuples(texts), st.just({}))


@given(
    st.lists(logs | metadata | tables, max_size=8),
    last,
    st.lists(st.integers(1, 70), min_size=1, max_size=5),
)
def test_frames_come_out_the_same_whatever_the_chunks(actions, end, sizes):
    data = encode([*actions, end])
    at_once, _ = decode(data)
    in_pieces, decoder = decode(data, sizes=sizes)
    assert list(map(plain, in_pieces)) == list(map(plain, at_once))
    assert not decoder.mid_frame
    assert len(at_once) == len(actions) + 1
    for (name, arguments, options), frame in zip(actions, at_once, strict=False):
        if name == "log":
            level, text = arguments
            assert frame == TextFrame("log", shim_wire.to_utf8(text).decode(), level)
        elif name == "metadata":
            assert isinstance(frame, MetadataFrame)
            assert frame.kind == arguments[0]
            assert frame.content.keys() == options.keys()
        else:
            table = pa.ipc.open_stream(frame.buffer).read_all()
            assert table["n"].to_pylist() == arguments[0]["n"].to_pylist()
            assert table.schema.metadata[b"cf.output"].decode() == options["output"]
    expected = EndFrame() if end[0] == "end" else TextFrame("error", end[1][0])
    assert at_once[-1] == expected


def test_a_table_that_is_streamed_out_is_the_frame_that_its_word_announces():
    part = pa.table({"n": range(200_000), "text": ["x" * 5] * 200_000})
    table = pa.concat_tables([part, part])
    frames, decoder = decode(encode([("data", (table,), {"output": "big"}), ("end", (), {})]))
    received = pa.ipc.open_stream(frames[0].buffer).read_all()
    assert received["n"].num_chunks == 2
    assert received.equals(table)
    assert frames[1:] == [EndFrame()]
    assert not decoder.mid_frame


words = st.sampled_from([0, 1, 8, 4096, 4097, 0xFFFFFFF0, *range(0xFFFFFFF1, 0x100000000)])
bytes_like_frames = st.lists(
    st.one_of(
        st.binary(max_size=40),
        words.map(lambda word: struct.pack(">I", word)),
        st.binary(max_size=40).map(lambda body: text_frame(shim_wire.METADATA, body)),
        st.binary(max_size=40).map(lambda body: text_frame(shim_wire.LOG, body, 3)),
    ),
    max_size=12,
).map(b"".join)


@given(bytes_like_frames, st.lists(st.integers(1, 70), min_size=1, max_size=5))
@example(text_frame(shim_wire.METADATA, b"[" * 2000), [70])
@example(text_frame(shim_wire.METADATA, b'{"kind": "a", "n": ' + b"9" * 2000 + b"}"), [70])
@example(text_frame(shim_wire.METADATA, b'{"kind": "\xed\xa0\x80"}'), [70])
def test_whatever_bytes_come_the_decoder_stands_or_says_protocol_error(data, sizes):
    with contextlib.suppress(ProtocolError):
        frames, decoder = decode(data, SMALL, sizes)
        assert decoder.mid_frame or frames or not data


@given(bytes_like_frames, st.lists(st.integers(1, 70), min_size=1, max_size=5))
def test_frames_before_a_bad_one_are_told_whatever_the_chunks(data, sizes):
    def frames_and_end(sizes):
        decoder, frames, at, turn = FrameDecoder(SMALL), [], 0, 0
        while at < len(data):
            space = decoder.space()
            count = min(sizes[turn % len(sizes)], len(space), len(data) - at)
            space[:count] = data[at : at + count]
            at, turn = at + count, turn + 1
            try:
                frames.extend(map(plain, decoder.received(count)))
            except ProtocolError as error:
                return frames, error.message
        return frames, decoder.mid_frame

    assert frames_and_end(sizes) == frames_and_end([1 << 16])


@pytest.mark.parametrize("word", [0xFFFFFFF1, 0xFFFFFFFC])
def test_words_without_meaning_are_refused_by_their_number(word):
    with pytest.raises(ProtocolError, match=f"0x{word:08X}, which has no meaning"):
        decode(struct.pack(">I", word))


def test_a_data_frame_over_the_limit_is_refused_by_its_word_alone():
    with pytest.raises(ProtocolError, match="4,097 bytes is over the limit of 4,096"):
        decode(struct.pack(">I", 4097), SMALL)
    with pytest.raises(ProtocolError, match="over the limit of 268,435,456"):
        decode(struct.pack(">I", shim_wire.MAX_DATA_WORD))


@pytest.mark.parametrize("head", [">IBI", ">II"])
def test_a_control_frame_over_the_limit_is_refused_by_its_head_alone(head):
    parts = [shim_wire.LOG, 0, 2049] if head == ">IBI" else [shim_wire.METADATA, 2049]
    with pytest.raises(ProtocolError, match="2,049 bytes is over the limit of 2,048"):
        decode(struct.pack(head, *parts), SMALL)


@pytest.mark.parametrize(
    "whole",
    [
        struct.pack(">I", 9) + b"123456789",
        text_frame(shim_wire.LOG, b"a line", 0),
        text_frame(shim_wire.METADATA, b'{"kind": "x"}'),
        text_frame(shim_wire.ERROR, b"why"),
    ],
)
def test_half_a_frame_gives_nothing_and_is_known_to_be_half(whole):
    for size in range(1, len(whole)):
        frames, decoder = decode(whole[:size])
        assert frames == []
        assert decoder.mid_frame
    frames, decoder = decode(whole)
    assert len(frames) == 1
    assert not decoder.mid_frame


def test_an_error_text_of_3_mb_is_cut_not_refused():
    [frame], _ = decode(text_frame(shim_wire.ERROR, "ü".encode() * 1_500_000))
    assert frame.kind == "error"
    assert frame.text.startswith("üüü")
    assert frame.text.endswith("ü … (cut: 3,000,000 bytes in all)")
    assert len(frame.text) < 70_000


def test_the_writer_cuts_an_error_text_too():
    [frame], _ = decode(encode([("error", ("ü" * 1_500_000,), {})]))
    assert frame.text.endswith("(cut: 3000000 bytes in all)")
    assert len(frame.text.encode()) <= shim_wire.MAX_TEXT


def test_texts_in_metadata_are_cut_and_free_of_lone_surrogates():
    body = json.dumps({"kind": "error", "message": "x" * 1000, "frames": [{"file": "\udcff"}]})
    [frame], _ = decode(text_frame(shim_wire.METADATA, body.encode()), SMALL)
    assert frame.content["message"] == "x" * 256 + " … (cut: 1,000 characters in all)"
    assert frame.content["frames"] == [{"file": "\\udcff"}]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"null", b'{"kind": 1}', b"{}"])
def test_metadata_that_is_no_object_with_a_kind_is_refused(body):
    with pytest.raises(ProtocolError, match="metadata frame is not"):
        decode(text_frame(shim_wire.METADATA, body))


def test_a_log_level_beyond_5_is_refused():
    with pytest.raises(ProtocolError, match="level 6"):
        decode(text_frame(shim_wire.LOG, b"x", 6))


def test_memory_stays_within_the_limits_while_frames_trickle_in():
    line = text_frame(shim_wire.LOG, b"x" * 1000, 1)
    big = struct.pack(">I", 4096) + bytes(4096)
    stream = (line + big) * 200
    decoder = FrameDecoder(SMALL)
    tracemalloc.start()
    try:
        before, allocated = tracemalloc.get_traced_memory()[0], pa.total_allocated_bytes()
        for at in range(0, len(stream), 50):
            piece = stream[at : at + 50]
            while piece:
                space = decoder.space()
                count = min(len(piece), len(space))
                space[:count] = piece[:count]
                for _ in decoder.received(count):
                    pass
                piece = piece[count:]
            assert pa.total_allocated_bytes() - allocated <= 2 * 4096
        assert tracemalloc.get_traced_memory()[1] - before < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("size", "once"), [(100, True), (10_000, False)])
def test_short_metadata_that_came_before_is_read_once(size, once):
    body = json.dumps({"kind": "progress", "done": "x" * size}).encode()
    first, second = FrameDecoder(), FrameDecoder()
    frames = []
    for decoder in (first, second):
        data = text_frame(shim_wire.METADATA, body)
        decoder.space()[: len(data)] = data
        frames += decoder.received(len(data))
    assert (frames[0] is frames[1]) is once
    assert plain(frames[0]) == plain(frames[1]) == ("progress", {"done": "x" * size})

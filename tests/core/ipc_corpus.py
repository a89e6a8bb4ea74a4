"""Damaged Arrow IPC streams, read one after the other; run as a script, for it may crash.

A mutated stream must give a table that can be read to its last cell, or a ProtocolError.
"""

from __future__ import annotations

import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from casparian.core.ipc import read_table
from casparian.core.wire import ProtocolError, WireLimits

LIMITS = WireLimits(max_rows=10_000, max_columns=100)


def stream(*batches: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def arrays() -> dict[str, pa.Array]:
    texts = ["one", None, "ünf", ""]
    words = pa.array(texts)
    return {
        "int": pa.array([1, None, 3, 4], pa.int32()),
        "bool": pa.array([True, None, False, True]),
        "text": words,
        "long_text": pa.array(texts, pa.large_string()),
        "bytes": pa.array([b"\xff", None, b"", b"abc"]),
        "fixed": pa.array([b"ab", None, b"cd", b"ef"], pa.binary(2)),
        "decimal": pa.array([Decimal("1.25"), None, Decimal(2), None], pa.decimal128(9, 2)),
        "time": pa.array([0, 1, None, 3], pa.timestamp("us", "Europe/Berlin")),
        "list": pa.array([[1, 2], [], None, [3]]),
        "texts": pa.array([["a", None], [], None, ["bcd"]], pa.large_list(pa.string())),
        "pairs": pa.array([[1, 2], None, [3, 4], [5, 6]], pa.list_(pa.int8(), 2)),
        "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": 2, "b": None}, None]),
        "map": pa.array([[("k", 1)], [], None, [("l", 2)]], pa.map_(pa.string(), pa.int8())),
        "dictionary": words.dictionary_encode(),
        "null": pa.nulls(4),
        "union": pa.UnionArray.from_sparse(
            pa.array([0, 1, 0, 1], pa.int8()), [pa.array([1, 2, 3, 4]), words]
        ),
    }


SEEDS = [
    *(stream(pa.record_batch({name: array})) for name, array in arrays().items()),
    stream(pa.record_batch(arrays()), pa.record_batch(arrays())),
]

mutations = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.binary(min_size=1, max_size=8)
        | st.sampled_from([b"\xff" * 8, b"\xff\xff\xff\x7f", b"\0" * 8, b"\1\0\0\0", b"\x80"]),
        st.booleans(),
    ),
    max_size=4,
)


def mutate(seed: bytes, changes: list[tuple[int, bytes, bool]], cut: int | None) -> bytes:
    data = bytearray(seed)
    for at, piece, insert in changes:
        place = at % len(data)
        data[place : place if insert else place + len(piece)] = piece
    return bytes(data if cut is None else data[: cut % len(data)])


def touch(table: pa.Table) -> None:
    """Read every cell, as validation would."""
    for column in table.columns:
        column.null_count  # noqa: B018
        for kernel in (pc.is_valid, pc.unique, pc.count):
            try:
                kernel(column)
            except pa.ArrowException:
                pass  # no such kernel for this type
    try:
        table.to_pylist()
    except (pa.ArrowException, ValueError, ArithmeticError, KeyError):
        pass  # a value that Python's types don't have


@settings(
    max_examples=500,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.sampled_from(SEEDS), mutations, st.none() | st.integers(0, 4000))
def damaged_streams_are_refused_or_read(
    seed: bytes, changes: list[tuple[int, bytes, bool]], cut: int | None
) -> None:
    data = mutate(seed, changes, cut)
    try:
        table = read_table(pa.py_buffer(data), LIMITS)
    except ProtocolError:
        return
    touch(table)


if __name__ == "__main__":
    for valid in SEEDS:
        touch(read_table(pa.py_buffer(valid), LIMITS))
    damaged_streams_are_refused_or_read()
    sys.stdout.write("every stream was refused or read\n")

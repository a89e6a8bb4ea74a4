"""Without a contract, frames that differ get one schema, and no value changes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casparian.core.sinks.settle import Seen, join, settle

BIG = 2**53


def settled(place: Any, *frames: pa.Table) -> pa.Table:
    with place.run() as run:
        writer = run.open("sales", None)
        for frame in frames:
            writer.write(frame)
        run.publish()
    assert place.temporary() == []
    return pq.read_table(writer.target.path)


def column(place: Any, *parts: pa.Array) -> pa.ChunkedArray:
    return settled(place, *(pa.table({"x": part}) for part in parts)).column("x")


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        (pa.int8(), pa.int32(), pa.int32()),
        (pa.uint8(), pa.uint16(), pa.uint16()),
        (pa.uint8(), pa.int8(), pa.int16()),
        (pa.uint32(), pa.int8(), pa.int64()),
        (pa.uint64(), pa.int64(), pa.string()),
        (pa.null(), pa.date32(), pa.date32()),
        (pa.int64(), pa.float32(), pa.float64()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.string(), pa.large_string(), pa.large_string()),
        (pa.bool_(), pa.int64(), pa.string()),
        (pa.decimal128(5, 2), pa.decimal128(7, 2), pa.string()),
        (pa.decimal128(5, 2), pa.int64(), pa.string()),
        (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.string()),
        (pa.timestamp("us"), pa.timestamp("ms"), pa.string()),
        (pa.date32(), pa.timestamp("us"), pa.string()),
        (pa.list_(pa.null()), pa.list_(pa.int64()), pa.list_(pa.int64())),
        (pa.list_(pa.int64()), pa.list_(pa.string()), pa.string()),
    ],
)
def test_two_types_become_the_one_that_holds_both_whichever_comes_first(
    left: Any, right: Any, both: Any
) -> None:
    assert join(left, right) == both
    assert join(right, left) == both


def test_the_order_of_frames_does_not_decide_the_type() -> None:
    kinds = [pa.int64(), pa.uint64(), pa.float64()]
    for a, b, c in [(0, 1, 2), (2, 1, 0), (1, 2, 0)]:
        seen = [Seen(pa.schema([("x", kinds[i])]), 1) for i in (a, b, c)]
        assert settle(seen).schema.field("x").type == pa.float64()


def test_same_stays_and_one_part_is_only_renamed(place: Any, monkeypatch: Any) -> None:
    from casparian.core.sinks import writer

    monkeypatch.setattr(writer, "rewrite", None)  # would fail if called
    assert column(place, pa.array([1]), pa.array([None, 2], pa.int64())).to_pylist() == [1, None, 2]


def test_null_gives_way_to_anything_and_stays_null_if_there_is_nothing_else(place: Any) -> None:
    assert column(place, pa.nulls(2), pa.array(["a"])).to_pylist() == [None, None, "a"]
    assert column(place, pa.nulls(2)).type == pa.null()


def test_a_missing_column_is_null_and_columns_keep_the_order_they_came_in(place: Any) -> None:
    table = settled(place, pa.table({"b": [1], "a": ["x"]}), pa.table({"c": [True], "b": [2]}))
    assert table.to_pydict() == {"b": [1, 2], "a": ["x", None], "c": [None, True]}


def test_whole_numbers_and_floats_are_float64_while_each_is_exact(place: Any) -> None:
    got = column(place, pa.array([BIG, None, -BIG]), pa.array([0.5]))
    assert got.type == pa.float64()
    assert got.to_pylist() == [float(BIG), None, float(-BIG), 0.5]


@pytest.mark.parametrize("number", [BIG + 1, -BIG - 1])
def test_beyond_that_they_become_text_not_other_numbers(place: Any, number: int) -> None:
    got = column(place, pa.array([0.1, 1.0, 1e300]), pa.array([number]), pa.array([None, 3]))
    assert got.to_pylist() == ["0.1", "1.0", "1e+300", str(number), None, "3"]


def test_a_wide_number_is_found_behind_nested_columns(place: Any) -> None:
    first = pa.table({"s": [{"x": 1, "y": [1]}], "x.y": [1], "x": [BIG + 1]})
    got = settled(place, first, pa.table({"x": [0.5]}))
    assert got.column("x").to_pylist() == [str(BIG + 1), "0.5"]


def test_anything_else_becomes_text_exactly(place: Any) -> None:
    got = column(
        place,
        pa.array([Decimal("1.10"), Decimal("0.00")]),
        pa.array([True, None]),
        pa.array([[1, None]]),
        pa.array([{"a": Decimal("1.50"), "b": "ü\n"}]),
        pa.array([b"\x00\xff"]),
        pa.array([1_600_000_000_000_001], pa.timestamp("us", "UTC")),
        pa.array([19_000], pa.date32()),
        pa.array(["Unknown", ""]),
    ).to_pylist()
    assert got == [
        "1.10",
        "0.00",
        "true",
        None,
        "[1,null]",
        '{"a":"1.50","b":"ü\\n"}',
        "AP8=",
        "2020-09-13T12:26:40.000001Z",
        "2022-01-08",
        "Unknown",
        "",
    ]
    assert json.loads(got[5]) == {"a": "1.50", "b": "ü\n"}


def test_a_person_can_be_told_which_columns_became_text(place: Any) -> None:
    with place.run() as run:
        writer = run.open("sales", None)
        writer.write(pa.table({"age": [25]}))
        writer.write(pa.table({"age": ["Unknown"]}))
        run.prepare()
        assert writer.settled == pa.schema([("age", pa.string())])
        assert writer.notes == ("column 'age' became text: frames gave int64 and string",)


def test_a_frame_without_rows_does_not_bend_types(place: Any) -> None:
    got = column(place, pa.array([], pa.string()), pa.array([1, 2]))
    assert got.type == pa.int64()


def test_frames_that_take_turns_keep_their_order_in_two_parts(place: Any) -> None:
    with place.run() as run:
        writer = run.open("sales", None)
        for i in range(2000):
            writer.write(pa.table({"x": [i]}) if i % 2 else pa.table({"x": [float(i)]}))
        assert len(place.temporary()) == 2
        run.publish()
    file = pq.ParquetFile(writer.target.path)
    assert file.read().column("x").to_pylist() == [float(i) for i in range(2000)]
    assert file.num_row_groups == 1


def test_ever_changing_columns_keep_few_files_open_and_lose_nothing(place: Any) -> None:
    table = settled(place, *(pa.table({f"c{i % 40}": [i]}) for i in range(120)))
    assert table.num_rows == 120
    assert table.column("c7").drop_null().to_pylist() == [7, 47, 87]


def test_dictionaries_are_stored_as_their_values(place: Any) -> None:
    got = column(place, pa.array(["a", "b"]).dictionary_encode(), pa.array(["c"]))
    assert got.to_pylist() == ["a", "b", "c"]
    assert got.type == pa.string()


_PARTS = st.one_of(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)).map(lambda v: pa.array(v, pa.int64())),
    st.lists(st.none() | st.integers(0, 2**64 - 1)).map(lambda v: pa.array(v, pa.uint64())),
    st.lists(st.none() | st.integers(-128, 127)).map(lambda v: pa.array(v, pa.int8())),
    st.lists(st.none() | st.floats(allow_nan=False)).map(lambda v: pa.array(v, pa.float64())),
    st.lists(st.none() | st.decimals(-99, 99, places=2)).map(
        lambda v: pa.array(v, pa.decimal128(5, 2))
    ),
    st.lists(st.none()).map(lambda v: pa.nulls(len(v))),
)


@given(st.lists(_PARTS, min_size=1, max_size=4))
def test_every_value_can_be_had_back_whatever_the_mixture(
    tmp_path_factory: pytest.TempPathFactory, parts: list[pa.Array]
) -> None:
    from casparian.core.sinks.staging import Staging

    folder = tmp_path_factory.mktemp("s")
    names = (folder / str(i) for i in range(100))
    staging = Staging(
        lambda: next(names), folder / "x", schema=None, compression="none", metadata={}
    )
    for part in parts:
        staging.write(pa.table({"x": part}))
    staging.finish()
    got = [value for table in staging.tables() for value in table.column("x").to_pylist()]
    given_ = [value for part in parts for value in part.to_pylist()]
    assert len(got) == len(given_)
    for value, original in zip(got, given_, strict=True):
        if original is None:
            assert value is None
        elif isinstance(value, str):
            assert type(original)(value) == original
        else:
            assert value == original  # Python compares int with float exactly
    staging.discard()
    assert list(folder.iterdir()) == []

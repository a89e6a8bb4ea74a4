"""Rows come the same from memory and from a file, whatever their order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.app.tui.widgets.table_source import (
    MemoryTable,
    ParquetTable,
    UnreadableTableError,
)


@pytest.fixture
def table() -> pa.Table:
    numbers = list(range(1_000))
    return pa.table(
        {"a.b": numbers, "a": [{"b": n} for n in numbers], "t": list(map(str, numbers))}
    )


@pytest.fixture(params=["memory", "chunks", "file"])
def source(request, table, tmp_path):
    if request.param == "memory":
        return MemoryTable(table)
    if request.param == "chunks":
        return MemoryTable(pa.concat_tables(table.slice(at, 7) for at in range(0, 1_000, 7)))
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=90)
    return ParquetTable(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "rows",
    [[], [0], [999], list(range(85, 200)), [999, 0, 500, 89, 90, 500], list(range(50, 0, -1))],
)
def test_any_rows_in_any_order(source, table, rows):
    wanted = np.array(rows, dtype=np.int64)

    for column in range(3):
        expected = [table.column(column)[row].as_py() for row in rows]
        assert source.take(column, wanted).to_pylist() == expected


def test_whole_columns_and_pieces_are_complete(source, table):
    assert source.whole(2).to_pylist() == table.column(2).to_pylist()
    pieces = list(source.pieces([0, 2]))
    assert [n for piece in pieces for n in piece[0].to_pylist()] == list(range(1_000))


def test_columns_of_one_name_are_told_apart(tmp_path):
    pq.write_table(
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), tmp_path / "x"
    )
    source = ParquetTable(tmp_path / "x")

    assert [source.take(c, np.array([0])).to_pylist() for c in (0, 1)] == [[1], [2]]


def test_a_file_is_read_only_where_it_is_looked_at_and_not_kept_for_ever(
    tmp_path, table, monkeypatch
):
    monkeypatch.setattr("casparian.app.tui.widgets.table_source._SMALL_BYTES", 0)
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=100)
    source = ParquetTable(tmp_path / "t.parquet", kept_bytes=2_000)
    first, last = np.arange(10), np.arange(990, 1_000)
    assert not source.at_hand([0], first)

    source.take(0, first)
    assert source.at_hand([0], first)
    assert not source.at_hand([0, 1], first)
    assert not source.at_hand([0], last)

    for start in range(0, 1_000, 100):
        source.take(0, np.arange(start, start + 10))
    assert source.at_hand([0], last)
    assert not source.at_hand([0], first)


def test_a_file_that_is_replaced_goes_on_showing_what_it_held(tmp_path, table):
    path = tmp_path / "t.parquet"
    pq.write_table(table, path)
    source = ParquetTable(path)
    path.unlink()
    pq.write_table(pa.table({"other": [1]}), path)

    assert source.take(2, np.array([7])).to_pylist() == ["7"]


def test_what_is_no_parquet_file_says_so(tmp_path):
    (tmp_path / "x.parquet").write_text("hello")

    for name in ("x.parquet", "missing.parquet"):
        with pytest.raises(UnreadableTableError, match=name):
            ParquetTable(tmp_path / name)


def test_dictionaries_that_differ_from_piece_to_piece_can_be_joined():
    parts = [pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a"]).dictionary_encode()]
    source = MemoryTable(pa.table({"d": pa.chunked_array(parts)}))

    assert source.take(0, np.array([2, 0])).to_pylist() == ["c", "a"]
    assert source.take(0, np.arange(4)).to_pylist() == ["a", "b", "c", "a"]

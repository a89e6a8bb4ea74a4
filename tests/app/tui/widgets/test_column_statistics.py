"""What is said of a column is true of every row that is shown, and little is held for it."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.app.tui.widgets import column_screen, column_statistics
from casparian.app.tui.widgets.arranging import StaleError, arranged
from casparian.app.tui.widgets.column_screen import ColumnScreen, chart, share, statistics_text
from casparian.app.tui.widgets.column_statistics import ColumnStatistics, Often
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_filter import parse_filter
from casparian.app.tui.widgets.table_source import MemoryTable, ParquetTable
from casparian.app.tui.widgets.table_view import TableView

from .nasty import nasty_table


def of(values: Any, **more: Any) -> ColumnStatistics:
    """The statistics of one column, in chunks as they come from files."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    half = len(array) // 2
    table = pa.table({"x": pa.chunked_array([array[:half], array[half:]])})
    view = TableView.plain(MemoryTable(table))
    return column_statistics.column_statistics(view, 0, lambda: False, **more)


def test_numbers_have_ends_a_mean_and_a_histogram_of_all_values() -> None:
    found = of([5, None, 1, 3, 1])
    assert (found.rows, found.nulls, found.distinct) == (5, 1, 3)
    assert (found.least, found.greatest, found.mean) == ("1", "5", 2.5)
    assert found.bars == (2, 0, 1, 0, 1), "few whole numbers have a bar each"
    assert found.top == (Often("1", 2),)
    many = of(np.arange(1_000_000).astype(float))
    assert sum(many.bars) == 1_000_000
    assert max(many.bars) - min(many.bars) < 2


def test_what_is_no_number_among_floats_is_counted_apart() -> None:
    found = of([1.0, float("nan"), float("inf"), None, 2.0])
    assert (found.nulls, found.nans, found.infinite, found.distinct) == (1, 1, 1, 3)
    assert (found.least, found.greatest, found.bars) == ("1.0", "Infinity", ())


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        (pa.array([Decimal("2.50"), Decimal("-1.00")], pa.decimal128(8, 2)), ("-1.00", "2.50")),
        (
            pa.array([datetime.date(2024, 3, 1), datetime.date(1, 1, 1)]),
            ("0001-01-01", "2024-03-01"),
        ),
        (
            pa.array([1, 2], pa.timestamp("ns")),
            ("1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000000002"),
        ),
        (pa.array([90, 3], pa.duration("s")), ("PT3S", "PT90S")),
        (pa.array([2**64 - 1, 0], pa.uint64()), ("0", "18446744073709551615")),
        (pa.array(["b", "a"]).dictionary_encode(), ("a", "b")),
    ],
    ids=lambda one: str(getattr(one, "type", "")),
)
def test_ends_are_exact(values: pa.Array, ends: tuple[str, str]) -> None:
    found = of(values)
    assert (found.least, found.greatest) == ends


def test_texts_and_lists_have_lengths() -> None:
    texts = of(["", "Zürich", None, "Zürich"])
    assert texts.lengths is not None
    assert (texts.lengths.of, texts.lengths.least, texts.lengths.greatest) == ("characters", 0, 6)
    assert texts.lengths.mean == 4
    assert texts.top == (Often("Zürich", 2),)
    lists = of([[1, 2], [], None])
    assert lists.lengths is not None
    assert (lists.lengths.of, lists.lengths.greatest, lists.distinct) == ("items", 2, None)


def test_of_every_type_something_is_said() -> None:
    table = nasty_table()
    for column in range(table.num_columns):
        view = TableView.plain(MemoryTable(table))
        found = column_statistics.column_statistics(view, column, lambda: False)
        assert found.nulls == table.column(column).null_count
        assert f"{found.rows:,}" in statistics_text(found).plain


def test_when_too_many_values_differ_it_is_said_in_how_many_they_were_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(column_statistics, "MOST_DISTINCT", 1_000)
    monkeypatch.setattr("casparian.app.tui.widgets.table_source.PIECE_ROWS", 500)
    found = of([f"{n}" for n in range(10_000)])
    assert 1_000 < found.counted < 10_000
    assert found.distinct == found.counted
    said = statistics_text(found).plain
    assert f"{found.counted:,} or more: so many in the first {found.counted:,} values" in said


def test_only_rows_that_a_filter_keeps_are_looked_at_and_files_are_read_in_parts(
    tmp_path: Path,
) -> None:
    table = pa.table({"x": list(range(100)), "y": ["a", "b"] * 50})
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=30)
    source = ParquetTable(tmp_path / "t.parquet")
    keep = parse_filter("x >= 90", source.schema)
    shown = arranged(source, keep, None, lambda: False)
    found = column_statistics.column_statistics(TableView(source, shown), 1, lambda: False)
    assert (found.rows, found.of_rows, found.distinct) == (10, 100, 2)
    assert "10 of 100: those that the filter keeps" in statistics_text(found).plain
    source.close()


def test_it_ends_as_soon_as_nobody_wants_to_know() -> None:
    looked: list[int] = []
    view = TableView.plain(MemoryTable(pa.table({"x": list(range(300_000))})))
    with pytest.raises(StaleError):
        column_statistics.column_statistics(view, 0, lambda: len(looked) > 1, looked.append)
    assert looked == [65_536, 131_072]


def test_little_is_seen_as_little_and_never_as_nothing() -> None:
    assert chart((1_000_000, 0, 1), height=1) == ["█" * 16 + " " * 16 + "▁" * 16]
    assert (share(1, 1_000_000), share(999_999, 1_000_000)) == ("< 0.1 %", "> 99.9 %")
    assert (share(1, 1), share(1, 3)) == ("100.0 %", "33.3 %")


@pytest.mark.asyncio
async def test_i_shows_the_cursors_column_and_escape_ends_it_while_it_looks(
    around: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    area = TableArea()
    app = around(area)
    begun, ended, still = threading.Event(), threading.Event(), threading.Event()

    def slow(view: TableView, column: int, stale: Any, told: Any) -> ColumnStatistics:
        told(123_456)
        begun.set()
        while not stale():
            still.wait(0.01)
        ended.set()
        raise StaleError

    async with app.run_test(size=(80, 24)) as pilot:
        area.table.show(MemoryTable(pa.table({"a": [1, 2], "b": ["x", "x"]})))
        area.table.focus()
        await pilot.press("right", "i")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(app.screen, ColumnScreen)
        shown = str(app.screen.query_one("#column-found").render())
        assert "distinct  1" in shown
        assert "100.0 %" in shown
        await pilot.press("escape")

        monkeypatch.setattr(column_screen, "column_statistics", slow)
        await pilot.press("i")
        assert begun.wait(20)
        await pilot.pause()
        assert "123,456" in str(app.screen.query_one("#column-found").render())
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        assert ended.is_set()
        assert not isinstance(app.screen, ColumnScreen)

"""The terminal app's table: a million rows from Arrow, against Textual's DataTable on fewer."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import DataTable

from benchmarks.paired import report
from casparian.app.tui.widgets.arrow_table import ArrowTable
from casparian.app.tui.widgets.table_source import MemoryTable, ParquetTable, TableSource

ROWS, FEWER, PAGES = 1_000_000, 2_000, 40
SIZE = (160, 60)


def _table(rows: int) -> pa.Table:
    numbers = np.arange(rows)
    texts = pa.array([f"customer {n % 997}" for n in range(1_000)])
    return pa.table(
        {
            "id": numbers,
            "price": numbers * 0.25,
            "name": texts.take(pa.array(numbers % 1_000)),
            "when": pa.array(numbers * 1_000_000).cast(pa.timestamp("us")),
            "even": pa.array(numbers % 2 == 0),
            "hole": pa.array(numbers, mask=numbers % 3 == 0),
            "city": texts.take(pa.array(numbers % 7)),
            "rest": numbers[::-1].copy(),
            "ratio": np.sqrt(numbers),
            "tag": texts.take(pa.array(numbers % 3)),
        }
    )


class _Bench(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


async def _paints(pilot: Pilot[None], key: str) -> float:
    """CPU milliseconds of a key, handled and painted, in the middle of many."""
    times = []
    for _ in range(PAGES):
        started = time.process_time()
        await pilot.press(key)
        times.append(time.process_time() - started)
    return statistics.median(times) * 1e3


async def _arrow(source: TableSource) -> tuple[float, float]:
    """Milliseconds from the data being there to the first paint, and of CPU per page."""
    table = ArrowTable()
    async with _Bench(table).run_test(size=SIZE) as pilot:
        await pilot.pause()
        table.focus()
        painted = asyncio.Event()
        started = time.perf_counter()
        table.show(source)
        table.call_after_refresh(painted.set)
        await painted.wait()
        shown = (time.perf_counter() - started) * 1e3
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        return shown, await _paints(pilot, "pagedown")


async def _data_table(rows: int) -> tuple[float, float]:
    data = _table(rows)
    table: DataTable[str] = DataTable()
    async with _Bench(table).run_test(size=SIZE) as pilot:
        await pilot.pause()
        table.focus()
        painted = asyncio.Event()
        started = time.perf_counter()
        table.add_columns(*data.column_names)
        table.add_rows([[str(cell) for cell in row.values()] for row in data.to_pylist()])
        table.call_after_refresh(painted.set)
        await painted.wait()
        shown = (time.perf_counter() - started) * 1e3
        return shown, await _paints(pilot, "pagedown")


def main() -> None:
    data = _table(ROWS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        pq.write_table(data, path, row_group_size=131_072)
        runs = [
            (
                asyncio.run(_arrow(MemoryTable(data))),
                asyncio.run(_arrow(ParquetTable(path))),
                asyncio.run(_data_table(FEWER)),
            )
            for _ in range(4)
        ][1:]
    for at, name in enumerate((f"{ROWS:,} rows in memory", f"{ROWS:,} rows of Parquet")):
        report(f"first paint, ms, {name}", statistics.median(run[at][0] for run in runs), "100")
        report(
            f"page down at 160x60, CPU ms, {name}",
            statistics.median(run[at][1] for run in runs),
            "30",
        )
    paint, page = (statistics.median(run[2][part] for run in runs) for part in (0, 1))
    print(f"  Textual's DataTable, {FEWER:,} rows: first paint {paint:.0f} ms, page {page:.1f} ms")
    wide = pa.table({f"column_{n}": pa.array([f"value {n}"] * 1_000) for n in range(300)})
    shown, page = asyncio.run(_arrow(MemoryTable(wide)))
    report("first paint, ms, 300 columns", shown, "100")
    report("page down, CPU ms, 300 columns", page, "30")


if __name__ == "__main__":
    main()

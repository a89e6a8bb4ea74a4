"""Memory stays bounded and files well shaped, whatever the size of the frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from casparian.core.sinks import parquet

if TYPE_CHECKING:
    import pytest


def write(place: Any, frames: Any) -> pq.ParquetFile:
    with place.run() as run:
        writer = run.open("sales", None)
        for frame in frames:
            writer.write(frame)
        run.publish()
    return pq.ParquetFile(writer.target.path)


def test_tiny_frames_share_row_groups(place: Any) -> None:
    file = write(place, (pa.table({"x": [i], "y": [str(i)]}) for i in range(5000)))
    assert file.num_row_groups == 1
    assert file.read().column("x").to_pylist() == list(range(5000))


def test_a_big_frame_is_cut_into_row_groups(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "GROUP_BYTES", 80_000)
    file = write(place, [pa.table({"x": range(100_000)})])
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert max(sizes) <= 10_000
    assert sum(sizes) == 100_000


def test_no_more_is_gathered_than_a_row_group(monkeypatch: pytest.MonkeyPatch) -> None:
    gathering = parquet.Gathering(rows=1000, size=10**9)
    for _ in range(10):
        gathering.add(pa.table({"x": range(100)}))
    assert gathering.full
    taken = gathering.take()
    assert taken is not None
    assert taken.num_rows == 1000
    assert not gathering.full
    assert gathering.take() is None


def test_small_slices_do_not_keep_big_frames_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_HELD_BYTES", 2**22)
    numbers = pa.array(range(50_000), pa.int64())
    before = pa.total_allocated_bytes()
    gathering = parquet.Gathering()
    for i in range(100):
        gathering.add(pa.table({"x": pc.add(numbers, i)}).slice(7, 1))
        assert pa.total_allocated_bytes() - before < 2 * 2**22
    table = gathering.take()
    assert table is not None
    assert table.num_rows == 100

"""Columns whose values repeat have a dictionary in the Parquet file, others don't."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from casparian.core.sinks.parquet import RowFile


def test_values_that_repeat_are_written_once(tmp_path: Path) -> None:
    rows = 10_000
    table = pa.table(
        {
            "state": ["new", "paid"] * (rows // 2),
            "number": pa.array(range(rows)),
            "text": [f"line {n}" for n in range(rows)],
            "flag": [True, False] * (rows // 2),
            "nested": pa.array([[{"x": "a", "y": [1]}]] * rows),
            "pairs": pa.array([[("k", "v")]] * rows, pa.map_(pa.string(), pa.string())),
        }
    )
    file = RowFile(
        tmp_path / "t.parquet",
        table.schema,
        compression="zstd",
        metadata={},
        wanted=tmp_path / "t.parquet",
    )
    file.write(table)
    file.close()
    group = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    assert {c.path_in_schema: c.has_dictionary_page for c in columns} == {
        "state": True,
        "number": False,
        "text": False,
        "flag": False,
        "nested.list.element.x": True,
        "nested.list.element.y.list.element": True,
        "pairs.key_value.key": True,
        "pairs.key_value.value": True,
    }
    assert pq.read_table(tmp_path / "t.parquet").equals(table)

"""Quarantined rows are shown cell by cell, by their reasons, from the file that holds them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from casparian.core.contract.parse import parse_outputs
from casparian.core.quarantine import quarantine_table
from casparian.core.quarantine_rows import rows_of_group
from casparian.core.validation import OutputValidator


def quarantined(tmp_path: Path) -> Path:
    columns = {"n": "int64", "d": "date", "row": "string"}
    contract = parse_outputs(columns, parser_name="p", where="outputs").outputs[0]
    table = pa.table(
        {
            "n": ["1", "x", "y", None, "5"],
            "d": ["2024-01-01", "2024-01-02", "soon", "2024-01-04", "never"],
            "row": ["a", "b", 'c "quoted"', "d", "e"],
        }
    )
    validator = OutputValidator(contract)
    tables = [
        quarantine_table("p", verdict.rejected)
        for verdict in validator.verdicts(table, first_row=0)
    ]
    path = tmp_path / "q.parquet"
    pq.write_table(pa.concat_tables(tables), path)
    return path


def test_the_rows_of_a_group_have_all_their_cells_and_all_their_reasons(tmp_path: Path) -> None:
    found = rows_of_group(quarantined(tmp_path), column="n", error_type="type_mismatch")
    assert found.table.to_pydict() == {
        "row": [2, 3],
        "n": ["x", "y"],
        "d": ["2024-01-02", "soon"],
        "row ": ["b", 'c "quoted"'],
    }
    assert [(bad.row, bad.column) for bad in found.bad] == [(0, "n"), (1, "n"), (1, "d")]
    assert "'x' is not an int64" in found.bad[0].message
    assert found.total == 2


def test_all_groups_together_and_only_the_first_rows(tmp_path: Path) -> None:
    found = rows_of_group(quarantined(tmp_path), limit=1)
    assert (found.table.num_rows, found.total) == (1, 4)


def test_a_null_is_no_text(tmp_path: Path) -> None:
    found = rows_of_group(quarantined(tmp_path), column="n", error_type="null_not_allowed")
    assert found.table.column("n").to_pylist() == [None]


def test_numbers_are_spelled_as_they_came(tmp_path: Path) -> None:
    row = '{"a": 1.10, "b": [1, 2.50, {"c": true}], "d": {"$decimal": "1.10"}}'
    reason = {"column": "a", "error_type": "x", "message": "m", "hint": ""}
    pq.write_table(
        pa.table({"row_number": [0], "reasons": [[reason]], "raw": [row]}), tmp_path / "q.parquet"
    )
    [cells] = rows_of_group(tmp_path / "q.parquet").table.to_pylist()
    assert cells == {"row": 1, "a": "1.10", "b": '[1, 2.50, {"c": true}]', "d": "1.10 (decimal)"}

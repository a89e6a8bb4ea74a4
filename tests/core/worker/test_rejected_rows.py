"""Quarantined rows on their way to the store, whatever is in them and whoever is killed."""

from __future__ import annotations

import json
from pathlib import Path

from casparian.core.worker.rejected_rows import read_rejected

from .conftest import READ, Workshop


def test_rows_with_any_kind_of_line_break_reach_the_store(workshop: Workshop) -> None:
    workshop.parser(READ)
    odd = "1\u20282\u20293\x854"
    job_id = workshop.job(f"name,age\nAda,36\nBob,{odd}\nEve,7\n")
    workshop.drain()
    assert workshop.get(job_id).status == "completed_with_warnings"
    [row] = workshop.store.quarantine.list_for_job(job_id)
    assert json.loads(row.raw)["age"] == odd


def test_a_line_that_a_killed_runner_left_unfinished_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.jsonl"
    reason = ["age", "invalid_int", "no int", ""]
    line = json.dumps(["people", 3, [reason], '{"age": "é"}', 12, "ab"], ensure_ascii=False)
    path.write_bytes(f"{line}\n{line}".encode()[:-30])
    assert [row.row_number for row in read_rejected(path)] == [3]

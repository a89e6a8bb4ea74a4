"""What changed between two results, as the Diff tab says it."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.dev_session import changes
from casparian.core.dev_session.changes import ColumnChange, ComparisonError, compare_outputs
from casparian.core.dev_session.results import OutputFiles
from casparian.core.quarantine import QUARANTINE_SCHEMA


@pytest.fixture
def made(tmp_path):
    """Write rows, and rejected rows (number, raw), as an output's files."""
    count = iter(range(100))

    def make(rows, rejected=(), *, key=(), name="out", schema=None):
        paths = []
        table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema=schema)
        quarantine = pa.Table.from_pylist(
            [
                {
                    "output": name,
                    "row_number": number,
                    "column": "x",
                    "error_type": "int",
                    "error_message": "",
                    "reasons": [],
                    "raw": raw,
                    "raw_bytes": len(raw),
                    "raw_sha256": hashlib.sha256(raw.encode()).hexdigest(),
                }
                for number, raw in rejected
            ],
            schema=QUARANTINE_SCHEMA,
        )
        for content in (table, quarantine):
            paths.append(tmp_path / f"{next(count)}.parquet")
            pq.write_table(content, paths[-1])
        return OutputFiles(name, paths[0], paths[1] if rejected else None, tuple(key))

    return make


def only(before, after, received=0):
    (output,) = compare_outputs([before], [after], {after.name: received}).outputs
    return output


def test_rows_in_another_order_are_the_same(made):
    rows = [{"a": 1, "b": "x"}, {"a": 2, "b": None}, {"a": 1, "b": "x"}]
    found = only(made(rows), made(rows[::-1]))
    assert found.is_same
    assert (found.rows_before, found.rows_after) == (3, 3)


def test_without_a_key_rows_are_told_by_all_they_hold_and_how_often(made):
    before = [{"a": 1}, {"a": 1}, {"a": 2}]
    found = only(made(before), made([{"a": 1}, {"a": 3}, {"a": 3}]))
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (2, 2, 0)
    assert found.rows.added_rows.to_pylist() == [{"a": 3}, {"a": 3}]
    assert found.rows.removed_rows.to_pylist() == [{"a": 1}, {"a": 2}]
    assert not found.is_same


def test_with_a_key_a_row_can_have_changed(made):
    before = [
        {"id": 1, "a": "x", "b": 1.0},
        {"id": 2, "a": "y", "b": 2.0},
        {"id": 3, "a": "z", "b": 3.0},
    ]
    after = [
        {"id": 4, "a": "n", "b": 4.0},
        {"id": 3, "a": "z", "b": 3.5},
        {"id": 1, "a": "x", "b": 1.5},
    ]
    found = only(made(before), made(after, key=["id"])).rows
    assert (found.added, found.removed, found.changed) == (1, 1, 2)
    assert found.added_rows["id"].to_pylist() == [4]
    assert found.removed_rows["id"].to_pylist() == [2]
    assert found.changed_before.to_pylist() == [before[2], before[0]]
    assert found.changed_after.to_pylist() == after[1:]
    assert found.cells == (("b", 2),)


def test_columns_that_came_went_or_have_another_type(made):
    before = [{"kept": 1, "typed": "1", "gone": True}]
    after = [{"new": 1, "kept": 1, "typed": 1}]
    found = only(made(before), made(after))
    assert found.columns == (
        ColumnChange("new", "added", "", "int64"),
        ColumnChange("typed", "retyped", "string", "int64"),
        ColumnChange("gone", "removed", "bool", ""),
    )
    # The rows say the same as far as both can.
    assert (found.rows.added, found.rows.removed) == (0, 0)
    assert not found.is_same


VALUES = {
    "bool": [True, False, None],
    "float": [1.5, float("nan"), None],
    "decimal": [Decimal("1.10"), Decimal("-2.00"), None],
    "date": [dt.date(2024, 1, 31), dt.date(1, 1, 1), None],
    "timestamp": [dt.datetime(2024, 1, 31, 8), dt.datetime(1999, 1, 1), None],
    "time": [dt.time(8, 30), dt.time(0), None],
    "duration": [dt.timedelta(seconds=90), dt.timedelta(0), None],
    "binary": [b"\x00\xff", b"", None],
    "list": [[1, None], [], None],
    "struct": [{"a": "x"}, {"a": None}, None],
    "large": pa.array(["x", "", None], pa.large_string()),
    "wide": pa.array([Decimal("1" * 60), Decimal(0), None], pa.decimal256(70, 0)),
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_of_every_kind_are_compared(made, kind):
    given = VALUES[kind]
    column = given if isinstance(given, pa.Array) else pa.array(given)
    table = pa.table({"c": column})
    assert only(made(table), made(table.take(pa.array([2, 0, 1])))).is_same
    found = only(made(table), made(table.take(pa.array([0, 0, 1])))).rows
    assert (found.added, found.removed) == (1, 1)
    assert found.removed_rows["c"].null_count == 1


def test_rejected_rows_are_newly_so_valid_now_or_gone(made):
    rows = [{"a": 1}]
    before = made(rows, [(0, "stays"), (1, "mended"), (3, "moved"), (5, "other"), (9, "gone")])
    after = made([*rows, {"a": 2}], [(0, "stays"), (2, "new"), (4, "moved"), (5, "another")])
    bad = only(before, after, received=8).quarantine
    assert (bad.before, bad.after) == (5, 4)
    assert (bad.newly_quarantined, bad.newly_valid, bad.gone) == (1, 1, 1)
    assert bad.newly_quarantined_rows["raw"].to_pylist() == ["new"]
    assert bad.newly_valid_rows["raw"].to_pylist() == ["mended"]
    assert bad.gone_rows["raw"].to_pylist() == ["gone"]
    none = only(made(rows), made(rows)).quarantine
    assert (none.before, none.newly_quarantined) == (0, 0)


def test_no_more_rejected_rows_are_said_to_be_valid_now_than_valid_rows_are_new(made):
    """A parser that leaves a bad row out has not made it valid, though others take its number."""
    before = made([{"a": 1}, {"a": 2}, {"a": 3}], [(0, "one"), (1, "two")])
    left_out = only(before, made([{"a": 1}, {"a": 2}, {"a": 3}]), received=3)
    assert (left_out.quarantine.newly_valid, left_out.quarantine.gone) == (0, 2)
    assert not left_out.is_same
    one_of_them = only(before, made([{"a": 1}, {"a": 2}, {"a": 3}, {"a": 4}]), received=4)
    bad = one_of_them.quarantine
    assert (bad.newly_valid, bad.gone, bad.unclear) == (0, 0, 2)
    assert bad.unclear_rows["raw"].to_pylist() == ["one", "two"]
    assert not one_of_them.is_same


def test_outputs_that_came_or_went(made):
    rows = [{"a": 1}]
    found = compare_outputs(
        [made(rows, name="old"), made(rows, name="both")],
        [made(rows, name="both"), made(rows, name="new")],
        {},
    )
    assert [(o.name, o.kind, o.rows_before, o.rows_after) for o in found.outputs] == [
        ("both", "both", 1, 1),
        ("new", "added", 0, 1),
        ("old", "removed", 1, 0),
    ]
    assert not found.is_same
    empty = OutputFiles("both", None, None)
    assert only(made(rows, name="both"), empty).rows is None


def test_too_many_cells_are_counted_and_not_compared(made, monkeypatch):
    monkeypatch.setattr(changes, "MOST_CELLS", 3)
    found = only(made([{"a": 1}] * 2), made([{"a": 2}] * 2))
    assert found.rows is None
    assert "counted only" in found.not_compared
    assert (found.rows_before, found.rows_after, found.is_same) == (2, 2, True)


def test_many_rows_are_counted_and_some_given(made):
    before = pa.table({"id": range(100_000), "n": pa.array([0] * 100_000)})
    after = pa.table({"id": range(50_000, 150_000), "n": pa.array([1] * 100_000)})
    found = only(made(before), made(after, key=["id"])).rows
    assert (found.added, found.removed, found.changed) == (50_000, 50_000, 50_000)
    assert found.added_rows.num_rows == changes.EXAMPLES
    assert found.changed_before["id"].to_pylist() == list(range(50_000, 51_000))
    assert found.changed_after["id"] == found.changed_before["id"]
    assert found.cells == (("n", 50_000),)


def test_a_file_that_is_gone_is_a_clear_error(made):
    before, after = made([{"a": 1}]), made([{"a": 1}])
    before.rows.unlink()
    with pytest.raises(ComparisonError, match="can't be compared"):
        only(before, after)

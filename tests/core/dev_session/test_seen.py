"""What a contract declares against what the parser yielded, and not what was made of that."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from casparian.core.contract.parse import parse_outputs
from casparian.core.dev_session.came import CameColumns
from casparian.core.dev_session.results import OutputFiles, RunResult
from casparian.core.dev_session.seen import seen_columns, seen_table
from casparian.core.run_report import RunReport
from casparian.core.validation.cells import KIND_PREFIX

COLUMNS = {"day": "date", "sold": "int32"}


def seen(*schemas: pa.Schema, declared: dict | None = None) -> list[tuple[str, str, str, str]]:
    came = CameColumns()
    for schema in schemas:
        came.take("sales", schema.empty_table())
    here = Path()
    result = RunResult(
        1, here, "asked", 1, "finished",
        RunReport("failed", "sales", "1", here, here, here), here,
        (OutputFiles("sales", None, None, came=came.of("sales")),),
        here, (), 0, 0.0, 0.0, None, 0,
        parse_outputs({"sales": declared or {"columns": COLUMNS}}, parser_name="sales"),
    )  # fmt: skip
    columns = seen_columns(result)
    assert seen_table(columns)["reasons"].to_pylist() == [column.violates for column in columns]
    return [(c.name, c.declared, c.seen, c.violates) for c in columns]


def test_the_types_are_those_that_the_parser_yielded_and_not_those_of_the_valid_rows():
    text = pa.schema({"day": pa.string(), "sold": pa.string()})
    assert seen(text) == [("day", "date", "string", ""), ("sold", "int32", "string", "")]


def test_columns_that_are_missing_or_that_nobody_expects_are_said_to_be():
    other = pa.schema({"day": pa.date32(), "sum": pa.int64()})
    assert seen(other) == [
        ("day", "date", "date32[day]", ""),
        ("sold", "int32", "", "missing column"),
        ("sum", "", "int64", "unexpected column"),
    ]
    dropped = {"columns": COLUMNS, "extra_columns": "drop"}
    assert seen(other, declared=dropped)[-1] == ("sum", "", "int64", "")


def test_of_a_parser_that_yielded_nothing_no_column_is_missing():
    assert [violates for *_, violates in seen()] == ["", ""]


@pytest.mark.parametrize("twice", [True, False])
def test_all_types_of_all_frames_are_told_and_columns_of_mixed_kinds(twice):
    first = pa.schema({"day": pa.string(), "sold": pa.int64()})
    mixed = pa.schema({"day": pa.string(), KIND_PREFIX + "day": pa.string(), "sold": pa.float64()})
    assert seen(*[first] * (1 + twice), mixed) == [
        ("day", "date", "string, mixed kinds", ""),
        ("sold", "int32", "int64, double", ""),
    ]

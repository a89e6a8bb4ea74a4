"""Quarantined rows as a table, as JSON and as a summary."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest

from casparian.core.quarantine import (
    MAX_GROUPS,
    QUARANTINE_SCHEMA,
    Summary,
    quarantine_table,
    raw_json,
    summarise,
)
from casparian.core.validation.cells import Cell, cells_of, plain
from casparian.core.validation.raw import raw_rows
from casparian.core.validation.rejections import Rejections, joined


def row(number: int, *columns: str, raw: str = '{"a": "x"}', hint: str = "hint {}") -> Rejections:
    """One bad row whose columns have a reason each."""
    sentence = "'x' is not an int64"
    return Rejections(
        np.array([number]),
        pa.chunked_array([[raw]]),
        np.array([0, len(columns)]),
        pa.array(columns),
        pa.array(["type_mismatch"] * len(columns)),
        pa.array([f"row {number + 1}: {column}: {sentence}" for column in columns]),
        pa.array([hint.format(column) for column in columns]),
    )


def test_table_of_rows() -> None:
    table = quarantine_table("sales", joined([row(3, "a", "b"), row(9, "b", raw='{"b": "é"}')]))
    assert table.schema == QUARANTINE_SCHEMA
    first, second = table.to_pylist()
    assert (first["output"], first["row_number"], first["column"]) == ("sales", 3, "a")
    assert first["error_message"] == "row 4: a: 'x' is not an int64"
    assert [reason["column"] for reason in first["reasons"]] == ["a", "b"]
    assert first["reasons"][1]["hint"] == "hint b"
    assert second["raw_bytes"] == len('{"b": "é"}'.encode())
    assert second["raw_sha256"] == hashlib.sha256('{"b": "é"}'.encode()).hexdigest()
    assert quarantine_table("sales", Rejections.none()).schema == QUARANTINE_SCHEMA


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (None, "", "null"),
        ("str", 'a"\n', '"a\\"\\n"'),
        ("int", "12345678901234567890123", "12345678901234567890123"),
        ("int", "0xff", '{"$int": "0xff"}'),
        ("float", "1.0", "1.0"),
        ("float", "inf", '{"$float": "inf"}'),
        ("float", "nan", '{"$float": "nan"}'),
        ("float", "-0.0", "-0.0"),
        ("float", "1e+16", "1e+16"),
        ("float32", "1", "1.0"),
        ("float32", "0.1", "0.1"),
        ("float", "garbage", '{"$float": "garbage"}'),
        # What a guest never writes is kept as it came: it is no number to Python only.
        ("float", "1_0", '{"$float": "1_0"}'),
        ("float", "1e999", "1e999"),
        ("float", "Infinity", '{"$float": "Infinity"}'),
        ("bool", "false", "false"),
        ("decimal", "1.10", '{"$decimal": "1.10"}'),
        ("bytes", "AQ==", '{"$bytes": "AQ=="}'),
        ("date", "2024-01-05", '{"$date": "2024-01-05"}'),
        ("datetimetz", "2024-01-05T00:00:00+02:00", '{"$datetime": "2024-01-05T00:00:00+02:00"}'),
        ("json", '{"a": [1]}', '{"a": [1]}'),
        ("json", "{broken", '{"$json": "{broken"}'),
        ("json", "[NaN]", '{"$json": "[NaN]"}'),
        ("set", "[Infinity]", '{"$set": "[Infinity]"}'),
        ("set", "[1, 2]", '{"$set": [1, 2]}'),
        ("object:Path", "/x", '{"$Path": "/x"}'),
    ],
)
def test_raw_json_keeps_kinds_apart(kind: str | None, text: str, expected: str) -> None:
    raw = raw_json([("x", Cell(kind, text))])
    assert raw == f'{{"x": {expected}}}'
    json.loads(raw)


def test_a_number_in_json_may_be_longer_than_python_would_read() -> None:
    raw = raw_json([("x", Cell("json", f"[{'9' * 5_000}]"))])
    assert raw == f'{{"x": [{"9" * 5_000}]}}'


@pytest.mark.parametrize("start", [0, 1, 2, 5])
def test_rows_are_written_together_as_each_would_be_alone(start: int) -> None:
    texts = ["plain", "", 'a "quote"', "back\\slash", "tab\t", "\x1f", "\x7f", "é\u2028", None]
    table = pa.table(
        {
            "first": ["x"] * 9,
            "mixed": texts,
            "number": [1, None, *range(7)],
            'a "name"': [text if text == "é\u2028" else "y" for text in texts],
            "bool": [True, False, None] * 3,
            "float": [0.5, float("nan"), -0.0] * 3,
            "tagged": ["1", 'a"b', None] * 3,
        }
    ).slice(start)
    data = {name: plain(table.column(name)) for name in table.column_names}
    kinds = {"tagged": plain(pa.chunked_array([["int", "str", None] * 3]).slice(start))}
    cells = {name: cells_of(array, kinds.get(name)) for name, array in data.items()}
    alone = [raw_json((n, c[i]) for n, c in cells.items()) for i in range(len(table))]
    assert raw_rows(data, kinds).to_pylist() == alone


def test_typed_columns_have_the_same_spellings() -> None:
    table = pa.table(
        {
            "t": pa.array([0, 10**18 + 1], pa.timestamp("ns", "UTC")),
            "d": pa.array([1, -(2**30)], pa.date32()),
            "n": pa.array([[{"a": 1}], None]),
            "f": pa.array([0.1, float("-inf")], pa.float32()),
            "w": pa.array([5, -1_500_000], pa.duration("us")),
            "s": pa.array([2**62, 0], pa.timestamp("s")),
        }
    )
    cells = {name: cells_of(table.column(name)) for name in table.column_names}
    rows = [json.loads(raw_json((n, c[i]) for n, c in cells.items())) for i in (0, 1)]
    assert rows[0]["t"] == {"$datetime": "1970-01-01T00:00:00+00:00"}
    assert rows[1]["t"] == {"$datetime": "2001-09-09T01:46:40.000000001+00:00"}
    assert rows[0]["d"] == {"$date": "1970-01-02"}
    assert rows[0]["n"] == [{"a": 1}]
    assert (rows[0]["f"], rows[1]["f"]) == (0.1, {"$float": "-inf"})
    assert rows[1]["w"] == {"$timedelta": "-PT1.5S"}
    assert "since 1970" in rows[0]["s"]["$datetime"]


def test_a_summary_has_the_first_hint_that_there_is() -> None:
    summary = Summary()
    summary.add("sales", joined([row(0, "a", hint=""), row(1, "b", "a", hint="")]))
    assert [group.hint for group in summary.groups()] == ["", ""]
    summary.add("sales", joined([row(2, "a", hint=""), row(3, "a", "b"), row(4, "a", hint="z")]))
    assert [(group.column, group.count, group.hint) for group in summary.groups()] == [
        ("a", 5, "hint a"),
        ("b", 2, "hint b"),
    ]


def test_summary_groups_reasons() -> None:
    summary = Summary()
    summary.add("sales", joined([row(n, "a") for n in range(5)]))
    summary.add("sales", row(7, "b", "a"))
    summary.add("other", row(0, "a"))
    first, *rest = summary.groups()
    assert (first.output, first.column, first.count) == ("sales", "a", 6)
    assert [example.row_number for example in first.examples] == [0, 1, 2]
    assert first.hint == "hint a"
    assert [(group.output, group.column, group.count) for group in rest] == [
        ("sales", "b", 1),
        ("other", "a", 1),
    ]
    assert summary.rows == 7
    assert summarise("sales", Rejections.none()) == ()


def test_summary_is_bounded() -> None:
    groups = summarise("o", joined([row(n, f"c{n}") for n in range(MAX_GROUPS + 50)]))
    assert len(groups) == MAX_GROUPS + 1
    assert (groups[0].column, groups[0].count) == ("…", 50)

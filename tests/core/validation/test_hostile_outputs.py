"""Outputs that are odd as a whole: frames of other schemas, huge cells, thousands of columns."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa
import pytest

from casparian.core.contract import parse_outputs
from casparian.core.quarantine import quarantine_table
from casparian.core.validation import OutputFailed, OutputValidator
from casparian.core.validation.cells import Cell

from .agreement import tagged

MB = 2**20


def validator(columns: dict[str, Any], **options: Any) -> OutputValidator:
    outputs = {"rows": {"columns": columns, **options}}
    return OutputValidator(parse_outputs(outputs, parser_name="p").outputs[0])


def test_frames_of_any_schema_become_one_output_with_one_schema() -> None:
    check = validator({"n": {"type": "int64", "nullable": True, "unique": True}, "s": "string"})
    mixed, kinds = tagged(
        [Cell("int", "8"), Cell("str", "9"), Cell("bool", "true"), Cell(None, "")]
    )
    with_null = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 2]), pa.array(["10", None, "x"])
    )
    frames: list[dict[str, Any]] = [
        {"n": pa.nulls(1), "s": pa.array(["a"])},
        {"n": pa.array([1, 2], pa.int8()), "s": pa.array(["b", "c"]).dictionary_encode()},
        {"s": pa.array(["d", "e"], pa.large_string()), "n": pa.array(["3", "1"])},
        {"n": pa.array([4.0, 4.5, 2.0**53 + 2]), "s": pa.array(["f", "g", "h"], pa.string_view())},
        {"n": pa.array([], pa.bool_()), "s": pa.array([], pa.null())},
        {"n": mixed, "_cf_kind__n": kinds, "s": pa.array(["i", "j", "k", "l"])},
        {"n": with_null, "s": pa.array(["m", "n", "o", "p"])},
        {"n": pa.array([2**63], pa.uint64()), "s": pa.array(["q"])},
    ]
    values: list[Any] = []
    reasons: list[tuple[int, list[tuple[str, str]]]] = []
    first = 0
    for frame in frames:
        verdict = check.validate(pa.table(frame), first_row=first)
        assert verdict.valid.schema == check.schema
        values += zip(*verdict.valid.to_pydict().values(), strict=True)
        reasons += [
            (row.row_number, [(reason.error_type, row.raw) for reason in row.reasons])
            for row in verdict.rejected
        ]
        first += verdict.received
    assert values == [
        *[(None, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "f"), (8, "i"), (9, "j"), (None, "l")],
        *[(10, "m"), (None, "n"), (None, "o")],
    ]
    assert reasons == [
        (4, [("duplicate_key", '{"s": "e", "n": "1"}')]),
        (6, [("precision_loss", '{"n": 4.5, "s": "g"}')]),
        (7, [("precision_loss", '{"n": 9007199254740994.0, "s": "h"}')]),
        (10, [("type_mismatch", '{"n": true, "s": "k"}')]),
        (15, [("type_mismatch", '{"n": "x", "s": "p"}')]),
        (16, [("out_of_range", '{"n": 9223372036854775808, "s": "q"}')]),
    ]


@pytest.mark.parametrize("pattern", ["a*b", "(a*)*b", "(?:a|aa)+b", ".*.*.*b"])
def test_a_pattern_takes_no_longer_for_being_clever_or_the_cell_for_being_long(
    pattern: str,
) -> None:
    check = validator({"s": {"type": "string", "pattern": pattern}})
    table = pa.table({"s": ["a" * MB + "b", "a" * MB + "c", "ab"]})
    verdict = check.validate(table, first_row=0)
    assert [len(text) for text in verdict.valid["s"].to_pylist()] == [MB + 1, 2]
    [row] = verdict.rejected
    assert (row.row_number, row.reasons[0].error_type) == (1, "pattern_mismatch")
    assert len(row.reasons[0].message) < 200


def test_a_huge_cell_is_whole_in_quarantine_and_short_in_its_sentence() -> None:
    huge = 'é"\n' * (5 * MB // 4)
    verdict = validator({"n": "int64"}).validate(pa.table({"n": ["1", huge]}), first_row=9)
    [row] = quarantine_table("rows", verdict.rejected).to_pylist()
    assert row["row_number"] == 10
    assert json.loads(row["raw"]) == {"n": huge}
    assert row["raw_bytes"] == len(row["raw"].encode())
    assert row["raw_sha256"] == hashlib.sha256(row["raw"].encode()).hexdigest()
    assert len(row["error_message"]) < 200


def test_ten_thousand_columns() -> None:
    names = [f"c{n}" for n in range(10_000)]
    check = validator(dict.fromkeys(names, "string"))
    number, large = pa.array(["1", "2", "3"]), pa.array(["1", None, "3"])
    table = pa.table({name: large if n % 1_000 == 0 else number for n, name in enumerate(names)})
    verdict = check.validate(table, first_row=0)
    assert verdict.valid.num_columns == 10_000
    assert verdict.valid.num_rows == 2
    [row] = verdict.rejected
    assert [reason.column for reason in row.reasons] == names[::1_000]
    assert list(json.loads(row.raw)) == names


def test_frames_without_columns_or_rows() -> None:
    check = validator({"n": "int64"})
    with pytest.raises(OutputFailed) as caught:
        check.validate(pa.table({}), first_row=0)
    assert caught.value.error_type == "missing_column"
    assert "got no columns" in caught.value.message
    empty = check.validate(pa.table({"n": pa.chunked_array([], pa.string())}), first_row=0)
    assert (empty.received, empty.valid.schema) == (0, check.schema)

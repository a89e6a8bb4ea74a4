"""An output against its contract: splits, reasons, whole-output failures."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.contract import parse_outputs
from casparian.core.validation import (
    OutputFailed,
    OutputValidator,
    ValidatorDisagreement,
    Verdict,
    strip_tags,
)
from casparian.core.validation import output as output_module
from casparian.core.validation import raw as raw_module
from casparian.core.validation import reasons as reasons_module


def validator(columns: dict[str, Any], **options: Any) -> OutputValidator:
    outputs = {"rows": {"columns": columns, **options}}
    return OutputValidator(parse_outputs(outputs, parser_name="p").outputs[0])


def tagged(**columns: list[tuple[str | None, str | None]]) -> pa.Table:
    arrays: dict[str, Any] = {}
    for name, cells in columns.items():
        arrays[name] = pa.array([text for _, text in cells], pa.string())
        arrays[f"_cf_kind__{name}"] = pa.array([k for k, _ in cells]).dictionary_encode()
    return pa.table(arrays)


def test_one_bad_cell_costs_one_row() -> None:
    cells: list[tuple[str | None, str | None]] = [("int", "25")] * 999
    verdict = validator({"age": "int64"}).validate(
        tagged(age=[*cells, ("str", "Unknown")]), first_row=0
    )
    assert verdict.valid.schema == pa.schema([pa.field("age", pa.int64(), nullable=False)])
    assert verdict.valid.column("age").to_pylist() == [25] * 999
    (row,) = verdict.rejected
    assert row.row_number == 999
    assert json.loads(row.raw) == {"age": "Unknown"}
    (reason,) = row.reasons
    assert (reason.column, reason.error_type) == ("age", "type_mismatch")
    assert reason.message == "row 1000: age: 'Unknown' is not an int64"
    assert 'null_tokens = ["Unknown"]' in reason.hint


@pytest.mark.parametrize("bad", [(0, 2), (1, 3), (0, 1), (19_997, 19_999), (0, 19_999)])
def test_few_bad_rows_among_many_take_no_neighbour_with_them(bad: tuple[int, int]) -> None:
    texts = [str(row) for row in range(20_000)]
    for row in bad:
        texts[row] = "x"
    verdict = validator({"n": "int64"}).validate(pa.table({"n": texts}), first_row=0)
    assert [row.row_number for row in verdict.rejected] == [*bad]
    assert verdict.valid["n"].to_pylist() == [row for row in range(20_000) if row not in bad]


def test_all_reasons_of_a_row_are_kept() -> None:
    check = validator(
        {
            "n": {"type": "int64", "min": 10, "enum": [20, 30]},
            "s": {"type": "string", "pattern": "[a-z]+", "max_length": 3},
            "d": "date",
        }
    )
    table = pa.table({"d": ["2024-02-30", "2024-02-29"], "s": ["ABCD", "ab"], "n": ["5", "20"]})
    verdict = check.validate(table, first_row=41)
    assert verdict.valid.to_pylist()[0]["n"] == 20
    assert verdict.valid.column_names == ["n", "s", "d"]
    (row,) = verdict.rejected
    assert row.row_number == 41
    assert [(r.column, r.error_type) for r in row.reasons] == [
        ("n", "below_minimum"),
        ("n", "not_in_enum"),
        ("s", "pattern_mismatch"),
        ("s", "too_long"),
        ("d", "invalid_date"),
    ]
    assert all(r.message.startswith(f"row 42: {r.column}: ") for r in row.reasons)
    assert list(json.loads(row.raw)) == ["d", "s", "n"]


def test_row_numbers_run_through_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    values = ["1"] * 60_000
    values[54_321] = "x"
    values[0] = ""
    monkeypatch.setattr(output_module, "SLICE_ROWS", 1_000)
    check = validator({"a": "int64"})
    table = pa.table({"a": values})
    verdict = check.validate(table, first_row=100)
    assert [row.row_number for row in verdict.rejected] == [100, 54_421]
    assert len(verdict.valid) == 59_998
    assert len(list(check.verdicts(table, first_row=0))) == 60


def test_slices_of_262144_rows_and_of_fewer_where_rows_are_large() -> None:
    batch = pa.record_batch({"a": pa.array(range(262_145))})
    parts = list(validator({"a": "int64"}).verdicts(batch, first_row=0))
    assert [part.received for part in parts] == [262_144, 1]
    large = pa.record_batch({"a": ["x" * 1_000] * 50_000})
    parts = list(validator({"a": "string"}).verdicts(large, first_row=0))
    assert sum(part.received for part in parts) == 50_000
    assert all(part.received * 1_004 <= 2**25 for part in parts)
    assert len(parts) == 2


@pytest.mark.parametrize(
    ("table", "options", "error_type", "words"),
    [
        ({"b": [1]}, {}, "missing_column", "missing column 'a' and unexpected column 'b'"),
        ({"b": [1]}, {"extra_columns": "drop"}, "missing_column", "expected a; got b"),
        ({"a": [1], "b": [1], "c": [2]}, {}, "extra_column", "unexpected columns 'b', 'c'"),
        ({"a": [1], "_cf_row": [1]}, {"extra_columns": "drop"}, "extra_column", "_cf_row"),
        ({"a": [1], "_cf_kind__b": ["x"]}, {}, "extra_column", "_cf_kind__b"),
        ({"a": [True]}, {}, "column_type_impossible", "column 'a' is bool"),
        ({"a": [b"x"]}, {}, "column_type_impossible", "column 'a' is binary"),
        ({"a": [[1]]}, {}, "column_type_impossible", "list"),
        ({"a": [1], "_cf_kind__a": ["int"]}, {}, "corrupt_batch", "not text"),
        ({"a": ["1"], "_cf_kind__a": [None]}, {}, "corrupt_batch", "disagree"),
        ({"a": [None], "_cf_kind__a": ["int"]}, {}, "corrupt_batch", "not text"),
    ],
)
def test_whole_output_failures(
    table: dict[str, Any], options: dict[str, Any], error_type: str, words: str
) -> None:
    with pytest.raises(OutputFailed) as caught:
        validator({"a": "int64"}, **options).validate(pa.table(table), first_row=0)
    assert caught.value.error_type == error_type
    assert words in caught.value.message


def test_duplicate_columns_fail() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(OutputFailed) as caught:
        validator({"a": "int64"}).validate(table, first_row=0)
    assert caught.value.error_type == "duplicate_column"


@pytest.mark.parametrize(
    ("array", "spec", "hint"),
    [
        (pa.array([1.5]), "decimal(5,2)", "from_float = true"),
        (pa.array([1]), "string", "stringify = true"),
        (pa.array([0], pa.timestamp("us")), "date", "midnight_ok = true"),
        (pa.array([0], pa.timestamp("us")), "timestamp(UTC)", "tz_localize"),
        (pa.array([0], pa.timestamp("us", "UTC")), "timestamp", "timestamp(us, UTC)"),
        (pa.array([0], pa.timestamp("us", "UTC")), {"type": "date", "midnight_ok": True}, "parser"),
        (pa.array([b"x"]), {"type": "string", "stringify": True}, "decode"),
        (pa.array([1]), "date", "parser"),
        (pa.array([1]), "timestamp", "parser"),
        (pa.array([1]), "bool", "parser"),
        (pa.array([pa.scalar(1).cast(pa.decimal128(20, 0)).as_py()]), "float64", "parser"),
    ],
)
def test_impossible_types_say_the_way_out(array: pa.Array, spec: Any, hint: str) -> None:
    with pytest.raises(OutputFailed) as caught:
        validator({"a": spec}).validate(pa.table({"a": array}), first_row=0)
    assert caught.value.error_type == "column_type_impossible"
    assert hint in caught.value.hint


def test_dropped_columns_stay_in_the_raw_row() -> None:
    table = pa.table({"a": ["1", "x"], "b": [1.5, 2.5]})
    verdict = validator({"a": "int64"}, extra_columns="drop").validate(table, first_row=0)
    assert verdict.valid.column_names == ["a"]
    assert verdict.rejected[0].raw == '{"a": "x", "b": 2.5}'


@pytest.mark.parametrize("type_", ["int64", "string", "date", "decimal(5,2)", "timestamp(UTC)"])
def test_nulls_and_empty_batches(type_: str) -> None:
    for array in (pa.nulls(2), pa.nulls(2, pa.float64()), pa.nulls(2, pa.string())):
        table = pa.table({"a": array})
        verdict = validator({"a": {"type": type_, "nullable": True}}).validate(table, first_row=0)
        assert verdict.valid.column("a").null_count == 2
        refused = validator({"a": type_}).validate(table, first_row=0)
        assert [r.reasons[0].error_type for r in refused.rejected] == ["null_not_allowed"] * 2
        assert refused.rejected[0].reasons[0].hint == "nullable = true"
        empty = validator({"a": type_}).validate(table.slice(0, 0), first_row=5)
        assert (len(empty.valid), len(empty.rejected), empty.received) == (0, 0, 0)
        assert empty.valid.schema == validator({"a": type_}).schema


def test_empty_text_is_not_null() -> None:
    verdict = validator({"a": {"type": "int64", "nullable": True}}).validate(
        pa.table({"a": ["", None, "1"]}), first_row=0
    )
    assert verdict.valid.column("a").to_pylist() == [None, 1]
    assert verdict.rejected[0].reasons[0].error_type == "empty_value"
    assert verdict.rejected[0].reasons[0].hint == 'null_tokens = [""]'


def test_every_kind_is_kept_apart_in_the_raw_row() -> None:
    cells: list[tuple[str | None, str | None]] = [
        ("int", "1"),
        ("str", "1"),
        ("float", "1.0"),
        ("bool", "true"),
        ("decimal", "1.10"),
        ("bytes", "AQ=="),
        (None, None),
    ]
    verdict = validator({"a": "date"}).validate(tagged(a=cells), first_row=0)
    assert [row.raw for row in verdict.rejected] == [
        '{"a": 1}',
        '{"a": "1"}',
        '{"a": 1.0}',
        '{"a": true}',
        '{"a": {"$decimal": "1.10"}}',
        '{"a": {"$bytes": "AQ=="}}',
        '{"a": null}',
    ]


def test_the_raw_row_is_json_whatever_characters_are_in_it() -> None:
    texts = [
        *map(chr, range(0x21)),
        '"',
        "\\",
        "/",
        "\x7f",
        "\x85",
        "\u2028",
        "é",
        "\U0001f600",
        'a\\"b',
    ]
    for table in (pa.table({"a": texts}), tagged(a=[("str", text) for text in texts])):
        verdict = validator({"a": "date"}).validate(table, first_row=0)
        assert [json.loads(row.raw) for row in verdict.rejected] == [{"a": text} for text in texts]
    quoted = validator({'"a\\\n': "date"}).validate(pa.table({'"a\\\n': ["x"]}), first_row=0)
    assert json.loads(quoted.rejected[0].raw) == {'"a\\\n': "x"}


def test_rows_too_large_to_be_written_at_once_are_written_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raw_module, "_AT_ONCE", 40)
    cells = [("str", f"{n} is no day" * n) for n in range(7)]
    columns = tagged(a=cells).append_column("b", pa.array(range(7)))
    check = validator({"a": "date", "b": "int64"})
    verdict = check.validate(columns, first_row=0)
    assert [json.loads(row.raw) for row in verdict.rejected] == [
        {"a": text, "b": n} for n, (_, text) in enumerate(cells)
    ]


def test_record_batches_dictionaries_and_chunks() -> None:
    check = validator({"a": "int64"})
    encoded = pa.array(["1", "x", "2"]).dictionary_encode()
    verdict = check.validate(pa.record_batch({"a": encoded}).slice(1), first_row=7)
    assert verdict.valid.column("a").to_pylist() == [2]
    assert verdict.rejected[0].row_number == 7
    chunked = pa.chunked_array([["1"], ["x"], ["3"]])
    assert len(check.validate(pa.table({"a": chunked}), first_row=0).valid) == 2
    no_value = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["1", None]))
    assert check.validate(pa.table({"a": no_value}), first_row=0).rejected[0].row_number == 1


def test_long_values_are_cut_in_sentences_not_in_raw() -> None:
    verdict = validator({"a": "int64"}).validate(pa.table({"a": ["x" * 500]}), first_row=0)
    (row,) = verdict.rejected
    assert len(row.reasons[0].message) < 130
    assert len(json.loads(row.raw)["a"]) == 500


def test_a_disagreement_is_never_guessed_away(monkeypatch: pytest.MonkeyPatch) -> None:
    check = validator({"a": "int64"})
    lenient = reasons_module.judge
    monkeypatch.setattr(
        reasons_module, "judge", lambda cell, column: lenient(cell._replace(text="1"), column)
    )
    with pytest.raises(ValidatorDisagreement, match="'x'"):
        check.validate(pa.table({"a": ["x"]}), first_row=0)


def test_a_verdict_accounts_for_every_row() -> None:
    with pytest.raises(AssertionError, match="2 received"):
        Verdict(pa.table({"a": [1]}), [], 2)


def test_tags_are_stripped_without_a_contract() -> None:
    table = tagged(a=[("int", "1"), ("str", "x")]).append_column("b", pa.array([1, 2]))
    stripped = strip_tags(table)
    assert stripped.column_names == ["a", "b"]
    assert stripped.column("a").to_pylist() == ["1", "x"]
    assert strip_tags(stripped) is stripped
    orphan = pa.table({"_cf_kind__gone": ["int"]})
    assert strip_tags(orphan) is orphan


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1", "x", "", "300", None]),
        st.sampled_from([1.0, 2.5, None, float("nan")]),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, size=st.integers(1, 20))
def test_order_and_count_whatever_the_batches(rows: list[Any], size: int) -> None:
    check = validator({"a": "uint8", "b": {"type": "int64", "nullable": True}})
    table = pa.table(
        {
            "a": pa.array([a for a, _ in rows], pa.string()),
            "b": pa.array([b for _, b in rows], pa.float64()),
        }
    )
    whole = check.validate(table, first_row=0)
    valid: list[Any] = []
    rejected: list[Any] = []
    for start in range(0, len(rows), size):
        verdict = check.validate(table.slice(start, size), first_row=start)
        valid.extend(verdict.valid.to_pylist())
        rejected.extend(verdict.rejected)
    assert valid == whole.valid.to_pylist()
    assert rejected == list(whole.rejected)
    numbers = [row.row_number for row in rejected]
    assert numbers == sorted(numbers)
    assert len(valid) + len(rejected) == len(rows)


def test_a_unique_value_stays_where_it_is_first_and_later_rows_name_it() -> None:
    check = validator({"id": {"type": "int64", "unique": True}, "n": "int64"})
    first = check.validate(pa.table({"id": ["1", "2", "1"], "n": ["x", "5", "6"]}), first_row=0)
    assert first.valid["id"].to_pylist() == [2, 1]  # row 1 is bad, so row 3 has the 1 for itself
    later = check.validate(pa.table({"id": ["1", "3", "2"], "n": ["7", "8", "y"]}), first_row=3)
    assert later.valid["id"].to_pylist() == [3]
    again, bad = later.rejected
    assert (again.row_number, again.raw) == (3, '{"id": "1", "n": "7"}')
    assert again.reasons == (("id", "duplicate_key", "row 4: id: '1' is already in row 3", ""),)
    assert [(r.column, r.error_type) for r in bad.reasons] == [
        ("n", "type_mismatch"),
        ("id", "duplicate_key"),
    ]


def test_a_key_may_have_several_columns_and_nulls() -> None:
    columns = {"order": "int64", "line": {"type": "int64", "nullable": True}}
    check = validator(columns, key=["order", "line"])
    verdict = check.validate(
        pa.table({"order": [1, 1, 1, 1], "line": [1, None, 1, None]}), first_row=10
    )
    assert verdict.valid.num_rows == 2
    assert [row.reasons[0].message for row in verdict.rejected] == [
        "row 13: order, line: 1, 1 is already in row 11",
        "row 14: order, line: 1, null is already in row 12",
    ]


def test_a_key_that_is_no_value_is_one_reason_and_no_repetition() -> None:
    check = validator({"id": {"type": "int64", "unique": True}})
    verdict = check.validate(pa.table({"id": ["x", "x", "4"]}), first_row=0)
    assert [[r.error_type for r in row.reasons] for row in verdict.rejected] == [
        ["type_mismatch"],
        ["type_mismatch"],
    ]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), max_size=80), st.integers(1, 30))
def test_keys_whatever_the_batches(numbers: list[int], size: int) -> None:
    check = validator({"id": {"type": "int64", "unique": True, "max": 25}})
    kept: list[int] = []
    for start in range(0, len(numbers), size):
        batch = pa.table({"id": pa.array(numbers[start : start + size], pa.int64())})
        kept += check.validate(batch, first_row=start).valid["id"].to_pylist()
    assert kept == list(dict.fromkeys(n for n in numbers if n <= 25))

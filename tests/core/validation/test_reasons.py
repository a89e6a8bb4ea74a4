"""Error types, sentences and hints of bad cells."""

from __future__ import annotations

from typing import Any

import pytest

from casparian.core.contract import parse_outputs
from casparian.core.validation import hints
from casparian.core.validation.cells import Cell
from casparian.core.validation.hints import Hints, hint_for
from casparian.core.validation.oracle import judge


def explained(kind: str | None, text: str, spec: Any) -> tuple[str, str, str]:
    outputs = {"o": {"columns": {"x": spec}}}
    column = parse_outputs(outputs, parser_name="p").outputs[0].columns[0]
    cell = Cell(kind, text)
    ((error_type, sentence), *_) = judge(cell, column).reasons
    return error_type, sentence, hint_for(cell, column)


NULLABLE = {"type": "int64", "nullable": True}


@pytest.mark.parametrize(
    ("kind", "text", "spec", "error_type", "hint"),
    [
        ("str", "Unknown", NULLABLE, "type_mismatch", 'null_tokens = ["Unknown"]'),
        ("str", "1,000", "int64", "not_canonical", 'thousands = ","'),
        # It may well be 1: a hint that would read it as 1000 would bend it.
        ("str", "1.000", "int64", "not_canonical", ""),
        ("str", "1.000.000", "int64", "type_mismatch", 'thousands = "."'),
        ("str", "007", "int64", "not_canonical", "leading_zeros = true"),
        ("str", "+7", "int64", "not_canonical", "plus = true"),
        ("str", " 7", "int64", "not_canonical", "trim = true"),
        ("str", " 1,000", "int64", "not_canonical", 'trim = true, thousands = ","'),
        ("str", "1.0", "int64", "not_canonical", ""),
        ("str", "1.5", "int64", "type_mismatch", ""),
        ("str", "0x10", "int64", "not_canonical", ""),
        ("str", "1_000", "int64", "not_canonical", 'thousands = "_"'),
        ("str", "٧", "int64", "type_mismatch", ""),
        ("str", "-0", "int64", "not_canonical", ""),
        ("str", "9223372036854775808", "int64", "out_of_range", ""),
        ("str", "nan", "float64", "not_finite", "allow_nan = true"),
        ("str", "inf", "float64", "not_finite", "allow_inf = true"),
        ("str", "1E400", "float64", "out_of_range", ""),
        ("str", "1,5", "float64", "not_canonical", 'decimal_point = ","'),
        ("str", "1.234,5", "float64", "not_canonical", 'thousands = ".", decimal_point = ","'),
        ("str", "1.105", "decimal(5,2)", "precision_loss", ""),
        ("str", "12345.1", "decimal(5,2)", "out_of_range", ""),
        ("str", "1e2", "decimal(5,2)", "not_canonical", ""),
        ("str", "2024-02-31", "date", "invalid_date", ""),
        ("str", "2024-13-01", "date", "invalid_date", ""),
        ("str", "31/02/2024", "date", "invalid_date", ""),
        ("str", "31/02/2024", {"type": "date", "formats": "%d/%m/%Y"}, "invalid_date", ""),
        ("str", "31/01/2024", "date", "format_mismatch", 'formats = ["%d/%m/%Y"]'),
        (
            *("str", "03/04/2024", "date", "format_mismatch"),
            'formats = ["%d/%m/%Y"] or formats = ["%m/%d/%Y"]',
        ),
        ("str", "24-01-05", "date", "format_mismatch", ""),
        ("str", "2024-01-05T00:00:00", "date", "format_mismatch", "midnight_ok = true"),
        ("str", "n/a", "date", "type_mismatch", 'null_tokens = ["n/a"], with nullable = true'),
        (
            *("str", "2024-01-05T10:00:00+05:00", "timestamp", "unexpected_timezone"),
            'type = "timestamp(us, UTC)"',
        ),
        (
            *("str", "2024-01-05T10:00:00", "timestamp(UTC)", "missing_timezone"),
            'type = "timestamp(us)"',
        ),
        ("str", "2024-01-05T24:00:00", "timestamp", "invalid_time", ""),
        ("str", "2024-01-05T10:00:00.123", "timestamp(s)", "precision_loss", ""),
        (
            *("str", "05.01.2024 10:30", "timestamp", "format_mismatch"),
            'formats = ["%d.%m.%Y %H:%M"]',
        ),
        ("str", "yes", "bool", "type_mismatch", 'true_tokens = ["yes"]'),
        ("str", "0", "bool", "type_mismatch", 'false_tokens = ["0"]'),
        ("str", "tRUE", "bool", "not_canonical", 'true_tokens = ["tRUE"]'),
        ("str", "", "int64", "empty_value", 'null_tokens = [""], with nullable = true'),
        (None, "", "int64", "null_not_allowed", "nullable = true"),
        (
            "str",
            "-",
            {"type": "int64", "null_tokens": ["-"]},
            "null_not_allowed",
            "nullable = true",
        ),
        ("float", "1.5", "int64", "precision_loss", ""),
        ("float", "nan", "float64", "not_finite", "allow_nan = true"),
        ("float", "1.5", "decimal(5,2)", "type_mismatch", "from_float = true"),
        ("int", "5", "string", "type_mismatch", "stringify = true"),
        ("bool", "true", "int64", "type_mismatch", ""),
        ("datetime", "2024-01-05T00:00:00", "date", "type_mismatch", "midnight_ok = true"),
        ("datetime", "2024-01-05T00:00:00", "timestamp(UTC)", "missing_timezone", None),
        ("str_invalid", "\\udc80", "string", "invalid_encoding", ""),
        ("object:Path", "/x", "string", "type_mismatch", ""),
        ("str", "5", {"type": "int64", "min": 6}, "below_minimum", ""),
        ("str", "x" * 500, "int64", "type_mismatch", ""),
    ],
)
def test_error_type_and_hint(
    kind: str | None, text: str, spec: Any, error_type: str, hint: str | None
) -> None:
    found, _, given = explained(kind, text, spec)
    assert found == error_type
    if hint is not None:
        assert given == hint


@pytest.mark.parametrize(
    ("kind", "text", "spec", "sentence"),
    [
        ("str", "Unknown", "int64", "'Unknown' is not an int64"),
        ("str", "", "int64", "'' is not an int64"),
        ("str", "it's", "bool", '"it\'s" is not a bool'),
        ("str", "256", "uint8", "'256' is not a uint8: its range is 0 to 255"),
        ("str", "2024-02-31", "date", "'2024-02-31' is not a date: there is no such day"),
        ("str", "31/02/2024", "date", "'31/02/2024' is not a date: there is no such day"),
        ("str", "x", "date", "'x' is not a date: expected YYYY-MM-DD"),
        (None, "", "int64", "null is not allowed"),
        ("bool", "true", "int64", "true (bool) is not an int64"),
        ("float", "1.5", "int64", "1.5 is not an int64: it has a fraction"),
        ("date", "2024-01-05", "int64", "date 2024-01-05 is not an int64"),
        ("str", "5", {"type": "int64", "max": 4}, "'5' is above the maximum 4"),
        ("str", "c", {"type": "string", "enum": ["a", "b"]}, "'c' is none of 'a', 'b'"),
        ("str", "c", {"type": "string", "pattern": "[ab]"}, "'c' does not match [ab]"),
    ],
)
def test_sentences(kind: str | None, text: str, spec: Any, sentence: str) -> None:
    assert explained(kind, text, spec)[1] == sentence


def test_hints_are_remembered_by_shape_and_their_search_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    column = parse_outputs({"x": "date"}, parser_name="p").outputs[0].columns[0]
    found = Hints(column)
    monkeypatch.setattr(hints, "_SEARCHES", 1)
    assert found.hint(Cell("str", "31.01.2024")) == 'formats = ["%d.%m.%Y"]'
    assert found.hint(Cell("str", "30.01.2024")) == 'formats = ["%d.%m.%Y"]'
    assert found.hint(Cell("str", "30.02.2024")) == ""
    assert found.hint(Cell("str", "30/01/2024")) == ""

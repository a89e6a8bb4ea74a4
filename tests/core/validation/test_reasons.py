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
BERLIN = {"type": "timestamp(UTC)", "assume_tz": "Europe/Berlin"}


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
        ("str", "+1,234", "int64", "not_canonical", 'thousands = ",", plus = true'),
        ("str", "+1.234", "int64", "type_mismatch", ""),
        (
            "str",
            " +007",
            "int64",
            "not_canonical",
            "trim = true, leading_zeros = true, plus = true",
        ),
        (
            *("str", "+1,234", "float64", "not_canonical"),
            'thousands = ",", plus = true or plus = true, decimal_point = ","',
        ),
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
        # An English thousand, or a continental number near one: both ways are told.
        ("str", "1,234", "float64", "not_canonical", 'thousands = "," or decimal_point = ","'),
        ("str", "1,234", "decimal(6,2)", "not_canonical", 'thousands = ","'),
        ("str", "1,234.5", "float64", "not_canonical", 'thousands = ","'),
        (
            *("str", " 1,234", "float64", "not_canonical"),
            'trim = true, thousands = "," or trim = true, decimal_point = ","',
        ),
        ("str", "2024.01.05", "date", "format_mismatch", 'formats = ["%Y.%m.%d"]'),
        ("str", "5-Jan-2024", "date", "format_mismatch", 'formats = ["%-d-%b-%Y"]'),
        (
            *("str", "05-01-24", "date", "format_mismatch"),
            'formats = ["%y-%m-%d"] or formats = ["%d-%m-%y"] or formats = ["%m-%d-%y"]',
        ),
        (
            *("str", "05/Jan/2024:10:00:00 +0000", "timestamp(UTC)", "format_mismatch"),
            'formats = ["%d/%b/%Y:%H:%M:%S %z"]',
        ),
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
        (
            *("str", "24-01-05", "date", "format_mismatch"),
            'formats = ["%y-%m-%d"] or formats = ["%d-%m-%y"]',
        ),
        ("str", "2024-01-05T00:00:00", "date", "format_mismatch", "midnight_ok = true"),
        ("str", "n/a", "date", "type_mismatch", 'null_tokens = ["n/a"], with nullable = true'),
        (
            *("str", "2024-01-05T10:00:00+05:00", "timestamp", "unexpected_timezone"),
            'type = "timestamp(us, UTC)"',
        ),
        (
            *("str", "2024-01-05T10:00:00", "timestamp(UTC)", "missing_timezone"),
            'assume_tz = "UTC" (or whichever zone the times are in) or type = "timestamp(us)"',
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
        ("str", "1e-400", "float64", "out_of_range", ""),
        ("str", "24:00:00", "time", "invalid_time", ""),
        ("str", "10:30", "time", "format_mismatch", 'formats = ["%H:%M"]'),
        ("str", "1:30 PM", "time", "format_mismatch", 'formats = ["%-I:%M %p"]'),
        ("str", "10:00:00.5", "time(s)", "precision_loss", ""),
        ("str", "noon", "time", "type_mismatch", 'null_tokens = ["noon"], with nullable = true'),
        ("time", "10:00:00+02:00", "time", "unexpected_timezone", ""),
        ("time", "-5 us since midnight", "time", "out_of_range", ""),
        (
            *("str", "05/01/2024 1:30 PM", "timestamp", "format_mismatch"),
            'formats = ["%d/%m/%Y %-I:%M %p"] or formats = ["%m/%d/%Y %-I:%M %p"]',
        ),
        (
            *("str", "05.01.2024 10:30", "timestamp(UTC)", "format_mismatch"),
            'formats = ["%d.%m.%Y %H:%M"], assume_tz = "UTC" (or whichever zone the times are in)',
        ),
        ("str", "2024-03-31T02:30:00", BERLIN, "nonexistent_time", ""),
        (
            *("str", "2024-10-27T02:30:00", BERLIN, "ambiguous_time"),
            'ambiguous = "earliest" or ambiguous = "latest"',
        ),
        ("datetime", "2024-03-31T02:30:00", BERLIN, "nonexistent_time", ""),
        (
            *("datetime", "2024-10-27T02:30:00", BERLIN, "ambiguous_time"),
            'ambiguous = "earliest" or ambiguous = "latest"',
        ),
        ("str", "1h", "duration", "format_mismatch", ""),
        ("str", "PT0.5S", "duration(s)", "precision_loss", ""),
        ("str", "P106751992D", "duration", "out_of_range", ""),
        ("str", "Zm9v!", "binary", "type_mismatch", ""),
        ("str", "AB==", "binary", "not_canonical", ""),
        ("str", "-", "binary", "type_mismatch", 'null_tokens = ["-"], with nullable = true'),
        ("bytes", "AAE=", {"type": "binary", "max_length": 1}, "too_long", ""),
        ("str", "123E4567-E89B-12D3-A456-426614174000", "uuid", "not_canonical", ""),
        (
            "uuid",
            "123e4567-e89b-12d3-a456-426614174000",
            "string",
            "type_mismatch",
            "stringify = true",
        ),
        ("str", "{", "json", "type_mismatch", ""),
        ("str", "N/A", "json", "type_mismatch", 'null_tokens = ["N/A"], with nullable = true'),
        ("json", '{"a": {"$decimal": "1"}}', "json", "type_mismatch", ""),
        ("json", '[{"$float": "inf"}]', "json", "not_finite", ""),
        ("set", "[1]", "json", "type_mismatch", ""),
        ("int", "5", "json", "type_mismatch", ""),
        ("str", " red", "enum[red, green]", "not_in_enum", "trim = true"),
        ("str", "Red", "enum[red, green]", "not_in_enum", ""),
        ("str", "", "enum[red, green]", "empty_value", 'null_tokens = [""], with nullable = true'),
        ("enum", "Color.red", "enum[red, green]", "type_mismatch", ""),
        ("str", "[1, 2.5]", "list<int64>", "type_mismatch", ""),
        ("str", "[1", "list<int64>", "type_mismatch", ""),
        ("str", "null", "list<int64>", "null_not_allowed", "nullable = true"),
        (
            *("str", "2024-03-01", {"type": "date", "formats": ["%d.%m.%Y"]}, "format_mismatch"),
            'formats = ["%d.%m.%Y", "%Y-%m-%d"]',
        ),
        ("str", " [1]", {"type": "list<int64>", "max_length": 0}, "too_long", ""),
        ("json", "[1, null]", "list<int64>", "null_not_allowed", ""),
        ("json", "[1.5]", "list<int64>", "precision_loss", ""),
        (
            "json",
            '[{"$datetime": "2024-01-05T10:00:00"}]',
            "list<timestamp(UTC)>",
            "missing_timezone",
            "",
        ),
        ("json", '{"b": 1}', "struct{a: int64}", "type_mismatch", ""),
        ("json", "{}", "struct{a: int64}", "null_not_allowed", ""),
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
        ("str", "Red", "enum[red, green]", "'Red' is none of 'red', 'green'; did you mean 'red'?"),
        ("str", "blue", "enum[red, green]", "'blue' is none of 'red', 'green'"),
        (
            *("str", "LightBlue", {"type": "string", "enum": ["light blue", "red"]}),
            "'LightBlue' is none of 'light blue', 'red'; did you mean 'light blue'?",
        ),
        (
            "int",
            "7",
            "enum[a, b, c, d, e, f, g, h, i]",
            "7 is not an enum[a, b, c, d, e, f, g, h, i]",
        ),
        ("str", "x", "time", "'x' is not a time(us): expected HH:MM:SS"),
        (
            "time",
            "10:00:00[Europe/Berlin]",
            "time",
            "time 10:00:00[Europe/Berlin] is not a time(us): it has a time zone",
        ),
        (
            "time",
            "10:00:00.5",
            "time(s)",
            "time 10:00:00.5 is not a time(s): it has digits finer than s",
        ),
        (
            "str",
            "1 h",
            "duration",
            "'1 h' is not a duration(us): expected an ISO duration such as PT1H30M",
        ),
        ("timedelta", "PT1S", "int64", "duration PT1S is not an int64"),
        (
            "str",
            "10:00:00",
            {"type": "time", "min": "11:00:00"},
            "'10:00:00' is below the minimum 11:00:00",
        ),
        ("str", "PT1H", {"type": "duration", "max": "PT59M"}, "'PT1H' is above the maximum PT59M"),
        (
            *("str", "2024-03-31T02:30:00", BERLIN),
            "'2024-03-31T02:30:00' is not a timestamp(us, UTC): "
            "the clocks of Europe/Berlin skip it",
        ),
        (
            *("str", "2024-10-27T02:30:00", BERLIN),
            "'2024-10-27T02:30:00' is not a timestamp(us, UTC): "
            "the clocks of Europe/Berlin show it twice",
        ),
        (
            *("str", "123E4567-E89B-12D3-A456-426614174000", "uuid"),
            "'123E4567-E89B-12D3-A456-426614174000' is not a uuid: "
            "expected 123e4567-e89b-12d3-a456-426614174000",
        ),
        (
            "bytes",
            "AAE=",
            {"type": "binary", "min_length": 3},
            "bytes AAE= has 2 of at least 3 bytes",
        ),
        (
            "json",
            "[1, 2]",
            {"type": "list<int8>", "max_length": 1},
            "[1, 2] has 2 items, at most 1",
        ),
        (
            "str",
            '[1, "x"]',
            "list<int64>",
            "'[1, \"x\"]' is not a list<int64>: item 2 ('x') is not an int64",
        ),
        (
            "json",
            '[1, "x"]',
            "list<int64>",
            "[1, \"x\"] is not a list<int64>: item 2 ('x') is not an int64",
        ),
        (
            "json",
            "[1, null]",
            "list<int64>",
            "[1, null] is not a list<int64>: item 2 is null, which is not allowed",
        ),
        (
            *("json", '[{"p": {"$decimal": "1.105"}}]', "list<struct{p: decimal(4,2)}>"),
            '[{"p": {"$decimal": "1.105"}}] is not a list<struct{p: decimal(4,2)}>: '
            "item 1, field 'p' (1.105) is not a decimal(4,2): it has more than 2 fraction digits",
        ),
        (
            "json",
            '{"b": 1}',
            "struct{a: int64}",
            "{\"b\": 1} is not a struct{a: int64}: it has the unexpected field 'b'",
        ),
        ("json", "{}", "struct{a: int64}", "{} is not a struct{a: int64}: field 'a' is missing"),
        (
            "json",
            '{"a": {"$decimal": "1"}}',
            "json",
            '{"a": {"$decimal": "1"}} is not a json: JSON has no decimal',
        ),
        (
            "str",
            '["a", "z"]',
            "list<enum[a, b]>",
            "'[\"a\", \"z\"]' is not a list<enum[a, b]>: item 2 ('z') is none of 'a', 'b'",
        ),
        (
            "str",
            '{"a": 1, "a": 2}',
            "struct{a: int64}",
            "'{\"a\": 1, \"a\": 2}' is not a struct{a: int64}: it has the field 'a' twice",
        ),
        (
            "str",
            "[" * 200,
            "json",
            "'" + "[" * 80 + "…' is not a json: it nests more than 128 deep",
        ),
        (
            "str",
            '["\\ud800"]',
            "list<string>",
            "'[\"\\\\ud800\"]' is not a list<string>: item 1 ('\\ud800') is not a string: "
            "it is not valid Unicode",
        ),
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


def test_columns_that_are_alike_share_their_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of ten thousand bad cells is explained in a second, not in a minute."""
    outputs = {f"c{n}": "int64" for n in range(300)}
    columns = parse_outputs(outputs, parser_name="p").outputs[0].columns
    searched: list[Cell] = []
    search = hints._search
    monkeypatch.setattr(
        hints, "_search", lambda cell, column: searched.append(cell) or search(cell, column)
    )
    cells = [Cell("str", "never seen before"), Cell("str", "7,000,000")]
    given = {tuple(Hints(column).hint(cell) for cell in cells) for column in columns}
    assert given == {
        ('null_tokens = ["never seen before"], with nullable = true', 'thousands = ","')
    }
    assert len(searched) <= len(cells)

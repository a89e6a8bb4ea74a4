"""Whoever follows a hint has the value accepted, whatever else the column's contract says."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from casparian.core.contract.errors import ContractError
from casparian.core.contract.parse import parse_outputs
from casparian.core.validation import OutputValidator
from casparian.core.validation.cells import Cell
from casparian.core.validation.hint_options import options_of_hint
from casparian.core.validation.hints import Hints
from casparian.core.validation.oracle import judge

from .agreement import column_of

NASTY = ["x", "", " ", "1,00", "1.000", "+1,000", "nan", "2024-02-30", "01/02/2024 10:00", "24:00"]
NASTY += ["2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00+02:00", "1e999", "-0"]
NASTY += ["2024-01-01", "31/12/2024", "yes", "007", "+5", "99999999999999999999", "12:30", "½"]
NASTY += ["1:30 PM", "31/12/2024 1:30 PM", " 2024-03-31 02:30:00", "2024-03-31T02:30:00", "N/A"]
NASTY += ["2024-10-27T02:30:00", "27/10/2024 02:30", "PT1H", " PT1H", "A", " red", "RED", "[1]"]
NASTY += ["123E4567-E89B-12D3-A456-426614174000", ' {"a": 1}', '{"a": null}', "12/31/2024 10:00Z"]

TYPED = [Cell("datetime", "2024-01-05T10:00:00"), Cell("datetime", "2024-10-27T02:30:00")]
TYPED += [Cell("datetime", "2024-01-05T00:00:00"), Cell("datetimetz", "2024-01-05T10:00:00+00:00")]
TYPED += [Cell("float", "1.5"), Cell("float", "nan"), Cell("float", "inf"), Cell("int", "5")]
TYPED += [Cell("bool", "true"), Cell("json", "[1]"), Cell("uuid", "x"), Cell(None, "")]
TYPED += [Cell("time", "10:00:00.5"), Cell("timedelta", "PT1S"), Cell("bytes", "AA==")]

TYPES = ["string", "bool", "int8", "int64", "uint64", "float32", "float64", "decimal(5,2)", "date"]
TYPES += ["timestamp", "timestamp(UTC)", "timestamp(ms, Europe/Berlin)", "timestamp(ns)"]
TYPES += ["time", "time(s)", "duration(s)", "binary", "uuid", "json", "enum[red, green]"]
TYPES += ["list<int64>", "struct{a: int64}"]

OPTIONS: list[dict[str, object]] = [
    {},
    {"nullable": True},
    {"min": 1, "max": 5},
    {"min": "2024-01-01", "max": "2024-12-31"},
    {"min": "2024-01-01T00:00:00Z"},
    {"min": "2024-01-01T00:00:00"},
    {"enum": ["a", "b"]},
    {"enum": [1, 2]},
    {"enum": ["2024-01-01T00:00:00Z"]},
    {"pattern": "[a-z]+"},
    {"formats": ["%d/%m/%Y %H:%M"]},
    {"formats": ["%Y-%m-%d %H:%M:%S%z"]},
    {"formats": ["%d/%m/%Y"]},
    {"thousands": ","},
    {"decimal_point": ","},
    {"thousands": ".", "decimal_point": ","},
    {"trim": True, "null_tokens": ["", "n/a"], "nullable": True},
    {"formats": ["%H:%M"]},
    {"min": "10:00:00", "max": "12:00:00"},
    {"assume_tz": "Europe/Berlin"},
    {"assume_tz": "Europe/Berlin", "formats": ["%d/%m/%Y %H:%M"]},
    {"min_length": 2},
]


def _columns() -> list[tuple[str, dict[str, object]]]:
    found = []
    for type_ in TYPES:
        for options in OPTIONS:
            column = {"type": type_, **options}
            try:
                parse_outputs({"o": {"columns": {"c": column}}}, parser_name="p", where="outputs")
            except ContractError:
                continue  # these options don't go with the type
            found.append((f"{type_} {options}", column))
    return found


@pytest.mark.parametrize(("name", "column"), _columns(), ids=lambda value: str(value)[:60])
def test_taking_a_hint_accepts_the_value(name: str, column: dict[str, Any]) -> None:
    parsed = column_of(column)
    hints = Hints(parsed)
    for cell in [*(Cell("str", text) for text in NASTY), *TYPED]:
        if not judge(cell, parsed).reasons:
            continue
        hint = hints.hint(cell)
        readings = options_of_hint(hint)
        assert bool(readings) == bool(hint), hint
        for options in readings:
            assert not judge(cell, column_of({**column, **options})).reasons, (name, cell, hint)


def test_advice_that_no_option_follows_is_no_option() -> None:
    assert options_of_hint("this is a bug of casparian: please report it with this message") == []
    assert options_of_hint("trim = true, and then some") == []


@pytest.mark.parametrize(("name", "column"), _columns(), ids=lambda value: str(value)[:60])
def test_every_nasty_text_is_accepted_or_rejected(name: str, column: dict[str, Any]) -> None:
    contract = parse_outputs({"o": {"columns": {"c": column}}}, parser_name="p", where="outputs")
    output = contract.output("o")
    assert output is not None
    verdict = OutputValidator(output).validate(pa.table({"c": NASTY}), first_row=0)
    assert verdict.valid.num_rows + len(verdict.rejected) == len(NASTY)
    assert all(row.reasons for row in verdict.rejected), name


@pytest.mark.parametrize(
    "far",
    [
        pa.array([0, 2**62]).cast(pa.timestamp("us")),
        pa.array([0, 2**62]).cast(pa.timestamp("us", "UTC")),
        pa.array([0, 2**30], pa.int32()).cast(pa.date32()),
    ],
    ids=str,
)
def test_a_day_too_far_away_is_never_paraphrased_into_a_string(far: pa.Array) -> None:
    spec = {"c": {"type": "string", "stringify": True}}
    output = parse_outputs({"o": {"columns": spec}}, parser_name="p", where="outputs").output("o")
    assert output is not None
    verdict = OutputValidator(output).validate(pa.table({"c": far}), first_row=0)
    assert [text[:10] for text in verdict.valid["c"].to_pylist()] == ["1970-01-01"]
    [row] = verdict.rejected
    assert (row.row_number, row.reasons[0].error_type) == (1, "out_of_range")

"""A hint can never make a run fail, whatever else the column's contract says."""

from __future__ import annotations

import pyarrow as pa
import pytest

from casparian.core.contract.errors import ContractError
from casparian.core.contract.parse import parse_outputs
from casparian.core.validation import OutputValidator

NASTY = ["x", "", " ", "1,00", "1.000", "nan", "2024-02-30", "01/02/2024 10:00", "24:00"]
NASTY += ["2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "2024-01-01 00:00:00+02:00", "1e999", "-0"]
NASTY += ["2024-01-01", "31/12/2024", "yes", "007", "+5", "99999999999999999999", "12:30", "½"]

TYPES = ["string", "bool", "int8", "int64", "uint64", "float32", "float64", "decimal(5,2)", "date"]
TYPES += ["timestamp", "timestamp(UTC)", "timestamp(ms, Europe/Berlin)", "timestamp(ns)"]

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
def test_every_nasty_text_is_accepted_or_rejected_with_a_hint_that_holds(
    name: str, column: dict[str, object]
) -> None:
    contract = parse_outputs({"o": {"columns": {"c": column}}}, parser_name="p", where="outputs")
    output = contract.output("o")
    assert output is not None
    verdict = OutputValidator(output).validate(pa.table({"c": NASTY}), first_row=0)
    assert verdict.valid.num_rows + len(verdict.rejected) == len(NASTY)


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

"""A verdict is a promise about cells: random pairs of contracts are held to it by the oracle."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from casparian.core.contract import ContractError, parse_outputs
from casparian.core.contract_diff import diff_contracts
from casparian.core.validation.cells import Cell
from casparian.core.validation.oracle import judge

if TYPE_CHECKING:
    from casparian.core.contract import Column, Contract

MANY: dict[str, Any] = {
    "nullable": [True],
    "trim": [True],
    "null_tokens": [["-"], ["", "-"], ["0"], ["1,000"], [" a"], ["true"], ["a", "-"], ["[]"]],
}
NUMBERS: dict[str, Any] = {
    "leading_zeros": [True],
    "plus": [True],
    "thousands": [",", ".", " ", "'"],
    "min": [0, 1, 7],
    "max": [7, 1000],
}
POINTS: dict[str, Any] = {**NUMBERS, "decimal_point": [",", "."]}
DAYS = ["%d/%m/%Y", "%m/%d/%Y", "%-d/%-m/%Y", "%d/%m/%y", "%Y-%m-%d", "%d%m%Y", "%Y%m%d",
        " %d.%m.%Y", "%y-%m-%d", "%d-%m-%y", "20%y-%m-%d", "%d %b %Y", "%b %d %Y"]  # fmt: skip
CLOCKS = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%H%M", "%M%H", "%H%M%S", "%M:%S:%H"]
STAMPS = ["%Y-%m-%dT%H:%M:%S", "%Y-%d-%mT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S.%f",
          "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"]  # fmt: skip
ZONED = [*[f"{stamp}%z" for stamp in STAMPS], STAMPS[0], "%Y-%m-%d %H:%M:%S %z"]


def lists(values: list[str]) -> list[list[str]]:
    pairs = [[one, other] for one in values for other in values if one != other]
    return [[value] for value in values] + pairs


#: Types that are compared with each other, and the options that they may have.
FAMILIES: dict[str, tuple[list[str], dict[str, Any]]] = {
    "int": (["int8", "uint8", "int16", "int64"], NUMBERS | {"enum": [[0, 1], [1, 7, 0]]}),
    "float": (
        ["float64", "float32"],
        POINTS | {"allow_nan": [True], "allow_inf": [True], "enum": [[0.5], [1, 0.5]]},
    ),
    "decimal": (
        ["decimal(5,2)", "decimal(7,3)", "decimal(5,3)"],
        POINTS | {"from_float": [True], "min": ["0.5", "1"]},
    ),
    "bool": (
        ["bool"],
        {
            "true_tokens": [["yes"], ["1", "true"], ["0"], [" a"]],
            "false_tokens": [["no"], ["0"], ["1", "false"], ["true"]],
        },
    ),
    "date": (
        ["date"],
        {"formats": lists(DAYS), "midnight_ok": [True], "min": ["2000-01-01"],
         "enum": [["2012-10-10", "2004-03-02"]]},
    ),
    "time": (["time", "time(s)"], {"formats": lists(CLOCKS), "max": ["10:00:00", "12:00:00"]}),
    "naive": (["timestamp", "timestamp(s)"], {"formats": lists(STAMPS)}),
    "zoned": (
        ["timestamp(UTC)", "timestamp"],
        {
            "formats": lists(ZONED),
            "assume_tz": ["Europe/Berlin", "UTC"],
            "ambiguous": ["earliest", "latest"],
            "min": ["2004-03-02T00:00:00Z", "2004-03-02T00:30:00+01:00"],
        },
    ),
    "duration": (["duration", "duration(s)"], {"min": ["PT60M", "PT1H", "PT2H"]}),
    "text": (
        ["string", "enum[a, b]", "enum[b, a, c]", 'enum[a, " a"]', "uuid", "json", "binary"],
        {
            "stringify": [True],
            "pattern": ["[a-c]", ".*"],
            "min_length": [1, 2],
            "max_length": [1, 5],
            "enum": [["a"], ["a", "-"], [" a", "b"]],
        },
    ),
    "list": (
        ["list<int64>", "list<int8>", "list<int64?>", "list<float32>", "list<float64>"],
        {"min_length": [1], "max_length": [1, 2]},
    ),
    "struct": (
        ["struct{a: int64}", "struct{a: int8}", "struct{a: int64?, b: string?}",
         "struct{b: string?, a: int64?}", "struct{a: int64, b: string}"],
        {},
    ),
}  # fmt: skip

TEXTS = [
    *["", " ", "-", "a", " a", "b", "c", "yes", "no", "true", "false", "True", "1", "0", "-0"],
    *["7", " 7 ", "007", "+7", "-1", "100", "200", "300", "70000", "1,000", "1.000", "1 000"],
    *["1'000", "1.5", "1,5", "0.5", "0.1", "1.105", "1000.5", "1,000.5", "1.000,5", "16777217"],
    *["nan", "inf", "-inf", "1e3", "[]", "[1]", "[1, 300]", "[0.1]", "[null]", " [1] ", "{}"],
    *['{"a": 1}', '{"a": 1, "b": "x"}', '{"a": 300}', '{"a": null}', ' {"a": 1} ', "AAE=", "null"],
    *["03/04/2004", "31/12/2004", "3/4/2004", "03/04/12", "2004-03-02", "10102012", "20121010"],
    *["12-10-11", "2070-01-01", " 03.04.2004", "03.04.2004", "02 Mar 2004", "Mar 02 2004"],
    *["2004-03-02 00:00:00", "2004-03-02T10:00:00", "2004-03-02T10:00:00.5", "2004-03-02 10:00"],
    *["2004-03-02T10:00:00Z", "2004-03-02T10:00:00+0100", "2004-10-31T02:30:00"],
    *["2004-03-02 10:00:00 +01:00", "2004-03-01T23:45:00Z", "10:30", "10:30:00", "10:11:12"],
    *["10:11:12.5", "10:30 PM", "1011", "101112", "PT1H", "PT59M", "PT1.5S"],
    *["123e4567-e89b-12d3-a456-426614174000"],
]
CELLS = [
    *[Cell("str", text) for text in TEXTS],
    Cell(None, ""),
    *[Cell("int", text) for text in ("0", "7", "300", "9007199254740993")],
    *[Cell("float", text) for text in ("0.5", "1.0", "0.1", "nan", "1.105")],
    *[Cell("float32", "0.1"), Cell("decimal", "1.50"), Cell("bool", "true")],
    *[Cell("date", "2004-03-02"), Cell("time", "10:30:00"), Cell("timedelta", "PT1H")],
    *[Cell("datetime", "2004-03-02T00:00:00"), Cell("datetime", "2004-10-31T02:30:00")],
    *[Cell("datetimetz", "2004-03-02T00:00:00+01:00"), Cell("json", "[1, null]")],
    *[Cell("json", '{"a": 1}'), Cell("bytes", "AAE="), Cell("enum", "a")],
]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw two definitions that have most of their options in common."""
    types, options = FAMILIES[draw(st.sampled_from(sorted(FAMILIES)))]
    options = MANY | options
    type_ = draw(st.sampled_from(types))
    other = draw(st.sampled_from([type_, type_, *types]))
    common = draw(st.sets(st.sampled_from(sorted(options)), max_size=3))
    old = {name: draw(st.sampled_from(options[name])) for name in sorted(common)}
    new = dict(old)
    for name in draw(st.lists(st.sampled_from(sorted(options)), min_size=1, max_size=2)):
        value = draw(st.sampled_from([None, *options[name]]))
        new.pop(name, None)
        if value is not None:
            new[name] = value
    return ({"type": type_, **old}, {"type": other, **new})[:: draw(st.sampled_from([1, -1]))]


def contract(definition: dict[str, Any]) -> Contract:
    return parse_outputs({"o": {"columns": {"x": definition}}}, parser_name="p")


def key(value: object) -> object:
    """Return what only equal values have in common; what a struct has not is null in it."""
    if isinstance(value, float):
        return struct.pack("d", value) if value == value else "nan"
    if isinstance(value, Decimal):
        return ("decimal", value + 0)
    if isinstance(value, list):
        return [key(item) for item in value]
    if isinstance(value, dict):
        return {name: key(item) for name, item in value.items() if item is not None}
    return (isinstance(value, bool), value)


def broken_promise(verdict: str, old: Column, new: Column) -> Cell | None:
    """Find a cell that passed, and is refused or becomes another value against the verdict."""
    for cell in CELLS:
        before, after = judge(cell, old), judge(cell, new)
        if before.reasons:
            continue
        if after.reasons:
            if verdict == "compatible":
                return cell
        elif key(before.value) != key(after.value):
            return cell
    return None


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_what_passed_does_what_the_verdict_says(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    try:
        old, new = map(contract, pair)
    except ContractError:
        assume(False)
    found = diff_contracts(old, new)
    if found.verdict == "breaking":
        return
    cell = broken_promise(found.verdict, old.outputs[0].columns[0], new.outputs[0].columns[0])
    assert cell is None, (pair, found, cell)

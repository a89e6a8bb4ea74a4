"""What a typed column may become: every pair of source and declared type, in one table."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from casparian.core.contract.types import FAMILIES, NESTED
from casparian.core.validation import OutputFailed
from casparian.core.validation.cells import plain
from casparian.core.validation.convert import convert

from .agreement import assert_agree, column_of, values_of

ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")
EVERY = "every value"
SOME = "some values"

SOURCES: dict[str, pa.Array] = {
    "null": pa.nulls(2),
    "bool": pa.array([True, None]),
    "int": pa.array([5, 300], pa.int64()),
    "float": pa.array([5.0, 0.5]),
    "decimal": pa.array([Decimal("5.00"), Decimal("1.25")]),
    "text": pa.array(["5", "x"]),
    "date": pa.array([date(2024, 1, 5)]),
    "time": pa.array([1_500], pa.time32("ms")),
    "timestamp": pa.array([datetime(2024, 1, 5), datetime(2024, 1, 5, 10)]),
    "timestamptz": pa.array([datetime(2024, 1, 5)], pa.timestamp("us", "Europe/Paris")),
    "duration": pa.array([timedelta(milliseconds=1500)]),
    "binary": pa.array([b"x"]),
    "uuid": pa.array([ID.bytes], pa.uuid()),
    "list": pa.array([[1, 300], [2]], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1}, {"a": 300}]),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "interval": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
    "union": pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
}
TARGETS: dict[str, Any] = {
    "string": "string",
    "bool": "bool",
    "int": "int8",
    "float": "float64",
    "decimal": "decimal(4,1)",
    "date": "date",
    "time": "time(s)",
    "timestamp": "timestamp(s)",
    "timestamptz": "timestamp(s, UTC)",
    "duration": "duration(s)",
    "binary": "binary",
    "uuid": "uuid",
    "json": "json",
    "enum": "enum[5, y]",
    "list": "list<int8>",
    "struct": "struct{a: int8}",
}
# A pair that isn't here is impossible. (Nulls may become anything; text goes by its grammar.)
POSSIBLE: dict[tuple[str, str], str] = {
    **{("null", target): EVERY for target in TARGETS},
    **{("text", target): SOME for target in ("int", "float", "decimal", "enum", "json")},
    **{("text", t): "no value" for t in ("bool", "date", "time", "timestamp", "timestamptz")},
    **{("text", t): "no value" for t in ("duration", "binary", "uuid", "list", "struct")},
    ("text", "string"): EVERY,
    ("bool", "bool"): EVERY,
    ("int", "int"): SOME,
    ("int", "float"): EVERY,
    ("int", "decimal"): EVERY,
    ("float", "int"): SOME,
    ("float", "float"): EVERY,
    ("decimal", "decimal"): SOME,
    ("date", "date"): EVERY,
    ("time", "time"): "no value",
    ("timestamp", "timestamp"): EVERY,
    ("timestamptz", "timestamptz"): EVERY,
    ("duration", "duration"): "no value",
    ("binary", "binary"): EVERY,
    ("uuid", "uuid"): EVERY,
    ("list", "list"): SOME,
    ("list", "json"): EVERY,
    ("struct", "struct"): SOME,
    ("struct", "json"): EVERY,
    ("map", "json"): EVERY,
}
# With an option, these as well.
OPTIONS: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("float", "decimal"): ({"from_float": True}, EVERY),
    ("timestamp", "date"): ({"midnight_ok": True}, SOME),
    ("timestamp", "timestamptz"): ({"assume_tz": "Europe/Berlin"}, EVERY),
    **{
        (source, "string"): ({"stringify": True}, EVERY)
        for source in (
            *("bool", "int", "float", "decimal", "date", "time", "timestamp", "timestamptz"),
            *("duration", "uuid", "list", "struct", "map"),
        )
    },
}
ALLOWING: dict[str, dict[str, Any]] = {
    "string": {"stringify": True},
    "decimal": {"from_float": True},
    "date": {"midnight_ok": True},
    "timestamptz": {"assume_tz": "Europe/Berlin"},
}
PAIRS = [(source, target) for source in SOURCES for target in TARGETS]


def outcome(source: str, target: str, options: dict[str, Any]) -> str:
    column = column_of({"type": TARGETS[target], "nullable": True, **options})
    try:
        judged = assert_agree(column, SOURCES[source])
    except OutputFailed as error:
        if error.error_type == "column_type_impossible" and error.hint:
            return "impossible"
        raise
    good = sum(ok for ok, _ in judged)
    return EVERY if good == len(judged) else SOME if good else "no value"


def test_the_table_names_every_family() -> None:
    named = {column_of(type_).type.family for type_ in TARGETS.values()}
    assert named == {*FAMILIES.values(), *NESTED}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_pair_passes_or_is_judged_by_row_or_is_impossible(source: str, target: str) -> None:
    assert outcome(source, target, {}) == POSSIBLE.get((source, target), "impossible")


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_an_option_opens_the_pairs_that_it_is_for(source: str, target: str) -> None:
    expected = POSSIBLE.get((source, target), "impossible")
    options, with_option = OPTIONS.get((source, target), (ALLOWING.get(target, {}), expected))
    assert outcome(source, target, options) == with_option


@pytest.mark.parametrize(
    ("source", "spec", "why"),
    [
        (pa.array([[1.5]]), "list<decimal(4,2)>", "its items are double"),
        (pa.array([["1"]]), "list<int64>", "its items are text"),
        (
            pa.array([[["1"]]]),
            "list<list<bool>>",
            "its items are list<item: string>, of which its items are text",
        ),
        (pa.array([{"a": 1, "b": 2}]), "struct{a: int64}", "it has the unexpected field 'b'"),
        (pa.array([{"a": 1}]), "struct{a: int64, b: int64}", "it has no field 'b'"),
        (pa.array([{"a": b"x"}]), "struct{a: string}", "its field 'a' is binary"),
        (
            pa.array([[{"a": 1, "z": 1}]]),
            "list<struct{a: int64}>",
            "it has the unexpected field 'z'",
        ),
        (
            pa.StructArray.from_arrays([pa.array([1])] * 2, ["a", "a"]),
            "struct{a: int64}",
            "two fields 'a'",
        ),
        (pa.array([[date(2024, 1, 5)]]), "json", "JSON has no date32[day]"),
        (pa.array([{"a": [Decimal(1)]}]), "json", "JSON has no decimal128(1, 0)"),
        (
            pa.array([[(1, 1)]], pa.map_(pa.int64(), pa.int64())),
            "json",
            "JSON has no map<int64, int64>",
        ),
    ],
    ids=str,
)
def test_an_impossible_column_says_which_part_of_it_is_at_fault(
    source: pa.Array, spec: str, why: str
) -> None:
    with pytest.raises(OutputFailed, match="column 'x' is") as caught:
        convert(plain(source), None, column_of(spec))
    assert why in str(caught.value)
    assert caught.value.hint
    assert caught.value.error_type == "column_type_impossible"


def test_sixteen_bytes_are_no_uuid_unless_they_say_so() -> None:
    assert values_of(convert(pa.array([ID.bytes], pa.uuid()), None, column_of("uuid")).values) == [
        str(ID)
    ]
    with pytest.raises(OutputFailed) as caught:
        convert(pa.array([ID.bytes], pa.binary(16)), None, column_of("uuid"))
    assert "uuid.UUID(bytes=" in caught.value.hint


def test_lists_that_would_fill_the_memory_are_refused() -> None:
    """A frame of a few bytes can declare more nulls than any machine holds."""
    nulls = pa.Array.from_buffers(pa.null(), 2**40, [None])
    many = pa.LargeListArray.from_arrays(pa.array([0, 2**40], pa.int64()), nulls)
    with pytest.raises(OutputFailed, match="items in their lists") as caught:
        convert(many, None, column_of("list<int64?>"))
    assert caught.value.error_type == "corrupt_batch"

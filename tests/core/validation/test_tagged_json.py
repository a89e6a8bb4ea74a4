"""A nested value is in the output as it was, or it is a reason: whatever it looks like."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from casparian.core.validation.cells import Cell
from casparian.core.validation.oracle import judge
from casparian.shim import cells

from .agreement import assert_agree, column_of, tagged

ITSELF: list[Any] = [1]
ITSELF.append(ITSELF)

AS_JSON = [
    ({"$date": "2024-01-02T03:04:05Z"}, '{"$date": "2024-01-02T03:04:05Z"}'),
    ([{"$oid": "x"}, {"at": {"$date": {"$numberLong": "5"}}}], None),
    ({"$set": [1]}, '{"$set": [1]}'),
    ({"$items": [["a", 1]]}, '{"$items": [["a", 1]]}'),
    ({"$decimal": "1.10"}, '{"$decimal": "1.10"}'),
    ({"a": 1.50, "$b": "ä"}, '{"a": 1.5, "$b": "ä"}'),
    ({1: "a"}, '{"1": "a"}'),
]

REFUSED = [
    (ITSELF, "json", "out_of_range"),
    (["\ud800"], "json", "invalid_encoding"),
    (["\ud800"], "list<string>", "invalid_encoding"),
    ({"a": "\ud800"}, "struct{a: string}", "invalid_encoding"),
    ({b"a": 1}, "json", "type_mismatch"),
    ({(1, 2): 3}, "json", "type_mismatch"),
    ({b"a": 1}, "struct{a: int64}", "type_mismatch"),
    ({1: 2, "1": 3}, "json", "type_mismatch"),
    ([{"$decimal": "1.10"}], "list<decimal(6,2)>", "type_mismatch"),
    ({"$set": [1]}, "list<int64>", "type_mismatch"),
    ({"a": {"$date": "2024-01-02"}}, "struct{a: date}", "type_mismatch"),
]


def _judged(value: Any, type_: str) -> Any:
    kind, text = cells.cell(value)
    column = column_of(type_)
    cell = Cell(kind, str(text))
    assert_agree(column, *tagged([cell, Cell("json", "{}"), Cell("json", "[]")]))
    return judge(cell, column)


@pytest.mark.parametrize(("value", "text"), AS_JSON, ids=str)
def test_objects_that_look_like_tags_are_json_as_they_are(value: Any, text: str | None) -> None:
    judgement = _judged(value, "json")
    assert not judgement.reasons
    assert text is None or judgement.value == text
    assert "$items" not in judgement.value or "$items" in value


@pytest.mark.parametrize(("value", "type_", "error_type"), REFUSED, ids=str)
def test_what_would_be_bent_is_a_reason(value: Any, type_: str, error_type: str) -> None:
    assert [found for found, _ in _judged(value, type_).reasons] == [error_type]


def test_typed_structs_that_look_like_tags_are_json_as_they_are() -> None:
    column = column_of("json")
    for data in (
        pa.array([{"$date": "2024-01-02"}, {"$date": None}]),
        pa.array([[("$set", "x")]], pa.map_(pa.string(), pa.string())),
        pa.array([[{"at": {"$oid": "1"}}]]),
    ):
        found = assert_agree(column, data)
        assert all(ok for ok, *_ in found)
        assert all('"$items"' not in row[-1] for row in found)


def test_their_fields_can_be_declared() -> None:
    judgement = _judged({"at": {"$date": "2024-01-02"}}, 'struct{at: struct{"$date": string}}')
    assert judgement.value == {"at": {"$date": "2024-01-02"}}

"""Typed columns as cells: every value keeps its kind, however deep it lies."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from casparian.core.validation.cells import Cell, cells_of
from casparian.core.validation.raw import raw_json

ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")


@pytest.mark.parametrize(
    ("array", "kind", "texts"),
    [
        (
            pa.array([86_399_999, 36_000_000], pa.time32("ms")),
            "time",
            ["23:59:59.999000", "10:00:00"],
        ),
        (pa.array([1], pa.time64("ns")), "time", ["00:00:00.000000001"]),
        (pa.array([-1], pa.int64()).view(pa.time64("us")), "time", ["-1 us since midnight"]),
        (pa.array([86_400], pa.int32()).view(pa.time32("s")), "time", ["86400 s since midnight"]),
        (pa.array([-1_500], pa.duration("ms")), "timedelta", ["-PT1.5S"]),
        (pa.array([-(2**63)], pa.int64()).cast(pa.duration("s")), "timedelta", [f"-PT{2**63}S"]),
        (pa.array([b"\xff\x00"], pa.binary(2)), "bytes", ["/wA="]),
        (pa.array([ID.bytes], pa.uuid()), "uuid", [str(ID)]),
        (pa.array([True], pa.bool_()), "bool", ["true"]),
        (pa.array([1, -0.0, 0.5, 1e22], pa.float32()), "float32", ["1.0", "-0.0", "0.5", "1e+22"]),
        (pa.array([[1, None], []]), "json", ["[1, null]", "[]"]),
        (pa.array([[0.1]], pa.list_(pa.float32())), "json", ["[0.10000000149011612]"]),
        (
            pa.array([[float("nan"), float("-inf"), 1e22]]),
            "json",
            ['[{"$float": "nan"}, {"$float": "-inf"}, 1e+22]'],
        ),
        (
            pa.array([{"a": Decimal("1.10"), 'b"': "x\n"}]),
            "json",
            ['{"a": {"$decimal": "1.10"}, "b\\"": "x\\n"}'],
        ),
        (pa.array([[date(2024, 1, 5)]]), "json", ['[{"$date": "2024-01-05"}]']),
        (
            pa.array([[datetime(2024, 1, 5, tzinfo=UTC)]], pa.list_(pa.timestamp("us", "UTC"))),
            "json",
            ['[{"$datetimetz": "2024-01-05T00:00:00+00:00"}]'],
        ),
        (pa.array([[timedelta(hours=1)]]), "json", ['[{"$timedelta": "PT3600S"}]']),
        (pa.array([[b"\x00"]]), "json", ['[{"$bytes": "AA=="}]']),
        (
            pa.ListArray.from_arrays([0, 1], pa.array([ID.bytes], pa.uuid())),
            "json",
            [f'[{{"$uuid": "{ID}"}}]'],
        ),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), "json", ['{"k": 1}']),
        (pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8())), "json", ['{"$items": [[1, 2]]}']),
        (
            pa.array([[("$k", 1)]], pa.map_(pa.string(), pa.int8())),
            "json",
            ['{"$items": [["$k", 1]]}'],
        ),
        (
            pa.array([{"$k": 1}, {"$k": None}]),
            "json",
            ['{"$items": [["$k", 1]]}', '{"$items": [["$k", null]]}'],
        ),
        (pa.array([[[1], None], [[2, 3]]]).slice(1), "json", ["[[2, 3]]"]),
        (
            pa.array([["a", "b"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
            "json",
            ['["a", "b"]'],
        ),
        (
            pa.array([[2**62]], pa.list_(pa.timestamp("s"))),
            "json",
            ['[{"$datetime": "4611686018427387904 s since 1970"}]'],
        ),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_value_is_written_with_its_kind(array: pa.Array, kind: str, texts: list[str]) -> None:
    assert cells_of(array) == [Cell(kind, text) for text in texts]
    with_null: Any = pa.concat_arrays([array, pa.nulls(1, array.type)])
    assert cells_of(with_null)[-1] == Cell(None, "")
    # What is quarantined is JSON, in which the kinds are still to be seen.
    for cell in cells_of(array):
        assert json.loads(raw_json([("x", cell)])).keys() == {"x"}

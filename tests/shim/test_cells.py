"""The kind and the text of single cells."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import pathlib
import sys
import uuid
import zoneinfo
from typing import Any

import pytest

from casparian.shim import cells, families, nesting

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


class Colour(enum.Enum):
    RED = 1


class Word(str, enum.Enum):  # noqa: UP042 - as parsers for 3.10 write it
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


class LyingInt(int):
    def __index__(self) -> int:
        return 99

    def __int__(self) -> int:
        return 99

    def __repr__(self) -> str:
        return "99"


class LyingStr(str):
    def __str__(self) -> str:
        return "other"


class Meta(type):
    __hash__ = None  # type: ignore[assignment]

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError


class Unhashable(metaclass=Meta):
    def __str__(self) -> str:
        return "fine"


def _itself() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


CASES = [
    (None, None, None),
    (pd.NA, None, None),
    (pd.NaT, None, None),
    (float("nan"), None, None),
    (np.float32("nan"), None, None),
    (decimal.Decimal("NaN"), None, None),
    (decimal.Decimal("sNaN"), None, None),
    (np.datetime64("NaT", "ns"), None, None),
    (np.timedelta64("NaT", "ns"), None, None),
    (np.ma.masked, None, None),
    ("", "str", ""),
    ("nan", "str", "nan"),
    ("a\0b", "str", "a\0b"),
    ("\ud800x", "str_invalid", "\\ud800x"),
    (LyingStr("x"), "str", "x"),
    (Word.A, "str", "a"),
    (np.str_("x"), "str", "x"),
    (True, "bool", "true"),
    (np.bool_(False), "bool", "false"),
    (1, "int", "1"),
    (Number.ONE, "int", "1"),
    (LyingInt(5), "int", "5"),
    (np.uint64(2**64 - 1), "int", str(2**64 - 1)),
    (2**70, "int", str(2**70)),
    (-(10**5000), "int", hex(-(10**5000))),
    (1.0, "float", "1.0"),
    (0.1, "float", "0.1"),
    (-0.0, "float", "-0.0"),
    (1e300, "float", "1e+300"),
    (float("-inf"), "float", "-inf"),
    (np.float64(1.5), "float", "1.5"),
    (np.float32(0.1), "float", "0.10000000149011612"),
    (1 + 2j, "object:complex", "(1+2j)"),
    (np.longdouble(1), "object:longdouble", "1.0"),
    (decimal.Decimal("1.10"), "decimal", "1.10"),
    (decimal.Decimal("Infinity"), "decimal", "Infinity"),
    (b"\xff", "bytes", "/w=="),
    (bytearray(b"ab"), "bytes", "YWI="),
    (memoryview(b"ab"), "bytes", "YWI="),
    (dt.date(2024, 1, 2), "date", "2024-01-02"),
    (dt.datetime(2024, 1, 2), "datetime", "2024-01-02T00:00:00"),
    (dt.datetime(2024, 1, 2, tzinfo=BERLIN), "datetimetz", "2024-01-02T00:00:00+01:00"),
    (pd.Timestamp(1, unit="ns"), "datetime", "1970-01-01T00:00:00.000000001"),
    (dt.time(3, 4, 5, 6), "time", "03:04:05.000006"),
    (dt.time(3, tzinfo=dt.timezone(dt.timedelta(0))), "time", "03:00:00+00:00"),
    (dt.timedelta(days=1, hours=2, seconds=3.5), "timedelta", "PT93603.5S"),
    (dt.timedelta(seconds=-0.5), "timedelta", "-PT0.5S"),
    (dt.timedelta(0), "timedelta", "PT0S"),
    (pd.Timedelta(1, "ns"), "timedelta", "PT0.000000001S"),
    (np.timedelta64(90, "m"), "timedelta", "PT5400S"),
    (np.timedelta64(1, "M"), "object:timedelta64", "1 months"),
    (np.datetime64("2024-01-02"), "date", "2024-01-02"),
    (np.datetime64("2024-01-02T03"), "datetime", "2024-01-02T03:00:00"),
    (np.datetime64("2024-01"), "object:datetime64", "2024-01"),
    (uuid.UUID(int=1), "uuid", "00000000-0000-0000-0000-000000000001"),
    (Colour.RED, "enum", "Colour.RED"),
    ({3, 1, 2}, "set", "[1, 2, 3]"),
    (frozenset(["b", "a"]), "set", '["a", "b"]'),
    ({10, "a"}, "set", '["a", 10]'),
    ([1, "ä", None, True], "json", '[1, "ä", null, true]'),
    ((1, 2), "json", "[1, 2]"),
    ({}, "json", "{}"),
    ({1: "a"}, "json", '{"1": "a"}'),
    ({1: "a", "1": "b"}, "json", '{"$items": [["1", "a"], ["1", "b"]]}'),
    ({None: 1, 1.5: 2, True: 3}, "json", '{"null": 1, "1.5": 2, "true": 3}'),
    ({b"a": 1}, "json", '{"$items": [[{"$bytes": "YQ=="}, 1]]}'),
    ({(1, 2): 3}, "json", '{"$items": [[[1, 2], 3]]}'),
    ({"$date": "2024-01-02"}, "json", '{"$items": [["$date", "2024-01-02"]]}'),
    ([{"$set": [1]}], "json", '[{"$items": [["$set", [1]]]}]'),
    ({"$ref": 1, "$id": 2}, "json", '{"$ref": 1, "$id": 2}'),
    ({"d": decimal.Decimal("1.10")}, "json", '{"d": {"$decimal": "1.10"}}'),
    ([b"\xff", float("inf")], "json", '[{"$bytes": "/w=="}, {"$float": "inf"}]'),
    ([10**5000], "json", json.dumps([{"$int": hex(10**5000)}])),
    ([{1}], "json", '[{"$set": [1]}]'),
    (np.array([[1, 2], [3, 4]]), "json", "[[1, 2], [3, 4]]"),
    (np.array(5), "json", "5"),
    (np.array(["2024-01-02"], "M8[D]"), "json", '[{"$date": "2024-01-02"}]'),
    (np.ma.array([1, 2], mask=[0, 1]), "json", "[1, null]"),
    (pd.Series([1, 2]), "json", "[1, 2]"),
    (_itself(), "json", nesting.TOO_DEEP),
    (pathlib.PurePosixPath("/a"), "object:PurePosixPath", "/a"),
    (pd.Period("2024-01"), "object:Period", "2024-01"),
    (Broken(), "object:Broken", "<unprintable Broken: RuntimeError>"),
    (Unhashable(), "object:Unhashable", "fine"),
]


@pytest.mark.parametrize(("value", "kind", "text"), CASES, ids=lambda v: type(v).__name__)
def test_kind_and_text(value: Any, kind: str | None, text: str | None) -> None:
    assert cells.cell(value) == (kind, text)
    assert families.is_null(value) == (kind is None)


def test_objects_are_cut() -> None:
    class Long:
        def __str__(self) -> str:
            return "ä" * 100_000

    kind, text = cells.cell(Long())
    assert kind == "object:Long"
    assert text == "ä" * (cells.MAX_OBJECT_BYTES // 2)


def test_text_is_not_cut() -> None:
    assert cells.cell("ä" * 100_000) == ("str", "ä" * 100_000)


def test_lowered_digit_limit() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert cells.cell(10**1000) == ("int", hex(10**1000))
        assert json.loads(cells.cell([10**650])[1] or "") == [{"$int": hex(10**650)}]
    finally:
        sys.set_int_max_str_digits(before)


def test_invalid_text_inside_json() -> None:
    assert cells.cell(["\ud800"]) == ("json", '[{"$str_invalid": "\\\\ud800"}]')
    assert cells.cell({"\ud800": 1})[1] == '{"$items": [[{"$str_invalid": "\\\\ud800"}, 1]]}'


def test_durations_round_trip_their_sign() -> None:
    assert cells.duration_text(-86_400_000_000_000 + 1) == "-PT86399.999999999S"

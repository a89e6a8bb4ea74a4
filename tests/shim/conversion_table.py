"""What becomes of any column that a parser can make: one row of a table for each case.

This file is read by pytest, and run by itself under another pandas, to which it then brings no more
than the shim: the results are pickled to stdout.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pathlib
import pickle
import sys
import uuid
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

D = decimal.Decimal
NAN = float("nan")
DAY = dt.date(2024, 1, 2)
NAIVE = dt.datetime(2024, 1, 2, 3)
EAST = dt.timezone(dt.timedelta(hours=-5))
AWARE = dt.datetime(2024, 1, 2, 3, tzinfo=EAST)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
IN_BERLIN = dt.datetime(2024, 1, 2, 3, tzinfo=BERLIN)
FINE = pd.Timestamp("2024-01-02T03:04:05.000000789")
DAY_BACK, SECOND, MICROSECOND = dt.timedelta(-1), dt.timedelta(0, 1), dt.timedelta(0, 0, 1)
U = uuid.UUID(int=1)
P = pathlib.PurePosixPath("/a")
TOO_DEEP = '"<recursive or deeper than 64 levels>"'
TOO_REPETITIVE = '"<repeats more than 1000000 members>"'


class Word(str, enum.Enum):  # noqa: UP042 - as parsers for 3.10 write it
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Colour(enum.Enum):
    RED = 1


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


class Lying(dt.tzinfo):
    """A zone that calls itself none."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(None)

    def __bool__(self) -> bool:
        return False

    def utcoffset(self, when: dt.datetime | None) -> None:
        return None


class Clock:
    """Almost a time, and as good as a number."""

    tzinfo = None

    def __index__(self) -> int:
        return 5

    def __str__(self) -> str:
        return "clock"


def _objects(*values: Any) -> Any:
    return pd.Index(np.array(values, dtype=object), dtype=object)


class Custom:
    def __str__(self) -> str:
        return "custom"


class Hostile:
    """Nothing can be asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def __class__(self) -> Any:
        raise RuntimeError

    @__class__.setter
    def __class__(self, other: Any) -> None:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    def __hash__(self) -> int:
        raise RuntimeError

    def __bool__(self) -> bool:
        raise RuntimeError

    def __str__(self) -> str:
        raise ValueError

    def __index__(self) -> int:
        return 99

    def __float__(self) -> float:
        return 99.0


class HostileMeta(type):
    """Nor of its class."""

    @property
    def __name__(cls) -> Any:
        raise RuntimeError

    @property
    def __mro__(cls) -> Any:
        raise RuntimeError

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError

    def __hash__(cls) -> int:
        raise RuntimeError

    def __instancecheck__(cls, instance: object) -> bool:
        raise RuntimeError


class Closed(metaclass=HostileMeta):
    def __str__(self) -> str:
        return "closed"


class LyingFloat(float):
    def __float__(self) -> float:
        return 99.0


def itself() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def _doubled(levels: int) -> list[Any]:
    value: list[Any] = [1]
    for _ in range(levels):
        value = [value, value]
    return value


def _itself_twice() -> list[Any]:
    value: list[Any] = []
    value.extend([value, value])
    return value


def object_frame(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    array[:] = [None] * len(values)
    for place, value in enumerate(values):
        array[place] = value
    return pd.DataFrame({"x": pd.Series(array, dtype=object)})


CLEAN = [
    ([1, 2], pa.int64(), [1, 2]),
    ([2**63 - 1, -(2**63)], pa.int64(), [2**63 - 1, -(2**63)]),
    ([1, None, NAN, pd.NA, pd.NaT], pa.int64(), [1, None, None, None, None]),
    ([2**53, 0.5], pa.float64(), [2.0**53, 0.5]),
    ([1.5, 7] * 50, pa.float64(), [1.5, 7.0] * 50),
    ([1.5, None] * 50, pa.float64(), [1.5, None] * 50),
    ([1.5, NAN, None] * 50, pa.float64(), [1.5, None, None] * 50),
    ([LyingFloat(1.5), 2.5], pa.float64(), [1.5, 2.5]),
    ([2.5] * 99 + [LyingFloat(1.5)], pa.float64(), [2.5] * 99 + [1.5]),
    ([1, np.float32("nan")], pa.int64(), [1, None]),
    ([1, 2.5, None], pa.float64(), [1.0, 2.5, None]),
    ([np.float32(0.5), np.float32("nan")], pa.float32(), [0.5, None]),
    ([np.float16(0.5)], pa.float32(), [0.5]),
    ([np.float16(0.5), 1], pa.float64(), [0.5, 1.0]),
    ([1, np.float16(0.5), pd.NA], pa.float64(), [1.0, 0.5, None]),
    ([np.uint64(2**53), 0.5, None], pa.float64(), [2.0**53, 0.5, None]),
    ([LyingFloat(1.5), np.int8(2)], pa.float64(), [1.5, 2.0]),
    ([float("inf"), NAN], pa.float64(), [float("inf"), None]),
    (["x", NAN, None, pd.NA, pd.NaT], pa.string(), ["x", None, None, None, None]),
    (["x", D("NaN"), np.datetime64("NaT", "ns")], pa.string(), ["x", None, None]),
    ([np.str_("x"), "y"], pa.string(), ["x", "y"]),
    (["nan", "None", "", "<NA>", None], pa.string(), ["nan", "None", "", "<NA>", None]),
    (["", None, "a\0b"], pa.string(), ["", None, "a\0b"]),
    ([True, None, np.bool_(False), NAN], pa.bool_(), [True, None, False, None]),
    ([b"\xff", bytearray(b"x"), None], pa.binary(), [b"\xff", b"x", None]),
    ([DAY, None, pd.NaT], pa.date32(), [DAY, None, None]),
    ([NAIVE, pd.NaT, NAN, np.float32("nan")], pa.timestamp("us"), [NAIVE, None, None, None]),
    ([NAIVE, pd.Timestamp(NAIVE)], pa.timestamp("us"), [NAIVE, NAIVE]),
    ([AWARE, None], pa.timestamp("us", "-05:00"), [AWARE, None]),
    ([IN_BERLIN], pa.timestamp("us", "Europe/Berlin"), [IN_BERLIN]),
    ([IN_BERLIN, pd.NaT, NAN], pa.timestamp("us", "Europe/Berlin"), [IN_BERLIN, None, None]),
    ([dt.timedelta(1), pd.NaT, D("NaN")], pa.duration("us"), [dt.timedelta(1), None, None]),
    ([dt.time(1), pd.NaT, pd.NA], pa.time64("us"), [dt.time(1), None, None]),
    ([DAY, pd.NaT, NAN, D("NaN"), pd.NA], pa.date32(), [DAY, *[None] * 4]),
    ([b"x", pd.NaT, NAN, D("NaN"), pd.NA], pa.binary(), [b"x", *[None] * 4]),
    ([True, pd.NaT, NAN, D("NaN"), pd.NA], pa.bool_(), [True, *[None] * 4]),
    ([pd.NA, pd.NaT, D("NaN"), NAN, 1], pa.int64(), [*[None] * 4, 1]),
    ([dt.time(3), None], pa.time64("us"), [dt.time(3), None]),
    ([dt.timedelta(1), None], pa.duration("us"), [dt.timedelta(1), None]),
    ([D("1.10"), D(2), D("NaN")], pa.decimal128(3, 2), [D("1.10"), D("2.00"), None]),
    ([D("1" * 50)], pa.decimal256(50, 0), [D("1" * 50)]),
    ([Word.A], pa.string(), ["a"]),
    ([Number.ONE], pa.int64(), [1]),
    ([[1], [2.5], None], pa.list_(pa.float64()), [[1.0], [2.5], None]),
    ([[1, NAN]], pa.list_(pa.int64()), [[1, None]]),
    ([(1, 2)], pa.list_(pa.int64()), [[1, 2]]),
    ([np.array([1, 2])], pa.list_(pa.int64()), [[1, 2]]),
    ([np.array([0.5], "f2")], pa.list_(pa.float32()), [[0.5]]),
    ([[NAIVE]], pa.list_(pa.timestamp("us")), [[NAIVE]]),
    (
        [{"a": 1}, {"b": "x"}],
        pa.struct([("a", pa.int64()), ("b", pa.string())]),
        [{"a": 1, "b": None}, {"a": None, "b": "x"}],
    ),
    ([None, None], pa.null(), [None, None]),
    ([np.datetime64("NaT", "s"), None], pa.null(), [None, None]),
    ([FINE, None, NAIVE], pa.timestamp("ns"), [FINE, None, pd.Timestamp(NAIVE)]),
    ([FINE.tz_localize("UTC"), pd.NaT], pa.timestamp("ns", "UTC"), [FINE.tz_localize("UTC"), None]),
    ([[], None, [1]], pa.list_(pa.int64()), [[], None, [1]]),
    ([dt.date.min, dt.date.max], pa.date32(), [dt.date.min, dt.date.max]),
    ([dt.datetime.min, dt.datetime.max], pa.timestamp("us"), [dt.datetime.min, dt.datetime.max]),
    ([dt.timedelta(-1), pd.Timedelta(1, "us")], pa.duration("us"), [DAY_BACK, MICROSECOND]),
    ([None] * 99 + [True], pa.bool_(), [None] * 99 + [True]),
    ([NAN, pd.NaT, D("NaN")], pa.null(), [None, None, None]),
    (["x", NAN, np.float32("nan")], pa.string(), ["x", None, None]),
    ([True, np.ma.masked, NAN], pa.bool_(), [True, None, None]),
    ([1.5, np.float32("nan"), None], pa.float64(), [1.5, None, None]),
    ([1.5, None, NAN, pd.NA], pa.float64(), [1.5, None, None, None]),
    ([D("1.5"), NAN, pd.NaT], pa.decimal128(2, 1), [D("1.5"), None, None]),
    ([[1], NAN, D("NaN"), pd.NA], pa.list_(pa.int64()), [[1], None, None, None]),
    ([np.int8(1), None], pa.int8(), [1, None]),
    ([pa.scalar(1), 2, pa.scalar(None)], pa.int64(), [1, 2, None]),
    ([np.timedelta64(1, "s"), None], pa.duration("s"), [dt.timedelta(seconds=1), None]),
    ([np.datetime64("2024-01-02T03", "us"), None], pa.timestamp("us"), [NAIVE, None]),
]


_DOUBLED_2 = "[[[1], [1]], [[1], [1]]]"

DIRTY = [
    ([1, "a"], ["1", "a"], ["int", "str"]),
    (["a", 1], ["a", "1"], ["str", "int"]),
    ([1, "2"], ["1", "2"], ["int", "str"]),
    (["nan", NAN, 1.5], ["nan", None, "1.5"], ["str", None, "float"]),
    (["None", None, "", 0], ["None", None, "", "0"], ["str", None, "str", "int"]),
    ([1, "1", None, NAN], ["1", "1", None, None], ["int", "str", None, None]),
    (["x", NAN, None, pd.NA, pd.NaT, 1], ["x", *[None] * 4, "1"], ["str", *[None] * 4, "int"]),
    ([True, 1], ["true", "1"], ["bool", "int"]),
    ([1, True], ["1", "true"], ["int", "bool"]),
    ([True, "x"], ["true", "x"], ["bool", "str"]),
    ([True] * 99 + [0.0], ["true"] * 99 + ["0.0"], ["bool"] * 99 + ["float"]),
    ([True] * 99 + [Hostile()], None, ["bool"] * 99 + ["object:Hostile"]),
    ([np.bool_(True), np.int8(1)], ["true", "1"], ["bool", "int"]),
    ([1.5, True], ["1.5", "true"], ["float", "bool"]),
    ([1.5, "x"], ["1.5", "x"], ["float", "str"]),
    ([2**53 + 1, 0.5], ["9007199254740993", "0.5"], ["int", "float"]),
    ([np.uint64(2**64 - 1), 0.5], [str(2**64 - 1), "0.5"], ["int", "float"]),
    ([np.float32(0.5), np.uint64(2**64 - 1)], ["0.5", str(2**64 - 1)], ["float", "int"]),
    ([[np.float16(0.5)], [1]], ["[0.5]", "[1]"], ["json", "json"]),
    ([{"a": 1.5}, {"a": np.uint64(2**64 - 1)}], None, ["json", "json"]),
    ([LyingFloat(1.5), "x"], ["1.5", "x"], ["float", "str"]),
    ([b"\xff", "x"], ["/w==", "x"], ["bytes", "str"]),
    (["x", b"\xff"], ["x", "/w=="], ["str", "bytes"]),
    ([b"\xff", 1], ["/w==", "1"], ["bytes", "int"]),
    ([{"a": 1}, [1]], ['{"a": 1}', "[1]"], ["json", "json"]),
    ([[1], 2], ["[1]", "2"], ["json", "int"]),
    ([{"a": 1}, {"a": "x"}], ['{"a": 1}', '{"a": "x"}'], ["json", "json"]),
    ([[1], ["x"]], ["[1]", '["x"]'], ["json", "json"]),
    ([{1: "a"}], ['{"1": "a"}'], ["json"]),
    ([{}], ["{}"], ["json"]),
    ([{"a": {}}], ['{"a": {}}'], ["json"]),
    ([[True, 1]], ["[true, 1]"], ["json"]),
    ([[DAY, NAIVE]], None, ["json"]),
    ([[NAIVE, AWARE]], None, ["json"]),
    ([[1, {2}]], None, ["json"]),
    (
        [[pd.Timestamp("2024-01-02 03:00:00.123456789")]],
        ['[{"$datetime": "2024-01-02T03:00:00.123456789"}]'],
        ["json"],
    ),
    ([[1, pd.NA]], ["[1, null]"], ["json"]),
    ([_nested(30)], ["[" * 30 + "1" + "]" * 30], ["json"]),
    ([_nested(90)], [TOO_DEEP], ["json"]),
    ([np.zeros((2, 2), "i8")], ["[[0, 0], [0, 0]]"], ["json"]),
    ([np.ma.array([1, 2], mask=[0, 1])], ["[1, null]"], ["json"]),
    ([{2, 1}], ["[1, 2]"], ["set"]),
    ([itself()], [TOO_DEEP], ["json"]),
    ([_itself_twice(), {"a": itself()}], [TOO_DEEP] * 2, ["json"] * 2),
    ([_doubled(40), _doubled(2)], [TOO_REPETITIVE, _DOUBLED_2], ["json"] * 2),
    ([_doubled(9)] * 9 + [_doubled(40)], None, ["json"] * 10),
    ([{"a": _doubled(40)}, {1: 2}], [TOO_REPETITIVE, '{"1": 2}'], ["json"] * 2),
    ([{f"k{i}": i} for i in range(1500)], None, ["json"] * 1500),
    ([D("1.10"), 2.5], ["1.10", "2.5"], ["decimal", "float"]),
    ([2.5, D("1.10")], ["2.5", "1.10"], ["float", "decimal"]),
    ([D("1.10"), 2], ["1.10", "2"], ["decimal", "int"]),
    ([D("Infinity"), D("NaN")], ["Infinity", None], ["decimal", None]),
    ([D("1E+50"), D("1E-50")], ["1E+50", "1E-50"], ["decimal", "decimal"]),
    ([D("1" * 80)], ["1" * 80], ["decimal"]),
    ([NAIVE, "2024-01-02"], ["2024-01-02T03:00:00", "2024-01-02"], ["datetime", "str"]),
    (["2024-01-02", NAIVE], ["2024-01-02", "2024-01-02T03:00:00"], ["str", "datetime"]),
    ([DAY, NAIVE], ["2024-01-02", "2024-01-02T03:00:00"], ["date", "datetime"]),
    ([NAIVE, DAY], ["2024-01-02T03:00:00", "2024-01-02"], ["datetime", "date"]),
    ([DAY] * 99 + [NAIVE], None, ["date"] * 99 + ["datetime"]),
    ([DAY] * 99 + [5], None, ["date"] * 99 + ["int"]),
    ([DAY] * 99 + [pd.Timestamp(NAIVE)], None, ["date"] * 99 + ["datetime"]),
    ([5, DAY], ["5", "2024-01-02"], ["int", "date"]),
    ([DAY, 5], ["2024-01-02", "5"], ["date", "int"]),
    ([DAY, 5.7], ["2024-01-02", "5.7"], ["date", "float"]),
    ([DAY, D(5)], ["2024-01-02", "5"], ["date", "decimal"]),
    ([NAIVE, 5], ["2024-01-02T03:00:00", "5"], ["datetime", "int"]),
    ([dt.time(3), 5], ["03:00:00", "5"], ["time", "int"]),
    ([dt.timedelta(0), 3], ["PT0S", "3"], ["timedelta", "int"]),
    ([dt.timedelta(0)] * 99 + [3], None, ["timedelta"] * 99 + ["int"]),
    (
        [NAIVE, AWARE],
        ["2024-01-02T03:00:00", "2024-01-02T03:00:00-05:00"],
        ["datetime", "datetimetz"],
    ),
    (
        [AWARE, NAIVE],
        ["2024-01-02T03:00:00-05:00", "2024-01-02T03:00:00"],
        ["datetimetz", "datetime"],
    ),
    ([FINE, AWARE], None, ["datetime", "datetimetz"]),
    (
        [FINE, dt.datetime(3000, 1, 1)],
        ["2024-01-02T03:04:05.000000789", "3000-01-01T00:00:00"],
        ["datetime", "datetime"],
    ),
    (
        [AWARE, IN_BERLIN],
        ["2024-01-02T03:00:00-05:00", "2024-01-02T03:00:00+01:00"],
        ["datetimetz", "datetimetz"],
    ),
    ([pd.Timedelta(1, "ns")], ["PT0.000000001S"], ["timedelta"]),
    ([dt.timedelta.max], None, ["timedelta"]),
    ([dt.time(3, tzinfo=EAST)], ["03:00:00-05:00"], ["time"]),
    (
        [dt.time(3), dt.time(3, tzinfo=BERLIN), None],
        ["03:00:00", "03:00:00[Europe/Berlin]", None],
        ["time"] * 2 + [None],
    ),
    (
        [dt.time(3)] * 99 + [dt.time(3, tzinfo=BERLIN)],
        ["03:00:00"] * 99 + ["03:00:00[Europe/Berlin]"],
        ["time"] * 100,
    ),
    (
        [dt.time(3)] * 99 + [dt.time(3, tzinfo=Lying())],
        ["03:00:00"] * 99 + ["03:00:00[Lying]"],
        ["time"] * 100,
    ),
    ([[dt.time(3, tzinfo=BERLIN)]], ['[{"$time": "03:00:00[Europe/Berlin]"}]'], ["json"]),
    ([dt.time(3)] * 99 + [5], ["03:00:00"] * 99 + ["5"], ["time"] * 99 + ["int"]),
    (
        [dt.time(3)] * 99 + [Clock()],
        ["03:00:00"] * 99 + ["clock"],
        ["time"] * 99 + ["object:Clock"],
    ),
    (
        [NAIVE.replace(tzinfo=dt.timezone(dt.timedelta(seconds=30)))],
        ["2024-01-02T03:00:00+00:00:30"],
        ["datetimetz"],
    ),
    (
        [np.datetime64("2024-01-02T03", "s"), np.datetime64("2024-01-02T03", "ms")],
        ["2024-01-02T03:00:00", "2024-01-02T03:00:00.000"],
        ["datetime", "datetime"],
    ),
    ([np.datetime64("2024-01-02"), None], ["2024-01-02", None], ["date", None]),
    ([U, "x"], [str(U), "x"], ["uuid", "str"]),
    ([Colour.RED], ["Colour.RED"], ["enum"]),
    ([Custom(), None], ["custom", None], ["object:Custom", None]),
    ([Hostile(), None], ["<unprintable Hostile: ValueError>", None], ["object:Hostile", None]),
    ([Closed(), None], ["closed", None], ["object:Closed", None]),
    ([1] * 99 + [Closed()], None, ["int"] * 99 + ["object:Closed"]),
    ([[Closed()], [1]], ['[{"$object:Closed": "closed"}]', "[1]"], ["json", "json"]),
    ([1] * 99 + [Hostile()], None, ["int"] * 99 + ["object:Hostile"]),
    ([1.5] * 99 + [Hostile()], None, ["float"] * 99 + ["object:Hostile"]),
    ([[Hostile()]], None, ["json"]),
    ([pd.Interval(0, 1), None], ["(0, 1]", None], ["object:Interval", None]),
    ([P], ["/a"], ["object:PurePosixPath"]),
    ([pd.Period("2024-01"), None], ["2024-01", None], ["object:Period", None]),
    ([Broken()], ["<unprintable Broken: RuntimeError>"], ["object:Broken"]),
    ([1j], ["1j"], ["object:complex"]),
    ([1.5, np.longdouble(1)], ["1.5", "1.0"], ["float", "object:longdouble"]),
    (["x", np.longdouble("nan")], ["x", "nan"], ["str", "object:longdouble"]),
    ([1, "x", np.datetime64("NaT", "s")], ["1", "x", None], ["int", "str", None]),
    (["x"] * 99 + [b"x"], ["x"] * 99 + ["eA=="], ["str"] * 99 + ["bytes"]),
    ([1.5] * 99 + [np.longdouble(1)], None, ["float"] * 99 + ["object:longdouble"]),
    ([1.5] * 99 + ["1.5"], ["1.5"] * 100, ["float"] * 99 + ["str"]),
    ([1] * 99 + ["1"], ["1"] * 100, ["int"] * 99 + ["str"]),
    ([1] * 99 + [True], ["1"] * 99 + ["true"], ["int"] * 99 + ["bool"]),
    ([1] * 99 + [np.timedelta64(1, "D")], None, ["int"] * 99 + ["timedelta"]),
    ([b"x"] * 99 + ["x"], ["eA=="] * 99 + ["x"], ["bytes"] * 99 + ["str"]),
    ([1.5] * 99 + [True], ["1.5"] * 99 + ["true"], ["float"] * 99 + ["bool"]),
    ([True] * 99 + [0], ["true"] * 99 + ["0"], ["bool"] * 99 + ["int"]),
    ([2**63], [str(2**63)], ["int"]),
    ([2**64], [str(2**64)], ["int"]),
    ([1] * 99 + [2**63], ["1"] * 99 + [str(2**63)], ["int"] * 100),
    ([-(2**63) - 1, 1], [str(-(2**63) - 1), "1"], ["int", "int"]),
    ([2**70, "x"], [str(2**70), "x"], ["int", "str"]),
    ([10**5000, "x"], [hex(10**5000), "x"], ["int", "str"]),
    (["\ud800", "x"], ["\\ud800", "x"], ["str_invalid", "str"]),
    (["x"] * 99 + ["\ud800"], ["x"] * 99 + ["\\ud800"], ["str"] * 99 + ["str_invalid"]),
    ([pa.scalar(1), "x"], ["1", "x"], ["int", "str"]),
]


TYPED = [
    (pd.Series([1, 2], dtype="int8"), pa.int8(), [1, 2]),
    (pd.Series([1.0, None]), pa.float64(), [1.0, None]),
    (pd.Series([2**53 + 1, None], dtype="float64"), pa.float64(), [2.0**53, None]),
    (pd.Series([float("inf"), NAN]), pa.float64(), [float("inf"), None]),
    (pd.Series([2**64 - 1], dtype="uint64"), pa.uint64(), [2**64 - 1]),
    (pd.Series([0.5, None], dtype="Float32"), pa.float32(), [0.5, None]),
    (pd.Series([True, None], dtype="boolean"), pa.bool_(), [True, None]),
    (pd.Series([1, 2]).astype("timedelta64[s]"), pa.duration("s"), [SECOND, 2 * SECOND]),
    (pd.Series(["a", None], dtype="string[pyarrow]"), pa.string(), ["a", None]),
    (pd.Series([0.5], dtype="float16"), pa.float32(), [0.5]),
    (pd.Series([True]), pa.bool_(), [True]),
    (pd.Series([1, None], dtype="Int64"), pa.int64(), [1, None]),
    (pd.Series(["a", None], dtype="string"), pa.string(), ["a", None]),
    (pd.Series(["a", None]), pa.string(), ["a", None]),
    (pd.Series([NAIVE, None], dtype="datetime64[us]"), pa.timestamp("us"), [NAIVE, None]),
    (
        pd.Series(pd.DatetimeIndex([IN_BERLIN]).as_unit("us")),
        pa.timestamp("us", "Europe/Berlin"),
        [IN_BERLIN],
    ),
    (pd.Series(["a", None, "a"], dtype="category"), pa.string(), ["a", None, "a"]),
    (pd.Series([2, 1], dtype="category"), pa.int64(), [2, 1]),
    # What is only a category, and no cell, counts for nothing.
    (pd.Series(pd.Categorical([1, 1], _objects(1, 2.5))), pa.int64(), [1, 1]),
    (pd.Series(pd.Categorical(["a", "a"], _objects("a", 1))), pa.string(), ["a", "a"]),
    (pd.Series(pd.Categorical(["a"], _objects("a", 1, 2))), pa.string(), ["a"]),
    (pd.Series(pd.Categorical([None] * 2, _objects(True, False))), pa.null(), [None, None]),
    (pd.Series(pd.Categorical([True, None], _objects(True, False))), pa.bool_(), [True, None]),
    (pd.Series([], dtype="category"), pa.null(), []),
    (pd.Series([0, 1, 0], dtype="Sparse[int64]"), pa.int64(), [0, 1, 0]),
    (pd.Series([NAN, 1], dtype="Sparse[float64]"), pa.float64(), [None, 1.0]),
    (pd.Series([[1]], dtype=pd.ArrowDtype(pa.list_(pa.int8()))), pa.list_(pa.int8()), [[1]]),
]


TAGGED_DTYPES = [
    (
        pd.Series(pd.Categorical(["a", 1, 2.5, None, "a"], categories=["a", 1, 2.5, b"unused"])),
        ["a", "1", "2.5", None, "a"],
        ["str", "int", "float", None, "str"],
    ),
    (pd.Series([1 + 2j]), ["(1+2j)"], ["object:complex"]),
    (pd.Series(pd.PeriodIndex(["2024-01", None], freq="M")), ["2024-01", None], None),
    (pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 1)])), ["(0, 1]"], ["object:Interval"]),
    (pd.Series([U], dtype=pd.ArrowDtype(pa.uuid())), [str(U)], ["uuid"]),
]


FRAMES = [
    pd.DataFrame(),
    pd.DataFrame({"a": [], "b": []}),
    pd.DataFrame({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype="string")}),
    pd.DataFrame({"a": [1, "x"], 5: [1.5, NAN], (1, 2): ["u", None], b"x": [DAY, DAY]}),
    pd.DataFrame([[1, 2, 3, 4]], columns=pd.Index([1, DAY, None, "y"], dtype=object)),
    pd.DataFrame({"a": [1, 2, 3]}, index=pd.Index(["p", 5, None], name="key")).iloc[1:],
    pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])),
    pd.DataFrame({"at": pd.to_datetime(["2024-01-02", None])}),
    pd.DataFrame({"at": pd.to_datetime(["2024-01-02T03:04:05.000000789", None], utc=True)}),
    pd.DataFrame({"took": pd.to_timedelta(["1 days", None])}),
    pd.DataFrame({"far": np.array(["9999-12-31", "+300000-01-01"], "M8[s]")}),
    pd.DataFrame({"t": ["a", None], "n": [1, None], "c": pd.Categorical(["a", None])}),
]
"""Whole frames: under both versions they become the same."""

REFUSED = [
    ([[1, 2]], pd.Index(["a", "a"]), "duplicate_column", "duplicate column names: 'a'"),
    ([[1, 2]], pd.Index([1, "1"], dtype=object), "duplicate_column", "'1'"),
    ([[1]], pd.Index(["_cf_row"]), "reserved_column", "'_cf_row'; rename"),
    ([[1]], pd.Index(["\ud800"], dtype=object), "invalid_encoding", r"'\\ud800'"),
    ([[1]], pd.MultiIndex.from_tuples([("a", "x")]), "output_shape", "map"),
    ([[], []], pd.Index([]), "output_shape", "2 rows without a column"),
]


def refused_frame(rows: list[list[Any]], columns: Any) -> Any:
    frame = pd.DataFrame(rows)
    frame.columns = columns
    return frame


def outcomes(convert: Any) -> dict[str, Any]:
    """Return what becomes of each case: Arrow's IPC and the notes, or the code and the sentence."""
    frames = {f"frame {place}": frame for place, frame in enumerate(FRAMES)}
    for place, (rows, columns, *_) in enumerate(REFUSED):
        frames[f"refused {place}"] = refused_frame(rows, columns)
    for place, (series, *_) in enumerate([*TYPED, *TAGGED_DTYPES]):
        frames[f"series {place}"] = pd.DataFrame({"x": series})
    cells = {f"cells {place}": values for place, (values, *_) in enumerate([*CLEAN, *DIRTY])}
    frames |= {name: object_frame(values) for name, values in cells.items()}
    made = {name: _outcome(convert, convert.safe_to_arrow, frame) for name, frame in frames.items()}
    for name, values in cells.items():
        rows = [{"x": value} for value in values]
        made[f"rows of {name}"] = _outcome(convert, convert.rows_to_arrow, rows)
    return made


def _outcome(convert: Any, call: Any, frame: Any) -> tuple[Any, Any]:
    try:
        table, notes = call(frame)
    except convert.StructuralError as error:
        return error.code, str(error)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes(), notes


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))
    from shim import convert

    pickle.dump((pd.__version__, outcomes(convert)), sys.stdout.buffer)

"""What becomes of the values of typed columns: they pass unchanged, or not at all."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from .agreement import assert_agree, column_of, same

ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")


def array(values: list[Any], type_: pa.DataType) -> pa.Array:
    counted = pa.types.is_timestamp(type_) or pa.types.is_time(type_) or pa.types.is_duration(type_)
    if counted or pa.types.is_date(type_):
        return pa.array(values, pa.int32() if type_.bit_width == 32 else pa.int64()).cast(type_)
    return pa.array(values, type_)


class Bad:
    """Stands where a cell is refused; its name is the same in every process."""

    def __repr__(self) -> str:
        return "BAD"


BAD = Bad()
DAY = 86_400
HOUR = 3_600 * 10**9


@pytest.mark.parametrize(
    ("source", "spec", "wanted"),
    [
        # Numbers stay the same number, whatever holds them.
        (array([127, 128, -128, -129], pa.int16()), "int8", [127, BAD, -128, BAD]),
        (array([2**64 - 1, 5], pa.uint64()), "int64", [BAD, 5]),
        (array([-1, 5], pa.int8()), "uint64", [BAD, 5]),
        (
            array([2**53, 2**53 + 1, -(2**53), -(2**53) - 1], pa.int64()),
            "float64",
            [2.0**53, BAD, -(2.0**53), BAD],
        ),
        (array([2**24, 2**24 + 1], pa.int32()), "float32", [2.0**24, BAD]),
        (array([2.0**53, 2.0**53 + 2, 0.5, -0.0], pa.float64()), "int64", [2**53, BAD, BAD, 0]),
        (array([float("nan"), float("inf"), 1.0], pa.float64()), "int64", [BAD, BAD, 1]),
        (array([float("nan"), float("inf"), 1.0], pa.float64()), "float64", [BAD, BAD, 1.0]),
        (array([0.1, 0.5, 1e300], pa.float64()), "float32", [BAD, 0.5, BAD]),
        (array([0.5, 65504.0], pa.float16()), "float64", [0.5, 65504.0]),
        (
            array([Decimal("1.20"), Decimal("1.25")], pa.decimal128(9, 2)),
            "decimal(4,1)",
            [Decimal("1.2"), BAD],
        ),
        (
            array([Decimal("999.9"), Decimal("1000.0")], pa.decimal256(50, 1)),
            "decimal(4,1)",
            [Decimal("999.9"), BAD],
        ),
        (
            array([Decimal(5), Decimal(10**6)], pa.decimal32(7, 0)),
            "decimal(4,1)",
            [Decimal(5), BAD],
        ),
        (array([999, 1000], pa.int64()), "decimal(4,1)", [Decimal(999), BAD]),
        (
            array([1.1, 1.05], pa.float64()),
            {"type": "decimal(4,1)", "from_float": True},
            [Decimal("1.1"), BAD],
        ),
        (
            array([1.1, 1.05], pa.float32()),
            {"type": "decimal(4,1)", "from_float": True},
            [Decimal("1.1"), BAD],
        ),
        # Days and times stay the same day and time.
        (array([0, 86_400_000], pa.date64()), "date", [date(1970, 1, 1), date(1970, 1, 2)]),
        (array([1, 86_400_000], pa.date64()), "date", [BAD, date(1970, 1, 2)]),
        (
            array([-719_162, -719_163, 2_932_896, 2_932_897], pa.date32()),
            "date",
            [date(1, 1, 1), BAD, date(9999, 12, 31), BAD],
        ),
        (array([1_000, 1_001], pa.time32("ms")), "time(s)", [1, BAD]),
        (array([1], pa.time32("s")), "time(ns)", [10**9]),
        (array([10**9, 10**9 + 1], pa.time64("ns")), "time", [10**6, BAD]),
        (array([0, DAY - 1, DAY, -1], pa.time32("s")), "time(s)", [0, DAY - 1, BAD, BAD]),
        (
            array([DAY * 10**6 - 1, DAY * 10**6], pa.time64("us")),
            "time(ns)",
            [(DAY * 10**6 - 1) * 1000, BAD],
        ),
        (array([1_000, 1_001, -1_000, -1], pa.timestamp("ms")), "timestamp(s)", [1, BAD, -1, BAD]),
        (array([2**33, 5], pa.timestamp("s")), "timestamp(ns)", [2**33 * 10**9, 5 * 10**9]),
        (array([2**34, 5], pa.timestamp("s")), "timestamp(ns)", [BAD, 5 * 10**9]),
        (
            array([-(2**63), -(2**63) + 1, 2**63 - 1], pa.timestamp("ns")),
            "timestamp(ns)",
            [BAD, -(2**63) + 1, 2**63 - 1],
        ),
        (
            array([-62_135_596_800, -62_135_596_801], pa.timestamp("s")),
            "timestamp(s)",
            [-62_135_596_800, BAD],
        ),
        (
            array([253_402_300_799, 253_402_300_800], pa.timestamp("s")),
            "timestamp",
            [253_402_300_799 * 10**6, BAD],
        ),
        (array([5], pa.timestamp("s", "America/New_York")), "timestamp(ms, Asia/Tokyo)", [5_000]),
        (
            array([DAY, DAY + 1, -DAY], pa.timestamp("s")),
            {"type": "date", "midnight_ok": True},
            [date(1970, 1, 2), BAD, date(1969, 12, 31)],
        ),
        (array([1_000, 1_001, -1_000, -1], pa.duration("ms")), "duration(s)", [1, BAD, -1, BAD]),
        (
            array([2**33, 2**34, -(2**34)], pa.duration("s")),
            "duration(ns)",
            [2**33 * 10**9, BAD, BAD],
        ),
        (array([-(2**63), 5], pa.duration("s")), "duration(s)", [BAD, 5]),
        # Local times of an assumed zone.
        (
            array(
                [1711846800, 1711850400, 1729987200, 1729994400, 2540519999, 0], pa.timestamp("s")
            ),
            {"type": "timestamp(s, UTC)", "assume_tz": "Europe/Berlin"},
            [1711846800 - 3600, BAD, 1729987200 - 7200, BAD, 2540519999 - 7200, -3600],
        ),
        (
            array([1729994400, 1711850400], pa.timestamp("s")),
            {"type": "timestamp(s, UTC)", "assume_tz": "Europe/Berlin", "ambiguous": "earliest"},
            [1729994400 - 7200, BAD],
        ),
        (
            array([1729994400, 1711850400], pa.timestamp("s")),
            {"type": "timestamp(s, UTC)", "assume_tz": "Europe/Berlin", "ambiguous": "latest"},
            [1729994400 - 3600, BAD],
        ),
        (
            array([2**63 - 1 - HOUR, 2**63 - HOUR, 2**63 - 1, 0], pa.timestamp("ns")),
            {"type": "timestamp(ns, UTC)", "assume_tz": "-01:00"},
            [2**63 - 1, BAD, BAD, HOUR],
        ),
        (
            array([-(2**63) + 1 + HOUR, -(2**63) + HOUR, -(2**63) + 1], pa.timestamp("ns")),
            {"type": "timestamp(ns, UTC)", "assume_tz": "+01:00"},
            [-(2**63) + 1, BAD, BAD],
        ),
        # Bytes and UUIDs, of whatever layout.
        (array([b"ab", b"cd"], pa.binary(2)), "binary", [b"ab", b"cd"]),
        (array([b"ab", b""], pa.large_binary()), "binary", [b"ab", b""]),
        (array([b"ab", b""], pa.binary_view()), "binary", [b"ab", b""]),
        (array([None, ID.bytes, None], pa.uuid()), "uuid", [None, str(ID), None]),
        (
            array([ID.bytes, ID.bytes], pa.uuid()).slice(1),
            {"type": "string", "stringify": True},
            [str(ID)],
        ),
        # Texts, of whatever layout.
        (array(["1", "x"], pa.string_view()), "int64", [1, BAD]),
        (array(["1", "x", None], pa.large_string()).dictionary_encode(), "int64", [1, BAD, None]),
        (pa.RunEndEncodedArray.from_arrays([2, 3], ["1", "x"]), "int64", [1, 1, BAD]),
        (pa.array([5, 5, 300]).dictionary_encode(), "int8", [5, 5, BAD]),
        (
            pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0], pa.int8())),
            "bool",
            [True, False],
        ),
        (array(["{}", "x"], pa.json_()), "json", ["{}", BAD]),
        # Lists of whatever layout, a null among the items, and items of items.
        (
            array([[1, 2], [300], None, []], pa.list_(pa.int64())),
            "list<int8>",
            [[1, 2], BAD, None, []],
        ),
        (array([[1, None], [2]], pa.large_list(pa.int64())), "list<int8>", [BAD, [2]]),
        (array([[1, None], [2]], pa.list_view(pa.int64())), "list<int8?>", [[1, None], [2]]),
        (
            array([[1, 2], None, [3, 300]], pa.list_(pa.int64(), 2)),
            "list<int8>",
            [[1, 2], None, BAD],
        ),
        (array([[], [300], [1]], pa.list_(pa.int64())).slice(1), "list<int8>", [BAD, [1]]),
        (array([[], [None]], pa.list_(pa.null())), "list<date>", [[], BAD]),
        (
            array([["2024-01-05"], ["x"]], pa.list_(pa.string())),
            "list<date>",
            [[date(2024, 1, 5)], BAD],
        ),
        (
            array([["a"], ["b", "c"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
            "list<enum[a, b]>",
            [["a"], BAD],
        ),
        (
            array([[[1], []], [[300]], [None]], pa.list_(pa.list_(pa.int64()))),
            "list<list<int8>>",
            [[[1], []], BAD, BAD],
        ),
        # Structs: a field that is missing is null, one of no use is refused.
        (
            array([{"a": 1}, None, {"a": None}], pa.struct([("a", pa.int64())])),
            "struct{a: int8}",
            [{"a": 1}, None, BAD],
        ),
        (
            array([{"a": 1}], pa.struct([("a", pa.int64())])),
            "struct{b: date?, a: int8}",
            [{"b": None, "a": 1}],
        ),
        (
            array(
                [{"b": "x", "a": 1}, {"b": None, "a": 2}],
                pa.struct([("b", pa.string()), ("a", pa.int64())]),
            ).slice(1),
            "struct{a: int8, b: string?}",
            [{"a": 2, "b": None}],
        ),
        # JSON of what JSON knows by nature.
        (
            array([[1.5, None], [float("inf")]], pa.list_(pa.float64())),
            "json",
            ["[1.5, null]", BAD],
        ),
        (
            array(
                [{"a": "é\n", "b": [True]}],
                pa.struct([("a", pa.string()), ("b", pa.list_(pa.bool_()))]),
            ),
            "json",
            ['{"a": "é\\n", "b": [true]}'],
        ),
        (
            array([[("a", 1)], [("a", 1), ("a", 2)], []], pa.map_(pa.string(), pa.int64())),
            "json",
            ['{"a": 1}', BAD, "{}"],
        ),
        (
            array([[[("k", [1])]]], pa.list_(pa.map_(pa.string(), pa.list_(pa.int8())))),
            "json",
            ['[{"k": [1]}]'],
        ),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else str(value)[:40],
)
def test_values_pass_unchanged_or_not_at_all(
    source: pa.Array, spec: Any, wanted: list[Any]
) -> None:
    options = spec if isinstance(spec, dict) else {"type": spec}
    column = column_of({**options, "nullable": True})
    for whole in (source, pa.chunked_array([source, source.slice(0, 0)])):
        judged = assert_agree(column, whole)
        assert [good for good, _ in judged] == [value is not BAD for value in wanted]
        for (_, value), wants in zip(judged, wanted, strict=True):
            assert wants is BAD or same(value, wants), (value, wants)

"""The kernels against the oracle: the same verdict and the same value for every cell."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.contract import parse_outputs
from casparian.core.validation.cells import Cell, cells_of, plain
from casparian.core.validation.constraints import breaks
from casparian.core.validation.convert import convert
from casparian.core.validation.oracle import judge

NUMBERS = [
    *["0", "-0", "1", "-1", "7", "007", "+7", "-007", "00", "-00", "+0", "0x10", "1_000", "1,000"],
    *["1.000", "1 000", "10,00", "1,0000", "1,000,000", ",000", "1,", "1,000.5", "1.000,5", "12,5"],
    *["1.0", "1.5", "1.", ".5", "-.5", "1e3", "1E3", "1e+3", "1e-3", "1e400", "-1e400", "1e-400"],
    *["", " ", " 7", "7 ", "7\n", "\n7", "\t7", "\u00a07", "7\u00a0", "٧", "７", "²", "½", "1\x00"],
    *["nan", "NaN", "NAN", "inf", "-inf", "+inf", "Infinity", "-Infinity", "infinity", "iNf"],
    *["127", "128", "-128", "-129", "255", "256", "32767", "32768", "-32769", "65535", "65536"],
    *["2147483647", "2147483648", "-2147483649", "4294967295", "4294967296"],
    *["9223372036854775807", "9223372036854775808", "-9223372036854775808"],
    *["-9223372036854775809", "18446744073709551615", "18446744073709551616"],
    *[
        "999999999999999999",
        "1000000000000000000",
        "99999999999999999999",
        "9" * 30,
        "-" + "9" * 40,
    ],
    *["1" * 400, "0." + "0" * 400 + "1", "1" * 400 + ".5", "1e" + "9" * 30, "0e" + "9" * 30],
    *["0.1", "0.10", "1.10", "1.100", "1.105", "99999.99", "100000.00", "-99999.99", "0.001"],
    *["123456.7", "3.4028235e38", "3.4028236e38", "3.4028235677973366e38", "1e-46", "7e-46"],
    *["340282356779733661637539395458142568447", "340282356779733661637539395458142568448"],
    *["1.00000017881393432617187499", "1.00000017881393432617187500", "16777217", "33554433"],
    *["1.000000178813934326171875000000000001", "9007199254740993", "--5", "+-5", "-+5", "5-"],
    *["abc", "12x", "x12", "N/A", "None", "true", "1.2.3", "1e", "e5", "1e5.5", "1e+", "-", "+"],
    *["٠", "1'000", "1’000", "$5", "5%", "(5)", "1/2", "0b11", "0o7", "5f", "5L", "1d", "-,5"],
]

DATES = [
    *["2024-01-05", "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-02-30"],
    *["2024-02-31", "2024-04-31", "2024-13-01", "2024-00-10", "2024-01-00", "2024-01-32"],
    *["0000-01-01", "0000-02-29", "0001-01-01", "0004-02-29", "0100-02-29", "0400-02-29"],
    *["9999-12-31", "10000-01-01", "-0001-01-01", "+2024-01-05", "24-01-05", "2024-1-5"],
    *["2024-01-5", "20240105", "2024/01/05", "05/01/2024", "31/02/2024", "13/13/2024", "1/2/2024"],
    *["5.1.2024", "05.01.2024", "2024-01-05 ", " 2024-01-05", "2024-01-05\n", "2024-01-05T10:00"],
    *[
        "2024-01-05T00:00:00",
        "2024-01-05 00:00:00",
        "2024-01-05 00:00:00.000",
        "2024-02-30T00:00:00",
    ],
    *["2024-01-05 00:00:01", "2024-01-05 00:00:00Z", "2024-01-05 00:00:00.", "", " ", "n/a"],
    *["infinity", "today", "٢٠٢٤-٠١-٠٥", "2024‐01‐05", "2024-01-0５", "2024-W01-5", "2024-005"],
    *["5 Jan 2024", "05-Jan-2024", "05-JAN-2024", "05-jan-2024", "05-jAN-2024", "05-Foo-2024"],
    *["05/01/69", "05/01/68", "29/02/1900", "29/02/2024", "2024-01-05\x00", "1704412800"],
]

STAMPS = [
    *["2024-01-05T10:00:00", "2024-01-05 10:00:00", "2024-01-05t10:00:00", "2024-01-05  10:00:00"],
    *[
        "2024-01-05T10:00",
        "2024-01-05T10",
        "2024-01-05",
        "2024-01-05T24:00:00",
        "2024-01-05T23:60:00",
    ],
    *["2024-01-05T23:59:60", "2024-01-05T23:59:59", "2024-02-30T10:00:00", "2024-02-29T10:00:00"],
    *["2024-01-05T10:00:00.1", "2024-01-05T10:00:00.123", "2024-01-05T10:00:00.1234"],
    *["2024-01-05T10:00:00.123456", "2024-01-05T10:00:00.1234567", "2024-01-05T10:00:00.123456789"],
    *["2024-01-05T10:00:00.1234567891", "2024-01-05T10:00:00.", "2024-01-05T10:00:00,5"],
    *["2024-01-05T10:00:00Z", "2024-01-05T10:00:00z", "2024-01-05T10:00:00+02:00"],
    *["2024-01-05T10:00:00-00:00", "2024-01-05T10:00:00+0200", "2024-01-05T10:00:00+02"],
    *["2024-01-05T10:00:00 +02:00", "2024-01-05T10:00:00+24:00", "2024-01-05T10:00:00+23:59"],
    *["2024-01-05T10:00:00-23:59", "2024-01-05T10:00:00+02:60", "2024-01-05T10:00:00+00:00:30"],
    *["2024-01-05T10:00:00.123Z", "2024-01-05T10:00:00.123456789-05:00", "2024-01-05T10:00:00 UTC"],
    *["2024-01-05T10:00:00[UTC]", "0001-01-01T00:00:00", "0001-01-01T00:00:00Z"],
    *["0001-01-01T00:00:00+00:01", "0001-01-01T00:00:00-00:01", "9999-12-31T23:59:59.999999999"],
    *["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:59+00:01"],
    *[
        "0000-12-31T23:59:59",
        "1677-09-21T00:12:43",
        "1677-09-21T00:12:44",
        "1677-09-21T00:12:43.145224192",
    ],
    *["1677-09-21T00:12:43.145224193", "1677-09-20T10:00:00", "1677-09-22T00:00:00"],
    *["2262-04-11T23:47:16.854775807", "2262-04-11T23:47:16.854775808", "2262-04-11T23:47:16"],
    *["2262-04-11T23:47:17", "2262-04-12T00:00:00Z", "2262-04-12T01:00:00+02:00"],
    *["2262-04-11T23:47:17+00:01", "1677-09-21T00:12:43Z", "1677-09-20T23:00:00-05:00"],
    *["", " ", "now", "infinity", "1704412800", " 2024-01-05T10:00:00", "2024-01-05T10:00:00\n"],
    *["05/01/2024 10:00", "31/02/2024 10:00", "05/01/2024 10:00:00", "05/01/2024 25:00"],
    *["2024-01-05T1:00:00", "2024-01-05T10:0:00", "2024-01-05T-1:00:00", "２024-01-05T10:00:00"],
]

BOOLS = [
    *["true", "True", "TRUE", "false", "False", "FALSE", "tRUE", "fALSE", "t", "f", "T", "F", "1"],
    *[
        "0",
        "yes",
        "no",
        "y",
        "n",
        "Y",
        "N",
        "on",
        "off",
        "",
        " ",
        " true",
        "true ",
        "true\n",
        "wahr",
    ],
    *["falsch", "oui", "ja", "nein", "-1", "1.0", "None", "null", "N/A", "truе", "true\x00", "0.0"],
    *["ｔrue", "TrUe", "tru", "truee", "falsе", "2", "True.", "'true'", '"true"', "b'true'"],
]

TEXTS = [
    *NUMBERS,
    *BOOLS,
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    "\u00a0x\ufeff",
    "a\nb",
    "x" * 100,
    "AB12",
    "A-1",
]

COLUMNS: dict[str, list[Any]] = {
    "int": [
        *[f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)],
        {"type": "int64", "trim": True},
        {"type": "int64", "plus": True},
        {"type": "int64", "leading_zeros": True},
        {"type": "int64", "thousands": ","},
        {"type": "int32", "thousands": ".", "plus": True, "leading_zeros": True, "trim": True},
        {"type": "int64", "thousands": "_"},
        {"type": "int64", "thousands": "'"},
        {"type": "int64", "thousands": " "},
        {"type": "uint64", "plus": True, "leading_zeros": True},
        {"type": "int64", "nullable": True, "null_tokens": ["", "N/A", "7"], "trim": True},
        {"type": "int64", "min": 0, "max": 1000, "enum": [0, 1, 7, 2000]},
    ],
    "float": [
        "float32",
        "float64",
        {"type": "float64", "allow_nan": True},
        {"type": "float32", "allow_inf": True, "plus": True},
        {"type": "float64", "allow_inf": True, "allow_nan": True, "min": -5, "max": 5},
        {"type": "float64", "decimal_point": ",", "thousands": "."},
        {"type": "float64", "decimal_point": ","},
        {"type": "float32", "thousands": ",", "plus": True, "leading_zeros": True, "trim": True},
        {"type": "float64", "enum": [0, 1.5, 7], "nullable": True, "null_tokens": [""]},
        {"type": "float64", "min": 0.1, "max": 255},
    ],
    "decimal": [
        "decimal(7,2)",
        "decimal(38,0)",
        "decimal(38,38)",
        "decimal(3,3)",
        "decimal(1)",
        "decimal(38,10)",
        {"type": "decimal(12,2)", "from_float": True},
        {"type": "decimal(38,19)", "from_float": True},
        {"type": "decimal(12,2)", "decimal_point": ",", "thousands": "."},
        {
            "type": "decimal(12,2)",
            "plus": True,
            "leading_zeros": True,
            "thousands": ",",
            "trim": True,
        },
        {"type": "decimal(7,2)", "min": "0", "max": "100.5", "enum": ["1.1", 7, "0.10"]},
    ],
    "bool": [
        "bool",
        {"type": "bool", "trim": True, "nullable": True, "null_tokens": ["", "N/A"]},
        {"type": "bool", "true_tokens": ["yes", "1"], "false_tokens": ["no", "0"]},
        {"type": "bool", "true_tokens": "wahr"},
    ],
    "date": [
        "date",
        {"type": "date", "trim": True, "nullable": True},
        {"type": "date", "midnight_ok": True},
        {"type": "date", "formats": "%d/%m/%Y"},
        {"type": "date", "formats": ["%d/%m/%Y", "%d.%m.%Y", "%Y-%m-%d"], "trim": True},
        {"type": "date", "formats": ["%-d/%-m/%Y", "%-d.%-m.%Y", "%d %b %Y"]},
        {"type": "date", "formats": ["%d-%b-%Y", "%d/%m/%y", "%-d %b %Y"]},
        {"type": "date", "formats": ["%Y%m%d"]},
        {"type": "date", "min": "2000-01-01", "max": "2024-02-01", "enum": ["2024-01-05"]},
    ],
    "timestamp": [
        *[f"timestamp({u})" for u in ("s", "ms", "us", "ns")],
        *[f"timestamp({u}, UTC)" for u in ("s", "ms", "us", "ns")],
        "timestamp(us, Europe/Berlin)",
        {"type": "timestamp", "formats": ["%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"], "trim": True},
        {"type": "timestamp(ns)", "formats": "%Y-%m-%dT%H:%M:%S.%f"},
        {"type": "timestamp(ms,UTC)", "formats": ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S %z"]},
        {"type": "timestamp", "min": "2024-01-05T10:00:00", "max": "2024-02-29T10:00:00"},
        {"type": "timestamp(us,UTC)", "enum": ["2024-01-05T10:00:00Z"], "nullable": True},
    ],
    "string": [
        "string",
        {"type": "string", "stringify": True},
        {"type": "string", "trim": True, "null_tokens": ["", "N/A"], "nullable": True},
        {"type": "string", "min_length": 2, "max_length": 3, "pattern": "[a-z]+|[0-9]{2,4}"},
        {"type": "string", "pattern": r"\d+$", "enum": ["7", "12", "true"]},
    ],
}
NASTY = {
    "int": NUMBERS,
    "float": NUMBERS,
    "decimal": NUMBERS,
    "bool": BOOLS,
    "date": [*DATES, *STAMPS],
    "timestamp": [*STAMPS, *DATES],
    "string": TEXTS,
}
SPECS = [(family, spec) for family, specs in COLUMNS.items() for spec in specs]


def column_of(spec: Any) -> Any:
    return parse_outputs({"o": {"columns": {"x": spec}}}, parser_name="p").outputs[0].columns[0]


def comparable(value: Any) -> Any:
    if isinstance(value, float):
        return struct.pack("d", value) if not math.isnan(value) else "nan"
    if isinstance(value, Decimal):
        return Decimal(0) if value == 0 else value
    return (type(value), value)


def assert_agree(column: Any, data: Any, kinds: Any = None) -> None:
    """Judge every cell twice: the vectorised way, and one by one."""
    array = plain(data)
    tags = None if kinds is None else plain(kinds)
    converted = convert(array, tags, column)
    converted.values.validate(full=True)
    assert converted.ok.null_count == 0
    bad = breaks(converted.values, column)
    values = converted.values
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    cells = cells_of(array, tags)
    rows = zip(cells, converted.ok.to_pylist(), bad.to_pylist(), values.to_pylist(), strict=True)
    for cell, ok, broken, value in rows:
        judgement = judge(cell, column)
        good = ok and not broken
        assert good == (not judgement.reasons), (cell, str(column.type), judgement, value)
        if good:
            same = comparable(value) == comparable(judgement.value)
            assert same, (cell, str(column.type), judgement, value)


def tagged(cells: list[Cell]) -> tuple[pa.Array, pa.Array]:
    texts = pa.array([c.text if c.kind else None for c in cells], pa.string())
    return texts, pa.array([c.kind for c in cells], pa.string()).dictionary_encode()


@pytest.mark.parametrize(("family", "spec"), SPECS, ids=str)
def test_nasty_texts(family: str, spec: Any) -> None:
    column = column_of(spec)
    texts = NASTY[family]
    assert len(set(texts)) >= 40
    assert_agree(column, pa.array([*texts, None]))
    # Together, the good texts take the path for clean columns, alone and with nulls.
    good = [text for text in texts if not judge(Cell("str", text), column).reasons]
    assert_agree(column, pa.array(good, pa.string()))
    assert_agree(column, pa.array([None, *good, None], pa.string()))


@pytest.mark.parametrize(("family", "spec"), SPECS, ids=str)
def test_chunked_and_sliced_and_encoded(family: str, spec: Any) -> None:
    column = column_of(spec)
    texts: list[str | None] = [*NASTY[family], None]
    whole = pa.array(texts)
    assert_agree(column, whole.slice(3, len(whole) - 5))
    assert_agree(column, pa.chunked_array([whole.slice(1, 4), whole.slice(0, 0), whole.slice(7)]))
    assert_agree(column, whole.cast(pa.large_string()).slice(2))
    assert_agree(column, whole.cast(pa.string_view()))
    assert_agree(column, whole.dictionary_encode().slice(5))
    cells = [Cell("str", t) if t is not None else Cell(None, "") for t in texts]
    data, kinds = tagged(cells)
    assert_agree(column, data.slice(4, 30), kinds.slice(4, 30))


KINDS = [
    *["str", "int", "float", "bool", "bytes", "decimal", "date", "time", "datetime", "datetimetz"],
    *["timedelta", "uuid", "json", "set", "enum", "str_invalid", "object:Path", "complex", "junk"],
]
TAGGED = [
    *[
        "0",
        "1",
        "-1",
        "1.0",
        "1.5",
        "-0.0",
        "1e+16",
        "1e-07",
        "inf",
        "-inf",
        "nan",
        "true",
        "false",
    ],
    *[
        "9007199254740992",
        "9007199254740993",
        "9007199254740992.0",
        "9007199254740994.0",
        "16777217",
    ],
    *["1E+3", "1.10", "1.100", "-0.00", "0E-10", "1E-50", "1E+50", "Infinity", "-Infinity", "NaN"],
    *["1E+999999999999999999", "1E-999999999999999999", "1E+99999999999999999999", "sNaN", "-0"],
    *["2024-01-05", "2024-01-05T00:00:00", "2024-01-05T10:00:00", "2024-01-05T10:00:00.500000"],
    *["2024-01-05T10:00:00.123456", "2024-01-05T10:00:00.123456789", "2024-01-05T00:00:00+00:00"],
    *["2024-01-05T10:00:00.100000+02:00", "1893-04-01T00:00:00+00:53:28", "2024-01-05T10:00:00."],
    *["2024-01-05T10:00:00.123456+00:53:28", "2024-01-05T10:00:00.000000000", "0x" + "f" * 4000],
    *["10:00:00", "PT1S", "{}", '{"a": 1}', "[1]", "AAE=", "", "x", "1" * 500, "007", "1_0", " 1"],
    *["2024.0-01-05T10:00:00", "9999-12-31T23:59:59.999999-05:00", "300000-01-01T00:00:00"],
]


@pytest.mark.parametrize(("family", "spec"), SPECS, ids=str)
def test_tagged_cells_of_every_kind(family: str, spec: Any) -> None:
    column = column_of(spec)
    cells = [Cell(kind, text) for text in TAGGED for kind in KINDS]
    cells[5::50] = [Cell(None, "")] * len(cells[5::50])
    assert_agree(column, *tagged(cells))
    for kind in ("int", "float", "datetime"):
        assert_agree(column, *tagged([Cell(kind, text) for text in TAGGED[::2]]))


@pytest.mark.parametrize(("family", "spec"), SPECS, ids=str)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_text(family: str, spec: Any, data: Any) -> None:
    alphabet = {
        "date": "0123456789-/. T:JanFeb",
        "timestamp": "0123456789-/. T:Z+",
        "bool": "truefalsTRUEFALS10yn ",
    }.get(family, "0123456789+-.,eE_ '\u00a0naif")
    near = st.sampled_from(NASTY[family])
    mutated = st.builds(
        lambda text, at, with_: text[: at % (len(text) + 1)] + with_ + text[at % (len(text) + 1) :],
        near,
        st.integers(0, 50),
        st.text(alphabet, max_size=2),
    )
    texts = st.one_of(st.none(), st.text(alphabet, max_size=24), st.text(max_size=8), mutated)
    drawn = data.draw(st.lists(texts, max_size=40))
    assert_agree(column_of(spec), pa.array(drawn, pa.string()))


INTS = st.integers(-(2**63), 2**63 - 1)
SOURCES: dict[str, tuple[Any, Any, list[Any]]] = {
    "int64": (
        pa.int64(),
        st.one_of(INTS, st.integers(-300, 300), st.sampled_from([2**53, 2**53 + 1, 2**24 + 1])),
        ["int8", "uint8", "int64", "uint64", "float32", "float64", "decimal(5,2)", "decimal(38,0)"],
    ),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1), ["int64", "uint64", "float64", "uint32"]),
    "int8": (pa.int8(), st.integers(-128, 127), ["uint8", "int64", "float32", "decimal(2,0)"]),
    "float64": (
        pa.float64(),
        st.one_of(
            st.floats(),
            st.integers(-(2**54), 2**54).map(float),
            st.floats(width=32),
            st.decimals(-1000, 1000, places=2).map(float),
        ),
        [
            *["int64", "uint8", "float32", "float64", {"type": "float32", "allow_nan": True}],
            {"type": "float32", "allow_inf": True},
            {"type": "decimal(7,2)", "from_float": True},
            {"type": "decimal(38,19)", "from_float": True},
            {"type": "string", "stringify": True},
        ],
    ),
    "float32": (
        pa.float32(),
        st.floats(width=32),
        [
            *["int32", "float32", {"type": "float64", "allow_nan": True, "allow_inf": True}],
            {"type": "decimal(38,10)", "from_float": True},
        ],
    ),
    "float16": (pa.float16(), st.floats(width=16), ["int32", "float32", "float64"]),
    "decimal": (
        pa.decimal128(20, 6),
        st.decimals(-(10**13), 10**13, places=6),
        ["decimal(7,2)", "decimal(38,19)", "decimal(20,6)", "decimal(6,6)"],
    ),
    "decimal256": (
        pa.decimal256(60, 20),
        st.decimals(-(10**25), 10**25, places=20),
        ["decimal(38,20)", "decimal(7,2)"],
    ),
    "bool": (pa.bool_(), st.booleans(), ["bool", {"type": "string", "stringify": True}]),
    "date32": (
        pa.date32(),
        st.one_of(st.integers(-800_000, 3_000_000), st.integers(-(2**31), 2**31 - 1)),
        ["date"],
    ),
    **{
        f"timestamp[{unit}]": (
            pa.timestamp(unit),
            st.one_of(
                INTS,
                st.integers(0, 2 * 10**9).map(lambda v, s=scale: v * s),
                st.integers(-9999, 9999).map(lambda v, s=scale: v * 86_400 * s),
            ),
            [
                *["timestamp(s)", "timestamp(ms)", "timestamp(us)", "timestamp(ns)"],
                {"type": "date", "midnight_ok": True},
            ],
        )
        for unit, scale in {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}.items()
    },
    "timestamp[us, Paris]": (
        pa.timestamp("us", "Europe/Paris"),
        st.integers(-(10**15), 10**16),
        ["timestamp(us,UTC)", "timestamp(ns,Asia/Tokyo)", "timestamp(s,UTC)"],
    ),
}
PAIRS = [(source, spec) for source, (_, _, specs) in SOURCES.items() for spec in specs]


@pytest.mark.parametrize(("source", "spec"), PAIRS, ids=str)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_typed_columns(source: str, spec: Any, data: Any) -> None:
    type_, values, _ = SOURCES[source]
    drawn = data.draw(st.lists(st.one_of(st.none(), values), max_size=30))
    if pa.types.is_date(type_):
        array = pa.array(drawn, pa.int32()).cast(type_)
    elif pa.types.is_timestamp(type_):
        array = pa.array(drawn, pa.int64()).cast(type_)
    else:
        array = pa.array(drawn, type_)
    nullable = spec if isinstance(spec, dict) else {"type": spec}
    assert_agree(column_of({**nullable, "nullable": True}), array)
    assert_agree(column_of({**nullable, "nullable": True}), array.slice(1))

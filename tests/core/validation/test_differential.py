"""The kernels against the oracle: the same verdict and the same value for every cell."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.validation.cells import Cell
from casparian.core.validation.oracle import judge

from .agreement import assert_agree, column_of, same, tagged
from .cases import ENUM_TYPE, STRUCT_TYPE, TABLES

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
    "time": [
        *[f"time({u})" for u in ("s", "ms", "us", "ns")],
        {"type": "time", "trim": True, "nullable": True, "null_tokens": ["", "noon"]},
        {"type": "time(s)", "formats": ["%H:%M", "%H:%M:%S", "%H%M"]},
        {"type": "time(ms)", "formats": ["%I:%M:%S %p", "%-I:%M%p", "%H:%M:%S.%f"]},
        {"type": "time", "min": "10:00:00", "max": "23:59:59", "enum": ["10:00:00", "10:00:00.1"]},
    ],
    "assumed": [
        {"type": "timestamp(UTC)", "assume_tz": "Europe/Berlin"},
        {"type": "timestamp(s, Asia/Tokyo)", "assume_tz": "America/New_York", "nullable": True},
        {"type": "timestamp(ms, UTC)", "assume_tz": "Europe/Berlin", "ambiguous": "earliest"},
        {"type": "timestamp(ns, UTC)", "assume_tz": "Europe/Berlin", "ambiguous": "latest"},
        {"type": "timestamp(ns, UTC)", "assume_tz": "-05:30"},
        {"type": "timestamp(us, Europe/Paris)", "assume_tz": "UTC", "min": "2000-01-01T00:00:00Z"},
        {
            "type": "timestamp(UTC)",
            "assume_tz": "Australia/Lord_Howe",
            "formats": ["%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
        },
        {"type": "timestamp", "formats": ["%d/%m/%Y %I:%M %p", "%Y-%m-%dT%-I:%M:%S%p"]},
    ],
    "duration": [
        *[f"duration({u})" for u in ("s", "ms", "us", "ns")],
        {"type": "duration", "trim": True, "nullable": True, "null_tokens": ["", "forever"]},
        {"type": "duration", "min": "-PT1H", "max": "P1D", "enum": ["PT90M", "P0D", "-PT1S"]},
    ],
    "binary": [
        "binary",
        {"type": "binary", "trim": True, "nullable": True, "null_tokens": ["A"]},
        {"type": "binary", "min_length": 2, "max_length": 3},
    ],
    "uuid": [
        "uuid",
        {"type": "uuid", "trim": True, "nullable": True, "null_tokens": ["", "nil", "null"]},
        {"type": "uuid", "enum": ["123e4567-e89b-12d3-a456-426614174000"]},
    ],
    "json": ["json", {"type": "json", "trim": True, "nullable": True, "null_tokens": ["", "x"]}],
    "enum": [
        ENUM_TYPE,
        {"type": "enum[red, green]", "trim": True, "nullable": True, "null_tokens": ["", "1"]},
    ],
    "list": [
        *["list<int64>", "list<float32?>", "list<decimal(4,2)>", "list<bool?>", "list<string?>"],
        *[
            "list<date?>",
            "list<timestamp(ms, UTC)>",
            "list<time(s)>",
            "list<duration>",
            "list<uuid>",
        ],
        *["list<binary>", "list<json?>", "list<enum[a, b]>", "list<list<int64?>?>"],
        {"type": "list<int64?>", "min_length": 1, "max_length": 2, "nullable": True},
        {"type": "list<int64>", "trim": True, "null_tokens": ["", "x", "null"], "nullable": True},
    ],
    "struct": [
        STRUCT_TYPE,
        "struct{id: float64?}",
        "struct{id: json?, price: string?}",
        "struct{id: list<struct{a: int64?}>?, x: struct{b: bool?}?}",
        {"type": "struct{id: int64?, tags: list<string>?}", "trim": True, "nullable": True},
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
    "time": [*TABLES["time"][1], "1:30PM", "12:00 AM", "12:30:00 PM", "13:00 PM", "9 am", "0930"],
    "assumed": [
        *TABLES["assume_tz"][1],
        *["2024-04-07T01:45:00", "2024-10-06T02:15:00", "05/01/2024 10:00", "07/04/2024 01:45"],
        *[
            "2262-04-12T01:47:16",
            "2262-04-12T01:47:17",
            "1677-09-21T01:06:12",
            "05/01/2024 1:00 PM",
        ],
        *["1677-09-21T01:06:11", "2262-04-11T18:17:16.854775807", "2262-04-11T18:17:16.854775808"],
        *["05/01/2024 12:00 AM", "05/01/2024 01:30 pm", "2024-01-05T1:00:00PM"],
        *STAMPS,
    ],
    **{
        name: list(TABLES[name][1])
        for name in ("duration", "binary", "uuid", "json", "enum", "list", "struct")
    },
    "string": TEXTS,
}
NASTY["list"] += [
    *[
        '["a"]',
        '["a", "c"]',
        "[1.10, 2]",
        "[1.105]",
        "[0.1, 1e39]",
        "[[1, null], null]",
        "[[], [1.0]]",
    ],
    *[
        '["2024-01-05"]',
        '["2024-02-30", null]',
        '["10:00:00"]',
        '["PT1S", "PT"]',
        '["AAE="]',
        "[{}, []]",
    ],
    *[
        '["2024-01-05T10:00:00Z"]',
        '["2024-01-05T10:00:00.5678Z"]',
        '["{}", "x"]',
        '[{"a": [1.0, "é"]}]',
    ],
    *[
        '["123e4567-e89b-12d3-a456-426614174000"]',
        "[true, null]",
        "[null, null]",
        '["a", 1]',
        '["", "b"]',
    ],
]
NASTY["struct"] += [
    *['{"id": [{"a": 1}, {}]}', '{"id": [{"a": "x"}]}', '{"x": {"b": true}}', '{"x": {"b": 1}}'],
    *['{"id": {"k": [1.0]}}', '{"id": "[1]", "price": "x"}', '{"id": "[", "price": 1}'],
]
SPECS = [(family, spec) for family, specs in COLUMNS.items() for spec in specs]


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
    *["10:00:00.500000", "10:00:00.123456789", "24:00:00", "10:00:00+02:00", "10:00:00.000"],
    *["10:00:00[Europe/Berlin]", '[{"$time": "10:00:00[Europe/Berlin]"}]'],
    *["-P0DT1H0M0.5S", "P0DT0H0M0.000000001S", "PT1.50S", "P106751DT23H", "PT1.500000000S", "P1W"],
    *["123e4567-e89b-12d3-a456-426614174000", "Color.RED", "red", "2024-03-31T02:30:00"],
    *["2024-10-27T02:30:00", "2024-10-27T02:30:00.250000", "2050-07-01T00:00:00", "AA==", "AAF="],
    *[
        "[]",
        "[1, 2.0]",
        "[1.5]",
        '["a", null]',
        '[{"$decimal": "1.10"}]',
        '[{"$date": "2024-01-05"}]',
    ],
    *[
        '[{"$float": "nan"}, 1]',
        '{"id": 1, "price": {"$decimal": "1.1"}}',
        '{"id": 1}',
        '[["1"], [2]]',
    ],
    *[
        '[{"$bytes": "AAE="}]',
        '[{"$uuid": "123e4567-e89b-12d3-a456-426614174000"}]',
        "[true, null]",
    ],
    *[
        '[{"$datetimetz": "2024-01-05T10:00:00+02:00"}]',
        '[{"$time": "10:00:00"}]',
        '[{"$set": [1]}]',
    ],
    *[
        '[{"$timedelta": "P0DT1H0M0.5S"}]',
        '{"$set": [1, 2]}',
        '{"$items": [[1, 2]]}',
        '[{"a": [1]}]',
    ],
    *[
        '{"id": {"$decimal": "1"}}',
        '{"id": 1, "day": {"$date": "2024-01-05"}, "tags": ["x"]}',
        "null",
    ],
    *[
        '{"id": {"a": {"$object:Path": "/"}}}',
        '[{"$str_invalid": "x"}]',
        '[{"$oid": "x"}]',
        "[0.1, 3]",
    ],
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
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_text(family: str, spec: Any, data: Any) -> None:
    alphabet = {
        "date": "0123456789-/. T:JanFeb",
        "timestamp": "0123456789-/. T:Z+",
        "bool": "truefalsTRUEFALS10yn ",
        "time": "0123456789:. APMapm",
        "assumed": "0123456789-/. T:Z+",
        "duration": "0123456789-.PDTHMS",
        "binary": "ABab09+/=",
        "uuid": "0123456789abcdef-",
        "json": '{}[],:"0123456789.eE-truefalsn ',
        "list": '{}[],:"0123456789.eE-truefalsn ',
        "struct": '{}[],:"idprcetagsy0123456789.null ',
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
    column = column_of(spec)
    judged = assert_agree(column, pa.array(drawn, pa.string()))
    # The same texts without the bad ones, which may take the path for clean columns.
    clean = [(text, value) for text, (good, value) in zip(drawn, judged, strict=True) if good]
    again = assert_agree(column, pa.array([text for text, _ in clean], pa.string()))
    assert all(good and same(v, w) for (good, v), (_, w) in zip(again, clean, strict=True))


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
    "timestamp[s] in Berlin": (
        pa.timestamp("s"),
        st.one_of(
            st.integers(-(10**11), 3 * 10**11),
            st.integers(1711846800 - 9000, 1711846800 + 9000),
            st.integers(1729987200 - 9000, 1729987200 + 9000),
            st.integers(2540511000, 2540520000),
        ),
        [
            {"type": f"timestamp({u}, UTC)", "assume_tz": "Europe/Berlin", "ambiguous": choice}
            for u, choice in [("s", "reject"), ("us", "earliest"), ("ns", "latest")]
        ],
    ),
    "timestamp[ns] in New York": (
        pa.timestamp("ns"),
        st.one_of(INTS, st.integers(2**63 - 10**14, 2**63 - 1), st.integers(0, 10**9)),
        [
            {"type": f"timestamp({u}, UTC)", "assume_tz": "America/New_York"}
            for u in ("s", "ms", "ns")
        ],
    ),
    **{
        f"time[{unit}]": (
            pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit),
            st.one_of(
                st.integers(0, 86_400 * scale - 1),
                st.integers(0, 86_399).map(lambda v, s=scale: v * s),
            ),
            ["time(s)", "time(ms)", "time(us)", "time(ns)", {"type": "string", "stringify": True}],
        )
        for unit, scale in {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}.items()
    },
    **{
        f"duration[{unit}]": (
            pa.duration(unit),
            st.one_of(INTS, st.integers(-(10**9), 10**9).map(lambda v, s=scale: v * s)),
            ["duration(s)", "duration(ms)", "duration(us)", "duration(ns)"],
        )
        for unit, scale in {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}.items()
    },
    "binary": (pa.binary(), st.binary(max_size=5), ["binary", {"type": "binary", "min_length": 2}]),
    "large binary": (pa.large_binary(), st.binary(max_size=5), ["binary"]),
    "fixed binary": (pa.binary(3), st.binary(min_size=3, max_size=3), ["binary"]),
    "uuid": (
        pa.uuid(),
        st.uuids().map(lambda value: value.bytes),
        ["uuid", {"type": "string", "stringify": True}],
    ),
    "list of ints": (
        pa.list_(pa.int64()),
        st.lists(st.one_of(st.none(), st.integers(-300, 300)), max_size=4),
        [
            *["list<int64>", "list<int8?>", "list<float64>", "list<decimal(4,2)?>", "json"],
            {"type": "list<int64?>", "min_length": 1, "max_length": 2},
        ],
    ),
    "list of floats": (
        pa.large_list(pa.float64()),
        st.lists(st.one_of(st.none(), st.floats(), st.integers(-9, 9).map(float)), max_size=3),
        ["list<int64>", "list<float32?>", "list<float64?>", "json"],
    ),
    "list of float32": (
        pa.list_(pa.float32()),
        st.lists(st.floats(width=32), max_size=3),
        ["list<int64>", "list<float32?>", "list<float64?>", "json"],
    ),
    "list of texts": (
        pa.list_(pa.string()),
        st.lists(
            st.sampled_from(
                ["2024-01-05", "2024-02-30", "10:00:00", "PT1S", "AAE=", "", "[1]", "a"]
            ),
            max_size=3,
        ),
        [
            *["list<string>", "list<date>", "list<time>", "list<duration>", "list<binary>"],
            *["list<json>", "list<enum[a, b]>", "json"],
        ],
    ),
    "list of two dates": (
        pa.list_(pa.date32(), 2),
        st.lists(st.dates(), min_size=2, max_size=2),
        ["list<date>", "list<date?>", {"type": "string", "stringify": True}],
    ),
    "list of times": (
        pa.list_(pa.timestamp("us", "UTC")),
        st.lists(st.integers(0, 10**12), max_size=2),
        ["list<timestamp(us, UTC)>", "list<timestamp(s, Europe/Berlin)?>"],
    ),
    "list of uuids": (
        pa.list_(pa.binary(16)),
        st.lists(st.uuids().map(lambda value: value.bytes), max_size=3),
        ["list<binary>"],
    ),
    "struct": (
        pa.struct([("a", pa.int64()), ("b", pa.list_(pa.struct([("c", pa.float64())])))]),
        st.fixed_dictionaries(
            {
                "a": st.one_of(st.none(), st.integers(-300, 300)),
                "b": st.one_of(
                    st.none(),
                    st.lists(
                        st.one_of(st.none(), st.fixed_dictionaries({"c": st.floats(-9, 9)})),
                        max_size=3,
                    ),
                ),
            }
        ),
        [
            *[
                "struct{a: int64, b: list<struct{c: float64}>}",
                "struct{a: int8?, b: json?, z: date?}",
            ],
            *["struct{b: list<struct{c: int64?}?>?, a: float32?}", "json"],
        ],
    ),
    "map": (
        pa.map_(pa.string(), pa.int64()),
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=3),
        ["json", {"type": "string", "stringify": True}],
    ),
    "timestamp[us, Paris]": (
        pa.timestamp("us", "Europe/Paris"),
        st.integers(-(10**15), 10**16),
        ["timestamp(us,UTC)", "timestamp(ns,Asia/Tokyo)", "timestamp(s,UTC)"],
    ),
}
PAIRS = [(source, spec) for source, (_, _, specs) in SOURCES.items() for spec in specs]


@pytest.mark.parametrize(("source", "spec"), PAIRS, ids=str)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_typed_columns(source: str, spec: Any, data: Any) -> None:
    type_, values, _ = SOURCES[source]
    drawn = data.draw(st.lists(st.one_of(st.none(), values), max_size=30))
    if pa.types.is_date(type_):
        array = pa.array(drawn, pa.int32()).cast(type_)
    elif pa.types.is_timestamp(type_) or pa.types.is_duration(type_) or pa.types.is_time(type_):
        counts = pa.int32() if type_.bit_width == 32 else pa.int64()
        array = pa.array(drawn, counts).cast(type_)
    else:
        array = pa.array(drawn, type_)
    nullable = spec if isinstance(spec, dict) else {"type": spec}
    column = column_of({**nullable, "nullable": True})
    assert_agree(column, array)
    assert_agree(column, array.slice(1))

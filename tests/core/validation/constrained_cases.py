"""Texts per constraint, at its edges and beyond, each with the constraints that it breaks."""

from __future__ import annotations

from typing import Any

_LOW, _HIGH = "below_minimum", "above_maximum"
_SHORT, _LONG = "too_short", "too_long"
_PATTERN, _ENUM = "pattern_mismatch", "not_in_enum"
CONSTRAINED: list[tuple[Any, dict[str, tuple[str, ...]]]] = [
    (
        {"type": "int8", "min": -5, "max": 5},
        {"-5": (), "5": (), "0": (), "-6": (_LOW,), "6": (_HIGH,), "127": (_HIGH,)},
    ),
    (
        {"type": "uint64", "min": 1, "max": 2**64 - 1},
        {"0": (_LOW,), "1": (), "18446744073709551615": ()},
    ),
    (
        {"type": "float64", "min": 0, "max": 0.1, "allow_nan": True},
        {
            "0": (),
            "-0": (),
            "0.1": (),
            "5e-324": (),
            "nan": (),
            "-5e-324": (_LOW,),
            "0.10000000000000002": (_HIGH,),
        },
    ),
    (
        # The bound is the float32 nearest to it, so that the text of the bound is within.
        {"type": "float32", "min": 0.1, "max": 0.2},
        {"0.1": (), "0.2": (), "0.09999999": (_LOW,), "0.20000002": (_HIGH,)},
    ),
    (
        {"type": "decimal(5,2)", "min": "0.01", "max": "1.10"},
        {"0.01": (), "1.1": (), "1.10": (), "0": (_LOW,), "0.00": (_LOW,), "1.11": (_HIGH,)},
    ),
    (
        {"type": "date", "min": "2024-02-29", "max": "2024-03-01"},
        {"2024-02-29": (), "2024-03-01": (), "2024-02-28": (_LOW,), "2024-03-02": (_HIGH,)},
    ),
    (
        {"type": "time", "min": "10:00:00", "max": "10:00:00.5"},
        {
            "10:00:00": (),
            "10:00:00.500000": (),
            "09:59:59.999999": (_LOW,),
            "10:00:00.500001": (_HIGH,),
        },
    ),
    (
        # Bounds are instants: 10:00 in Paris is 9:00 in UTC.
        {
            "type": "timestamp(ms, UTC)",
            "min": "2024-01-05T10:00:00+01:00",
            "max": "2024-01-05T10:00:00Z",
        },
        {
            "2024-01-05T09:00:00Z": (),
            "2024-01-05T04:00:00-05:00": (),
            "2024-01-05T10:00:00Z": (),
            "2024-01-05T08:59:59.999Z": (_LOW,),
            "2024-01-05T10:00:00.001Z": (_HIGH,),
            "2024-01-05T09:30:00+01:00": (_LOW,),
        },
    ),
    (
        {"type": "duration", "min": "-PT1H", "max": "PT90M"},
        {"-PT60M": (), "PT1H30M": (), "PT0S": (), "-PT1H0M0.000001S": (_LOW,), "PT90M1S": (_HIGH,)},
    ),
    (
        {"type": "string", "min_length": 2, "max_length": 3},
        {
            "ab": (),
            "abc": (),
            "日本": (),
            "e\u0301": (),
            "\U0001f600\U0001f600": (),
            "\x00\n": (),
            "": (_SHORT,),
            "a": (_SHORT,),
            "é": (_SHORT,),
            "\U0001f600": (_SHORT,),
            "abcd": (_LONG,),
            "e\u0301e\u0301": (_LONG,),
            "日本語！": (_LONG,),
        },
    ),
    (
        {"type": "string", "min_length": 4},
        {
            "abcd": (),
            "\U0001f600" * 4: (),
            "\U0001f600" * 3: (_SHORT,),
            "\U0001f600" * 3 + "é": (),
        },
    ),
    (
        {"type": "string", "trim": True, "min_length": 2, "max_length": 3},
        {" ab ": (), "  abc": (), " a ": (_SHORT,), "a b c": (_LONG,)},
    ),
    (
        {"type": "binary", "min_length": 1, "max_length": 2},
        {"AA==": (), "AAE=": (), "": (_SHORT,), "AAEC": (_LONG,)},
    ),
    (
        {"type": "list<int64?>", "min_length": 1, "max_length": 2},
        {"[1]": (), "[null, null]": (), "[]": (_SHORT,), "[1, 2, 3]": (_LONG,)},
    ),
    (
        # The whole text, alternatives and all; a line feed at its end belongs to it.
        {"type": "string", "pattern": r"[a-z]+|\d{2}"},
        {
            "a": (),
            "abc": (),
            "12": (),
            **dict.fromkeys(
                [
                    *["", "A", "aB", "1", "123", "a1", "1a", "ab\n", "\nab", " ab", "12\n"],
                    *["a\x00", "\u0661\u0662", "é", "ab ", "ab12"],
                ],
                (_PATTERN,),
            ),
        },
    ),
    (
        {"type": "string", "pattern": "^(?i)x.z$"},
        {
            "xyz": (),
            "XYZ": (),
            "x z": (),
            "x\nz": (_PATTERN,),
            "xyz\n": (_PATTERN,),
            "xxyz": (_PATTERN,),
        },
    ),
    (
        {"type": "string", "enum": ["a", "", "Ä"]},
        {
            "a": (),
            "": (),
            "Ä": (),
            "A": (_ENUM,),
            "a ": (_ENUM,),
            "A\u0308": (_ENUM,),
            "b": (_ENUM,),
        },
    ),
    (
        {"type": "float64", "enum": [0, 1.5], "allow_nan": True},
        {"0": (), "-0": (), "0.0": (), "1.50": (), "1.5e0": (), "1": (_ENUM,), "nan": (_ENUM,)},
    ),
    (
        {"type": "decimal(5,2)", "enum": ["1.1", "0"]},
        {"1.1": (), "1.10": (), "0.00": (), "-0": (), "1.11": (_ENUM,), "-1.1": (_ENUM,)},
    ),
    (
        {"type": "timestamp(UTC)", "enum": ["2024-01-05T10:00:00Z"]},
        {
            "2024-01-05T11:00:00+01:00": (),
            "2024-01-05 10:00:00.0Z": (),
            "2024-01-05T10:00:01Z": (_ENUM,),
        },
    ),
    (
        # All that a value breaks is told, in the order of the options.
        {"type": "int64", "min": 10, "max": 20, "enum": [5, 15, 25]},
        {
            "15": (),
            "5": (_LOW,),
            "25": (_HIGH,),
            "12": (_ENUM,),
            "9": (_LOW, _ENUM),
            "21": (_HIGH, _ENUM),
        },
    ),
    (
        {"type": "string", "enum": ["ab"], "pattern": "[a-z]*", "min_length": 2, "max_length": 3},
        {
            "ab": (),
            "A": (_ENUM, _PATTERN, _SHORT),
            "ABCD": (_ENUM, _PATTERN, _LONG),
            "abc": (_ENUM,),
        },
    ),
]
"""A column, and texts that are values of its type, each with the constraints that it breaks."""

"""Cells of many kinds, for the relaxations of typed values, each with what is specified."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from casparian.core.validation.cells import Cell

from .cases import EMPTY, FINE, INFINITE, MISMATCH, NULL, RANGE, SPELLING, Bad


def _cells(kind: str | None, texts: dict[str, Any]) -> dict[Cell, Any]:
    return {Cell(kind, text): wants for text, wants in texts.items()}


_ID = "123e4567-e89b-12d3-a456-426614174000"
INVALID = Bad("invalid_encoding")
FROM_FLOAT = {
    **_cells(
        "float",
        {
            "1.1": Decimal("1.1"),
            "0.1": Decimal("0.1"),
            "0.0": Decimal(0),
            "-0.0": Decimal(0),
            "100.0": Decimal(100),
            "-99999.99": Decimal("-99999.99"),
            "0.07": Decimal("0.07"),
            "1.005": FINE,
            "2.675": FINE,
            "0.30000000000000004": FINE,
            "99999.995": FINE,
            "1e-07": FINE,
            "5e-324": FINE,
            "100000.0": RANGE,
            "1e+16": RANGE,
            "1e+300": RANGE,
            **dict.fromkeys(["nan", "inf", "-inf"], INFINITE),
        },
    ),
    **_cells("int", {"5": Decimal(5), "-99999": Decimal(-99999), "100000": RANGE, "0": Decimal(0)}),
    **_cells(
        "decimal",
        {
            "1.10": Decimal("1.1"),
            "1.100": Decimal("1.1"),
            "1E+2": Decimal(100),
            "1E-2": Decimal("0.01"),
            "0E-10": Decimal(0),
            "1.105": FINE,
            "1E-3": FINE,
            "1E+5": RANGE,
            "1E+999999999": RANGE,
            **dict.fromkeys(["NaN", "Infinity", "-Infinity", "sNaN"], INFINITE),
        },
    ),
    **_cells("str", {"1.10": Decimal("1.1"), "1.100": FINE, "1e2": SPELLING, "": EMPTY}),
    **dict.fromkeys(
        [
            *[
                Cell("bool", "true"),
                Cell("date", "2024-01-05"),
                Cell("bytes", "AA=="),
                Cell("x", "1"),
            ],
            *[Cell("json", "[1]"), Cell("timedelta", "PT1S"), Cell("object:Fraction", "1/2")],
        ],
        MISMATCH,
    ),
    Cell("str_invalid", "1"): INVALID,
    Cell(None, ""): NULL,
}
_ITSELF = {
    "int": ["5", "-5", "0", "1" * 50],
    "float": ["1.0", "-0.0", "1e+16", "nan", "-inf"],
    "bool": ["true", "false"],
    "decimal": ["1.10", "1E+2", "-0.00"],
    "date": ["2024-01-05", "0001-01-01", "9999-12-31"],
    "time": ["10:00:00", "10:00:00.500000"],
    "datetime": ["2024-01-05T10:00:00", "2024-01-05T10:00:00.123456789"],
    "datetimetz": ["2024-01-05T10:00:00+02:00", "1850-01-01T00:00:00+00:53:28"],
    "timedelta": ["PT1S", "-P1DT0H0M0.5S"],
    "uuid": [_ID],
    "json": ['{"a": 1}', "[1, null]"],
    "enum": ["Color.RED"],
    "str": ["x", "", " 1 "],
}
STRINGIFY = {
    **{Cell(kind, text): text for kind, texts in _ITSELF.items() for text in texts},
    **dict.fromkeys(
        [
            *[Cell("bytes", "AA=="), Cell("set", "[1]"), Cell("object:Path", "/x"), Cell("x", "y")],
            *[Cell("complex", "(1+2j)"), Cell("object:Period", "2024-01")],
        ],
        MISMATCH,
    ),
    # An object that looks like a leaf is written as pairs, and is itself all the same.
    Cell("json", '[{"$items": [["$date", 1.50]]}]'): '[{"$date": 1.50}]',
    Cell("json", '"<recursive or deeper than 64 levels>"'): RANGE,
    Cell("json", '{"a": [{"$str_invalid": "\\\\ud800"}]}'): INVALID,
    # What is written as a note, because it has no ISO form, is not the value's text.
    **dict.fromkeys(
        [
            *[Cell("date", "10000-01-01"), Cell("date", "-0001-12-31"), Cell("date", "300000-1-1")],
            *[
                Cell("datetime", "2305843009213693952 s since 1970"),
                Cell("datetimetz", "10000-01-01"),
            ],
            Cell("time", "-5 us since midnight"),
        ],
        RANGE,
    ),
    Cell("str_invalid", "\\ud800"): INVALID,
    Cell(None, ""): NULL,
}
TYPED: dict[str, tuple[Any, dict[Cell, Any]]] = {
    "from_float": ({"type": "decimal(7,2)", "from_float": True}, FROM_FLOAT),
    "stringify": ({"type": "string", "stringify": True}, STRINGIFY),
}
"""Name -> the column, and cells of many kinds."""

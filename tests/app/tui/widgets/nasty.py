"""A table with one of everything that a terminal may get wrong."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pyarrow as pa


def nasty_table() -> pa.Table:
    return pa.table(
        {
            "id": pa.array([1, 22, 333, None, 5, 6, 7, 8, 9, 10], pa.int64()),
            "name": [
                "Ada",
                "null",
                None,
                "",
                "tab\there",
                "line\nbreak",
                "[bold]x[/bold]",
                "שלום עולם",
                "👨‍👩‍👧 family 👍🏽",
                "e\u0301 \x1b[31mred\x00 " + "long " * 30,
            ],
            "price": pa.array(
                [Decimal(n) for n in ("1.10", "-22.00")]
                + [None]
                + [Decimal(n) for n in ("1000000.01", "0.00", "5.55", "1.10", "9.99", "7.00", "3")],
                pa.decimal128(12, 2),
            ),
            "when": pa.array([datetime.datetime(2024, 1, 31, 8, 30), None] * 5, pa.timestamp("us")),
            "ok": [True, False, None, True, True, False, True, True, None, True],
            "raw": pa.array([b"\x00\xff", None, b"", b"abc"] + [b"z"] * 6),
            "tags": pa.array([["a", "b"], [], None, ["c"]] + [["x"]] * 6),
            "info": pa.array([{"a": 1, "b": "x"}] * 9 + [None]),
        }
    )

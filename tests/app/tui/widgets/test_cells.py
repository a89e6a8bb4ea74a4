"""Cells are exact, of every type."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from casparian.app.tui.widgets.cells import NULL, cells_of, spelled, type_text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pa.array([1, -2, 2**63 - 1]), ["1", "-2", "9223372036854775807"]),
        (pa.array([0.1, 1.0, 1e20]), ["0.1", "1.0", "1e+20"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([Decimal("1.10")], pa.decimal128(10, 2)), ["1.10"]),
        (pa.array([1], pa.timestamp("ns")), ["1970-01-01T00:00:00.000000001"]),
        (
            pa.array([datetime(2024, 7, 1, tzinfo=UTC)], pa.timestamp("s", "Europe/Berlin")),
            ["2024-07-01T02:00:00+02:00"],
        ),
        (pa.array([b"\x00\xff", b""]), ["00ff", ""]),
        (pa.array([{"a": [1, None]}]), ['{"a":[1,null]}']),
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([" a ", "  "]), ["·a·", "··"]),
        (pa.array(["x"], pa.string_view()), ["x"]),
        (pa.nulls(1), [NULL]),
    ],
)
def test_a_value_is_shown_exactly(values, shown):
    assert [cell.text for cell in cells_of(values)] == shown


def test_null_is_not_the_empty_text_nor_the_word():
    null, empty, word = cells_of(pa.array([None, "", "null"]))

    assert null.null
    assert (empty.text, empty.null) == ("", False)
    assert (word.text, word.null) == ("null", False)


def test_a_huge_value_costs_no_more_than_what_is_seen():
    cell = cells_of(pa.array(["x" * 10_000_000]))[0]

    assert cell.width <= 400


def test_what_no_calendar_has_and_what_is_not_utf8_are_still_shown():
    assert spelled(pa.array([2**62], pa.timestamp("s"))) == [f"{2**62} (timestamp[s])"]
    broken = pa.array([b"a\xff"]).view(pa.string())
    assert spelled(broken) == ["a\\xff"]


def test_a_type_says_whether_it_may_be_null():
    assert type_text(pa.field("n", pa.int64())) == "int64?"
    assert type_text(pa.field("n", pa.int64(), nullable=False)) == "int64"

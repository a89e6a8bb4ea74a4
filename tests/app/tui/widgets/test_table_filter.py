"""What a person types as a filter keeps exactly the rows it says."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from casparian.app.tui.widgets.arranging import Sort, SortError, arranged, find
from casparian.app.tui.widgets.table_filter import FilterError, parse_filter
from casparian.app.tui.widgets.table_source import MemoryTable

TABLE = pa.table(
    {
        "age": pa.array([30, 41, None, 18], pa.int8()),
        "Name": ["Ada", "Bob and", None, "ada"],
        "sum": pa.array([Decimal("1.50"), Decimal("2.00"), None, Decimal("-1.00")]),
        "ratio": [0.5, float("nan"), None, -1.0],
        "day": [datetime.date(2024, 1, n) for n in (1, 2, 3)] + [None],
        "at": pa.array(
            [datetime.datetime(2024, 1, 1, n) for n in (1, 2, 3)] + [None],
            pa.timestamp("us", "UTC"),
        ),
        "took": pa.array([1_000, 2_500, None, 0], pa.duration("ms")),
        "ok": [True, False, None, True],
        "odd name": pa.array(["x", "y", "x", None]).dictionary_encode(),
        "tags": [["red"], [], None, ["blue"]],
        "raw": [b"\x01", b"\x02", None, b""],
    }
)


def kept(written: str) -> list[int]:
    keep = parse_filter(written, TABLE.schema)
    shown = arranged(MemoryTable(TABLE), keep, None, lambda: False)
    return shown.at(0, 9).tolist()


@pytest.mark.parametrize(
    ("written", "rows"),
    [
        ("age>30", [1]),
        ("age >= 30", [0, 1]),
        ("age > 29.5", [0, 1]),
        ("age = 30.5", []),
        ("age < 1000", [0, 1, 3]),
        ("age > -1_000", [0, 1, 3]),
        ("age = 1000", []),
        ("age != 30", [1, 2, 3]),
        ("age is null", [2]),
        ("age is not null", [0, 1, 3]),
        ("name ~ ADA", [0, 3]),
        ("name !~ ada", [1, 2]),
        ("Name = ada", [3]),
        ("Name = 'Bob and'", [1]),
        ("name = 'Bob and' and age = 41", [1]),
        ("age = 30 or age = 18", [0, 3]),
        ("age > 20 and ok = true or name = ada", [0, 3]),
        ("sum >= 1.5", [0, 1]),
        ("sum = 1.500", [0]),
        ("ratio < 0", [3]),
        ("ratio = nan", [1]),
        ("day >= 2024-01-02", [1, 2]),
        ("at > 2024-01-01 01:30", [1, 2]),
        ("at > 2024-01-01T01:30:00Z", [1, 2]),
        ("took >= 2.5", [1]),
        ("ok = no", [1]),
        ("`odd name` = x", [0, 2]),
        ("tags ~ red", [0]),
        ("raw = 01", [0]),
        ("bob", [1]),
        ('"age"', []),
        ("RED", [0]),
        ("", [0, 1, 2, 3]),
    ],
)
def test_a_filter_keeps_the_rows_it_says(written, rows):
    assert kept(written) == rows


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("agee > 3", "did you mean age?"),
        ("age > old", "'old' is no number"),
        ("ok = maybe", "neither true nor false"),
        ("tags = red", "only be searched"),
        ("age = null", "nothing equals null"),
        ("day > soon", "date"),
        ("age > 3 and bob", "no condition"),
    ],
)
def test_a_filter_that_cannot_be_understood_says_why(written, said):
    with pytest.raises(FilterError, match=r".*") as raised:
        kept(written)

    assert said in str(raised.value)


def test_sorting_is_stable_both_ways_with_nulls_last():
    table = pa.table({"k": pa.chunked_array([[2, None, 1], [2, 1, None]])})
    source = MemoryTable(table)

    def rows(*, descending: bool) -> list[int]:
        return arranged(source, None, Sort(0, descending), lambda: False).at(0, 9).tolist()

    assert rows(descending=False) == [2, 4, 0, 3, 1, 5]
    assert rows(descending=True) == [0, 3, 2, 4, 1, 5]


def test_a_filtered_table_is_sorted_too_and_a_list_has_no_order():
    keep = parse_filter("age is not null", TABLE.schema)
    source = MemoryTable(TABLE)

    assert arranged(source, keep, Sort(0), lambda: False).at(0, 9).tolist() == [3, 0, 1]
    assert arranged(source, keep, Sort(8), lambda: False).at(0, 9).tolist() == [0, 1, 3]
    with pytest.raises(SortError, match="tags can't be sorted"):
        arranged(source, None, Sort(9), lambda: False)


def test_searching_goes_through_every_cell_and_around_the_end():
    texts = np.full(200_000, "hay", dtype=object)
    texts[[5, 150_000]] = "Needle"
    source = MemoryTable(pa.table({"a": pa.array(texts), "b": pa.array(texts)}))
    shown = arranged(source, None, None, lambda: False)

    place, column, seen = 5, 0, []
    for backwards in (False, False, False, True, True):
        found = find(
            source,
            shown,
            "needle",
            place=place,
            column=column,
            backwards=backwards,
            stale=lambda: False,
        )
        assert found is not None
        place, column = found.place, found.column
        seen.append((place, column, found.wrapped))
    assert seen == [
        (5, 1, False),
        (150_000, 0, False),
        (150_000, 1, False),
        (150_000, 0, False),
        (5, 1, False),
    ]
    assert (
        find(source, shown, "pin", place=9, column=0, backwards=False, stale=lambda: False) is None
    )

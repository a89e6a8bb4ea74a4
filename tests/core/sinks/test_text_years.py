"""Dates and timestamps as text: exact to the edges of the calendar, refused beyond them."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from casparian.core.sinks.text import text

DATES = [dt.date(1, 1, 1), dt.date(1970, 1, 1), None, dt.date(9999, 12, 31)]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_of_the_calendar_are_written_and_the_days_beside_it_refused(kind) -> None:
    written = text(pa.array(DATES, kind)).to_pylist()
    assert written == ["0001-01-01", "1970-01-01", None, "9999-12-31"]
    for day in (-719_163, 2_932_897):
        beside = pa.array([day], pa.int32()).cast(pa.date32()).cast(kind)
        with pytest.raises(ValueError, match="outside the years"):
            text(beside)


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_timestamps_too(unit, zone) -> None:
    per_day = 86_400 * {"s": 1, "ms": 10**3, "us": 10**6}[unit]
    first, last = -719_162 * per_day, 2_932_897 * per_day - 1
    kind = pa.timestamp(unit, zone)
    inside = text(pa.array([first, None, last], pa.int64()).cast(kind)).to_pylist()
    assert inside[0].startswith("0001-01-01T00:00:00")
    assert inside[2].startswith("9999-12-31T23:59:59")
    for number in (first - 1, last + 1):
        with pytest.raises(ValueError, match="outside the years"):
            text(pa.array([number], pa.int64()).cast(kind))


def test_nothing_but_nulls_has_no_years() -> None:
    assert text(pa.nulls(2, pa.timestamp("us"))).to_pylist() == [None, None]

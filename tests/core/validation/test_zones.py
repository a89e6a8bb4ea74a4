"""Local times brought to UTC: a column at a time as one by one, in any zone and any year."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.contract.grammar import NotAValueError
from casparian.core.validation.zones import all_utc_seconds, utc_seconds

EPOCH = datetime(1970, 1, 1)
FIRST, LAST = (
    (moment - EPOCH) // timedelta(seconds=1)
    for moment in (datetime.min, datetime(9999, 12, 31, 23, 59, 59))
)
ZONES = ["UTC", "+05:30", "-03:00", "Europe/Berlin", "Europe/Dublin", "America/New_York"]
ZONES += ["America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe", "Etc/GMT+5"]


@lru_cache
def changes(zone: str) -> list[int]:
    """Return local seconds about the days on which a zone's clocks change."""
    if zone[0] in "+-" or zone == "UTC":
        return [0]
    tz = zoneinfo.ZoneInfo(zone)
    found = [0]
    for year in (1883, 1916, 1945, 1981, 2011, 2018, 2024, 2036, 2037, 2038, 2050, 9998):
        days = [datetime(year, 1, 1) + timedelta(days=n) for n in range(365)]
        offsets = [day.replace(tzinfo=UTC).astimezone(tz).utcoffset() for day in days]
        for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False):
            if before != after:
                found.append((day - EPOCH) // timedelta(seconds=1))
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("ambiguous", ["reject", "earliest", "latest"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_all_at_once_as_one_by_one(zone: str, ambiguous: str, data: st.DataObject) -> None:
    near = st.builds(
        lambda day, steps: day + steps * 900, st.sampled_from(changes(zone)), st.integers(-200, 100)
    )
    local = data.draw(st.lists(st.one_of(near, near, st.integers(FIRST, LAST)), max_size=40))
    ok, utc = all_utc_seconds(np.array(local, np.int64), zone, ambiguous)  # type: ignore[arg-type]
    for good, found, seconds in zip(ok.tolist(), utc.tolist(), local, strict=True):
        try:
            wanted = utc_seconds(seconds, zone, ambiguous)  # type: ignore[arg-type]
        except NotAValueError:
            assert not good, seconds
        else:
            assert good, seconds
            assert found == wanted, seconds


@pytest.mark.parametrize(
    ("ambiguous", "wanted"), [("reject", None), ("earliest", 0), ("latest", 3600)]
)
@pytest.mark.parametrize("year", [2024, 2050])
def test_a_time_that_comes_twice_is_either_of_them_or_none(
    year: int, ambiguous: str, wanted: int | None
) -> None:
    last_sunday = {2024: 27, 2050: 30}[year]
    midnight = (datetime(year, 10, last_sunday) - EPOCH) // timedelta(seconds=1)
    ok, utc = all_utc_seconds(np.array([midnight + 9000]), "Europe/Berlin", ambiguous)  # type: ignore[arg-type]
    assert ok.tolist() == [wanted is not None]
    if wanted is not None:
        assert utc.tolist() == [midnight + 1800 + wanted]

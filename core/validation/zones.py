"""Local times brought to UTC: times that a zone's clocks show twice, or never, are refused.

Once in Python, a time at a time, and once in Arrow, a column at a time. Arrow knows no summer
time after 2037, so that later times go through Python as well.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.grammar import NotAValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Ambiguous, Column

Numbers = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

_SECOND: Final = timedelta(seconds=1)
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - local times have no zone yet
_ARROW_KNOWS: Final = (datetime(2037, 1, 1) - _EPOCH) // _SECOND  # noqa: DTZ001


def assuming(zone: str) -> str:
    """Return the hint for times without a zone, which nobody but their author knows."""
    return f'assume_tz = "{zone}" (or whichever zone the times are in)'


def to_utc_of(column: Column) -> Callable[[int], int] | None:
    """Return what brings a column's local times to UTC; None if it assumes no zone."""
    zone = column.assume_tz
    if zone is None:
        return None
    return lambda seconds: utc_seconds(seconds, zone, column.ambiguous)


def utc_seconds(local: int, zone: str, ambiguous: Ambiguous) -> int:
    """Turn seconds since 1970 by a zone's clocks into seconds since 1970 in UTC.

    Raises NotAValueError: nonexistent_time, or ambiguous_time unless ``ambiguous`` chooses.
    """
    moment = (_EPOCH + timedelta(seconds=local)).replace(tzinfo=_zone(zone))
    first = _offset(moment)
    second = _offset(moment.replace(fold=1))
    if first < second:
        raise NotAValueError("nonexistent_time", f"the clocks of {zone} skip it")
    if first > second and ambiguous == "reject":
        raise NotAValueError("ambiguous_time", f"the clocks of {zone} show it twice")
    return local - (second if ambiguous == "latest" else first)


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return offset // _SECOND


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if name[0] in "+-":
        size = timedelta(hours=int(name[1:3]), minutes=int(name[4:6]))
        return timezone(-size if name[0] == "-" else size)
    return zoneinfo.ZoneInfo(name)


def all_utc_seconds(local: Numbers, zone: str, ambiguous: Ambiguous) -> tuple[Mask, Numbers]:
    """Do as ``utc_seconds`` for many; the mask is false for those that it would refuse."""
    if zone == "UTC":
        return np.ones(len(local), np.bool_), local
    late = local >= _ARROW_KNOWS
    if not late.any():
        return _by_arrow(local, zone, ambiguous)
    ok, utc = _by_arrow(np.where(late, 0, local), zone, ambiguous)
    different, where = np.unique(local[late], return_inverse=True)
    found = [_or_none(int(second), zone, ambiguous) for second in different]
    ok[late] = np.array([second is not None for second in found])[where]
    utc[late] = np.array([second or 0 for second in found], np.int64)[where]
    return ok, utc


def _or_none(local: int, zone: str, ambiguous: Ambiguous) -> int | None:
    try:
        return utc_seconds(local, zone, ambiguous)
    except NotAValueError:
        return None


def _by_arrow(local: Numbers, zone: str, ambiguous: Ambiguous) -> tuple[Mask, Numbers]:
    clock = pa.array(local).cast(pa.timestamp("s"))
    try:  # most columns have no time that is special
        instants = pc.assume_timezone(clock, zone, ambiguous="raise", nonexistent="raise")
    except pa.ArrowInvalid:
        return _special(clock, zone, ambiguous)
    return np.ones(len(local), np.bool_), _numbers(instants)


def _special(clock: pa.Array, zone: str, ambiguous: Ambiguous) -> tuple[Mask, Numbers]:
    first, last = (
        pc.assume_timezone(clock, zone, ambiguous=which, nonexistent=which)
        for which in ("earliest", "latest")
    )
    # A time that is skipped comes back as another one.
    ok = _numbers(pc.local_timestamp(first)) == _numbers(clock)
    if ambiguous == "reject":
        ok &= _numbers(first) == _numbers(last)
    return ok, _numbers(last if ambiguous == "latest" else first)


def _numbers(instants: pa.Array) -> Numbers:
    numbers: Numbers = instants.cast(pa.int64()).to_numpy(zero_copy_only=False)
    # Arrow's memory can't be written to.
    return numbers.copy()

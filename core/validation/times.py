"""Kernels for timestamps. Without ``pc.strptime``: it takes 2024-02-31 for 2 March."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.formats import MONTHS, PIVOT, Format
from casparian.core.contract.grammar import NotAValueError, read_timestamp
from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.clock import TIME, fraction, time_from_text
from casparian.core.validation.dates import DAY, FIRST_DAY, LAST_DAY, date_from_text
from casparian.core.validation.kernel import (
    Converted,
    all_of,
    both,
    masked,
    matches,
    only,
    within,
)
from casparian.core.validation.oracle_texts import formats_of
from casparian.core.validation.zones import all_utc_seconds, to_utc_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.model import Column
    from casparian.core.contract.types import ColumnType

_OFFSET: Final = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_OFFSET_SECONDS: Final = "[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_SOME_OFFSET: Final = "(?:Z|[+-][0-9]{2}:[0-9:]*)"
_HALF_DAY: Final = (12, *range(1, 12))


def timestamp_from_text(texts: pa.Array, column: Column) -> Converted:
    """Read ISO timestamps, in the type's range; an offset exactly if the type has a zone.

    If the column assumes a zone, texts without an offset are read by its clocks.
    """
    type_ = column.type
    if column.assume_tz is None:
        return _instants(texts, type_)
    zoned = matches(texts, f"(?s:.*){_SOME_OFFSET}")
    if all_of(zoned):
        return _instants(texts, type_)
    local = pc.invert(zoned)
    by_clock = _by_clock(only(texts, local), column)
    if not pc.any(pc.and_(zoned, texts.is_valid())).as_py():
        return by_clock
    instants = _instants(only(texts, zoned), type_)
    return Converted(
        pc.if_else(zoned, instants.ok, by_clock.ok),
        pc.if_else(zoned, instants.values, by_clock.values),
    )


def _instants(texts: pa.Array, type_: ColumnType) -> Converted:
    ok = matches(texts, f"{DAY}[T ]{TIME}{fraction(type_)}{_OFFSET if type_.tz else ''}")
    if type_.unit == "ns":
        inside, near = _ends_of_nanoseconds(texts, ok)
        values = only(texts, inside).cast(arrow_type(type_))
        return _one_by_one(texts, near, masked(inside, values), type_)
    values = only(texts, ok).cast(arrow_type(type_))
    return masked(both(ok, _in_range(values.cast(pa.int64()), type_.unit)), values)


def _by_clock(texts: pa.Array, column: Column) -> Converted:
    """Read texts without an offset as local times of the zone that the column assumes."""
    type_ = column.type
    ok = matches(texts, f"{DAY}[T ]{TIME}{fraction(type_)}")
    inside, near = _ends_of_nanoseconds(texts, ok) if type_.unit == "ns" else (ok, None)
    local = only(texts, inside).cast(pa.timestamp(type_.unit))
    converted = timestamp_from_timestamp(local, column)
    converted = masked(both(inside, converted.ok), converted.values)
    if near is None:
        return converted
    return _one_by_one(texts, near, converted, type_, to_utc_of(column))


def _ends_of_nanoseconds(texts: pa.Array, ok: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return which good texts are surely within what 64 bits hold, and which are near its ends."""
    day = pc.utf8_slice_codeunits(texts, 0, 10)
    # Two days apart from either end, no offset can reach it.
    inside = pc.and_(pc.greater(day, "1677-09-23"), pc.less(day, "2262-04-10")).fill_null(True)
    near = pc.or_(
        pc.and_(pc.greater_equal(day, "1677-09-20"), pc.less_equal(day, "1677-09-23")),
        pc.and_(pc.greater_equal(day, "2262-04-10"), pc.less_equal(day, "2262-04-13")),
    ).fill_null(False)
    return both(ok, inside), pc.and_(pc.and_(ok, pc.invert(inside)), near)


def _one_by_one(
    texts: pa.Array,
    which: pa.Array,
    converted: Converted,
    type_: ColumnType,
    to_utc: Callable[[int], int] | None = None,
) -> Converted:
    """Replace the verdict on some well-formed texts by exact arithmetic in Python."""
    if not pc.any(which).as_py():
        return converted
    counts = [_count(text, type_, to_utc) for text in texts.filter(which).to_pylist()]
    instants = pa.array(counts, pa.int64()).cast(arrow_type(type_))
    return Converted(
        pc.replace_with_mask(converted.ok, which, instants.is_valid()),
        pc.replace_with_mask(converted.values, which, instants),
    )


def _count(text: str, type_: ColumnType, to_utc: Callable[[int], int] | None) -> int | None:
    try:
        return read_timestamp(text, type_, offset_seconds=True, to_utc=to_utc)
    except NotAValueError:
        return None


def _calendar(unit: str) -> tuple[int, int]:
    """The years 0001 to 9999 in a unit."""
    scale = 10 ** UNIT_DIGITS[unit]
    return FIRST_DAY * 86_400 * scale, (LAST_DAY + 1) * 86_400 * scale - 1


def _bounds(unit: str) -> tuple[int, int]:
    """The years 0001 to 9999 in a unit, as far as 64 bits hold them (the least is Arrow's null)."""
    low, high = _calendar(unit)
    return max(low, -(2**63) + 1), min(high, 2**63 - 1)


def _in_range(counts: pa.Array, unit: str) -> pa.Array:
    return within(counts, *_bounds(unit))


def timestamp_of_cells(texts: pa.Array, column: Column) -> Converted:
    """Read what a guest wrote for datetimes without a zone."""
    texts = _exact(texts)
    converted = timestamp_from_text(texts, column)
    return _with_odd_offsets(texts, converted, column.type)


def instants_of_cells(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read what a guest wrote for datetimes with a zone."""
    texts = _exact(texts)
    return _with_odd_offsets(texts, _instants(texts, type_), type_)


def _exact(texts: pa.Array) -> pa.Array:
    """Take zeros off the end of fractions: a typed time is an instant, not a spelling."""
    return pc.replace_substring_regex(
        texts, r"\A((?s:.{19}))(?:(\.[0-9]*[1-9])0*|\.0+)(Z|[+-][0-9:]*)?\z", r"\1\2\3"
    )


def _with_odd_offsets(texts: pa.Array, converted: Converted, type_: ColumnType) -> Converted:
    """Read offsets that have seconds, as local mean times do."""
    if not type_.tz or all_of(converted.ok):
        return converted
    shape = rf"{DAY}[T ]{TIME}(?:\.[0-9]{{1,9}})?{_OFFSET_SECONDS}"
    odd = pc.and_(pc.invert(converted.ok), matches(texts, shape))
    return _one_by_one(texts, odd, converted, type_)


def timestamp_from_timestamp(instants: pa.Array, column: Column) -> Converted:
    """Change the unit without remainder; the zone may differ, the instant stays.

    Times without a zone are read by the clocks of the zone that the column assumes.
    """
    type_ = column.type
    source = instants.type.unit
    counts = instants.cast(pa.int64())
    if type_.tz and instants.type.tz is None:
        ok = within(counts, *_calendar(source))
        return _from_clock(only(counts, ok), ok, source, column)
    ok = _in_range(counts, source)
    target = arrow_type(type_)
    steps = UNIT_DIGITS[type_.unit] - UNIT_DIGITS[source]
    if steps >= 0:
        low, high = _bounds(type_.unit)
        factor = 10**steps
        ok = both(ok, within(counts, -(-low // factor), high // factor))
        converted = pc.multiply(only(counts, ok), factor)
        return masked(ok, converted.cast(target))
    factor = 10**-steps
    coarse = pc.divide(counts, factor)
    ok = both(ok, pc.equal(pc.multiply(coarse, factor), counts))
    return masked(ok, coarse.cast(target))


def _from_clock(counts: pa.Array, in_calendar: pa.Array, unit: str, column: Column) -> Converted:
    """Bring counts of local time to UTC, in the column's unit.

    Seconds and their fraction go apart: a zone's clocks know whole seconds only, and near the
    ends of what 64 bits hold, their sum may overflow.
    """
    assert column.assume_tz is not None
    digits, target_digits = UNIT_DIGITS[unit], UNIT_DIGITS[column.type.unit]
    local = counts.fill_null(0).to_numpy(zero_copy_only=False)
    seconds, rest = local // 10**digits, local % 10**digits
    ok, utc = all_utc_seconds(seconds, column.assume_tz, column.ambiguous)
    if target_digits >= digits:
        rest = rest * 10 ** (target_digits - digits)
    else:
        ok = ok & (rest % 10 ** (digits - target_digits) == 0)
        rest = rest // 10 ** (digits - target_digits)
    scale = 10**target_digits
    low, high = _bounds(column.type.unit)
    inner = (utc > low // scale) & (utc < high // scale)
    values = np.where(inner, utc, 0) * scale + rest
    for at in np.flatnonzero(~inner):
        value = int(utc[at]) * scale + int(rest[at])
        ok[at] &= low <= value <= high
        values[at] = value if ok[at] else 0
    mask = pa.array(ok) if counts.null_count == 0 else pc.or_(pa.array(ok), counts.is_null())
    values = pc.if_else(counts.is_valid(), pa.array(values), pa.scalar(None, pa.int64()))
    return masked(both(mask, in_calendar), values.cast(arrow_type(column.type)))


def formatted(texts: pa.Array, column: Column) -> Converted:
    """Read by the first format under which a text is a real date or time."""
    ok = texts.is_null()
    values = pa.nulls(len(texts), arrow_type(column.type))
    for format_ in formats_of(column):
        if all_of(ok):
            break
        iso = _iso(texts, format_, column.type.family)
        read = _read_iso(iso, column)
        fresh = pc.and_(pc.invert(ok), pc.and_(read.ok, iso.is_valid()))
        values = pc.if_else(fresh, read.values, values)
        ok = pc.or_(ok, fresh)
    return Converted(ok, values)


def _read_iso(texts: pa.Array, column: Column) -> Converted:
    if column.type.family == "date":
        return date_from_text(texts)
    if column.type.family == "time":
        return time_from_text(texts, column.type)
    return timestamp_from_text(texts, column)


def _iso(texts: pa.Array, format_: Format, family: str) -> pa.Array:
    """Take a format's parts out of each text and join them to ISO text; null where none fits."""
    found = pc.extract_regex(texts, format_.regex)
    part = {name: found.field(i) for i, name in enumerate(format_.parts)}
    if family == "time":
        iso = _clock(part)
    elif family == "date":
        iso = _day(part)
    else:
        iso = pc.binary_join_element_wise(_day(part), _clock(part), "T")
        if "offset" in part:
            offset = pc.replace_substring_regex(part["offset"], r"\A(...)(..)\z", r"\1:\2")
            iso = pc.binary_join_element_wise(iso, offset, "")
    return pc.if_else(found.is_valid(), iso, pa.scalar(None, pa.string()))


def _day(part: dict[str, pa.Array]) -> pa.Array:
    if "year2" in part:
        short = part["year2"]
        century = pc.if_else(pc.greater_equal(short, str(PIVOT)), "19", "20")
        year = pc.binary_join_element_wise(century, short, "")
    else:
        year = part["year"]
    if "month_name" in part:
        names = pa.array([name.lower() for name in MONTHS])
        index = pc.index_in(pc.utf8_lower(part["month_name"]), names)
        month = pc.add(index, 1).cast(pa.string())
    else:
        month = part["month"]
    return pc.binary_join_element_wise(year, _two(month), _two(part["day"]), "-")


def _clock(part: dict[str, pa.Array]) -> pa.Array:
    hour = _of_day(part) if "hour12" in part else _two(part["hour"])
    parts = [hour, part.get("minute", "00"), part.get("second", "00")]
    clock = pc.binary_join_element_wise(*parts, ":")
    if "fraction" in part:
        clock = pc.binary_join_element_wise(clock, part["fraction"], ".")
    return clock


def _of_day(part: dict[str, pa.Array]) -> pa.Array:
    """Turn hours of a twelve-hour clock into those of the day: 12 AM is midnight, 12 PM noon."""
    index = pc.index_in(_two(part["hour12"]), pa.array([f"{hour:02d}" for hour in _HALF_DAY]))
    afternoon = pc.equal(pc.utf8_upper(part["half"]), "PM")
    hours = pc.add(index, pc.if_else(afternoon, 12, 0))
    return _two(hours.cast(pa.string()))


def _two(numbers: pa.Array) -> pa.Array:
    return pc.ascii_lpad(numbers, 2, "0")

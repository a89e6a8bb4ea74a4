"""Kernels for dates and timestamps. Without ``pc.strptime``: it takes 2024-02-31 for 2 March."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.formats import MONTHS, PIVOT, Format
from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.kernel import (
    Converted,
    accepted,
    all_of,
    both,
    masked,
    matches,
    only,
    within,
)

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

_YEAR: Final = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_DAY: Final = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
_TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_OFFSET: Final = "(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_OFFSET_SECONDS: Final = "[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

_FIRST_DAY: Final = (date.min - date(1970, 1, 1)).days
_LAST_DAY: Final = (date.max - date(1970, 1, 1)).days


def date_from_text(texts: pa.Array, *, midnight_ok: bool = False) -> Converted:
    """Read real days, ``YYYY-MM-DD``; with ``midnight_ok`` a time of 00:00:00 may follow."""
    if midnight_ok:
        texts = pc.replace_substring_regex(
            texts, r"\A((?s:.{10}))[T ]00:00:00(?:\.0{1,9})?\z", r"\1"
        )
    quick = _quick_dates(texts)
    if quick is not None:
        return quick
    ok = matches(texts, _DAY)
    return masked(ok, only(texts, ok).cast(pa.date32()))


def _quick_dates(texts: pa.Array) -> Converted | None:
    """Cast a clean column, and compare what comes out with what came in."""
    try:
        values = texts.cast(pa.date32())
    except pa.ArrowInvalid:
        return None
    same = all_of(pc.equal(values.cast(pa.string()), texts))
    return accepted(values) if same and all_of(_calendar(values)) else None


def _calendar(days: pa.Array) -> pa.Array:
    return within(days.cast(pa.int32()), _FIRST_DAY, _LAST_DAY)


def date_from_date(days: pa.Array) -> Converted:
    """Pass days of the years 0001 to 9999."""
    return masked(_calendar(days), days)


def date_from_timestamp(instants: pa.Array) -> Converted:
    """Pass timestamps without zone at exactly midnight."""
    per_day = 86_400 * 10 ** UNIT_DIGITS[instants.type.unit]
    counts = instants.cast(pa.int64())
    # Division truncates towards zero, which is exact where there is no remainder.
    days = pc.divide(counts, per_day)
    ok = pc.and_(
        pc.equal(pc.subtract(counts, pc.multiply(days, per_day)), 0),
        within(days, _FIRST_DAY, _LAST_DAY),
    ).fill_null(True)
    return masked(ok, only(days, ok).cast(pa.int32()).cast(pa.date32()))


def timestamp_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read ISO timestamps; an offset exactly if the type has a zone; in the type's range."""
    digits = UNIT_DIGITS[type_.unit]
    fraction = f"(?:\\.[0-9]{{1,{digits}}})?" if digits else ""
    ok = matches(texts, f"{_DAY}[T ]{_TIME}{fraction}{_OFFSET if type_.tz else ''}")
    if type_.unit == "ns":
        return _nanoseconds(texts, ok, type_)
    values = only(texts, ok).cast(arrow_type(type_))
    return masked(both(ok, _in_range(values.cast(pa.int64()), type_.unit)), values)


def _nanoseconds(texts: pa.Array, ok: pa.Array, type_: ColumnType) -> Converted:
    """Cast what is surely in range; judge the few near its ends one by one."""
    day = pc.utf8_slice_codeunits(texts, 0, 10)
    # Two days apart from either end, no offset can reach it.
    inside = pc.and_(pc.greater(day, "1677-09-23"), pc.less(day, "2262-04-10")).fill_null(True)
    converted = masked(both(ok, inside), only(texts, both(ok, inside)).cast(arrow_type(type_)))
    near = pc.and_(
        pc.and_(ok, pc.invert(inside)),
        pc.or_(
            pc.and_(pc.greater_equal(day, "1677-09-20"), pc.less_equal(day, "1677-09-23")),
            pc.and_(pc.greater_equal(day, "2262-04-10"), pc.less_equal(day, "2262-04-13")),
        ).fill_null(False),
    )
    return _one_by_one(texts, near, converted, type_)


def _one_by_one(
    texts: pa.Array, which: pa.Array, converted: Converted, type_: ColumnType
) -> Converted:
    """Replace the verdict on some well-formed texts by exact arithmetic in Python."""
    if not pc.any(which).as_py():
        return converted
    counts = [_count(text, type_) for text in texts.filter(which).to_pylist()]
    instants = pa.array(counts, pa.int64()).cast(arrow_type(type_))
    good = pa.array([count is not None for count in counts])
    return Converted(
        pc.replace_with_mask(converted.ok, which, good),
        pc.replace_with_mask(converted.values, which, instants),
    )


def _count(text: str, type_: ColumnType) -> int | None:
    """Count a well-formed ISO timestamp in units since 1970; None if it is out of range."""
    shape = re.fullmatch(r"(.{19})(?:\.([0-9]+))?(Z|[+-].*)?", text)
    assert shape is not None
    digits = UNIT_DIGITS[type_.unit]
    if len(shape[2] or "") > digits:
        return None
    moment = datetime.fromisoformat(shape[1]) - datetime(1970, 1, 1)  # noqa: DTZ001
    offset = datetime.fromisoformat(f"2000-01-01T00:00:00{shape[3] or 'Z'}").utcoffset()
    seconds = (moment - (offset or timedelta())) // timedelta(seconds=1)
    count = seconds * 10**digits + int((shape[2] or "").ljust(digits, "0") or "0")
    low, high = _bounds(type_.unit)
    return int(count) if low <= count <= high else None


def _bounds(unit: str) -> tuple[int, int]:
    """The years 0001 to 9999 in a unit, as far as 64 bits hold them (the least is Arrow's null)."""
    scale = 10 ** UNIT_DIGITS[unit]
    low, high = _FIRST_DAY * 86_400 * scale, (_LAST_DAY + 1) * 86_400 * scale - 1
    return max(low, -(2**63) + 1), min(high, 2**63 - 1)


def _in_range(counts: pa.Array, unit: str) -> pa.Array:
    return within(counts, *_bounds(unit))


def timestamp_of_cells(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read what a guest wrote for datetimes: an instant, so zeros at its end don't count."""
    texts = pc.replace_substring_regex(
        texts, r"\A((?s:.{19}))(?:(\.[0-9]*[1-9])0*|\.0+)(Z|[+-][0-9:]*)?\z", r"\1\2\3"
    )
    converted = timestamp_from_text(texts, type_)
    if not type_.tz or all_of(converted.ok):
        return converted
    shape = rf"{_DAY}[T ]{_TIME}(?:\.[0-9]{{1,9}})?{_OFFSET_SECONDS}"
    odd = pc.and_(pc.invert(converted.ok), matches(texts, shape))
    return _one_by_one(texts, odd, converted, type_)


def timestamp_from_timestamp(instants: pa.Array, type_: ColumnType) -> Converted:
    """Change the unit without remainder; the zone may differ, the instant stays."""
    target = arrow_type(type_)
    source = instants.type.unit
    counts = instants.cast(pa.int64())
    ok = _in_range(counts, source)
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


def formatted(
    texts: pa.Array, formats: tuple[Format, ...], type_: ColumnType, *, target: pa.DataType
) -> Converted:
    """Read by the first format under which a text is a real date or time."""
    ok = texts.is_null()
    values = pa.nulls(len(texts), target)
    for format_ in formats:
        if all_of(ok):
            break
        iso = _iso(texts, format_, type_.family)
        read = date_from_text(iso) if type_.family == "date" else timestamp_from_text(iso, type_)
        fresh = pc.and_(pc.invert(ok), pc.and_(read.ok, iso.is_valid()))
        values = pc.if_else(fresh, read.values, values)
        ok = pc.or_(ok, fresh)
    return Converted(ok, values)


def _iso(texts: pa.Array, format_: Format, family: str) -> pa.Array:
    """Take a format's parts out of each text and join them to ISO text; null where none fits."""
    found = pc.extract_regex(texts, format_.regex)
    part = {name: found.field(i) for i, name in enumerate(format_.parts)}
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
    iso = pc.binary_join_element_wise(year, _two(month), _two(part["day"]), "-")
    if family == "timestamp":
        seconds = part.get("second", "00")
        time = pc.binary_join_element_wise(_two(part["hour"]), part["minute"], seconds, ":")
        iso = pc.binary_join_element_wise(iso, time, "T")
        if "fraction" in part:
            iso = pc.binary_join_element_wise(iso, part["fraction"], ".")
        if "offset" in part:
            offset = pc.replace_substring_regex(part["offset"], r"\A(...)(..)\z", r"\1:\2")
            iso = pc.binary_join_element_wise(iso, offset, "")
    return pc.if_else(found.is_valid(), iso, pa.scalar(None, pa.string()))


def _two(numbers: pa.Array) -> pa.Array:
    return pc.ascii_lpad(numbers, 2, "0")

"""Kernels for durations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.grammar import NotAValueError, read_duration
from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.clock import fraction
from casparian.core.validation.kernel import Converted, both, masked, matches, only, within

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

_MOST: Final = 2**63 - 1
_SECONDS: Final = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_SHORT: Final = (
    r"\A(?P<sign>-?)P(?:(?P<days>[0-9]{1,4})D)?T?(?:(?P<hours>[0-9]{1,6})H)?"
    r"(?:(?P<minutes>[0-9]{1,7})M)?(?:(?P<seconds>[0-9]{1,9})(?:\.(?P<part>[0-9]+))?S)?\z"
)
"""Takes a duration apart whose numbers are too short to overflow, in nanoseconds even."""


def duration_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read ISO 8601 durations of days, hours, minutes and seconds."""
    second = f"[0-9]+{fraction(type_)}S"
    clock = f"T(?:[0-9]+H(?:[0-9]+M)?(?:{second})?|[0-9]+M(?:{second})?|{second})"
    ok = matches(texts, f"-?P(?:[0-9]+D(?:{clock})?|{clock})")
    found = pc.extract_regex(only(texts, ok), _SHORT)
    short = pc.or_(found.is_valid(), texts.is_null())
    converted = masked(pc.and_(ok, short), _counted(found, type_))
    long = pc.and_(ok, pc.invert(short))
    if not pc.any(long).as_py():
        return converted
    found_long = [_count_or_none(text, type_) for text in texts.filter(long).to_pylist()]
    counts = pa.array(found_long, pa.int64())
    values = pc.replace_with_mask(converted.values.cast(pa.int64()), long, counts)
    return Converted(
        pc.replace_with_mask(converted.ok, long, counts.is_valid()),
        values.cast(arrow_type(type_)),
    )


def _counted(found: pa.StructArray, type_: ColumnType) -> pa.Array:
    """Add up the parts of each duration; null where there are none."""
    digits = UNIT_DIGITS[type_.unit]
    part = dict(zip([field.name for field in found.type], found.flatten(), strict=True))
    scale = 10**digits
    total = _number(pc.ascii_rpad(part["part"], digits, "0") if digits else part["part"])
    for name, seconds in _SECONDS.items():
        total = pc.add(total, pc.multiply(_number(part[name]), seconds * scale))
    signed = pc.if_else(pc.equal(part["sign"], "-"), pc.negate(total), total)
    return signed.cast(arrow_type(type_))


def _number(digits: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(digits, ""), "0", digits).cast(pa.int64())


def _count_or_none(text: str, type_: ColumnType) -> int | None:
    try:
        return read_duration(text, type_)
    except NotAValueError:
        return None


def duration_of_cells(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read what a guest wrote for durations: zeros at their end don't count."""
    texts = pc.replace_substring_regex(texts, r"([0-9])(?:(\.[0-9]*[1-9])0*|\.0+)S\z", r"\1\2S")
    return duration_from_text(texts, type_)


def duration_from_duration(durations: pa.Array, type_: ColumnType) -> Converted:
    """Change the unit without remainder. (The least 64-bit number is NumPy's null.)"""
    counts = durations.cast(pa.int64())
    steps = UNIT_DIGITS[type_.unit] - UNIT_DIGITS[durations.type.unit]
    if steps >= 0:
        most = _MOST // 10**steps
        ok = within(counts, -most, most)
        changed = pc.multiply(only(counts, ok), 10**steps)
    else:
        changed = pc.divide(counts, 10**-steps)
        exact = pc.equal(pc.multiply(changed, 10**-steps), counts)
        ok = both(exact, within(counts, -_MOST, _MOST))
    return masked(ok, only(changed, ok).cast(arrow_type(type_)))

"""Kernels for times of day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.kernel import Converted, both, masked, matches, only, within

if TYPE_CHECKING:
    from casparian.core.contract.types import ColumnType

TIME: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DAY: Final = 86_400


def fraction(type_: ColumnType) -> str:
    """Return the expression of the digits after a second's point that a type's unit can hold."""
    digits = UNIT_DIGITS[type_.unit]
    return f"(?:\\.[0-9]{{1,{digits}}})?" if digits else ""


def time_from_text(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read ``HH:MM:SS[.f]``; 24:00:00 and leap seconds are no times of day."""
    ok = matches(texts, TIME + fraction(type_))
    # Arrow reads no times of day, but it reads timestamps: those of 1 January 1970 count alike.
    stamps = pc.binary_join_element_wise("1970-01-01", only(texts, ok), "T")
    return masked(ok, _times(stamps.cast(pa.timestamp(type_.unit)).cast(pa.int64()), type_))


def time_of_cells(texts: pa.Array, type_: ColumnType) -> Converted:
    """Read what a guest wrote for times: zeros at their end don't count."""
    texts = pc.replace_substring_regex(texts, r"\A((?s:.{8}))(?:(\.[0-9]*[1-9])0*|\.0+)\z", r"\1\2")
    return time_from_text(texts, type_)


def time_from_time(times: pa.Array, type_: ColumnType) -> Converted:
    """Change the unit without remainder; what isn't within a day is no time of day."""
    own = pa.int32() if times.type.bit_width == 32 else pa.int64()
    counts = times.view(own).cast(pa.int64())
    steps = UNIT_DIGITS[type_.unit] - UNIT_DIGITS[times.type.unit]
    ok = within(counts, 0, _DAY * 10 ** UNIT_DIGITS[times.type.unit] - 1)
    if steps >= 0:
        return masked(ok, _times(pc.multiply(only(counts, ok), 10**steps), type_))
    coarse = pc.divide(counts, 10**-steps)
    ok = both(ok, pc.equal(pc.multiply(coarse, 10**-steps), counts))
    return masked(ok, _times(only(coarse, ok), type_))


def _times(counts: pa.Array, type_: ColumnType) -> pa.Array:
    target = arrow_type(type_)
    return counts.cast(pa.int32() if target.bit_width == 32 else pa.int64()).cast(target)

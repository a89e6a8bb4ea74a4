"""The grammar of texts, per type, in plain Python: what a text must look like to be a value.

This is the specification that contracts (for their bounds) and the validator's oracle read.
Sources: JSON's number grammar (RFC 8259, 6), the date and time profile of RFC 3339, 5.6, and for
durations ISO 8601, days and smaller (months and years have no fixed length).
"""

from __future__ import annotations

import math
import re
import struct
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.contract.error_types import ErrorType
    from casparian.core.contract.types import ColumnType

from casparian.core.contract.types import UNIT_DIGITS

_INT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_PLAIN: Final = re.compile(r"-?(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_STAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?"
)
_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?")
_DURATION: Final = re.compile(
    r"(-)?P(?=[0-9T])(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]+))?S)?)?"
)
_LONGEST_DURATION: Final = 100
"""Characters of a duration, at most: far more than 64 bits need, and int() stays quick."""
_EPOCH: Final = date(1970, 1, 1)
_FIRST_SECOND: Final = -62_135_596_800
"""0001-01-01T00:00:00Z in seconds since 1970."""
_LAST_SECOND: Final = 253_402_300_799
"""9999-12-31T23:59:59Z in seconds since 1970."""


class NotAValueError(ValueError):
    """A text is no value of the type."""

    def __init__(self, error_type: ErrorType, why: str = "") -> None:
        super().__init__(why or error_type)
        self.error_type = error_type
        self.why = why


def read_int(text: str, type_: ColumnType) -> int:
    """Read ``-?(0|[1-9][0-9]*)``, never ``-0``, within the type's range."""
    if text == "-0" or not _INT.fullmatch(text):
        raise NotAValueError("type_mismatch")
    low, high = type_.int_range
    # Text longer than any 64-bit number is judged by its length: int() refuses 4,301 digits.
    if len(text) > 20 or not low <= int(text) <= high:
        raise NotAValueError("out_of_range", f"its range is {low} to {high}")
    return int(text)


def read_float(text: str, type_: ColumnType) -> float:
    """Read a JSON number as the nearest value of the type, ties to even.

    It must be finite, and zero only if the text says zero.
    """
    if not _JSON_NUMBER.fullmatch(text):
        raise NotAValueError("type_mismatch")
    value = float(text) if type_.bits == 64 else nearest_float32(text)
    if not math.isfinite(value):
        raise NotAValueError("out_of_range", "it is too large")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise NotAValueError("out_of_range", "it is too small")
    return value


def nearest_float32(text: str) -> float:
    """Round a decimal text to float32 once (through float64 alone it would be rounded twice)."""
    wide = float(text)
    near = narrow(wide)
    if not math.isfinite(near) or wide == near or abs(wide) < 1e-300:
        return _overflow_edge(text, wide) if math.isinf(near) else near
    exact = Fraction(Decimal(text))
    bits: int = struct.unpack("<I", struct.pack("<f", near))[0]
    steps = [(bits + step) % 2**32 for step in (-1, 0, 1)]
    around = [struct.unpack("<f", struct.pack("<I", step))[0] for step in steps]
    finite = [value for value in around if math.isfinite(value)]
    return float(min(finite, key=lambda v: (abs(Fraction(v) - exact), struct.pack("<f", v)[0] & 1)))


def _overflow_edge(text: str, wide: float) -> float:
    """Just under the point where float32 overflows, float64 may have rounded up to it."""
    edge = 2.0**128 - 2.0**103
    if abs(wide) == edge and Fraction(Decimal(text).copy_abs()) < Fraction(edge):
        return math.copysign(2.0**128 - 2.0**104, wide)
    return math.copysign(math.inf, wide)


def narrow(value: float) -> float:
    """Round a float64 to the nearest float32; too large becomes infinite."""
    if math.isnan(value) or math.isinf(value):
        return value
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def read_decimal(text: str, type_: ColumnType) -> Decimal:
    """Read an optional minus and plain digits that fit precision and scale."""
    shape = _PLAIN.fullmatch(text)
    if shape is None:
        raise NotAValueError("type_mismatch")
    whole, fraction = shape[1], shape[2] or ""
    if len(fraction) > type_.scale:
        raise NotAValueError("precision_loss", f"it has more than {type_.scale} fraction digits")
    if len(whole.lstrip("0")) > type_.precision - type_.scale:
        digits = type_.precision - type_.scale
        raise NotAValueError("out_of_range", f"it has more than {digits} digits before the point")
    return Decimal(text)


def read_date(text: str) -> date:
    """Read ``YYYY-MM-DD``, a real day of the years 0001 to 9999."""
    shape = _DATE.fullmatch(text)
    if shape is None:
        raise NotAValueError("format_mismatch", "expected YYYY-MM-DD")
    try:
        return date(int(shape[1]), int(shape[2]), int(shape[3]))
    except ValueError as error:
        raise NotAValueError("invalid_date", "there is no such day") from error


def read_timestamp(
    text: str,
    type_: ColumnType,
    *,
    offset_seconds: bool = False,
    to_utc: Callable[[int], int] | None = None,
) -> int:
    """Read an ISO timestamp as a count of the type's units since 1970.

    The offset or ``Z`` must be there exactly if the type has a zone; with ``to_utc``, which turns
    seconds of local time into seconds of UTC, it may lack. ``offset_seconds`` also takes offsets
    such as ``+00:53:28``, which local mean times have.
    """
    shape = _STAMP.fullmatch(text)
    if shape is None or (not offset_seconds and len(shape[6] or "") > 6):
        raise NotAValueError("format_mismatch", "expected YYYY-MM-DDTHH:MM:SS")
    day = read_date(shape[1])
    second_of_day = _second_of_day(shape[2], shape[3], shape[4])
    if type_.tz and shape[6] is None and to_utc is None:
        raise NotAValueError("missing_timezone", "it has no UTC offset")
    if not type_.tz and shape[6] is not None:
        raise NotAValueError("unexpected_timezone", "it has a UTC offset, the type has no zone")
    fraction = _fraction(shape[5] or "", type_)
    seconds = (day - _EPOCH) // timedelta(seconds=1) + second_of_day
    if shape[6] is None and to_utc is not None:
        seconds = to_utc(seconds)
    else:
        seconds -= _offset(shape[6] or "Z")
    value: int = seconds * 10 ** UNIT_DIGITS[type_.unit] + fraction
    check_instant(value, type_)
    return value


def read_time(text: str, type_: ColumnType) -> int:
    """Read ``HH:MM:SS[.f]`` as a count of the type's units since midnight; no leap seconds."""
    shape = _TIME.fullmatch(text)
    if shape is None:
        raise NotAValueError("format_mismatch", "expected HH:MM:SS")
    seconds = _second_of_day(shape[1], shape[2], shape[3])
    fraction = _fraction(shape[4] or "", type_)
    return int(seconds * 10 ** UNIT_DIGITS[type_.unit] + fraction)


def read_duration(text: str, type_: ColumnType) -> int:
    """Read an ISO 8601 duration, ``[-]P[nD][T[nH][nM][n[.f]S]]``, as a count of the type's units.

    At least one part must be there. Parts may exceed what the next larger holds: ``PT90M``.
    """
    shape = _DURATION.fullmatch(text)
    if shape is None:
        raise NotAValueError("format_mismatch", "expected an ISO duration such as PT1H30M")
    if len(text) > _LONGEST_DURATION:
        raise NotAValueError("out_of_range", f"it is outside what {type_} can hold")
    days, hours, minutes, seconds = (int(shape[i] or "0") for i in (2, 3, 4, 5))
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    value: int = whole * 10 ** UNIT_DIGITS[type_.unit] + _fraction(shape[6] or "", type_)
    if value >= 2**63:
        raise NotAValueError("out_of_range", f"it is outside what {type_} can hold")
    return -value if shape[1] else value


def _second_of_day(hour: str, minute: str, second: str) -> int:
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise NotAValueError("invalid_time", "there is no such time of day")
    return int(hour) * 3600 + int(minute) * 60 + int(second)


def _fraction(digits: str, type_: ColumnType) -> int:
    """Return the digits after a second's point in the type's unit."""
    scale = UNIT_DIGITS[type_.unit]
    if len(digits) > scale:
        raise NotAValueError("precision_loss", f"it has digits finer than {type_.unit}")
    return int(digits.ljust(scale, "0") or "0")


def check_instant(value: int, type_: ColumnType) -> None:
    """Raise out_of_range unless ``value`` (in the type's unit) is in the years 0001 to 9999."""
    scale = 10 ** UNIT_DIGITS[type_.unit]
    if not _FIRST_SECOND <= value // scale <= _LAST_SECOND:
        raise NotAValueError("out_of_range", "it is outside the years 0001 to 9999")
    if not -(2**63) < value < 2**63:
        raise NotAValueError("out_of_range", f"it is outside what {type_} can hold")


def _offset(text: str) -> int:
    if text == "Z":
        return 0
    parts = [int(part) for part in text[1:].split(":")]
    if parts[0] > 23 or any(part > 59 for part in parts[1:]):
        raise NotAValueError("invalid_time", "there is no such UTC offset")
    seconds = sum(part * size for part, size in zip(parts, (3600, 60, 1), strict=False))
    return -seconds if text[0] == "-" else seconds

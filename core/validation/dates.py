"""Kernels for dates. Without ``pc.strptime``: it takes 2024-02-31 for 2 March."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.kernel import (
    Converted,
    filled,
    masked,
    only,
    within,
)

Mask = np.ndarray[Any, np.dtype[np.bool_]]

_YEAR: Final = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
DAY: Final = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
_TEN_BYTES: Final = np.dtype([("front", "<u8"), ("day", "<u2")])
_FRONT: Final = np.uint64(int.from_bytes(b"0000-00-", "little"))
_DIGITS_OF_DAY: Final = np.uint16(int.from_bytes(b"00", "little"))
# Added to a byte, these carry into its high bit if it is more than 9 (a digit) or 0 (a hyphen).
_OVER_FRONT: Final = np.uint64(int.from_bytes(b"\x76\x76\x76\x76\x7f\x76\x76\x7f", "little"))
_OVER_DAY: Final = np.uint16(0x7676)
_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_HIGH_BITS_OF_DAY: Final = np.uint16(0x8080)
_LONGEST_MONTHS: Final = np.zeros(256, np.uint8)
"""Days of each month in a leap year; 0 for what is no month."""
_LONGEST_MONTHS[1:13] = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

FIRST_DAY: Final = (date.min - date(1970, 1, 1)).days
LAST_DAY: Final = (date.max - date(1970, 1, 1)).days


def date_from_text(texts: pa.Array, *, midnight_ok: bool = False) -> Converted:
    """Read real days, ``YYYY-MM-DD``; with ``midnight_ok`` a time of 00:00:00 may follow."""
    if midnight_ok:
        texts = pc.replace_substring_regex(
            texts, r"\A((?s:.{10}))[T ]00:00:00(?:\.0{1,9})?\z", r"\1"
        )
    ok = real_days(texts)
    if texts.null_count:
        ok = pc.or_(ok, texts.is_null())
    return masked(ok, only(texts, ok).cast(pa.date32()))


def real_days(texts: pa.Array) -> pa.Array:
    """Return a mask of the texts that are ``YYYY-MM-DD`` and a real day; false for nulls.

    Arrow's own cast is as strict, but stops at the first text that is none; a regular expression
    costs three times as much as looking at the ten bytes of all texts at once.
    """
    ten = filled(pc.equal(pc.binary_length(texts), 10), False)
    if pc.all(ten).as_py():
        return pa.array(_real(texts))
    mask = ten.to_numpy(zero_copy_only=False)
    mask[mask] = _real(texts.filter(ten))
    return pa.array(mask)


def _real(texts: pa.Array) -> Mask:
    """Judge texts of ten bytes each; there are no nulls."""
    count = len(texts)
    if not count:
        return np.zeros(0, dtype=np.bool_)
    _, offsets, data = texts.buffers()
    start = int(np.frombuffer(offsets, np.int32, 1, 4 * texts.offset)[0])
    words = np.frombuffer(data, _TEN_BYTES, count, start)
    # Digits become 0 to 9 and hyphens 0; whatever else the bytes were sets a high bit below.
    front = words["front"] ^ _FRONT
    day_digits = words["day"] ^ _DIGITS_OF_DAY
    bad = ((front + _OVER_FRONT) | front) & _HIGH_BITS
    bad_day = ((day_digits + _OVER_DAY) | day_digits) & _HIGH_BITS_OF_DAY
    month = ((front >> 40) * 10 + (front >> 48) & 0xFF).astype(np.uint8)
    day = ((day_digits & 0xFF) * 10 + (day_digits >> 8)).astype(np.uint8)
    good: Mask = (bad == 0) & (bad_day == 0) & (day > 0) & (day <= _LONGEST_MONTHS[month])
    good &= (front & 0xFFFF_FFFF) != 0  # there is no year 0
    leap_days = np.flatnonzero(good & (month == 2) & (day == 29))
    if len(leap_days):
        year_digits = front[leap_days]
        places = [(year_digits >> shift) & 0xFF for shift in (0, 8, 16, 24)]
        year = ((places[0] * 10 + places[1]) * 10 + places[2]) * 10 + places[3]
        good[leap_days] = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return good


def _calendar(days: pa.Array) -> pa.Array:
    return within(days.cast(pa.int32()), FIRST_DAY, LAST_DAY)


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
        within(days, FIRST_DAY, LAST_DAY),
    ).fill_null(True)
    return masked(ok, only(days, ok).cast(pa.int32()).cast(pa.date32()))

"""Kernels for dates. Without ``pc.strptime``: it takes 2024-02-31 for 2 March."""

from __future__ import annotations

import functools
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.blocks import (
    BLOCK_ROWS,
    array_of,
    at_once,
    bitmap,
    bytes_of,
    valid_of,
)
from casparian.core.validation.kernel import Converted, accepted, masked, only, within

if TYPE_CHECKING:
    from casparian.core.validation.blocks import Bytes, Mask, TextBytes

    Days = np.ndarray[Any, np.dtype[np.int32]]
    Words = np.ndarray[Any, np.dtype[np.void]]

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
_MONTH_BITS: Final = np.uint64(40)
"""Where the month stands among the pairs of digits; a century is at 0, a year in it at 16."""
_CENTURY_YEAR_MONTH: Final = np.uint64(0xFF << 40 | 0xFF << 16 | 0xFF)
_TO_MONTHS: Final = np.uint64(1200 << 40 | 12 << 24 | 1)
"""Times the three, this is their sum in months at 40; what else comes of it is clear of that."""
_MONTHS_BITS: Final = np.uint64(0x1FFFF)
_FEW: Final = 128
"""Texts are looked at one by one if they are fewer than one in so many."""

FIRST_DAY: Final = (date.min - date(1970, 1, 1)).days
LAST_DAY: Final = (date.max - date(1970, 1, 1)).days


def date_from_text(texts: pa.Array, *, midnight_ok: bool = False) -> Converted:
    """Read real days, ``YYYY-MM-DD``; with ``midnight_ok`` a time of 00:00:00 may follow."""
    if midnight_ok:
        texts = pc.replace_substring_regex(
            texts, r"\A((?s:.{10}))[T ]00:00:00(?:\.0{1,9})?\z", r"\1"
        )
    date = at_once(texts, pa.date32(), _are_ten)
    if date is not None and pc.min(date.view(pa.int32())).as_py() >= FIRST_DAY:
        return accepted(date)
    real, days = _real_days(texts)
    validity = None if real.all() else bitmap(real)
    date = pa.Array.from_buffers(pa.date32(), len(texts), [validity, pa.py_buffer(days)])
    valid = valid_of(texts)
    return Converted(array_of(real if valid is None else real | ~valid), date)


def _are_ten(texts: TextBytes) -> bool:
    return bool((texts.ends[1:] - texts.ends[:-1] == 10).all())


class _Months(NamedTuple):
    """All months of the calendar, by 12 * year + month - 1; those of year 0 have no days."""

    first: Days
    length: Bytes


@functools.cache
def _months() -> _Months:
    starts = np.arange("0000-01", "10000-02", dtype="datetime64[M]").astype("datetime64[D]")
    first = starts.astype(np.int64)
    length = np.diff(first).astype(np.uint8)
    length[:12] = 0
    return _Months(first[:-1].astype(np.int32), length)


def _real_days(texts: pa.Array) -> tuple[Mask, Days]:
    """Return which texts are ``YYYY-MM-DD`` and a real day, and which day; false for nulls.

    Arrow's own cast is as strict, but stops at the first text that is none; a regular expression
    costs many times what it takes to look at the ten bytes of all texts at once.
    """
    real, days = np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.int32)
    for start in range(0, len(texts), BLOCK_ROWS):
        block = slice(start, start + BLOCK_ROWS)
        seen = bytes_of(texts.slice(start, BLOCK_ROWS))
        ten = np.diff(seen.ends) == 10
        if ten.all():
            real[block], days[block] = _judged(seen.all.view(_TEN_BYTES))
        else:
            real[block][ten], days[block][ten] = _judged(_without_others(seen, ten))
    valid = valid_of(texts)
    return (real if valid is None else real & valid), days


def _without_others(texts: TextBytes, ten: Mask) -> Words:
    """Return the texts of ten bytes, one behind the other."""
    others = np.flatnonzero(~ten)
    if len(others) * _FEW > len(ten):
        places = texts.ends[:-1][ten][:, np.newaxis] + np.arange(10)
        found: Words = texts.data[places].reshape(-1).view(_TEN_BYTES)
        return found
    edges = [-1, *others.tolist(), len(ten)]
    runs = [texts.data[texts.ends[a + 1] : texts.ends[b]] for a, b in pairwise(edges)]
    return np.concatenate(runs).view(_TEN_BYTES)


def _judged(words: Words) -> tuple[Mask, Days]:
    """Judge texts of ten bytes each."""
    # Digits become 0 to 9 and hyphens 0; whatever else the bytes were sets a high bit below.
    front = words["front"] ^ _FRONT
    day_digits = words["day"] ^ _DIGITS_OF_DAY
    bad = ((front + _OVER_FRONT) | front) & _HIGH_BITS
    bad_day = ((day_digits + _OVER_DAY) | day_digits) & _HIGH_BITS_OF_DAY
    pairs = front * 10 + (front >> 8)  # in every byte the number of two digits that begins there
    month = (pairs >> _MONTH_BITS) & 0xFF
    day = ((day_digits & 0xFF) * 10 + (day_digits >> 8)).astype(np.uint8)
    # Only of what is bad anyway it can be beyond the calendar.
    place = (((pairs & _CENTURY_YEAR_MONTH) * _TO_MONTHS) >> _MONTH_BITS) & _MONTHS_BITS
    place = place.view(np.int64)
    place -= 1
    months = _months()
    real: Mask = (bad == 0) & (bad_day == 0) & (month - 1 < 12) & (day > 0)
    real &= day <= months.length.take(place, mode="clip")
    return real, months.first.take(place, mode="clip") + day - np.int32(1)


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

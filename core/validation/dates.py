"""Kernels for dates. Without ``pc.strptime``: it takes 2024-02-31 for 2 March."""

from __future__ import annotations

from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.types import UNIT_DIGITS
from casparian.core.validation.kernel import (
    Converted,
    accepted,
    all_of,
    masked,
    matches,
    only,
    within,
)

_YEAR: Final = "(?:[0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
DAY: Final = (
    f"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP}-02-29)"
)
FIRST_DAY: Final = (date.min - date(1970, 1, 1)).days
LAST_DAY: Final = (date.max - date(1970, 1, 1)).days


def date_from_text(texts: pa.Array, *, midnight_ok: bool = False) -> Converted:
    """Read real days, ``YYYY-MM-DD``; with ``midnight_ok`` a time of 00:00:00 may follow."""
    if midnight_ok:
        texts = pc.replace_substring_regex(
            texts, r"\A((?s:.{10}))[T ]00:00:00(?:\.0{1,9})?\z", r"\1"
        )
    quick = _quick_dates(texts)
    if quick is not None:
        return quick
    ok = matches(texts, DAY)
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

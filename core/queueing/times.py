"""A moment as people write it: so long ago, or a date."""

from __future__ import annotations

import datetime
import re
from typing import Final

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


def moment(text: str, *, now: int) -> int | None:
    """Return milliseconds since 1970; None if the text is no time.

    ``90s``, ``30m``, ``12h``, ``7d`` and ``2w`` are so long before ``now``; an ISO date or time
    without an offset is UTC.
    """
    text = text.strip()
    if ago := re.fullmatch(r"(\d{1,9})\s*([smhdw])", text):
        return now - int(ago[1]) * _SECONDS[ago[2]] * 1_000
    try:
        when = datetime.datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=datetime.UTC)
        return round(when.timestamp() * 1_000)
    except (ValueError, OverflowError):
        return None

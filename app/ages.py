"""Times as people read them: how long something took, how old it is, and when it was."""

from __future__ import annotations

import datetime
import itertools
import time
from typing import TYPE_CHECKING

import click

from casparian.core.queueing.times import moment

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def now_ms() -> int:
    """Return milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def shown_duration(milliseconds: float) -> str:
    """Say how long something takes, by its two largest units: ``850ms``, ``12s``, ``3m 05s``."""
    if milliseconds < 1_000:
        return f"{max(0, round(milliseconds))}ms"
    if milliseconds < 9_950:
        return f"{milliseconds / 1_000:.1f}s"
    seconds = round(milliseconds / 1_000)
    for (unit, size), (smaller, part) in itertools.pairwise(_UNITS):
        if seconds >= size:
            rest = seconds % size // part
            larger = f"{seconds // size}{unit}"
            return f"{larger} {rest:02}{smaller}" if rest else larger
    return f"{seconds}s"


def shown_age(milliseconds: float) -> str:
    """Say how old something is, by its largest unit: ``now``, ``12s``, ``3m``, ``5h``, ``2d``."""
    seconds = int(milliseconds // 1_000)
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return "now"


def shown_ago(milliseconds: float) -> str:
    """Say how long ago something was: ``just now``, ``12s ago``, ``3m ago``."""
    age = shown_age(milliseconds)
    return "just now" if age == "now" else f"{age} ago"


def iso(milliseconds: int | None) -> str | None:
    """Return a time as ISO 8601 in UTC, to the millisecond; None for None."""
    if milliseconds is None:
        return None
    when = datetime.datetime.fromtimestamp(milliseconds / 1_000, datetime.UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock_time(milliseconds: int) -> str:
    """Return a time for people: ``2026-01-31 12:00:05 UTC``."""
    when = datetime.datetime.fromtimestamp(milliseconds / 1_000, datetime.UTC)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


if TYPE_CHECKING:
    _Time = click.ParamType[int]
else:
    _Time = click.ParamType  # no generic before click 8.2


class Since(_Time):
    """A time: so long ago (``90s``, ``30m``, ``12h``, ``7d``, ``2w``), or an ISO date or time."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return milliseconds since 1970; a date or time without an offset is UTC."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        found = moment(text, now=now_ms())
        if found is None:
            self.fail(f"{text!r} is neither so long ago (30m, 12h, 7d) nor a date", param, ctx)
        return found

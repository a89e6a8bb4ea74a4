"""Parts of a log's line as they are drawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.segment import Segment

if TYPE_CHECKING:
    from rich.style import Style


def matched(text: str, sought: str, style: Style, match: Style) -> list[Segment]:
    """Draw a text, what was sought in it, in lower case, in a style of its own."""
    lowered = text.lower()
    # Some letters are more than one in lower case: places in it are none in the text then.
    if not sought or sought not in lowered or len(lowered) != len(text):
        return [Segment(text, style)]
    parts, start = [], 0
    while (at := lowered.find(sought, start)) >= 0:
        parts.append(Segment(text[start:at], style))
        start = at + len(sought)
        parts.append(Segment(text[at:start], match))
    return [*parts, Segment(text[start:], style)]


def clock(time: int | None) -> str:
    """Return the time of day (UTC) of a line, or as much room where it has none.

    ``time`` is in milliseconds since 1970.
    """
    if time is None:
        return " " * 13
    when = datetime.fromtimestamp(time / 1_000, UTC)
    return f"{when:%H:%M:%S}.{time % 1_000:03d} "

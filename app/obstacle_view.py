"""What keeps jobs from being run, as a person, or a program, reads it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from casparian.core.safe_text import one_line

from .ages import iso, shown_ago, shown_duration

if TYPE_CHECKING:
    from casparian.core.stores.obstacles import Obstacle

_TIMES = ("since", "tried_at", "next_try_at")


def obstacle_json(obstacle: Obstacle) -> dict[str, Any]:
    """Return an obstacle as ``--json`` prints it."""
    told = asdict(obstacle)
    return {**told, **{name: iso(told[name]) for name in _TIMES}}


def obstacle_text(obstacle: Obstacle, now: int) -> Text:
    """Return two lines: whose jobs wait and why, and what to try."""
    first = one_line(obstacle.message.partition("\n")[0])
    wait = obstacle.next_try_at - now
    again = f", again in {shown_duration(wait)}" if wait > 0 else ""
    told = Text(
        f"! {obstacle.parser} {obstacle.parser_version} can't be run on {obstacle.host}, its jobs "
        f"wait: {first} (tried {shown_ago(now - obstacle.tried_at)}{again})",
        "yellow",
    )
    if obstacle.hint:
        told.append(f"\n  try: {one_line(obstacle.hint)}", "dim")
    return told

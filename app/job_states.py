"""How a job's state is shown: never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from casparian.core.stores.states import JobStatus


@dataclass(frozen=True, slots=True)
class Shown:
    """A state's mark, the same in plain ASCII, its word, and its style."""

    mark: str
    plain: str
    word: str
    style: str


SHOWN: Final[dict[JobStatus, Shown]] = {
    "pending": Shown("○", "o", "pending", "cyan"),
    "scheduled": Shown("◌", "~", "scheduled", "cyan"),
    "running": Shown("▶", ">", "running", "bold blue"),
    "promoting": Shown("▲", "^", "promoting", "bold blue"),
    "completed": Shown("✓", "+", "completed", "green"),
    "completed_with_warnings": Shown("!", "!", "warnings", "yellow"),
    "failed": Shown("✗", "x", "failed", "bold red"),
    "cancelled": Shown("-", "-", "cancelled", "dim"),
    "dead_letter": Shown("✝", "#", "dead letter", "bold red"),
}

#: What is taken for a state on the command line, besides its name.
ALIASES: Final[dict[str, JobStatus]] = {
    "warnings": "completed_with_warnings",
    "dead-letter": "dead_letter",
}


def shown_state(status: JobStatus, *, marks: bool) -> str:
    """Return a state's mark and word."""
    shown = SHOWN[status]
    return f"{shown.mark if marks else shown.plain} {shown.word}"

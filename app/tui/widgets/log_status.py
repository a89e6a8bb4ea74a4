"""What is said of a log beside its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casparian.app.tui.widgets.log_lines import Chosen


@dataclass(frozen=True, slots=True)
class LogStatus:
    """What is said of a log. ``new``: lines that came below what is seen.

    ``dropped`` are lines that aren't kept, ``gaps`` places among the others where some are missing.
    """

    total: int
    shown: int
    dropped: int
    following: bool
    new: int
    levels: Chosen
    note: str = ""
    gaps: int = 0

    @property
    def counts(self) -> str:
        """Say how many lines there are, and how many of them are shown."""
        if not self.total:
            return "no lines"
        lines = f"{self.total:,} line{'s' * (self.total != 1)}"
        if self.gaps:
            shown = f"{self.shown - self.gaps:,} of {lines}"
            return shown if self.levels == "all" else f"{shown} ({self.levels})"
        if self.levels != "all":
            kept = self.total - self.dropped
            of = f"the last {kept:,} of {lines}" if self.dropped else lines
            return f"{self.shown:,} of {of} ({self.levels})"
        return f"the last {self.shown:,} of {lines}" if self.dropped else lines

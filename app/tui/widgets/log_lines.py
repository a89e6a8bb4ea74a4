"""The newest lines of a log in memory, by level."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from casparian.app.tui.widgets.plain_text import without_ansi
from casparian.core.events import LEVELS, Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: Lines kept in memory.
KEPT_LINES: Final = 100_000

Chosen = Literal["all", "printed", "info and up", "warnings and errors", "errors"]
#: The levels a person chooses between, in turn.
CHOICES: Final[dict[Chosen, frozenset[Level]]] = {
    "all": frozenset(LEVELS),
    "info and up": frozenset({"info", "warning", "error"}),
    "warnings and errors": frozenset({"warning", "error"}),
    "errors": frozenset({"error"}),
    "printed": frozenset({"stdout", "stderr"}),
}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. ``time`` is in milliseconds since 1970, UTC; None if nobody noted it.

    ``left_out``: it stands for so many lines that were never here, and says so.
    """

    level: Level
    text: str
    time: int | None = None
    left_out: int = 0


class LogLines:
    """Lines are numbered from 0 in the order in which they came; the oldest are let go.

    Lines of the chosen levels are *shown*, and have a place among each other.
    """

    def __init__(self, kept: int = KEPT_LINES) -> None:
        self._kept = kept
        self.clear()

    def clear(self) -> None:
        """Begin anew, with the same choice of levels."""
        self._lines: list[LogLine] = []
        self.dropped = 0
        """Lines that are not kept any more, of all levels."""
        self._levels: frozenset[Level] | None = getattr(self, "_levels", None)
        self._shown: list[int] = []
        self._gaps: list[int] = []
        self._left_out = [0]

    @property
    def total(self) -> int:
        """All lines that came."""
        return self.dropped + len(self._lines)

    @property
    def counted(self) -> int:
        """All lines that there were, with those that were never here."""
        return self.total - len(self._gaps) + self._left_out[-1]

    @property
    def gaps(self) -> int:
        """How many of the kept lines stand for others."""
        return len(self._gaps) - bisect_left(self._gaps, self.dropped)

    @property
    def before(self) -> int:
        """How many lines there were before those that are kept."""
        return self.line_number(self.dropped)

    def line_number(self, number: int) -> int:
        """Return which of all lines, from 0, the one with a number is."""
        gaps = bisect_left(self._gaps, number)
        return number - gaps + self._left_out[gaps]

    @property
    def shown(self) -> int:
        """Lines that are kept and of the chosen levels."""
        return len(self._lines) if self._levels is None else len(self._shown)

    def choose(self, levels: Collection[Level]) -> None:
        """Show only lines of these levels."""
        chosen = frozenset(levels)
        self._levels = None if chosen >= frozenset(LEVELS) else chosen
        self._shown = []
        if self._levels is not None:
            self._shown = [
                self.dropped + at
                for at, line in enumerate(self._lines)
                if line.level in self._levels or line.left_out
            ]

    def append(self, lines: Iterable[LogLine]) -> tuple[int, int]:
        """Take lines; return how many more are shown, and how many shown ones had to go."""
        first = self.total
        self._lines.extend(lines)
        for at in range(first - self.dropped, len(self._lines)):
            if self._lines[at].left_out:
                self._gaps.append(self.dropped + at)
                self._left_out.append(self._left_out[-1] + self._lines[at].left_out)
        levels = self._levels
        if levels is None:
            added = self.total - first
        else:
            new = [
                first + at
                for at, line in enumerate(self._lines[first - self.dropped :])
                if line.level in levels or line.left_out
            ]
            self._shown += new
            added = len(new)
        # A tenth too many may be kept: letting go of a line at a time would move all others.
        if len(self._lines) <= self._kept + self._kept // 10:
            return added, 0
        gone = len(self._lines) - self._kept
        del self._lines[:gone]
        self.dropped += gone
        if levels is None:
            return added, gone
        hidden = bisect_left(self._shown, self.dropped)
        del self._shown[:hidden]
        return added, hidden

    def number_at(self, place: int) -> int:
        """Return the number of a shown line."""
        return self.dropped + place if self._levels is None else self._shown[place]

    def at(self, place: int) -> LogLine:
        """Return a shown line."""
        return self._lines[self.number_at(place) - self.dropped]

    def place_of(self, number: int) -> int | None:
        """Return where a line is shown; None if it isn't."""
        if self._levels is None:
            return number - self.dropped if self.dropped <= number < self.total else None
        place = bisect_left(self._shown, number)
        there = place < len(self._shown) and self._shown[place] == number
        return place if there else None

    def find(self, text: str, place: int, *, backwards: bool = False) -> int | None:
        """Return the next shown line with a text, whatever its case, and once around."""
        shown = self.shown
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        step = -1 if backwards else 1
        for distance in range(1, shown + 1):
            at = (place + step * distance) % shown
            if pattern.search(self.at(at).text):
                return at
        return None

    def text(self, most: int) -> tuple[str, int]:
        """Return the last shown lines that fit into ``most`` bytes, without colours; how many."""
        taken: list[str] = []
        for place in range(self.shown - 1, -1, -1):
            line = without_ansi(self.at(place).text)
            most -= len(line.encode("utf-8", "replace")) + 1
            if most < 0:
                break
            taken.append(line)
        return "\n".join(reversed(taken)), len(taken)

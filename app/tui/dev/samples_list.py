"""The samples, and how the parser does on each; of any number, only the visible ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from casparian.app.tui.dev.stage_bar import GLYPHS, Mood
from casparian.app.tui.widgets.line_list import LineList
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.plain_text import cut_within, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.style import Style
    from textual import events
    from textual.binding import BindingType

#: Cells before the name: a blank, the glyph, a blank.
_GLYPH: Final = 3
_LEAST_NAME: Final = 12

SAMPLES_BINDINGS: Final[tuple[Binding, ...]] = tuple(
    Binding(keys, action, text, show=False, tooltip=text, id=f"samples.{name}")
    for name, keys, action, text in (
        ("up", "up,k", "move(-1)", "Go to the sample above"),
        ("down", "down,j", "move(1)", "Go to the sample below"),
        ("page_up", "pageup,ctrl+b", "page(-1)", "Go a page up"),
        ("page_down", "pagedown,ctrl+f", "page(1)", "Go a page down"),
        ("first", "home,g", "to(0)", "Go to the first sample"),
        ("last", "end,G", "to(-1)", "Go to the last sample"),
    )
)


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One sample: how the newest run on it went; numbers are None before there was one."""

    path: Path
    mood: Mood = "idle"
    rows: int | None = None
    quarantined: int | None = None
    seconds: float | None = None
    is_part: bool = False
    """Whether it was a preview: more rows may be there."""
    was_failed: bool = False
    """Whether an older state of the parser failed on it, and this one was not tried yet."""


class SamplesList(LineList):
    """The list; tells which sample is wanted. The cursor is on the one that is shown."""

    BINDING_GROUP_TITLE = "Samples"
    BINDINGS: ClassVar[list[BindingType]] = [*SAMPLES_BINDINGS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "samples--cursor",
        "samples--dim",
        "samples--bad",
    }

    @dataclass
    class Chosen(Message):
        """A person wants to see this sample."""

        path: Path

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lines: tuple[SampleLine, ...] = ()
        self.border_title = "Samples"

    def show(self, lines: Sequence[SampleLine], current: Path | None) -> None:
        """Show samples; the cursor goes to the current one. What did not change is left alone."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.take_count(len(self._lines))
        else:
            for at, (old, new) in enumerate(zip(before, self._lines, strict=True)):
                if old != new:
                    self.draw_anew(at)
        self.go(next((at for at, line in enumerate(lines) if line.path == current), None))
        # Whatever is put on the border draws all of the list anew; one that runs again counts on.
        done = sum(line.rows is not None for line in lines)
        counted = f"{done:,} of {len(lines):,}" if lines else "none yet: o"
        if counted != self.border_subtitle:
            self.border_subtitle = counted

    def choose(self, at: int) -> None:
        """Go to a sample, and tell it."""
        before = self.at
        super().choose(at)
        if self.at is not None and self.at != before:
            self.post_message(self.Chosen(self._lines[self.at].path))

    def on_click(self, event: events.Click) -> None:
        """Go to a sample."""
        at = self.clicked(event)
        if at is not None:
            self.choose(at)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width, base = self.scrollable_content_region.width, self.rich_style
        at = y + self.scroll_offset.y
        if at >= len(self._lines):
            return Strip.blank(width, base)
        line, is_cursor = self._lines[at], at == self.at
        row = base + self._part("cursor") if is_cursor else base
        dim = row if is_cursor else base + self._part("dim")
        bad = row if is_cursor else base + self._part("bad")
        glyph, words, _ = GLYPHS[line.mood]
        numbers: list[tuple[str, Style]] = []
        if line.rows is not None:
            rows = f"{line.rows:,}{'+' * line.is_part}"
            numbers.append((GLYPHS["failed"][0] if line.was_failed else rows, row))
            if line.quarantined:
                numbers.append((f"!{line.quarantined:,}", bad))
            if line.seconds is not None:
                numbers.append((f"{line.seconds:.1f}s", dim))
        elif line.mood != "idle":
            numbers.append((words.partition(",")[0], dim))
        room = max(0, width - _GLYPH - 1)
        while numbers and room - sum(len(text) + 1 for text, _ in numbers) < _LEAST_NAME:
            numbers.pop()  # its name says more than how long it took
        taken = sum(len(text) + 1 for text, _ in numbers)
        name, cells = cut_within(plain(line.path.name), room - taken)
        segments = [
            Segment(f" {glyph} ", row),
            Segment(name + " " * (room - taken - cells), row),
        ]
        for text, style in numbers:
            segments += [Segment(" ", row), Segment(text, style)]
        segments.append(Segment(" ", row))
        return Strip(segments).adjust_cell_length(width, row)

    def _part(self, name: str) -> Style:
        return part_style(self, f"samples--{name}")

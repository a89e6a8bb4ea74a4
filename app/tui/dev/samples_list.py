"""The samples, and how the parser does on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from casparian.app.tui.dev.stage_bar import GLYPHS, Mood

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SampleLine:
    """One sample: how the newest run on it went; numbers are None before there was one."""

    path: Path
    mood: Mood = "idle"
    rows: int | None = None
    quarantined: int | None = None
    seconds: float | None = None


class SamplesList(OptionList):
    """The list; tells which sample is wanted."""

    @dataclass
    class Chosen(Message):
        """A person wants to see this sample."""

        path: Path

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._samples: tuple[SampleLine, ...] = ()
        self.border_title = "Samples"

    def show(self, lines: Sequence[SampleLine], current: Path | None) -> None:
        """Show samples; the cursor goes to the current one. What did not change is left alone."""
        if [line.path for line in lines] == [line.path for line in self._samples]:
            for index, (before, line) in enumerate(zip(self._samples, lines, strict=True)):
                if before != line:
                    self.replace_option_prompt_at_index(index, _prompt(line))
        else:
            self.clear_options()
            self.add_options([Option(_prompt(line)) for line in lines])
        self._samples = tuple(lines)
        at = next((i for i, line in enumerate(lines) if line.path == current), None)
        if at is not None and self.highlighted != at:
            with self.prevent(OptionList.OptionHighlighted):
                self.highlighted = at
        done = sum(line.mood not in ("idle", "running") for line in lines)
        self.border_subtitle = f"{done} of {len(lines)}" if lines else "none yet: o"

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The cursor is on another sample."""
        event.stop()
        self.post_message(self.Chosen(self._samples[event.option_index].path))


def _prompt(line: SampleLine) -> Table:
    glyph, words, _ = GLYPHS[line.mood]
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(width=1)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    numbers = Text()
    if line.rows is not None:
        numbers.append(f"{line.rows:,}")
        if line.quarantined:
            numbers.append(f" !{line.quarantined:,}", "bold")
        if line.seconds is not None:
            numbers.append(f" {line.seconds:.1f}s", "dim")
    elif line.mood != "idle":
        numbers.append(words.partition(",")[0], "dim")
    table.add_row(Text(glyph), Text(line.path.name), numbers)
    return table

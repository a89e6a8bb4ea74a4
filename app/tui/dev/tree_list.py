"""A list of a tree's lines; of any number, only the visible ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from casparian.app.tui.widgets.line_list import LineList
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.plain_text import cut, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from textual import events
    from textual.binding import BindingType

    from casparian.app.tui.dev.file_tree import TreeLine

TREE_BINDINGS: Final[tuple[Binding, ...]] = tuple(
    Binding(keys, action, text, show=False, tooltip=text, id=f"tree.{name}")
    for name, keys, action, text in (
        ("up", "up,k", "move(-1)", "Go a line up"),
        ("down", "down,j", "move(1)", "Go a line down"),
        ("page_up", "pageup,ctrl+b", "page(-1)", "Go a page up"),
        ("page_down", "pagedown,ctrl+f", "page(1)", "Go a page down"),
        ("first", "home,g", "to(0)", "Go to the first line"),
        ("last", "end,G", "to(-1)", "Go to the last line"),
        ("close", "left,h", "close", "Close the folder, or go to the one that it lies in"),
        ("open", "right,l", "open", "Open the folder, or go to what is in it"),
        ("take", "enter", "take", "Take the file; open or close the folder"),
        ("mark", "space", "mark", "Mark the sample, or all of a folder, or not"),
    )
)


class TreeList(LineList):
    """The tree, with a cursor. ``marked`` are files with a mark; None: nothing is to be marked."""

    BINDING_GROUP_TITLE = "Tree"
    BINDINGS: ClassVar[list[BindingType]] = [*TREE_BINDINGS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tree--cursor", "tree--dim", "tree--match"}

    @dataclass
    class Taken(Message):
        """Enter, or a second click, on a line."""

        line: TreeLine

    @dataclass
    class Toggled(Message):
        """A folder is to be opened or closed."""

        line: TreeLine

    @dataclass
    class MarkWanted(Message):
        """A file, or all files of a folder, is to be marked, or not any more."""

        line: TreeLine

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.lines: Sequence[TreeLine] = ()
        self.marked: Collection[Path] | None = None

    @property
    def line(self) -> TreeLine | None:
        """The line under the cursor."""
        return self.lines[self.at] if self.at is not None else None

    def show(
        self, lines: Sequence[TreeLine], marked: Collection[Path] | None, cursor: Path | None
    ) -> None:
        """Show lines; the cursor goes to a path, else to the first file."""
        self.lines, self.marked = lines, marked
        self.take_count(len(lines))
        first = next((at for at, line in enumerate(lines) if not line.is_folder), None)
        self.at = next((at for at, line in enumerate(lines) if line.path == cursor), first)
        if self.at is None and lines:
            self.at = 0
        self.reveal()

    # Moving

    def action_close(self) -> None:
        """Close the folder, or go to the one around."""
        line = self.line
        if line is None:
            return
        if line.is_folder and line.is_open:
            self.post_message(self.Toggled(line))
            return
        here = self.at or 0
        above = range(here - 1, -1, -1)
        self.choose(next((at for at in above if self.lines[at].depth < line.depth), here))

    def action_open(self) -> None:
        """Open the folder, or go into it."""
        line = self.line
        if line is not None and line.is_folder:
            if line.is_open:
                self.action_move(1)
            else:
                self.post_message(self.Toggled(line))

    def action_take(self) -> None:
        """Take what is under the cursor."""
        if self.line is not None:
            self.post_message(self.Taken(self.line))

    def action_mark(self) -> None:
        """Mark what is under the cursor."""
        if self.line is not None and self.marked is not None:
            self.post_message(self.MarkWanted(self.line))

    def on_click(self, event: events.Click) -> None:
        """Go to a line; a second click takes it."""
        at = self.clicked(event)
        if at is None:
            return
        is_second = at == self.at
        self.choose(at)
        if is_second or self.lines[at].is_folder:
            self.action_take()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        width, base = self.scrollable_content_region.width, self.rich_style
        at = y + self.scroll_offset.y
        if at >= len(self.lines):
            return Strip.blank(width, base)
        line, is_cursor = self.lines[at], at == self.at
        row = base + self._part("cursor") if is_cursor else base
        dim = row if is_cursor else base + self._part("dim")
        count = f" {len(line.files):,} " if line.is_folder else ""
        before = f" {'  ' * line.depth}{self._glyph(line)}{self._mark(line)}"
        name, cells = cut(plain(line.name), max(1, width - len(before) - len(count)))
        room = max(0, width - len(before) - cells - len(count))
        segments = [
            Segment(before, dim),
            *self._drawn_name(line, name, row),
            Segment(" " * room, row),
        ]
        return Strip([*segments, Segment(count, dim)]).adjust_cell_length(width, row)

    def _drawn_name(self, line: TreeLine, name: str, row: Style) -> list[Segment]:
        """The name, with what matches marked; not if it can't be drawn as it is."""
        style = row + Style(bold=True) if line.is_folder else row
        if not (line.found and line.name.isascii() and line.name.isprintable()):
            return [Segment(name, style)]
        match = style + self.get_component_rich_style("tree--match", partial=True)
        hit = [any(begin <= at < end for begin, end in line.found) for at in range(len(name))]
        return [
            Segment(char, match if is_hit else style)
            for char, is_hit in zip(name, hit, strict=True)
        ]

    @staticmethod
    def _glyph(line: TreeLine) -> str:
        if not line.is_folder:
            return "  "
        return "▾ " if line.is_open else "▸ "

    def _mark(self, line: TreeLine) -> str:
        if self.marked is None:
            return ""
        marked = sum(path in self.marked for path in line.files)
        if not marked:
            return "[ ] "
        return "[x] " if marked == len(line.files) else "[-] "

    def _part(self, name: str) -> Style:
        return part_style(self, f"tree--{name}")

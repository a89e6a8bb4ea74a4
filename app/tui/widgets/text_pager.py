"""`TextPager`: one long text, wrapped, of which only the visible lines are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from casparian.app.tui.widgets.plain_text import wrapped

if TYPE_CHECKING:
    from textual.binding import BindingType

#: More characters than a person reads; the whole value can be copied or exported.
MOST_SHOWN = 1_000_000


class TextPager(ScrollView, can_focus=True):
    """Text with control characters as symbols; scrolled, not edited."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="pager.up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="pager.down"),
        Binding("pageup,ctrl+b", "page_up", "Page up", show=False, id="pager.page_up"),
        Binding(
            "pagedown,ctrl+f,space", "page_down", "Page down", show=False, id="pager.page_down"
        ),
        Binding("home,ctrl+home,g", "scroll_home", "Beginning", show=False, id="pager.home"),
        Binding("end,ctrl+end,G", "scroll_end", "End", show=False, id="pager.end"),
    ]

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text = text
        self._lines: list[str] = []
        self._width = 0

    def show(self, text: str) -> None:
        """Show another text, from its beginning."""
        self._text, self._width = text, 0
        self._wrap()
        self.scroll_to(0, 0, animate=False)

    def on_resize(self) -> None:
        """Wrap it anew."""
        self._wrap()

    def _wrap(self) -> None:
        width = self.scrollable_content_region.width
        if width < 1 or width == self._width:
            return
        self._width = width
        text = self._text[:MOST_SHOWN]
        self._lines = wrapped(text, width)
        if len(self._text) > len(text):
            self._lines.append(f"… {len(self._text) - len(text):,} characters more")
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        at = self.scroll_offset.y + y
        text = self._lines[at] if at < len(self._lines) else ""
        style = self.rich_style
        return Strip([Segment(text, style)]).crop_extend(0, self.size.width, style)

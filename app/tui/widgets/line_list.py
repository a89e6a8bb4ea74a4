"""`LineList`: lines of any number with a cursor, of which only the visible ones are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView

if TYPE_CHECKING:
    from textual import events


class LineList(ScrollView, can_focus=True):
    """Moves the cursor and keeps it in sight. What a line is, and how it looks, is a child's."""

    ALLOW_SELECT = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.at: int | None = None
        """The line under the cursor."""

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self.virtual_size.height

    def take_count(self, count: int) -> None:
        """There are so many lines now, and all are to be drawn."""
        self.virtual_size = Size(0, count)
        self.refresh()

    def choose(self, at: int) -> None:
        """Go to a line, or to the end that it lies behind."""
        if self.count:
            self.go(min(max(0, at), self.count - 1))

    def action_move(self, by: int) -> None:
        """Go some lines down."""
        self.choose((-1 if self.at is None else self.at) + by)

    def action_page(self, by: int) -> None:
        """Go some pages down."""
        self.action_move(by * max(1, self.scrollable_content_region.height - 1))

    def action_to(self, place: int) -> None:
        """Go to the first line (0) or to the last (-1)."""
        self.choose(place if place >= 0 else self.count - 1)

    def clicked(self, event: events.Click) -> int | None:
        """Return which line was clicked."""
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1:
            return None
        at = offset.y + self.scroll_offset.y
        return at if at < self.count else None

    def go(self, at: int | None) -> None:
        """Put the cursor on a line, or on none."""
        if at == self.at:
            return
        before, self.at = self.at, at
        for place in (before, at):
            if place is not None:
                self.draw_anew(place)
        self.reveal()

    def reveal(self) -> None:
        """Scroll no more than it takes to have the cursor in sight."""
        if self.at is not None:
            height = self.scrollable_content_region.height
            top = min(max(self.scroll_offset.y, self.at - height + 1), self.at)
            self.scroll_to(y=top, animate=False)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.reveal()

    def draw_anew(self, at: int) -> None:
        """Draw a line, if it is in sight."""
        y = at - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

"""`JobsTable`: some jobs of a list of any length, of which only the visible ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from casparian.app.tui.prod.job_cells import (
    RIGHT,
    Column,
    cells_of,
    columns_for,
    fitted,
    longest_parser,
)
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.plain_text import cut, plain
from casparian.core.queueing.job_order import JobsAround, Key, is_behind, spot_of
from casparian.core.stores.states import STATUSES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rich.style import Style
    from textual import events
    from textual.binding import BindingType

    from casparian.app.tui.prod.job_cells import Cell
    from casparian.core.queueing.job_order import JobOrder
    from casparian.core.queueing.queue_view import QueueView
    from casparian.core.stores.jobs import Job

_HEADER: Final = 1
_GUTTER: Final = 2
_WHEEL: Final = 3
_TONES: Final = ("dim", "bad", "late", *STATUSES)

#: By what the jobs are sorted if the title of a column is clicked.
ORDERS: Final[dict[Column, Key]] = {
    "state": "state",
    "parser": "parser",
    "input": "input",
    "try": "attempt",
    "rows": "rows",
    "bad": "quarantined",
    "age": "queued",
    "took": "duration",
}

Wanted = Literal["first", "last"]


class JobsTable(Widget, can_focus=True):
    """A list of jobs around its cursor. The cursor is on a job, and stays on it.

    What lies beyond the jobs that it has is asked for by `Moved` and `Wanted`; `show` brings it.
    """

    BINDING_GROUP_TITLE = "Jobs"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(keys, action, text, show=False, tooltip=text, id=f"jobs.{name}")
            for name, keys, action, text in (
                ("up", "up,k", "move(-1)", "Go a job up"),
                ("down", "down,j", "move(1)", "Go a job down"),
                ("page_up", "pageup,ctrl+b", "page(-1)", "Go a page up"),
                ("page_down", "pagedown,ctrl+f", "page(1)", "Go a page down"),
                ("first", "home,ctrl+home,g", "end('first')", "Go to the first job"),
                ("last", "end,ctrl+end,G", "end('last')", "Go to the last job"),
            )
        )
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "jobs-table--header",
        "jobs-table--cursor",
        "jobs-table--mark",
        "jobs-table--empty",
        *(f"jobs-table--{tone.replace('_', '-')}" for tone in _TONES),
    }

    @dataclass
    class Moved(Message):
        """The cursor is on another job, or on none."""

        job: Job | None

    @dataclass
    class EndWanted(Message):
        """The beginning or the end of the list is wanted."""

        end: Wanted

    @dataclass
    class OrderWanted(Message):
        """The title of a column was clicked."""

        key: Key

    @dataclass
    class Opened(Message):
        """A job was clicked twice."""

        job: Job

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: QueueView | None = None
        self._around = JobsAround()
        self._now = 0
        self._at = 0
        self._top = 0
        self._marked: Collection[str] = ()
        self._wanted: Wanted | None = None
        self._empty = ""
        self._columns: dict[Column, int] = {}
        self._drawn: list[_Line] = []
        self._drawn_as: object = None

    # What is shown

    @property
    def job(self) -> Job | None:
        """The job under the cursor."""
        jobs = self._around.jobs
        return jobs[self._at] if jobs else None

    @property
    def at_beginning(self) -> bool:
        """Whether the list's first job is in sight."""
        return self._top == 0 and not self._around.before

    def misses_its_job(self, view: QueueView) -> bool:
        """Whether a view is of another part of the list than the cursor's job."""
        job, around = self.job, view.around
        if job is None or not around.jobs or self._wanted is not None:
            return False
        if view.look.place == spot_of(job) or not (around.before or around.behind):
            return False
        return all(other.job_id != job.job_id for other in around.jobs)

    def show(
        self, view: QueueView, now: int, *, marked: Collection[str] = (), empty: str = ""
    ) -> None:
        """Show a view; the cursor stays on its job, or goes to the next one if that has gone."""
        before, around = self.job, view.around
        line, pinned = self._at - self._top, self.at_beginning
        self._view, self._around, self._now = view, around, now
        self._marked, self._empty = marked, empty
        if self._wanted == view.look.place:
            self._at = 0 if self._wanted == "first" else max(0, len(around.jobs) - 1)
            self._top, self._wanted = self._at, None
        else:
            self._at = self._place_of(before, view)
            self._top = 0 if pinned and not around.before else self._at - line
        self._clamp()
        self._redraw()
        after = self.job
        if (after and after.job_id) != (before and before.job_id):
            self.post_message(self.Moved(after))

    def forget(self) -> None:
        """Let the cursor go to the first job of what is shown next."""
        self._wanted = "first"

    def tick(self, now: int) -> None:
        """Draw the lines anew in which an age has changed."""
        self._now = now
        self._redraw()

    def _redraw(self) -> None:
        """Paint the cells that are not what was painted: whatever is painted is sent."""
        before, way = self._drawn, self._drawn_as
        self._draw()
        if len(before) != len(self._drawn) or way != self._drawn_as:
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self._drawn, strict=True)):
            for x, width in new.differs(old, self.size.width):
                self.refresh(Region(x, y, width, 1))

    def _place_of(self, job: Job | None, view: QueueView) -> int:
        """Return where the cursor's job is now, or what came to its place."""
        jobs = view.around.jobs
        if job is None or not jobs:
            return 0
        for at, other in enumerate(jobs):
            if other.job_id == job.job_id:
                return at
        places = [is_behind(view.order, other, job) for other in jobs]
        if None in places:
            return self._at
        return places.index(True) if True in places else len(jobs) - 1

    # Moving

    @property
    def page(self) -> int:
        """Jobs that fit."""
        return max(1, self.size.height - _HEADER)

    def action_move(self, by: int) -> None:
        """Go some jobs down."""
        self._go(self._at + by)

    def action_page(self, by: int) -> None:
        """Go some pages down."""
        self._top += by * self.page
        self._go(self._at + by * self.page)

    def action_end(self, end: Wanted) -> None:
        """Go to an end of the list."""
        if not (self._around.before if end == "first" else self._around.behind):
            self._go(0 if end == "first" else len(self._around.jobs) - 1)
            return
        self._wanted = end
        self.post_message(self.EndWanted(end))

    def _go(self, at: int) -> None:
        jobs = self._around.jobs
        if not jobs:
            return
        before, self._at = self._at, min(max(0, at), len(jobs) - 1)
        self._wanted = None
        self._clamp()
        self._redraw()
        if self._at != before:
            self.post_message(self.Moved(self.job))

    def _clamp(self) -> None:
        """Keep the cursor in sight, and no empty lines above or below without need."""
        count, page = len(self._around.jobs), self.page
        self._at = min(max(0, self._at), max(0, count - 1))
        self._top = min(max(self._top, self._at - page + 1), self._at)
        self._top = max(0, min(self._top, count - page))

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._clamp()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Go down with the wheel."""
        event.stop()
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Go up with the wheel."""
        event.stop()
        self.action_move(-_WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Go to a job; a second click opens it."""
        offset = event.get_content_offset(self)
        if offset is None or event.button != 1:
            return
        if offset.y < _HEADER:
            self._click_title(offset.x)
            return
        at = self._top + offset.y - _HEADER
        if at < len(self._around.jobs):
            self._go(at)
            if event.chain == 2 and self.job is not None:
                self.post_message(self.Opened(self.job))

    def _click_title(self, x: int) -> None:
        left = _GUTTER
        for name, width in self._columns.items():
            if left <= x < left + width and name in ORDERS:
                self.post_message(self.OrderWanted(ORDERS[name]))
            left += width + 1

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of one paint, all as of the same moment."""
        if self._drawn_as != self._way():
            self._draw()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if y < len(self._drawn):
            return self._drawn[y].strip
        return Strip.blank(self.size.width, self.rich_style)

    def _way(self) -> object:
        """Return what, besides the jobs, decides how they are drawn."""
        return (self.size, self.has_focus, self.rich_style, self._part("cursor"), self._columns)

    def notify_style_update(self) -> None:
        """Colours have changed."""
        self._drawn_as = None
        super().notify_style_update()

    def _draw(self) -> None:
        width, jobs = self.size.width, self._around.jobs
        base = self.rich_style
        if self._view is None or not jobs:
            text, taken = cut(plain(self._empty), max(0, width - _GUTTER))
            line = (Segment(" " * _GUTTER, base), Segment(text, base + self._part("empty")))
            self._columns = {}
            self._drawn = [_Line((line,), (_GUTTER + taken,), width, base)]
            self._drawn_as = self._way()
            return
        shown = jobs[self._top : self._top + self.page]
        columns = self._columns = columns_for(width - _GUTTER, longest_parser(jobs))
        widths = (_GUTTER, *(cells + 1 for cells in columns.values()))
        styles = {tone: self._part(tone.replace("_", "-")) for tone in _TONES}
        header = base + self._part("header")
        order = self._view.order
        titles: list[tuple[Segment, ...]] = [(Segment(" " * _GUTTER, header),)]
        for name, cells in columns.items():
            titles.append(_aligned(name, title_of(name, order, cells), cells, header, header))
        lines = [_Line(tuple(titles), widths, width, header)]
        for place, job in enumerate(shown, self._top):
            marked = job.job_id in self._marked
            cursor = place == self._at
            row = base + self._part("cursor") if cursor else base
            if marked:
                row += self._part("mark")
            flag = ("▌" if cursor else " ") + ("●" if marked else " ")
            parts: list[tuple[Segment, ...]] = [(Segment(flag, row),)]
            for name, cell in cells_of(job, self._view, self._now, columns).items():
                style = row + styles[cell.tone] if cell.tone in styles else row
                if cursor and self.has_focus:
                    style = row
                text = _text_of(name, cell, columns[name])
                parts.append(_aligned(name, text, columns[name], style, row))
            lines.append(_Line(tuple(parts), widths, width, row))
        self._drawn = lines
        self._drawn_as = self._way()

    def _part(self, name: str) -> Style:
        return part_style(self, f"jobs-table--{name}")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line as it is drawn: its cells, each with the gap behind it, and how wide these are."""

    parts: tuple[tuple[Segment, ...], ...]
    widths: tuple[int, ...]
    width: int
    row: Style

    @property
    def strip(self) -> Strip:
        """It as a strip, with as few changes of style as can be: each is sent."""
        segments = [segment for part in self.parts for segment in part]
        return Strip(segments).adjust_cell_length(self.width, self.row).simplify()

    def differs(self, other: _Line, room: int) -> Iterator[tuple[int, int]]:
        """Yield where it differs from another line: from which cell on, and how many of them."""
        if self.widths != other.widths or self.row != other.row:
            yield 0, room
            return
        x = 0
        for mine, theirs, width in zip(self.parts, other.parts, self.widths, strict=True):
            if mine != theirs and x < room:
                yield x, min(width, room - x)
            x += width


def title_of(name: Column, order: JobOrder, width: int) -> str:
    """Return a column's title, with an arrow if the jobs are in its order: ``▲`` grows downwards.

    What was queued last is the youngest.
    """
    if ORDERS.get(name) != order.by:
        return name
    grows = order.descending if order.by == "queued" else not order.descending
    arrow = "▲" if grows else "▼"
    space = " " if width > len(name) + 1 else ""
    return f"{name[: width - 1 - len(space)]}{space}{arrow}"


def _text_of(name: Column, cell: Cell, width: int) -> str:
    return fitted(name, plain(cell.text), width)


def _aligned(name: Column, text: str, width: int, style: Style, row: Style) -> tuple[Segment, ...]:
    """Return a cell and the gap behind it."""
    text, taken = cut(text, width)
    space = Segment(" " * (width - taken), row)
    parts = (space, Segment(text, style)) if name in RIGHT else (Segment(text, style), space)
    return (*parts, Segment(" ", row))

"""A short list beside the jobs: states, parsers, or workers, each line one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from casparian.app.job_states import SHOWN
from casparian.app.tui.prod.job_cells import coarse_age
from casparian.core.safe_text import one_line
from casparian.core.stores.states import LIVE, STATUSES, JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.queueing.queue_view import QueueView

#: A state's colour, of the theme's.
COLOURS: dict[JobStatus, str] = {
    "pending": "$text-primary",
    "scheduled": "$text-primary",
    "running": "$text-accent bold",
    "promoting": "$text-accent bold",
    "completed": "$text-success",
    "completed_with_warnings": "$text-warning",
    "failed": "$text-error bold",
    "cancelled": "dim",
    "dead_letter": "$text-error bold",
}


@dataclass(frozen=True, slots=True)
class SideLine:
    """One line: what it stands for, and how it is shown: something at its left and its right."""

    key: str
    left: Content
    right: Content


class SideList(OptionList):
    """The list; enter says which line is wanted."""

    @dataclass
    class Wanted(Message):
        """Enter or a click on a line."""

        list: SideList
        key: str

        @property
        def control(self) -> SideList:
            """The list."""
            return self.list

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, compact=True)
        self.border_title = title
        self._shown: tuple[SideLine, ...] = ()
        self._width = 0

    def show(self, lines: Sequence[SideLine]) -> None:
        """Show lines; what did not change is left alone, and the cursor stays on its line."""
        width = self.scrollable_content_region.width
        before, self._shown = self._shown, tuple(lines)
        if [line.key for line in before] == [line.key for line in lines]:
            for place, (old, line) in enumerate(zip(before, lines, strict=True)):
                if old != line or width != self._width:
                    self.replace_option_prompt_at_index(place, _prompt(line, width))
        else:
            at = self.highlighted
            there = None if at is None else before[at].key
            self.clear_options()
            self.add_options([Option(_prompt(line, width)) for line in lines])
            self.highlighted = self._place_of(there, at)
        self._width = width

    def remark(self, said: str) -> None:
        """Say something at the list's lower edge; what stays as it is is not drawn anew."""
        if said != (self.border_subtitle or ""):
            self.border_subtitle = said

    def _place_of(self, key: str | None, at: int | None) -> int | None:
        """Return where a line is now, or what took its place; with the focus it is on some line."""
        found = [place for place, line in enumerate(self._shown) if line.key == key]
        if found:
            return found[0]
        if not self._shown or not (self.has_focus or at is not None):
            return None
        return min(at or 0, len(self._shown) - 1)

    @property
    def key(self) -> str | None:
        """What the line under the cursor stands for."""
        return None if self.highlighted is None else self._shown[self.highlighted].key

    def on_focus(self) -> None:
        """Begin with the first line."""
        if self.highlighted is None and self._shown:
            self.highlighted = 0

    def on_mount(self) -> None:
        """A scrollbar that comes or goes, too, leaves lines another room."""
        self.watch(self, "show_vertical_scrollbar", self.on_resize, init=False)

    def on_resize(self) -> None:
        """Lines reach from edge to edge."""
        self.call_after_refresh(lambda: self.show(self._shown))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A line is wanted."""
        event.stop()
        self.post_message(self.Wanted(self, self._shown[event.option_index].key))


def _prompt(line: SideLine, width: int) -> Content:
    room = max(0, width - line.right.cell_length - 1)
    left = line.left.truncate(room, ellipsis=True, pad=True) if room else line.left
    return Content.assemble(left, " ", line.right)


def state_lines(view: QueueView) -> list[SideLine]:
    """Return the states that jobs are in, and those that they pass through."""
    lines = []
    for status in STATUSES:
        count = view.counts.get(status, 0)
        if count or (status in LIVE and status != "promoting"):
            shown = SHOWN[status]
            text = Content.styled(f"{shown.mark} {shown.word}", COLOURS[status] if count else "dim")
            if lost := view.orphaned.get(status, 0):
                text = Content.assemble(
                    text, Content.styled(f", {lost:,} orphaned", "$text-error bold")
                )
            number = Content.styled(f"{count:,}", "" if count else "dim")
            lines.append(SideLine(status, text, number))
    return lines


def parser_lines(view: QueueView) -> list[SideLine]:
    """Return the parsers: ``‖`` one whose jobs wait, ``✗`` one whose last jobs failed by it."""
    lines = []
    for one in view.parsers:
        left = f"{one.name} {one.version}"
        waits = sum(one.counts.get(status, 0) for status in LIVE)
        right = Content.styled(f"{waits:,}", "" if waits else "dim")
        failures = one.health.consecutive_failures if one.health is not None else 0
        failed = Content.styled(f"✗{failures} " if failures else "", "$text-error")
        if one.paused_reason is not None:
            lines.append(
                SideLine(
                    one.name,
                    Content.styled(f"‖ {left}", "$text-warning bold"),
                    Content.assemble(
                        failed, Content.styled(f"paused {waits:,}", "$text-warning bold")
                    ),
                )
            )
        else:
            right = Content.assemble(failed, right)
            lines.append(SideLine(one.name, Content(f"  {left}"), right))
    return lines


def worker_lines(view: QueueView, now: int) -> list[SideLine]:
    """Return the workers: host, pid, how many of its slots are busy, and when last heard of."""
    lines = []
    for one in view.workers:
        name = f"{one_line(one.host)} {one.pid}"
        heard = coarse_age(now - one.last_seen)
        if one.worker_id in view.dead:
            left, right = Content.styled(f"✗ {name}", "$text-error bold"), "gone"
            lines.append(SideLine(one.worker_id, left, Content.styled(right, "$text-error bold")))
            continue
        # A job that is being published is the worker's still, while its slot has the next one.
        right = f"{min(one.busy, one.slots)}/{one.slots} ♥ {heard}"
        lines.append(SideLine(one.worker_id, Content(f"● {name}"), Content.styled(right, "dim")))
    return lines

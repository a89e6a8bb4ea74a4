"""`LogView`: lines as they come, of which only the visible ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual import on
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from casparian.app.tui.clipboard import MOST_BYTES
from casparian.app.tui.widgets.log_drawing import clock, matched
from casparian.app.tui.widgets.log_file import LogFile, UnreadableLogError
from casparian.app.tui.widgets.log_keys import LOG_BINDINGS
from casparian.app.tui.widgets.log_lines import CHOICES, KEPT_LINES, Chosen, LogLine, LogLines
from casparian.app.tui.widgets.log_status import LogStatus
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.plain_text import cut, plain, without_ansi
from casparian.core.events import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual.binding import BindingType
    from textual.selection import Selection

#: A longer line is cut (cells): the whole line can be copied.
_WIDEST: Final = 10_000
#: Seconds between two looks at a file that had nothing new.
_PAUSE: Final = 0.25


class LogView(ScrollView, can_focus=True):
    """A log that follows its end until somebody scrolls up, and then stays put."""

    BINDING_GROUP_TITLE = "Log"
    BINDINGS: ClassVar[list[BindingType]] = [*LOG_BINDINGS]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--time",
        "log-view--match",
        "log-view--found",
        "log-view--dropped",
        "log-view--selection",
        *(f"log-view--{level}" for level in LEVELS),
    }

    @dataclass
    class StatusChanged(Message):
        """What is to be said of the log is another now."""

        log: LogView
        status: LogStatus

        def can_replace(self, message: Message) -> bool:
            """Only the newest is worth showing."""
            return isinstance(message, LogView.StatusChanged) and message.log is self.log

        @property
        def control(self) -> LogView:
            """The log."""
            return self.log

    @dataclass
    class PromptWanted(Message):
        """A key asked for a text to find, which `LogView.find` takes."""

        log: LogView

        @property
        def control(self) -> LogView:
            """The log."""
            return self.log

    @dataclass
    class _Read(Message, bubble=False):
        file: LogFile
        lines: list[LogLine]
        problem: str

    def __init__(
        self,
        *,
        kept: int = KEPT_LINES,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = LogLines(kept)
        self._whole_log = ""
        self._following = True
        self._new = 0
        self._levels: Chosen = "all"
        self._sought = ""
        self._found: int | None = None  # by its number
        self._note = ""
        self._timed = False
        self._widest = 0
        self._file: LogFile | None = None

    # Lines

    def on_mount(self) -> None:
        """Say what is there."""
        self._tell()

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add lines at the end: as many as there are at a time, for each call lays out anew."""
        if not lines:
            return
        had_notice = self._notice
        added, gone = self._lines.append(lines)
        self._timed = self._timed or any(line.time is not None for line in lines)
        if not self._following:
            self._new += added
        if gone and not self._following:
            # Before the log gets shorter: at its end it would follow.
            moved = gone - (self._notice - had_notice)
            self.scroll_to(y=max(0, self.scroll_offset.y - moved), animate=False)
        self._lay_out()
        self._tell()

    def reset(self, *, whole_log: str = "") -> None:
        """Begin anew, for another run; levels and search stay.

        ``whole_log`` says where the lines are that aren't kept here.
        """
        self.unfollow()
        self._lines.clear()
        self._whole_log = whole_log
        self._following, self._new, self._note = True, 0, ""
        self._found, self._timed, self._widest = None, False, 0
        self._lay_out()
        self.scroll_to(0, 0, animate=False)
        self._tell()

    def follow(self, file: LogFile) -> None:
        """Show a file from its beginning, and what is written to it from now on."""
        self.reset(whole_log=str(file.path))
        self._file = file
        self._read_more()

    def unfollow(self) -> None:
        """Look at the file no more."""
        file, self._file = self._file, None
        if file is not None:
            self.workers.cancel_group(self, "log-file")
            file.close()

    def on_unmount(self) -> None:
        """Let go of the file."""
        self.unfollow()

    def _read_more(self) -> None:
        file = self._file
        if file is None or not self.is_attached:
            return
        if not self.is_on_screen:
            self.set_timer(_PAUSE, self._read_more)
            return
        self.run_worker(partial(self._read, file), thread=True, group="log-file")

    def _read(self, file: LogFile) -> None:
        try:
            lines, problem = file.more(), ""
        except UnreadableLogError as error:
            lines, problem = [], error.message
        except ValueError:
            return  # closed meanwhile: somebody looks at another one
        self.post_message(self._Read(file, lines, problem))

    @on(_Read)
    def _take(self, read: LogView._Read) -> None:
        if read.file is not self._file:
            return
        self.append(read.lines)
        if read.problem:
            self._tell(f"✗ {read.problem}")
        elif read.lines:
            self._read_more()
        else:
            self.set_timer(_PAUSE, self._read_more)

    # What is shown

    @property
    def following(self) -> bool:
        """Whether it stays at its end."""
        return self._following

    @property
    def status(self) -> LogStatus:
        """What is to be said of it."""
        lines = self._lines
        return LogStatus(
            lines.counted,
            lines.shown,
            lines.before,
            self._following,
            self._new,
            self._levels,
            self._note,
            lines.gaps,
        )

    def choose_levels(self, levels: Chosen) -> None:
        """Show only lines of some levels; the line at the top stays there if it can."""
        self._levels = levels
        self._lines.choose(CHOICES[levels])
        self._new = 0
        self._lay_out()
        self.action_follow()

    def find(self, text: str, *, backwards: bool = False) -> None:
        """Go to the next line with a text, whatever its case, and highlight it wherever it is."""
        if text.lower() != self._sought:
            self._sought, self._found = text.lower(), None
        self.refresh()
        if not text or not self._lines.shown:
            self._tell("")
            return
        start = None if self._found is None else self._lines.place_of(self._found)
        if start is None:
            start = self.scroll_offset.y - self._notice - (0 if backwards else 1)
        place = self._lines.find(text, start, backwards=backwards)
        if place is None:
            self._tell(f"{text!r} is nowhere in the lines shown")
            return
        self._found = self._lines.number_at(place)
        y, height = place + self._notice, self.scrollable_content_region.height
        if not self.scroll_offset.y <= y < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, y - height // 2), animate=False)
        self._tell(f"line {self._lines.line_number(self._found) + 1:,}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave keys to others that mean nothing now."""
        return bool(self._sought) if action in {"find_again", "back"} else True

    # Nothing here is animated: new lines would end the movement before it has begun.

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self.scroll_up(animate=False)

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self.scroll_down(animate=False)

    def action_page_up(self) -> None:
        """Scroll a page up."""
        self.scroll_page_up(animate=False)

    def action_page_down(self) -> None:
        """Scroll a page down."""
        self.scroll_page_down(animate=False)

    def action_scroll_home(self) -> None:
        """Scroll to the first line."""
        self.scroll_to(y=0, animate=False)

    def action_follow(self) -> None:
        """Go to the end, and stay there."""
        self._following, self._new = True, 0
        self.scroll_to(y=self.max_scroll_y, animate=False)
        self.refresh()
        self._tell("")

    def action_ask_find(self) -> None:
        """Have somebody ask for a text."""
        self.post_message(self.PromptWanted(self))

    def action_find_again(self, backwards: bool) -> None:
        """Go to the next line, or the one before, that has what was sought."""
        self.find(self._sought, backwards=backwards)

    def action_levels(self) -> None:
        """Take the next choice of levels."""
        names = list(CHOICES)
        self.choose_levels(names[(names.index(self._levels) + 1) % len(names)])

    def action_back(self) -> None:
        """End the search."""
        self._sought, self._found = "", None
        self.refresh()
        self._tell("")

    def action_copy(self) -> None:
        """Copy what the mouse has selected, or else the last lines that are shown."""
        selected = self.text_selection
        taken = None if selected is None else self.get_selection(selected)
        if taken is not None and taken[0]:
            text = taken[0].encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")
            said = f"copied {len(text):,} of {len(taken[0]):,} characters"
        else:
            text, count = self._lines.text(MOST_BYTES)
            said = f"copied the last {count:,} of {self._lines.shown:,} lines"
        if text:
            self.app.copy_to_clipboard(text)
        self._tell(said if text else "nothing to copy")

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected part of what is shown, as it is shown."""
        first = 0 if selection.start is None else selection.start.y
        last = self.virtual_size.height - 1 if selection.end is None else selection.end.y
        last = min(last, self._lines.shown + self._notice - 1)
        chosen: list[str] = []
        for y in range(first, last + 1):
            text = "".join(segment.text for segment in self._segments(y))
            span = selection.get_span(y)
            if span is not None:
                start, end = span
                chosen.append(text[start : None if end < 0 else end].rstrip())
        return "\n".join(chosen), "\n"

    # Drawing

    @property
    def _notice(self) -> int:
        """Lines (0 or 1) that say what is not kept."""
        return int(self._lines.dropped > 0)

    def _lay_out(self) -> None:
        self.virtual_size = Size(self._widest, self._lines.shown + self._notice)
        if self._following:
            self.scroll_to(y=self.max_scroll_y, animate=False)
        self.refresh()

    def on_resize(self) -> None:
        """Stay at the end, if that is where it was."""
        if self._following:
            self.scroll_to(y=self.max_scroll_y, animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolled up, it stays put; scrolled to the end, it follows."""
        super().watch_scroll_y(old_value, new_value)
        at_end = round(new_value) >= self.max_scroll_y
        if at_end != self._following and self._lines.shown:
            self._following = at_end
            if at_end:
                self._new = 0
            self._tell()

    def _tell(self, note: str | None = None) -> None:
        if note is not None:
            self._note = note
        self.post_message(self.StatusChanged(self, self.status))

    def _part(self, name: str) -> Style:
        return part_style(self, f"log-view--{name}")

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        left, top = self.scroll_offset
        at = top + y
        segments = self._segments(at)
        width = self.scrollable_content_region.width
        strip = Strip(segments)
        if strip.cell_length > self._widest:
            self._widest = strip.cell_length
            self.call_later(self._lay_out)
        base = self.rich_style
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(at)) is not None:
            length = strip.cell_length
            start, end = min(span[0], length), length if span[1] < 0 else min(span[1], length)
            before, chosen, after = list(strip.divide([start, end, length]))[:3]
            marked = Strip(Segment.apply_style(chosen, None, self._part("selection")))
            strip = Strip.join([before, marked, after])
        return strip.crop_extend(left, left + width, base).apply_offsets(left, at)

    def _segments(self, y: int) -> list[Segment]:
        base = self.rich_style
        if y < self._notice:
            where = f"are in {self._whole_log}" if self._whole_log else "are not kept"
            said = plain(f"… {self._lines.before:,} earlier lines {where}")
            return [Segment(said, base + self._part("dropped"))]
        place = y - self._notice
        if place >= self._lines.shown:
            return []
        line = self._lines.at(place)
        if line.left_out:
            return [Segment(plain(line.text), base + self._part("dropped"))]
        style = base + self._part(line.level)
        segments = []
        if self._timed:
            segments.append(Segment(clock(line.time), base + self._part("time")))
        segments.append(Segment(f"{line.level:<8}", style))
        text = plain(without_ansi(line.text))
        text = cut(text, _WIDEST)[0]
        if self._found is not None and self._lines.number_at(place) == self._found:
            segments[0] = Segment(segments[0].text, base + self._part("found"))
        return segments + matched(text, self._sought, style, style + self._part("match"))

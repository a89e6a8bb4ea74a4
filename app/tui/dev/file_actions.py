"""What is done with files from the Dev pane: edit, debug, register, and change the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.message import Message
from textual.screen import Screen

from casparian.app.tui.dev.outside import Outside
from casparian.app.tui.read_only import READ_ONLY
from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from casparian.app.tui.dev.host import DevHost
    from casparian.app.tui.dev.state import DevState
    from casparian.app.tui.dev.tabs import RunTabs
    from casparian.core.dev_session.raw_line import RawLine
    from casparian.core.starting.level import Level
    from casparian.core.starting.scaffold_file import ScaffoldFile


class LevelRead(Message):
    """A thread has read what kind of parser a file holds."""

    def __init__(self, parser: Path, level: Level) -> None:
        super().__init__()
        self.parser = parser
        self.level = level


class FileActions(Screen[None]):
    """The part of the pane's actions that reach out to files; ``tab`` is the one in view."""

    state: DevState
    _host: DevHost

    def __init__(self) -> None:
        super().__init__()
        self._outside = Outside(self)
        self._level_of: tuple[Path | None, int] = (None, 0)
        self._levels: dict[Path, Level] = {}
        self.tabs: RunTabs | None = None
        """What shows the run; None while what it needs is still imported."""

    @property
    def store(self) -> str:
        """Where parsers are registered."""
        raise NotImplementedError

    @property
    def tab(self) -> str:
        """The name of the tab in view."""
        raise NotImplementedError

    def why_not_rerun(self) -> str:
        """Say why there is nothing to run."""
        raise NotImplementedError

    def why_not_edit(self) -> str:
        """There must be a parser."""
        return "" if self.state.parser is not None else "no parser is chosen: o opens one"

    def do_edit(self) -> None:
        """Open the editor, where the error is: that may be in the contract."""
        parser = self.state.parser
        assert parser is not None
        at = None if self.tabs is None else self.tabs.error.own_line()
        file, line = at or (parser, 1)
        self._outside.edit(file, line)

    def why_not_debug(self) -> str:
        """There must be something to run."""
        return self.why_not_rerun()

    def do_debug(self) -> None:
        """Run in the foreground, in the Python that the pane's runs have."""
        assert self.state.parser is not None
        assert self.state.shown is not None
        result = self.state.result
        python = None if result is None else result.report.python
        self._outside.debug(self.state.parser, self.state.shown, python)

    def why_not_register(self) -> str:
        """A bare function can't be registered, nor anything in a store that is only looked at."""
        if self._host.read_only:
            return READ_ONLY
        if self.state.parser is None:
            return "no parser is chosen: o opens one"
        if self._is_bare():
            return "a bare function can't be registered: S makes a class of it"
        return ""

    def do_register(self) -> None:
        """Register the parser, with its checks in view."""
        from casparian.app.tui.register.screen import RegisterScreen

        assert self.state.parser is not None
        self.app.push_screen(RegisterScreen(self.store, self.state.parser, begin=True))

    def why_not_scaffold(self) -> str:
        """Only a bare function needs it."""
        if self.state.parser is None:
            return "no parser is chosen: o opens one"
        reasons = {
            None: "the parser's file is still being read",
            "parser": "the parser is a class already",
            "none": "there is no function parse in it yet",
            "unreadable": "it can't be read as Python now: mend it first",
        }
        return reasons.get(self._level, "")

    @work(thread=True, exclusive=True, group="scaffold")
    def do_scaffold(self) -> None:
        """Make a class of a bare function, and go on with that."""
        from casparian.core.starting.scaffold_file import write_scaffold

        parser, samples = self.state.parser, self.state.samples
        assert parser is not None
        try:
            written = write_scaffold(parser)
        except CasparianError as error:
            # What the command has options for is to be had there.
            hint = f"\ntry: casparian scaffold, {error.hint}" if error.hint else ""
            said = f"{error.message}{hint}"
            self.app.call_from_thread(self.notify, said, severity="warning", markup=False)
            return
        self.app.call_from_thread(self._go_on_with, written, samples)

    def _go_on_with(self, written: ScaffoldFile, samples: Sequence[Path]) -> None:
        made = written.scaffold
        self.work_on(written.path, samples)
        said = f"{written.path.name} is written, and shown from now on: {made.name}, as a class"
        self.notify(said, markup=False)

    def work_on(self, parser: Path | None, samples: Sequence[Path]) -> None:
        """Take another parser or other samples, here and at the next start."""
        self._host.choose(parser, samples)
        if parser is not None:
            self._remember(parser, tuple(samples))

    @work(thread=True, group="remember")
    def _remember(self, parser: Path, samples: tuple[Path, ...]) -> None:
        try:
            self._host.remember(parser, samples)
        except OSError as error:
            said = f"what is worked on can't be remembered: {error}"
            self.app.call_from_thread(self.notify, said, severity="warning", markup=False)

    @property
    def _level(self) -> Level | None:
        """What kind of parser the file holds; None while that is not known yet."""
        return None if self.state.parser is None else self._levels.get(self.state.parser)

    def _is_bare(self) -> bool:
        return self._level in ("function", "handler")

    def look_at_level(self) -> None:
        """Have the parser's file read, if it may be another than when it was read last.

        Its first run may take long, and may come to nothing: what it tells of the parser comes too
        late, if at all.
        """
        now = (self.state.parser, self.state.revision)
        if now != self._level_of and now[0] is not None:
            self._level_of = now
            self._read_level(now[0])

    @work(thread=True, exclusive=True, group="level")
    def _read_level(self, parser: Path) -> None:
        from casparian.core.starting.level import level_of_source

        try:
            level = level_of_source(parser.read_bytes())
        except OSError:
            level = "unreadable"
        self.post_message(LevelRead(parser, level))

    @on(LevelRead)
    def _take_level(self, message: LevelRead) -> None:
        known = self._levels.get(message.parser)
        # While it is half typed, it is what it was before.
        if known is None or message.level != "unreadable":
            self._levels[message.parser] = message.level
            self.refresh_what_can_be_done()

    def refresh_what_can_be_done(self) -> None:
        """Draw the keys anew if they are others."""
        raise NotImplementedError

    def why_not_edit_row(self) -> str:
        """There must be a bad row under the cursor."""
        if self.tab != "quarantine" or self.tabs is None or self.tabs.quarantine.row is None:
            return "go to a quarantined row first: 2 shows them"
        return ""

    @work(thread=True, exclusive=True, group="raw-line")
    def do_edit_row(self) -> None:
        """Open the sample where the bad row stands."""
        from casparian.core.dev_session.raw_line import raw_line

        assert self.tabs is not None
        result, row = self.state.result, self.tabs.quarantine.row
        assert result is not None
        assert row is not None
        number, cells = row
        try:
            found = raw_line(result.sample, cells, number)
        except OSError as error:
            said = f"{result.sample}: it can't be read: {error.strerror}"
            self.app.call_from_thread(self.notify, said, severity="error", markup=False)
            return
        self.app.call_from_thread(self._open_row, result.sample, number, found)

    def _open_row(self, sample: Path, number: int, found: RawLine | None) -> None:
        if found is None:
            said = f"row {number:,} is not found in {sample.name}: no line has half of its cells"
            self.notify(said, severity="warning", markup=False)
            return
        self._outside.edit(sample, found.line)
        self.notify(f"row {number:,}: {found.sentence}", markup=False)

    def why_not_accept(self) -> str:
        """There must be a column with something that would let its cells pass."""
        if self.state.parser is None:
            return "no parser is chosen: o opens one"
        if self.tabs is None:
            return "the pane is still being loaded"
        return self.tabs.why_not_accept(self.tab, self.state, self.state.parser)

    def do_accept(self) -> None:
        """Take what would let a column's bad cells pass."""
        from casparian.app.tui.dev.accepting import accept

        assert self.tabs is not None
        result, parser = self.tabs.looked_at(self.tab, self.state), self.state.parser
        place = self.tabs.place(self.tab)
        assert result is not None
        assert place is not None
        assert parser is not None
        accept(self, result, place, parser)

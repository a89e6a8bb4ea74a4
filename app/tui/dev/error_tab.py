"""The error: what happened, what to try, and the frames that led there, the person's own first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from casparian.app.tui.widgets.saying import say
from casparian.core.safe_text import one_line, safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual.app import ComposeResult

    from casparian.core.events import GuestError


class ErrorTab(Vertical):
    """The error of the run that is shown."""

    @dataclass
    class Wanted(Message):
        """A person wants to see a line of a file in the editor."""

        file: Path
        line: int

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._frames: list[Mapping[str, Any]] = []
        self._own: Path | None = None
        self._open = False
        self._error: GuestError | None = None

    def compose(self) -> ComposeResult:
        """The sentence above, the frames below it, then Python's own words."""
        yield Static(id="error-sentence")
        yield OptionList(id="error-frames")
        yield Static(id="error-text")

    def show(self, error: GuestError | None, *, folder: Path | None) -> None:
        """Show an error; ``folder`` is the parser's: frames in it are the person's own."""
        self._error, self._own, self._open = error, folder, False
        sentence = self.query_one("#error-sentence", Static)
        if error is None:
            say(sentence, Text("no error", "dim"))
        else:
            words = Text(f"{one_line(error.type)}: ", "bold")
            words.append(safe(error.message))
            is_of_contract = (error.kind, error.phase) == ("contract", "load")
            when = _CONTRACT if is_of_contract else _PHASES.get(error.phase, error.phase)
            words.append(f"\n{when}", "dim")
            if error.hint:
                words.append("\ntry: ", "bold")
                words.append(safe(error.hint))
            say(sentence, words)
        say(self.query_one("#error-text", Static), Text("" if error is None else safe(error.text)))
        self._show_frames()

    def own_line(self) -> tuple[Path, int] | None:
        """Return the innermost line of the person's own code."""
        for frame in reversed(self._error.traceback if self._error is not None else ()):
            if self._is_own(frame):
                return Path(frame["file"]), int(frame["line"])
        return None

    def _show_frames(self) -> None:
        frames = self.query_one("#error-frames", OptionList)
        frames.clear_options()
        self._frames = []
        error = self._error
        frames.display = error is not None and bool(error.traceback)
        if error is None:
            return
        hidden = 0
        for frame in reversed(error.traceback):
            if not self._is_own(frame) and not self._open:
                hidden += 1
                continue
            self._frames.append(frame)
            frames.add_option(Option(self._prompt(frame)))
        if hidden:
            word = "frame" if hidden == 1 else "frames"
            frames.add_option(Option(Text(f"… {hidden} {word} of libraries: enter", "dim")))
        if self._frames:
            frames.highlighted = 0

    def _is_own(self, frame: Mapping[str, Any]) -> bool:
        return self._own is not None and Path(frame["file"]).is_relative_to(self._own)

    def _prompt(self, frame: Mapping[str, Any]) -> Text:
        file = Path(frame["file"])
        own = self._is_own(frame)
        shown = file.relative_to(self._own) if own and self._own is not None else file
        line = Text(f"{one_line(str(shown))}:{frame['line']}", "bold" if own else "dim")
        line.append(f"  in {one_line(frame['function'])}" if frame["function"] else "", "dim")
        if frame["source"]:
            line.append(f"\n    {one_line(frame['source'])}", "" if own else "dim")
        return line

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open a line in the editor, or the frames that were folded."""
        event.stop()
        if event.option_index < len(self._frames):
            frame = self._frames[event.option_index]
            self.post_message(self.Wanted(Path(frame["file"]), int(frame["line"])))
        else:
            self._open = True
            self._show_frames()


_CONTRACT = "when the contract was read"
_PHASES = {
    "start": "when the guest was started",
    "load": "when the parser was imported",
    "parse": "while the parser ran",
    "serialise": "when rows were handed over",
    "transfer": "on the way from the guest",
    "validate": "when rows were held against the contract",
    "write": "when rows were written",
}

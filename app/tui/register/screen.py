"""`RegisterScreen`: a parser is registered, its checks in view."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Log, Static

from casparian.app.ages import now_ms
from casparian.app.tui.register.run import RegisterRun
from casparian.app.tui.register.state import Registering, after, said_text, steps_text
from casparian.core.queueing.path_completion import completed, path_completions
from casparian.core.safe_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual.app import ComposeResult
    from textual.binding import BindingType

_TICK: Final = 1.0
_KEPT: Final = 2_000


class ChildTold(Message):
    """The child told something; posted from the run's thread, which ends before another begins."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__()
        self.told = told


class RegisterScreen(ModalScreen[None]):
    """Asks for a path, registers what lies there, and stays until it is left.

    Args:
        store: where to register.
        path: what is to be registered.
        guess: finds out what that may be, on a thread, if it isn't given.
        begin: whether to begin at once.
        options: more words for the child.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "again", "Again", tooltip="Register it again", id="register.again"),
        Binding("tab", "complete", "Complete", tooltip="Complete the path", id="register.tab"),
        Binding("y", "answer(True)", "Yes", tooltip="Break the contract", id="register.yes"),
        Binding("n", "answer(False)", "No", tooltip="Leave the contract whole", id="register.no"),
        Binding("f", "force", "Replace", tooltip="Replace the version", id="register.force"),
        Binding("e", "edit", "Path", tooltip="Give another path", id="register.edit"),
        Binding("escape", "leave", "Leave", tooltip="Stop it, or leave", id="register.leave"),
    ]

    def __init__(
        self,
        store: str,
        path: Path | None = None,
        *,
        guess: Callable[[], Path | None] | None = None,
        begin: bool = False,
        options: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self._store = store
        self._path = path
        self._guess = guess
        self._begin = begin
        self._options = options
        self._run: RegisterRun | None = None
        self.state: Registering | None = None
        """What is known of the registration; None before it begins."""

    def compose(self) -> ComposeResult:
        """The path, the steps, uv's words, and what becomes of it."""
        with Vertical(id="register", classes="dialog") as box:
            box.border_title = "Register a parser"
            with Horizontal(id="register-line"):
                yield Static("parser ›", classes="prompt-words", markup=False)
                yield Input(
                    "" if self._path is None else str(_as_registered(self._path)),
                    compact=True,
                    select_on_focus=False,
                    placeholder="a parser's folder or file, or a folder that holds several",
                )
            with Horizontal(id="register-middle"):
                yield Static(id="register-steps", markup=False)
                yield Log(id="register-words", max_lines=_KEPT)
            with VerticalScroll(id="register-scroll"):
                yield Static(id="register-said", markup=False)
            yield Static(id="register-help", classes="dialog-help", markup=False)

    def on_mount(self) -> None:
        """Begin, or ask."""
        self.query_one("#register-words").border_title = "uv and the parser"
        self.query_one(Input).cursor_position = len(self.query_one(Input).value)
        self.query_one(Input).focus()
        self._show()
        if self._begin and self._path is not None:
            self._register(force=False)
        elif self._guess is not None:
            self._look_for_it(self._guess)
        self.set_timer(_TICK, self._tick)

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self._run is not None:
            self._run.close()

    @work(thread=True, group="register-guess")
    def _look_for_it(self, guess: Callable[[], Path | None]) -> None:
        found = guess()
        if found is not None:
            self.app.call_from_thread(self._take_guess, found)

    def _take_guess(self, found: Path) -> None:
        line = self.query_one(Input)
        if not line.value and self.state is None:
            line.value = str(_as_registered(found))
            line.cursor_position = len(line.value)

    # ------------------------------------------------------------------- doing it

    @property
    def is_under_way(self) -> bool:
        """Whether something is under way."""
        return self.state is not None and not self.state.is_over

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.is_under_way and event.value.strip():
            self._register(force=False)

    def _register(self, *, force: bool) -> None:
        line = self.query_one(Input)
        line.disabled = True
        self.set_focus(None)
        self.query_one("#register-words", Log).clear()
        self.state = Registering()
        path = Path(line.value.strip()).expanduser()
        self._run = RegisterRun(path, self._store, self._hear, force=force, options=self._options)
        self._run.start()
        self._show()

    def _hear(self, told: Mapping[str, Any]) -> None:
        self.post_message(ChildTold(told))

    @on(ChildTold)
    def _told(self, message: ChildTold) -> None:
        if self.state is None or not self.app.is_running or not self.query("#register-help"):
            return  # it is being left
        if message.told["kind"] == "line":
            self.query_one("#register-words", Log).write_line(one_line(message.told["text"]))
            return
        self.state = after(self.state, message.told, now_ms())
        self._show()

    def _tick(self) -> None:
        if not self.query("#register-help"):
            return  # it is being left
        if self.is_under_way and self.state is not None and self.state.question is None:
            self.query_one("#register-steps", Static).update(
                steps_text(self.state, now_ms()), layout=False
            )
        self.set_timer(_TICK, self._tick)

    # -------------------------------------------------------------------- showing

    def _show(self) -> None:
        state = self.state
        for name in ("#register-middle", "#register-scroll"):
            self.query_one(name).display = state is not None
        if state is not None:
            self.query_one("#register-steps", Static).update(steps_text(state, now_ms()))
            said = said_text(state)
            self.query_one("#register-said", Static).update(said)
            self.query_one("#register-scroll").display = bool(said)
            if state.question is not None or state.is_over:
                self.query_one("#register-scroll").focus()
        self.query_one("#register-help", Static).update(self._help())

    def _help(self) -> str:
        if self.state is None:
            return "tab completes · enter registers it · escape leaves it"
        if self.state.question is not None:
            return "register it all the same?  y yes · n no"
        if not self.state.is_over:
            return "escape stops it; nothing is stored then"
        words = "enter registers it again · e takes another path · escape goes back"
        return f"f replaces that version · {words}" if self.state.may_be_forced else words

    # -------------------------------------------------------------------- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key does what makes sense now, and is else left to the line that is typed in."""
        state = self.state
        return {
            "again": state is not None and state.is_over,
            "edit": state is not None and state.is_over,
            "force": state is not None and state.may_be_forced,
            "answer": state is not None and state.question is not None,
            "complete": state is None or state.is_over,
        }.get(action, True)

    async def action_complete(self) -> None:
        """Complete the path."""
        line = self.query_one(Input)
        if not line.disabled:
            typed = line.value
            names = await asyncio.to_thread(path_completions, typed)
            if line.value == typed:
                line.value = completed(typed, names)
                line.cursor_position = len(line.value)

    def action_again(self) -> None:
        """Register it again."""
        self._register(force=False)

    def action_force(self) -> None:
        """Replace the version."""
        self._register(force=True)

    def action_edit(self) -> None:
        """Give another path."""
        self.state = None
        line = self.query_one(Input)
        line.disabled = False
        self._show()
        self.call_after_refresh(line.focus)  # what has it now is hidden first

    def action_answer(self, yes: bool) -> None:
        """Answer the question."""
        assert self._run is not None
        self._run.answer(yes)

    def action_leave(self) -> None:
        """Stop what runs; else leave."""
        if self.is_under_way and self._run is not None:
            self._run.cancel()
        else:
            self.dismiss(None)


def _as_registered(path: Path) -> Path:
    """Return what is registered if a parser's file is worked on: its folder, if it has its own."""
    return path.parent if path.name == "parser.py" else path

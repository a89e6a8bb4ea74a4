"""`EnqueueScreen`: which files are to be queued for which parser, and what that would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from casparian.app.tui.prod.enqueue_text import (
    parser_prompt,
    preview_text,
    proposals_text,
    queueing_text,
)
from casparian.app.tui.prod.host import FilesWanted, PathsFound, Previewed, Queueing
from casparian.core.queueing.path_completion import completed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.app.tui.prod.host import FilesEvent, ProdHost
    from casparian.core.queueing.queue_view import ParserLine

_ASKS = "tab completes · ↑ ↓ choose the parser · enter queues · escape leaves it"
_STOPS = "escape stops it; what was queued until then stays queued"
_LEAVES = "escape goes back"


class EnqueueScreen(ModalScreen[Queueing | None]):
    """The parser is chosen with up and down while the path is typed. It ends with what was done.

    What goes wrong is told here, and the dialog stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", tooltip="Complete the path", id="enqueue.tab"),
        Binding("escape", "leave", "Leave", tooltip="Leave, or stop it", id="enqueue.leave"),
    ]

    def __init__(self, host: ProdHost, parsers: Sequence[ParserLine], chosen: str | None) -> None:
        super().__init__()
        self._host = host
        self._parsers = parsers
        self._chosen = chosen
        self._names: list[str] = []
        self._queueing: Queueing | None = None
        self.wanted: FilesWanted | None = None
        """What is asked about."""

    def compose(self) -> ComposeResult:
        """The parsers, the line, and what it would do."""
        with Vertical(id="enqueue", classes="dialog") as box:
            box.border_title = "Queue files"
            yield OptionList(
                *[Option(parser_prompt(one)) for one in self._parsers],
                id="enqueue-parsers",
                compact=True,
            )
            with Horizontal(id="enqueue-line"):
                yield Static("files ›", classes="prompt-words", markup=False)
                yield Input(
                    compact=True,
                    select_on_focus=False,
                    suggester=_Paths(self),
                    placeholder="a file, a folder with all below it, or a glob: exports/*.csv",
                )
            yield Static(id="enqueue-paths", markup=False)
            yield Static(id="enqueue-said", markup=False)
            yield Static(_ASKS, id="enqueue-help", classes="dialog-help", markup=False)

    def on_mount(self) -> None:
        """Begin with the parser that was meant."""
        parsers = self.query_one(OptionList)
        parsers.can_focus = False
        names = [one.name for one in self._parsers]
        parsers.highlighted = names.index(self._chosen) if self._chosen in names else 0
        self.query_one(Input).focus()
        self._ask()

    def on_unmount(self) -> None:
        """Ask no more."""
        self._host.preview(None)

    def on_key(self, event: events.Key) -> None:
        """The parsers are moved through while the line is typed in."""
        if event.key in ("up", "down") and self._queueing is None:
            event.stop()
            event.prevent_default()
            parsers = self.query_one(OptionList)
            parsers.action_cursor_up() if event.key == "up" else parsers.action_cursor_down()

    @on(OptionList.OptionHighlighted)
    def _choose(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._ask()

    @on(OptionList.OptionSelected)
    def _click(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._ask()

    def _ask(self) -> None:
        """Ask what it would do, if that isn't asked already."""
        at = self.query_one(OptionList).highlighted
        if at is None or self._queueing is not None:
            return
        one = self._parsers[at]
        wanted = FilesWanted(f"{one.name}@{one.version}", self.query_one(Input).value)
        if wanted != self.wanted:
            if self.wanted is None or wanted.text != self.wanted.text:
                self._names = []
            self.wanted = wanted
            self._say(preview_text(None, wanted.text))
            self._host.preview(wanted)

    def tell(self, event: FilesEvent) -> None:
        """Show an answer, unless something else is asked by now."""
        if isinstance(event, Queueing):
            self._told_queueing(event)
        elif self.wanted is None or self._queueing is not None:
            return
        elif isinstance(event, PathsFound) and event.text == self.wanted.text:
            self._names = list(event.names)
            self.query_one("#enqueue-paths", Static).update(
                proposals_text(event.text, self._names), layout=False
            )
        elif isinstance(event, Previewed) and event.wanted == self.wanted:
            self._say(preview_text(event, event.wanted.text))

    def _say(self, text: object) -> None:
        self.query_one("#enqueue-said", Static).update(text)  # type: ignore[arg-type]

    def _help(self, words: str) -> None:
        self.query_one("#enqueue-help", Static).update(words)

    @property
    def proposal(self) -> str | None:
        """What the path may become first."""
        return self._names[0] if self._names else None

    def action_complete(self) -> None:
        """Complete the path."""
        line = self.query_one(Input)
        if self._queueing is None:
            line.value = completed(line.value, self._names)
            line.cursor_position = len(line.value)

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        if self._queueing is not None or self.wanted is None:
            return
        if not self.wanted.text.strip():
            self._say(preview_text(None, "", missed=True))
            return
        from casparian.core.queueing.enqueue import EnqueueReport

        self._queueing = Queueing(self.wanted, EnqueueReport())
        self.query_one(Input).disabled = True
        self._say(queueing_text(self._queueing))
        self._help(_STOPS)
        self.set_focus(None)
        self._host.enqueue(self.wanted)

    def _told_queueing(self, event: Queueing) -> None:
        if self._queueing is None or event.wanted != self._queueing.wanted:
            return
        self._queueing = event
        if event.is_over and not event.problem and not event.report.problem_count:
            self.dismiss(event)
            return
        self._say(queueing_text(event))
        if event.is_over:
            self._help(_LEAVES)

    def action_leave(self) -> None:
        """Leave it; what is under way is stopped first."""
        if self._queueing is None or self._queueing.is_over:
            self.dismiss(None)
        else:
            self._host.stop_enqueueing()


class _Paths(Suggester):
    """Shows behind the cursor what the path may become."""

    def __init__(self, dialog: EnqueueScreen) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._dialog = dialog

    async def get_suggestion(self, value: str) -> str | None:
        """Return what the path may become, as far as it is known."""
        proposal = self._dialog.proposal
        return proposal if value and proposal and proposal.startswith(value) else None

"""Choosing a parser and samples: what is below a folder, found by typing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual import on
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from casparian.core.dev_session.tree import find_parsers, find_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen."""

    parser: Path | None
    samples: tuple[Path, ...]


class ChooserScreen(ModalScreen[Choice | None]):
    """First a parser, then its samples; enter takes, space marks several samples."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Back"),
        ("ctrl+a", "all", "All"),
    ]

    def __init__(self, parser: Path | None, samples: Sequence[Path]) -> None:
        super().__init__()
        self._parser = parser
        self._samples = tuple(samples)
        self._step = "parser"
        self._found: list[Path] = []
        self._shown: list[Path] = []
        self._marked: dict[Path, None] = {}

    def compose(self) -> ComposeResult:
        """A line to type in, what matches, and what to press."""
        with Vertical(id="chooser"):
            yield Input(id="chooser-query", compact=True, placeholder="a part of its name")
            yield OptionList(id="chooser-list")
            yield Static(id="chooser-help")

    def on_mount(self) -> None:
        """Begin with parsers."""
        self._begin("parser")

    def _begin(self, step: str) -> None:
        self._step = step
        self._marked = dict.fromkeys(self._samples) if step == "samples" else {}
        box = self.query_one("#chooser")
        box.border_title = "Which parser?" if step == "parser" else "Which samples?"
        said = (
            "enter takes it · escape goes back"
            if step == "parser"
            else "space marks · ctrl+a marks all · enter takes the marked ones · escape goes back"
        )
        self.query_one("#chooser-help", Static).update(Text(said, "dim"))
        query = self.query_one(Input)
        query.value = ""
        query.focus()
        self.run_worker(self._look, group="chooser", exclusive=True, thread=True)

    def _look(self) -> None:
        folder = Path.cwd()
        if self._step == "parser":
            found = [Path(path) for path in find_parsers(folder).paths]
        else:
            near = [] if self._parser is None else [self._parser.parent]
            found = [path for place in (*near, folder) for path in find_samples(place).paths]
        self.app.call_from_thread(self._list, list(dict.fromkeys([*self._marked, *found])))

    def _list(self, found: list[Path]) -> None:
        self._found = found
        self._filter(self.query_one(Input).value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    def _filter(self, query: str) -> None:
        names = {path: self._title_of(path) for path in self._found}
        if query:
            matcher = Matcher(query)
            scored = [(matcher.match(names[path]), path) for path in self._found]
            self._shown = [path for score, path in sorted(scored, key=_by_score) if score > 0]
        else:
            self._shown = list(self._found)
        self._shown = self._shown[:_SHOWN]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._prompt(path)) for path in self._shown])
        if self._shown:
            options.highlighted = 0
        self.query_one("#chooser").border_subtitle = f"{len(self._shown):,} of {len(self._found):,}"

    def _prompt(self, path: Path) -> Text:
        mark = ("[x] " if path in self._marked else "[ ] ") if self._step == "samples" else ""
        return Text(f"{mark}{self._title_of(path)}")

    @staticmethod
    def _title_of(path: Path) -> str:
        here = Path.cwd()
        return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

    def on_key(self, event: Any) -> None:
        """The list is moved through while the line is typed in."""
        options = self.query_one(OptionList)
        if event.key in ("up", "down"):
            event.stop()
            event.prevent_default()
            options.action_cursor_up() if event.key == "up" else options.action_cursor_down()
        elif event.key == "space" and self._step == "samples" and self._shown:
            event.stop()
            event.prevent_default()
            at = options.highlighted or 0
            path = self._shown[at]
            if path in self._marked:
                del self._marked[path]
            else:
                self._marked[path] = None
            options.replace_option_prompt_at_index(at, self._prompt(path))

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._take()

    @on(OptionList.OptionSelected)
    def _select(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take()

    def _take(self) -> None:
        at = self.query_one(OptionList).highlighted
        path = self._shown[at] if at is not None and self._shown else None
        if self._step == "parser":
            if path is None:
                return
            if path != self._parser:
                self._samples = ()
            self._parser = path
            self._begin("samples")
            return
        samples = tuple(self._marked) or (() if path is None else (path,))
        self.dismiss(Choice(self._parser, samples))

    def action_all(self) -> None:
        """Mark all samples that are shown."""
        if self._step == "samples":
            self._marked |= dict.fromkeys(self._shown)
            self._filter(self.query_one(Input).value)

    def action_leave(self) -> None:
        """Go a step back."""
        if self._step == "samples":
            self._begin("parser")
        else:
            self.dismiss(None)


def _by_score(scored: tuple[float, Path]) -> tuple[float, str]:
    return -scored[0], str(scored[1])

"""Choosing a parser and samples: the tree of what is below a folder, filtered by typing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.text import Text
from textual import on, work
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from casparian.app.tui.dev.file_tree import FileTree
from casparian.app.tui.dev.tree_list import TreeList
from casparian.core.dev_session.given import own_samples
from casparian.core.dev_session.remembered import recall
from casparian.core.dev_session.tree import Found, find_parsers, find_samples
from casparian.core.settings import home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.app.tui.dev.file_tree import TreeLine

#: With more files than this, folders are closed at first.
_OPEN_AT_FIRST: Final = 200

Step = Literal["parser", "samples"]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen."""

    parser: Path | None
    samples: tuple[Path, ...]


class Looked(Message):
    """A thread has looked through the folders; ``own`` are samples that go with the parser."""

    def __init__(self, step: Step, tree: FileTree, is_whole: bool, own: Sequence[Path]) -> None:
        super().__init__()
        self.step = step
        self.tree = tree
        self.is_whole = is_whole
        self.own = own


class QueryLine(Input):
    """The line that is typed in; a blank may mean something else there."""

    class Blank(Message):
        """A blank was typed that is to do something."""

    blank_marks = False

    def on_key(self, event: events.Key) -> None:
        """Take the blank before the line does."""
        if event.key == "space" and self.blank_marks:
            event.stop()
            event.prevent_default()
            self.post_message(self.Blank())


class ChooserScreen(ModalScreen[Choice | None]):
    """First a parser, then its samples; enter takes, space marks several samples."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Back"),
        Binding("ctrl+a", "all", "All", priority=True),  # it would move the line's cursor
        ("slash", "type", "Filter"),
    ]

    def __init__(self, parser: Path | None, samples: Sequence[Path], store: str = "") -> None:
        super().__init__()
        self._store = store
        self._parser = parser
        self._samples = tuple(samples)
        self._is_other = False
        self._step: Step = "parser"
        self._tree: FileTree | None = None
        self._is_whole = True
        self._shut: set[Path] = set()
        self._marked: dict[Path, None] = {}
        self._has_marked = False
        """Whether the marks are a person's, and not only those of the last time."""

    def compose(self) -> ComposeResult:
        """A line to type in, the tree, and what to press."""
        with Vertical(id="chooser"):
            yield QueryLine(id="chooser-query", compact=True, select_on_focus=False)
            yield TreeList(id="chooser-tree")
            yield Static(id="chooser-help", markup=False)

    def on_mount(self) -> None:
        """Begin with parsers, unless it is only samples that there are none of."""
        lacks_samples = self._parser is not None and not self._samples
        self._begin("samples" if lacks_samples else "parser")

    def _begin(self, step: Step) -> None:
        self._step = step
        self._tree = None
        self._marked = dict.fromkeys(self._samples) if step == "samples" else {}
        self._has_marked = False
        what = "parser" if step == "parser" else "samples"
        self.query_one("#chooser").border_title = f"Which {what}?"
        moving = "type to filter · ↑↓ move · tab: into the tree, hjkl, / comes back"
        doing = "enter takes it · escape goes back"
        if step == "samples":
            doing = "space marks · ^a all or none · enter takes them · escape goes back"
        self.query_one("#chooser-help", Static).update(Text(f"{moving}\n{doing}", "dim"))
        query = self.query_one(QueryLine)
        query.blank_marks = step == "samples"
        with self.prevent(Input.Changed):
            query.value = ""
        query.focus()
        self._show()
        self._look(step, self._parser, self._is_other)

    @work(thread=True, exclusive=True, group="chooser")
    def _look(self, step: Step, parser: Path | None, is_other: bool) -> None:
        here, known = Path.cwd(), recall()
        own: tuple[Path, ...] = ()
        if step == "parser":
            found = [find_parsers(here)]
            recent = (known.parser, *(path for path, _ in known.recent))
            more = [path for path in recent if path is not None and path.is_file()]
            places = [here]
        else:
            places = [here] if parser is None else [here, parser.parent]
            found = [_others_samples(place, self._store) for place in places]
            if parser is not None and is_other:
                own = tuple(path for path in known.samples_of(parser) if path.exists())
                own = own or own_samples(parser).paths
            more = [*self._samples, *own]
        paths = dict.fromkeys([*more, *(path for one in found for path in one.paths)])
        tree = FileTree(paths, places)
        self.post_message(Looked(step, tree, all(one.is_whole for one in found), own))

    @on(Looked)
    def _take_look(self, message: Looked) -> None:
        if message.step != self._step:
            return  # of the step before
        self._tree, self._is_whole = message.tree, message.is_whole
        self._marked |= dict.fromkeys(message.own)
        self._shut = set(message.tree.folders) if len(message.tree) > _OPEN_AT_FIRST else set()
        for path in (self._parser, *self._marked):
            if path is not None:
                self._shut -= set(path.parents)
        self._show(self._parser if self._step == "parser" else next(iter(self._marked), None))

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show()

    def _show(self, cursor: Path | None = None) -> None:
        tree, query = self._tree, self.query_one(Input).value
        marked = self._marked if self._step == "samples" else None
        lines = [] if tree is None else tree.lines(query, self._shut)
        self.query_one(TreeList).show(lines, marked, cursor)
        self._say()

    def _say(self) -> None:
        """Say how many there are, and what is to be done if there are none."""
        box, tree = self.query_one("#chooser"), self._tree
        if tree is None:
            box.border_subtitle = "looking…"
            return
        query = self.query_one(Input).value
        if not len(tree):
            nothing = "no parser" if self._step == "parser" else "no file to try it on"
            box.border_subtitle = f"{nothing} below this folder"
            return
        parts = [f"{len(tree.matching(query)):,} of {len(tree):,}" if query else f"{len(tree):,}"]
        if self._marked:
            said = f"{len(self._marked):,} marked"
            parts.append(said if self._takes_marks else f"{said} before, enter takes this line")
        if not self._is_whole:
            parts.append("there are more, that lie deeper")
        box.border_subtitle = " · ".join(parts)

    def on_key(self, event: events.Key) -> None:
        """The tree is moved through while the line is typed in."""
        if not self.query_one(Input).has_focus:
            return
        tree = self.query_one(TreeList)
        moves = {
            "up": lambda: tree.action_move(-1),
            "down": lambda: tree.action_move(1),
            "pageup": lambda: tree.action_page(-1),
            "pagedown": lambda: tree.action_page(1),
        }
        if event.key in moves:
            event.stop()
            event.prevent_default()
            moves[event.key]()

    @on(QueryLine.Blank)
    def _mark_here(self, message: QueryLine.Blank) -> None:
        message.stop()
        self.query_one(TreeList).action_mark()

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(TreeList).action_take()

    @on(TreeList.Toggled)
    def _toggle(self, message: TreeList.Toggled) -> None:
        message.stop()
        self._shut ^= {message.line.path}
        self._show(message.line.path)

    @on(TreeList.MarkWanted)
    def _mark(self, message: TreeList.MarkWanted) -> None:
        message.stop()
        self._mark_files(message.line.files)

    @property
    def _takes_marks(self) -> bool:
        """Whether Enter takes what is marked.

        Who filters and marks nothing means what is shown, and not the marks of the last time.
        """
        return bool(self._marked) and (self._has_marked or not self.query_one(Input).value.strip())

    def _mark_files(self, files: Sequence[Path]) -> None:
        self._has_marked = True
        if all(path in self._marked for path in files):
            for path in files:
                del self._marked[path]
        else:
            self._marked |= dict.fromkeys(files)
        self.query_one(TreeList).refresh()
        self._say()

    @on(TreeList.Taken)
    def _take(self, message: TreeList.Taken) -> None:
        message.stop()
        line: TreeLine = message.line
        if self._step == "samples" and self._takes_marks:
            self.dismiss(Choice(self._parser, tuple(self._marked)))
        elif line.is_folder:
            if self._step == "samples" and self.query_one(Input).value.strip():
                self.dismiss(Choice(self._parser, line.files))
            elif not self.query_one(Input).value:
                self._toggle(TreeList.Toggled(line))
        elif self._step == "samples":
            self.dismiss(Choice(self._parser, (line.path,)))
        else:
            self._is_other = line.path != self._parser
            if self._is_other:
                self._samples = ()
            self._parser = line.path
            self._begin("samples")

    def action_all(self) -> None:
        """Mark all samples that match; if they are, none of them."""
        if self._step == "samples" and self._tree is not None:
            self._mark_files(self._tree.matching(self.query_one(Input).value))

    def action_type(self) -> None:
        """Go to the line."""
        self.query_one(Input).focus()

    def action_leave(self) -> None:
        """Go a step back."""
        if self._step == "samples":
            self._begin("parser")
        else:
            self.dismiss(None)


def _others_samples(place: Path, store: str) -> Found:
    """Find what a parser may be tried on, without what casparian keeps and writes itself."""
    from casparian.core.queueing.own_files import OwnFiles
    from casparian.core.stores.store import sqlite_path

    own = OwnFiles(home(), [sqlite_path(store)] if store else [])
    found = find_samples(place)
    return Found(
        tuple(path for path in found.paths if not own.pass_over(path, place)), found.is_whole
    )

"""`ColumnScreen`: what is in a column, over the table that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from rich.text import Text
from textual import on
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from casparian.app.tui.widgets.answers import Answered, Questions
from casparian.app.tui.widgets.cells import NULL, type_text
from casparian.app.tui.widgets.column_statistics import ColumnStatistics, column_statistics
from casparian.app.tui.widgets.part_style import part_style
from casparian.app.tui.widgets.plain_text import cut, plain

if TYPE_CHECKING:
    from rich.style import Style
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from casparian.app.tui.widgets.table_view import TableView

_EMPTY: Final = "the empty text"
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"
_HEIGHT: Final = 5
_VALUE: Final = 26
_BAR: Final = 14


class ColumnScreen(ModalScreen[None]):
    """A column's nulls, distinct values, ends, mean, most frequent values and histogram.

    A thread looks through the rows; closing the screen ends that.
    """

    BINDING_GROUP_TITLE = "Column"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"column--drawn"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,i", "dismiss", "Close", tooltip="Close", id="column.close"),
    ]

    @dataclass
    class Progressed(Message):
        """So many rows were looked at."""

        rows: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest is worth showing."""
            return isinstance(message, ColumnScreen.Progressed)

    def __init__(self, view: TableView, column: int) -> None:
        super().__init__()
        self._view = view
        self._column = column
        self._questions: Questions[Literal["column"]] = Questions(self)

    def compose(self) -> ComposeResult:
        """A title, what was found, and the keys."""
        field = self._view.source.schema.field(self._column)
        with Vertical(id="column"):
            title = f"{plain(field.name)} · {type_text(field)}"
            yield Static(Text(title, no_wrap=True), id="column-title", markup=False)
            with VerticalScroll(id="column-scroll"):
                yield Static("looking through the rows…", id="column-found", markup=False)
            yield Static("esc close", id="column-keys", markup=False)

    def on_mount(self) -> None:
        """Begin to look."""
        view, column = self._view, self._column
        self._questions.ask(
            "column",
            "",
            lambda stale: column_statistics(
                view, column, stale, lambda rows: self.post_message(self.Progressed(rows))
            ),
        )

    @on(Progressed)
    def _progress(self, progressed: Progressed) -> None:
        if self._questions.is_waiting("column"):
            self._say(Text(f"looking through the rows… {progressed.rows:,}", "dim"))

    @on(Answered)
    def _take_answer(self, answered: Answered) -> None:
        if self._questions.take(answered):
            found = answered.answer
            if isinstance(found, ColumnStatistics):
                drawn = part_style(self, "column--drawn")
                self._say(statistics_text(found, drawn))
            else:
                self._say(Text(f"✗ {plain(str(found))}"))

    def _say(self, text: Text) -> None:
        self.query_one("#column-found", Static).update(text)


def statistics_text(found: ColumnStatistics, drawn: Style | str = "") -> Text:
    """Return what was found as lines: facts, then the histogram, then the most frequent values.

    ``drawn`` is how bars look.
    """
    text = Text(no_wrap=True, overflow="ellipsis")
    for name, said in _facts(found):
        text.append(f"{name:>10}  ", "dim")
        text.append(f"{said}\n")
    if found.bars:
        text.append("\n")
        for line in chart(found.bars):
            text.append(f" {line}\n", drawn)
        text.append_text(_ends_line(found))
    if found.top:
        text.append("\n")
        if found.counted < found.rows - found.nulls - found.nans:
            text.append(f" in the first {found.counted:,} values:\n", "dim")
        for one in found.top:
            value, taken = cut(plain(one.text) or _EMPTY, _VALUE)
            bar = "█" * max(1, round(_BAR * one.count / found.top[0].count))
            text.append(f" {value}{' ' * (_VALUE - taken)}", "" if one.text else "dim italic")
            text.append(f" {one.count:>11,} {share(one.count, found.counted):>7}  ", "dim")
            text.append(f"{bar}\n", drawn)
    text.rstrip()
    return text


def _facts(found: ColumnStatistics) -> list[tuple[str, str]]:
    rows = f"{found.rows:,}"
    if found.rows != found.of_rows:
        rows += f" of {found.of_rows:,}: those that the filter keeps"
    facts = [("rows", rows), ("nulls", _of_all(found.nulls, found.rows, NULL))]
    if found.nans:
        facts.append(("NaN", _of_all(found.nans, found.rows)))
    if found.infinite:
        facts.append(("infinite", _of_all(found.infinite, found.rows)))
    if found.distinct is not None:
        facts.append(("distinct", _distinct(found)))
    if found.least is not None and found.greatest is not None:
        facts += [("least", _short(found.least)), ("greatest", _short(found.greatest))]
    if found.mean is not None:
        facts.append(("mean", f"{found.mean:,.6g}"))
    if found.lengths is not None:
        lengths = found.lengths
        said = f"{lengths.least:,} to {lengths.greatest:,}, on average {lengths.mean:,.1f}"
        facts.append((lengths.of, said))
    return facts


def _distinct(found: ColumnStatistics) -> str:
    values = found.rows - found.nulls - found.nans
    assert found.distinct is not None
    if found.counted < values:
        return f"{found.distinct:,} or more: so many in the first {found.counted:,} values"
    if found.distinct == values and values > 1:
        return f"{found.distinct:,}: no value comes twice"
    return f"{found.distinct:,}"


def _of_all(count: int, rows: int, mark: str = "") -> str:
    return (
        f"{count:,}" if not count else f"{count:,} {mark} {share(count, rows)}".replace("  ", " ")
    )


def share(count: int, rows: int) -> str:
    """Return a share; what is not all and not nothing is never said to be."""
    percent = 100 * count / rows
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %"


def _short(value: str) -> str:
    return cut(plain(value), 50)[0] or _EMPTY


def chart(bars: tuple[int, ...], height: int = _HEIGHT) -> list[str]:
    """Return counts as lines of blocks; what is there is seen, however little it is."""
    most = max(bars)
    steps = len(_BLOCKS) - 1
    heights = [0 if not bar else max(1, round(bar / most * height * steps)) for bar in bars]
    wide = max(1, 48 // len(bars))
    return [
        "".join(_BLOCKS[min(steps, max(0, one - level * steps))] * wide for one in heights)
        for level in reversed(range(height))
    ]


def _ends_line(found: ColumnStatistics) -> Text:
    width = max(1, 48 // len(found.bars)) * len(found.bars)
    least, greatest = found.least or "", found.greatest or ""
    room = max(1, width - len(least) - len(greatest))
    return Text(f" {least}{' ' * room}{greatest}\n", "dim")

"""What an `ArrowTable` tells those around it; they know these as its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from casparian.app.tui.widgets.arrow_table import ArrowTable
    from casparian.app.tui.widgets.copying import Copy
    from casparian.app.tui.widgets.table_taking import CellValue
    from casparian.app.tui.widgets.table_view import TableStatus

Asked = Literal["find", "filter", "jump", "export"]


@dataclass
class StatusChanged(Message, namespace="arrow_table"):
    """What is to be said of the table is another now."""

    table: ArrowTable
    status: TableStatus

    def can_replace(self, message: Message) -> bool:
        """Only the newest is worth showing."""
        return isinstance(message, StatusChanged) and message.table is self.table

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table


@dataclass
class RowHighlighted(Message, namespace="arrow_table"):
    """The cursor is on another row. ``row`` is the source's."""

    table: ArrowTable
    row: int

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table


@dataclass
class CellSelected(Message, namespace="arrow_table"):
    """Enter or a double click on a cell, with the whole value that stands there."""

    table: ArrowTable
    value: CellValue

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table


@dataclass
class Copied(Message, namespace="arrow_table"):
    """Something went to the clipboard."""

    table: ArrowTable
    copy: Copy

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table


@dataclass
class ColumnWanted(Message, namespace="arrow_table"):
    """A key asked for what is in a column of the rows that are shown."""

    table: ArrowTable
    column: int

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table


@dataclass
class PromptWanted(Message, namespace="arrow_table"):
    """A key asked for a text, which `ArrowTable.answer` takes."""

    table: ArrowTable
    asked: Asked

    @property
    def control(self) -> ArrowTable:
        """The table."""
        return self.table

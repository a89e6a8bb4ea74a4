"""Tables of things by name: they fit a terminal, and elsewhere each thing is one line."""

from __future__ import annotations

from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

_ENDLESS: Final = 100_000


def listing(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return a table without rows, of these columns; those in ``right`` are set to the right."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def print_listing(table: Table) -> None:
    """Print it; what is no terminal gets lines as wide as the widest row, which are not folded."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _ENDLESS
    console.print(table)

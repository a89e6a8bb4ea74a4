"""The keys of a table."""

from __future__ import annotations

from typing import Final

from textual.binding import Binding

_MOVES: Final = (
    ("up", "up,k", "move(-1, 0)", "Go a row up"),
    ("down", "down,j", "move(1, 0)", "Go a row down"),
    ("left", "left,h", "move(0, -1)", "Go a column left"),
    ("right", "right,l", "move(0, 1)", "Go a column right"),
    ("page_up", "pageup,ctrl+b", "page(-1)", "Go a page up"),
    ("page_down", "pagedown,ctrl+f", "page(1)", "Go a page down"),
    ("first_column", "home,0", "to(None, 0)", "Go to the first column"),
    ("last_column", "end,dollar_sign", "to(None, -1)", "Go to the last column"),
    ("first_row", "ctrl+home", "to(0, None)", "Go to the first row"),
    ("last_row", "ctrl+end,G", "to(-1, None)", "Go to the last row"),
    ("select_up", "shift+up,K", "move(-1, 0, True)", "Select a row more upwards"),
    ("select_down", "shift+down,J", "move(1, 0, True)", "Select a row more downwards"),
    ("select_left", "shift+left,H", "move(0, -1, True)", "Select a column more to the left"),
    ("select_right", "shift+right,L", "move(0, 1, True)", "Select a column more to the right"),
)

TABLE_BINDINGS: Final[tuple[Binding, ...]] = (
    *(
        Binding(key, action, tooltip, show=False, tooltip=tooltip, id=f"table.{name}")
        for name, key, action, tooltip in _MOVES
    ),
    Binding("enter", "open_cell", "Cell", tooltip="Show the whole value", id="table.open_cell"),
    Binding("slash", "ask('find')", "Find", tooltip="Find a text in any cell", id="table.find"),
    Binding(
        "n",
        "find_again(False)",
        "Next found",
        show=False,
        tooltip="Go to the next cell that has it",
        id="table.find_next",
    ),
    Binding(
        "N",
        "find_again(True)",
        "Found before",
        show=False,
        tooltip="Go to the cell before that has it",
        id="table.find_previous",
    ),
    Binding(
        "f",
        "ask('filter')",
        "Filter",
        tooltip="Show only rows with a text, or such as age>30, name~ada, x is null",
        id="table.filter",
    ),
    Binding(
        "s",
        "sort",
        "Sort",
        tooltip="Sort by this column: upwards, downwards, not",
        id="table.sort",
    ),
    Binding(
        "i",
        "statistics",
        "Column",
        show=False,
        tooltip="Show what is in this column: nulls, distinct values, ends, mean, histogram",
        id="table.statistics",
    ),
    Binding(
        "g", "ask('jump')", "Row", show=False, tooltip="Go to a row by its number", id="table.jump"
    ),
    Binding(
        "right_parenthesis",
        "marked(False)",
        "Next mark",
        show=False,
        tooltip="Go to the next marked row",
        id="table.next_mark",
    ),
    Binding(
        "left_parenthesis",
        "marked(True)",
        "Mark before",
        show=False,
        tooltip="Go to the marked row before",
        id="table.previous_mark",
    ),
    Binding(
        "ctrl+a",
        "select_all",
        "Select all",
        show=False,
        tooltip="Select every row that is shown",
        id="table.select_all",
    ),
    Binding(
        "c",
        "copy",
        "Copy",
        tooltip="Copy the cell, or what is selected as TSV",
        id="table.copy",
    ),
    Binding(
        "y",
        "copy_rows('TSV')",
        "Copy row",
        show=False,
        tooltip="Copy the selected rows as TSV",
        id="table.copy_rows",
    ),
    Binding(
        "Y",
        "copy_rows('JSON')",
        "Copy as JSON",
        show=False,
        tooltip="Copy the selected rows as JSON",
        id="table.copy_json",
    ),
    Binding(
        "M",
        "copy_rows('Markdown')",
        "Copy as Markdown",
        show=False,
        tooltip="Copy the selected rows as a Markdown table",
        id="table.copy_markdown",
    ),
    Binding(
        "w",
        "ask('export')",
        "Export",
        show=False,
        tooltip="Write the rows that are shown to a file: .csv, .jsonl, .parquet",
        id="table.export",
    ),
    Binding(
        "escape",
        "back",
        "Back",
        show=False,
        tooltip="End the selection, the search, then the filter",
        id="table.back",
    ),
)

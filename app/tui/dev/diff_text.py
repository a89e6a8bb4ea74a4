"""What changed between two runs, in words, with the first rows of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from casparian.app.tui.widgets.cells import NULL, spelled
from casparian.app.tui.widgets.plain_text import plain
from casparian.core.words import counted

if TYPE_CHECKING:
    from rich.style import Style

    from casparian.core.dev_session.changes import OutputChanges, QuarantineChanges, RowChanges

#: Rows of a kind that are shown, and characters of each cell.
_ROWS: Final = 5
_CELL: Final = 40


@dataclass(frozen=True, slots=True)
class Looks:
    """How rows look that are new, gone, or others than before."""

    added: Style | str = ""
    removed: Style | str = ""
    changed: Style | str = ""


def said_of(output: OutputChanges, looks: Looks) -> Text:
    """Say what changed in an output."""
    words = Text().append(f"\n{plain(output.name)}", "bold")
    words.append({"added": "  is new", "removed": "  is gone", "both": ""}[output.kind] + "\n")
    for column in output.columns:
        sign = {"added": "+", "removed": "−", "retyped": "~"}[column.kind]
        types = " → ".join(part for part in (column.before, column.after) if part)
        words.append(f"  {sign} column {plain(column.name)}  {types}\n")
    words.append(f"  {output.rows_before:,} → {counted(output.rows_after, 'row')}")
    if output.rows is not None:
        _say_rows(words, output.rows, looks)
    elif output.not_compared:
        words.append(f"  not compared: {output.not_compared}", "dim")
    _say_quarantine(words, output.quarantine)
    return words.append("\n")


def _say_rows(words: Text, rows: RowChanges, looks: Looks) -> None:
    for sign, count in (("+", rows.added), ("−", rows.removed), ("~", rows.changed)):
        if count:
            words.append(f"  {sign}{count:,}", "bold")
    _say_examples(words, "+", rows.added_rows, rows.added, looks.added)
    _say_examples(words, "−", rows.removed_rows, rows.removed, looks.removed)
    for name, count in rows.cells:
        words.append(f"\n    ~ {plain(name)} in {counted(count, 'row')}")
    pairs = zip(_lines(rows.changed_before), _lines(rows.changed_after), strict=True)
    for before, after in pairs:
        words.append(f"\n    ~ {before}\n    → {after}", looks.changed)


def _say_quarantine(words: Text, bad: QuarantineChanges) -> None:
    for mark, what, count, rows in (
        ("✗", "newly quarantined", bad.newly_quarantined, bad.newly_quarantined_rows),
        ("✓ was", "newly valid", bad.newly_valid, bad.newly_valid_rows),
        ("− was", "quarantined before, and not there any more", bad.gone, bad.gone_rows),
        (
            "? was",
            "quarantined before, and valid or gone now",
            bad.unclear,
            bad.unclear_rows,
        ),
    ):
        if not count:
            continue
        words.append(f"\n  {what}: {count:,}", "bold")
        for message in rows.column("error_message").slice(0, _ROWS).to_pylist():
            words.append(f"\n    {mark} {plain(message)}")
        _say_more(words, count)


def _say_examples(words: Text, sign: str, rows: Any, count: int, look: Style | str) -> None:
    for line in _lines(rows):
        words.append(f"\n    {sign} {line}", look)
    _say_more(words, count)


def _say_more(words: Text, count: int) -> None:
    if count > _ROWS:
        words.append(f"\n      and {count - _ROWS:,} more", "dim")


def _lines(rows: Any) -> list[str]:
    """The first rows of a table, each as one line of its cells."""
    first = rows.slice(0, _ROWS)
    columns = [spelled(column.combine_chunks()) for column in first.columns]
    return [" │ ".join(map(_short, cells)) for cells in zip(*columns, strict=True)]


def _short(cell: str | None) -> str:
    if cell is None:
        return NULL
    text = plain(cell)
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"

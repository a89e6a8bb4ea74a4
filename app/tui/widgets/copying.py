"""Parts of a table as text for the clipboard: exact, capped, and honest about how much it is.

| | TSV | Markdown | JSON |
|---|---|---|---|
| null | an empty field | ``*null*`` | ``null`` |
| the empty text | ``""`` | empty | ``""`` |
| numbers, dates | as shown | as shown | as the JSON lines sink writes them |
| binary | hex digits | hex digits | base64 |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from casparian.app.tui.clipboard import MOST_BYTES
from casparian.app.tui.widgets.cells import is_number, spelled, unique_names
from casparian.core.sinks.text import json_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Rows that are turned into text at a time.
COPIED_AT_ONCE: Final = 500

Form = Literal["TSV", "JSON", "Markdown"]
_TSV_QUOTED = re.compile(r'["\t\r\n]|^\s|\s$|^$')
_MARKDOWN_ESCAPED = re.compile(r"([\\|*_`<\[~])")


@dataclass(frozen=True, slots=True)
class Copy:
    """Text to be copied, and what to say of it."""

    text: str
    sentence: str
    rows: int = 0
    of: int = 0


def copy_value(value: str | None, what: str, *, most: int = MOST_BYTES) -> Copy:
    """Copy one value: its exact text, without quotes."""
    if value is None:
        return Copy("", f"{what} is null: nothing to copy")
    encoded = value.encode("utf-8", "surrogatepass")
    if len(encoded) <= most:
        return Copy(value, f"copied {what}: {len(value):,} character{'s' * (len(value) != 1)}")
    part = encoded[:most].decode("utf-8", "ignore")
    return Copy(part, f"copied the first {len(part):,} of {len(value):,} characters of {what}")


def copy_rows(
    pieces: Iterable[Sequence[Any]],
    fields: Sequence[Any],
    total: int,
    form: Form,
    *,
    most: int = MOST_BYTES,
) -> Copy:
    """Copy whole rows until there are ``total`` or the text would have more than ``most`` bytes.

    Args:
        pieces: the columns' Arrow arrays, some rows at a time.
        fields: the columns, with name and type.
        total: how many rows were asked for.
        form: how they are written; the names of the columns are part of each form.
        most: bytes of UTF-8.
    """
    head, tail = _frame(fields, form)
    room = most - len((head + tail).encode())
    lines: list[str] = []
    between = ",\n" if form == "JSON" else "\n"
    full = room < 0
    for columns in pieces:
        if full:
            break
        for line in _lines(columns, fields, form):
            size = len(line.encode("utf-8", "surrogatepass")) + len(between)
            if size > room:
                full = True
                break
            room -= size
            lines.append(line)
    if not lines and total:
        return Copy("", f"one row has more than {most:,} bytes: export it to a file", 0, total)
    of = f"{total:,} row{'s' * (total != 1)}"
    sentence = f"copied {of} as {form}"
    if len(lines) < total:
        sentence = f"copied {len(lines):,} of {of} as {form}: at most {most // 1000} kB are copied"
    return Copy(head + between.join(lines) + tail, sentence, len(lines), total)


def _frame(fields: Sequence[Any], form: Form) -> tuple[str, str]:
    names = [field.name for field in fields]
    if form == "JSON":
        return "[\n", "\n]\n"
    if form == "TSV":
        return "\t".join(map(_tsv, names)) + "\n", "\n"
    rule = ["---:" if is_number(field.type) else "---" for field in fields]
    return f"{_markdown_row(map(_markdown, names))}\n{_markdown_row(rule)}\n", "\n"


def _lines(columns: Sequence[Any], fields: Sequence[Any], form: Form) -> Iterable[str]:
    if form == "JSON":
        keys = [
            json.dumps(name, ensure_ascii=False) for name in unique_names(f.name for f in fields)
        ]
        values = [json_text(column).to_pylist() for column in columns]
        for row in zip(*values, strict=True):
            yield "{" + ", ".join(f"{key}: {v}" for key, v in zip(keys, row, strict=True)) + "}"
    else:
        texts = [spelled(column) for column in columns]
        for cells in zip(*texts, strict=True):
            if form == "TSV":
                yield "\t".join("" if cell is None else _tsv(cell) for cell in cells)
            else:
                yield _markdown_row("*null*" if cell is None else _markdown(cell) for cell in cells)


def _tsv(text: str) -> str:
    if _TSV_QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _markdown(text: str) -> str:
    escaped = _MARKDOWN_ESCAPED.sub(r"\\\1", text)
    return escaped.replace("\r\n", "<br>").replace("\n", "<br>")


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"

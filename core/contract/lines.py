"""At which line of a contract file an error stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Final

_AT_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")
_AT_END: Final = "(at end of document)"
_TABLE: Final = re.compile(r"\s*\[([^\[].*?)\]\s*(?:#.*)?$")
_ENTRY: Final = re.compile(r"""\s*((?:[\w.\s-]|"(?:[^"\\]|\\.)*"|'[^']*')+?)\s*=""")


def line_of(message: str, text: str, file_name: str) -> int:
    """Return the line, from 1, that an error of a contract file's text is about.

    TOML's own errors say it; the others name what they are about by its place in the contract, of
    which the line that goes deepest is taken. Without one it is the first line.
    """
    said = _AT_LINE.search(message)
    if said is not None:
        return int(said[1])
    if message.endswith(_AT_END):
        return max(1, len(text.splitlines()))
    place = message.removeprefix(file_name).lstrip(":. ")
    found, depth = 1, 0
    for line, path in _paths(text):
        name = ".".join(path)
        if len(path) > depth and place.startswith((f"{name}:", f"{name}.")):
            found, depth = line, len(path)
    return found


def _paths(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each line that begins a table or an entry, with the keys that lead there."""
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _keys(header[1]) or table
            yield number, table
        elif entry := _ENTRY.match(line):
            yield number, (*table, *_keys(entry[1]))


def _keys(dotted: str) -> tuple[str, ...]:
    """Return the parts of a key; none of what only looks like one, such as in a long text."""
    try:
        content: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(content, Mapping):
        [(part, content)] = content.items()
        parts.append(part)
    return tuple(parts)

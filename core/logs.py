"""Where a guest's log lines go: the terminal, a capped file, or a callback."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .events import Log

MEGABYTE = 1_000_000
#: A log file keeps its first 2 MB and its last 8 MB.
HEAD_BYTES, TAIL_BYTES = 2 * MEGABYTE, 8 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Terminal:
    """The guest writes to the person's own terminal, and ``pdb`` works; nothing is captured."""


@dataclass(frozen=True, slots=True)
class File:
    """Captured lines go to a file, each with its UTC time and level.

    Attributes:
        path: is written anew.
        head: bytes kept of the beginning.
        tail: bytes kept of the end; at least half of it is there at any time.
    """

    path: Path
    head: int = HEAD_BYTES
    tail: int = TAIL_BYTES


@dataclass(frozen=True, slots=True)
class Callback:
    """Captured lines go to a function, in the bridge's own thread."""

    call: Callable[[Log], None]


LogDestination = Terminal | File | Callback


@contextmanager
def open_destination(destination: LogDestination) -> Iterator[Callable[[Log], None]]:
    """What takes each captured line while a run lasts."""
    if isinstance(destination, File):
        writer = _CappedFile(destination)
        try:
            yield writer.write
        finally:
            writer.close()
    elif isinstance(destination, Callback):
        yield destination.call
    else:
        yield lambda _: None


class _CappedFile:
    """A log file whose middle is left out once it grows over head and tail.

    The tail is two files beside it, the older of which is dropped when the newer is full; closing
    joins them to the head. After a crash they are still there, named ``….1`` and ``….2``.
    """

    def __init__(self, options: File) -> None:
        self._options = options
        self._path = options.path
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._older = self._path.with_name(self._path.name + ".1")
        self._newer = self._path.with_name(self._path.name + ".2")
        for part in (self._older, self._newer):
            part.unlink(missing_ok=True)
        self._file = self._path.open("wb")
        self._room = options.head
        self._in_tail = False
        self._dropped = 0

    def write(self, line: Log) -> None:
        now = time.time()
        stamp = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
        )
        data = f"{stamp} {line.level:<7} {line.message}\n".encode("utf-8", "backslashreplace")
        if len(data) > self._room:
            self._next_part()
        self._file.write(data)
        self._file.flush()
        self._room -= len(data)

    def _next_part(self) -> None:
        self._file.close()
        if self._in_tail:
            if self._older.exists():
                self._dropped += self._older.stat().st_size
            self._newer.replace(self._older)
        self._in_tail = True
        self._file = self._newer.open("wb")
        self._room = self._options.tail // 2

    def close(self) -> None:
        self._file.close()
        if not self._in_tail:
            return
        with self._path.open("ab") as whole:
            if self._dropped:
                whole.write(f"… {self._dropped:,} bytes of log left out here …\n".encode())
            for part in (self._older, self._newer):
                if part.exists():
                    whole.write(part.read_bytes())
                    part.unlink()

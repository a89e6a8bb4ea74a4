"""Where a guest's log lines go: the terminal, a capped file, or a callback."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from io import DEFAULT_BUFFER_SIZE
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

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

    path: Path | str
    head: int = HEAD_BYTES
    tail: int = TAIL_BYTES


@dataclass(frozen=True, slots=True)
class Callback:
    """Captured lines go to a function, in the bridge's own thread."""

    call: Callable[[Log], None]


LogDestination = Terminal | File | Callback


def open_destination(
    destination: LogDestination,
) -> AbstractContextManager[Callable[[Log], None]]:
    """What takes each captured line while a run lasts."""
    if isinstance(destination, File):
        return _CappedFile(destination)
    return nullcontext(destination.call if isinstance(destination, Callback) else lambda _: None)


class _CappedFile:
    """A log file whose middle is left out once it grows over head and tail.

    The tail is two files beside it, the older of which is dropped when the newer is full; closing
    joins them to the head. After a crash they are still there, named ``….1`` and ``….2``.
    """

    def __init__(self, options: File) -> None:
        self._options = options
        self._path = os.fspath(options.path)
        self._older, self._newer = f"{self._path}.1", f"{self._path}.2"
        self._file = self._opened()
        self._room = options.head
        self._in_tail = False
        self._dropped = 0

    def _opened(self) -> BinaryIO:
        try:
            return _open(self._path, "xb")  # nearly always it is new, in a folder that is there
        except FileNotFoundError:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            for part in (self._older, self._newer):
                Path(part).unlink(missing_ok=True)
        return _open(self._path, "wb")

    def __enter__(self) -> Callable[[Log], None]:
        return self.write

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, line: Log) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        data = f"{stamp}Z {line.level:<7} {line.message}\n".encode("utf-8", "backslashreplace")
        if len(data) > self._room:
            self._next_part()
        self._file.write(data)
        self._file.flush()
        self._room -= len(data)

    def _next_part(self) -> None:
        self._file.close()
        if self._in_tail:
            older = Path(self._older)
            if older.exists():
                self._dropped += older.stat().st_size
            Path(self._newer).replace(older)
        self._in_tail = True
        self._file = _open(self._newer, "wb")
        self._room = self._options.tail // 2

    def close(self) -> None:
        self._file.close()
        if not self._in_tail:
            return
        with Path(self._path).open("ab") as whole:
            if self._dropped:
                whole.write(f"… {self._dropped:,} bytes of log left out here …\n".encode())
            for part in (Path(self._older), Path(self._newer)):
                if part.exists():
                    whole.write(part.read_bytes())
                    part.unlink()


def _open(path: str, mode: Literal["xb", "wb"]) -> BinaryIO:
    # With a size for the buffer, the system is not asked whether the file is a terminal.
    return open(path, mode, buffering=DEFAULT_BUFFER_SIZE)  # noqa: PTH123 - for each job

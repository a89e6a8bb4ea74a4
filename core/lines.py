"""Bytes of a pipe into whole lines, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .events import Level

#: A longer line (bytes) is passed on in pieces.
MAX_LINE = 64 * 1024


class LineSplitter:
    """Cuts one stream into log lines of one level; what isn't UTF-8 is escaped."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Log]:
        """The lines that ``data`` completes."""
        self._pending += data
        *whole, rest = self._pending.split(b"\n")
        self._pending = rest
        for line in whole:
            yield from self._pieces(line)
        while len(self._pending) > MAX_LINE:
            size = _piece(self._pending)
            yield self._line(self._pending[:size])
            del self._pending[:size]

    def flush(self) -> Iterator[Log]:
        """The last line, if it had no end."""
        if self._pending:
            yield from self._pieces(self._pending)
            self._pending = bytearray()

    def _pieces(self, line: bytearray) -> Iterator[Log]:
        while len(line) > MAX_LINE:
            size = _piece(line)
            yield self._line(line[:size])
            line = line[size:]
        yield self._line(line)

    def _line(self, data: bytearray) -> Log:
        return Log(self._level, data.removesuffix(b"\r").decode("utf-8", "backslashreplace"))


def _piece(line: bytearray) -> int:
    """How many bytes of a long line go first: no UTF-8 character is cut in two."""
    for size in range(MAX_LINE, MAX_LINE - 4, -1):
        if line[size] & 0xC0 != 0x80:
            return size
    return MAX_LINE

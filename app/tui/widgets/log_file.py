"""The log file of a job, followed while it grows."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Final

from casparian.app.tui.widgets.log_lines import LogLine
from casparian.core.errors import CasparianError
from casparian.core.events import LEVELS, Level

if TYPE_CHECKING:
    from pathlib import Path

_READ_AT_ONCE: Final = 1 << 20
#: A longer line (bytes) is shown in pieces.
_LONGEST: Final = 64 * 1024
_BY_NAME: Final[dict[str, Level]] = {level: level for level in LEVELS}


class UnreadableLogError(CasparianError):
    """A log file can't be read."""


class LogFile:
    """Reads what is new in a file, and in the parts beside it while its writer has them.

    A capped log (``core/logs.py``) goes on in ``….2``, which becomes ``….1``, and at the end joins
    them. Each is known by its inode, and read once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._read: set[int] = set()
        self._rest = b""
        self._level: Level = "stdout"

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def more(self) -> list[LogLine]:
        """Return the next whole lines, at most about a megabyte; none if there are none yet.

        Raises:
            UnreadableLogError: the file can't be read. One that isn't there yet is only empty.
        """
        try:
            data = self._next_bytes()
        except OSError as error:
            raise UnreadableLogError(f"cannot read {self.path}: {error.strerror}") from error
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            whole.append(self._rest)
            self._rest = b""
        return [self._line(piece) for line in whole for piece in _pieces(line)]

    def _next_bytes(self) -> bytes:
        if self._file is None:
            self._file = self._open(self.path)
            if self._file is None:
                return b""
        elif os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)  # written anew
            self._rest = b""
        data = self._file.read(_READ_AT_ONCE)
        while not data:
            following = self._following()
            if following is None:
                return b""
            self._file.close()
            self._file = following
            data = self._file.read(_READ_AT_ONCE)
        return data

    def _following(self) -> IO[bytes] | None:
        for ending in (".1", ".2"):
            file = self._open(self.path.with_name(self.path.name + ending))
            if file is not None:
                return file
        return None

    def _open(self, path: Path) -> IO[bytes] | None:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        inode = os.fstat(file.fileno()).st_ino
        if inode in self._read:
            file.close()
            return None
        self._read.add(inode)
        return file

    def _line(self, data: bytes) -> LogLine:
        text = data.removesuffix(b"\r").decode("utf-8", "backslashreplace")
        stamp, _, rest = text.partition(" ")
        word, level = rest[:7].rstrip(), None
        if len(stamp) == 24 and stamp.endswith("Z") and rest[7:8] in {" ", ""}:
            level = _BY_NAME.get(word)
        if level is not None:
            try:
                when = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
            except ValueError:
                pass  # a line that only looks like one of ours
            else:
                self._level = level
                return LogLine(level, rest[8:], round(when.timestamp() * 1_000))
        return LogLine(self._level, text)


def _pieces(line: bytes) -> list[bytes]:
    return [line[at : at + _LONGEST] for at in range(0, len(line), _LONGEST)] or [b""]

"""A job's log, read while it is written.

A long log is a head and two tails beside it, ``….1`` and ``….2``: the newer becomes the older when
it is full, and all are joined to the head at the end (see ``core.logs``). Whoever follows it keeps
the part that it reads open, so that no byte of it is lost when it gets another name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from casparian.core.logs import HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
#: What is said where a tail may have been dropped before it was read.
MISSING: Final = "… some of the log may be left out here …\n".encode()


class LogTail:
    """Reads a log from its beginning on; the file need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._head = path
        self._older = path.with_name(path.name + ".1")
        self._newer = path.with_name(path.name + ".2")
        self._part: BinaryIO | None = None
        self._state: Literal["head", "tails", "joining", "joined"] = "head"
        self._head_bytes = 0
        self._missing = False

    def is_there(self) -> bool:
        """Whether there is such a log."""
        return self._part is not None or self._head.exists()

    def read(self) -> Iterator[bytes]:
        """Yield what has come since this was last called, until there is no more for now."""
        while True:
            if self._part is None and not self._open(self._head):
                return
            yield from self._blocks()
            more = self._next_part()
            if self._missing:
                self._missing = False
                yield MISSING
            if not more:
                return

    def close(self) -> None:
        """Let go of the file."""
        if self._part is not None:
            self._part.close()
            self._part = None

    def _open(self, path: Path) -> bool:
        try:
            part = path.open("rb")
        except FileNotFoundError:
            return False
        self.close()
        self._part = part
        return True

    def _blocks(self) -> Iterator[bytes]:
        assert self._part is not None
        while block := self._part.read(_BLOCK):
            yield block

    def _next_part(self) -> bool:
        """Go on to the next part, if there is one; this one has been read as far as it is there."""
        assert self._part is not None
        if self._state == "joined":
            return False
        if self._state == "head":
            return self._leave_head()
        if self._is(self._newer):
            return False  # it is being written
        # It has another name by now, or none: it was closed before that, and is read to its end.
        at = self._part.tell()
        if self._part.seek(0, os.SEEK_END) > at:
            self._part.seek(at)
            return True
        if self._is(self._older):
            return self._open(self._newer)
        if self._open(self._older):
            self._missing = True  # this one was dropped, and perhaps others after it
            return True
        return self._open(self._newer) or self._find_in_head()

    def _leave_head(self) -> bool:
        assert self._part is not None
        size = os.fstat(self._part.fileno()).st_size
        if size > HEAD_BYTES:
            return False  # the tails have been joined to it, or are just being
        # With two tails, the older one comes first; the newer may just have become the older.
        # Before an older one others may have been dropped, which nobody can tell.
        there = self._missing = self._open(self._older)
        if not there and self._open(self._newer):
            there = True
            self._open(self._older)
        if there:
            self._state, self._head_bytes = "tails", size
        return there

    def _find_in_head(self) -> bool:
        """Go on in the head, to which the tails were joined: behind what was read of them."""
        assert self._part is not None
        if self._state == "tails":
            self._state = "joining"  # its last bytes may not be there yet: look the next time
            return False
        size = self._part.tell()
        self._part.seek(max(size - _SAMPLE, 0))
        sample = self._part.read()
        if not self._open(self._head):
            return False
        self._part.seek(self._head_bytes)
        joined = self._part.read()
        found = joined.rfind(sample)
        # If it isn't there, it was dropped: all that is there is newer.
        self._part.seek(self._head_bytes + (0 if found < 0 else found + len(sample)))
        self._state = "joined"
        return True

    def _is(self, path: Path) -> bool:
        assert self._part is not None
        try:
            return os.path.samestat(os.fstat(self._part.fileno()), path.stat())
        except FileNotFoundError:
            return False

"""A run's log lines: all of them to a file, and to the session in batches.

A parser can print a million lines in a second. None of them may be a message of its own.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from casparian.core.dev_session.events import Lines
from casparian.core.events import Log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

#: The name of the file in a run's folder.
LOG_NAME: Final = "log"
#: Lines that one batch holds, and that a session keeps of a run.
MOST_LINES: Final = 2_000
#: Characters of a line that is told; the file has all of it.
LONGEST: Final = 4_000
#: Bytes of the file; of what comes after that only the last lines are known.
MOST_BYTES: Final = 100_000_000
_EVERY: Final = 0.05
_PIECE: Final = 64 * 1024


class LogLines:
    """Takes the lines of one run, and tells of them at most twenty times a second."""

    def __init__(self, run: int, path: Path, tell: Callable[[Lines], None]) -> None:
        self._run = run
        self._path = path
        self._tell = tell
        self._file: BinaryIO | None = None
        self._room = MOST_BYTES
        self._unwritten = bytearray()
        self._batch: deque[Log] = deque(maxlen=MOST_LINES)
        self._count = 0
        self._told_at = float("-inf")
        self._stamped_at = 0
        self._stamp = ""
        self._closing = False
        self._lock = threading.Lock()  # by itself it is taken much faster than with the condition
        self._changed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._keep_telling, name="log-lines", daemon=True)
        self._thread.start()

    def add(self, line: Log) -> None:
        """Take a line."""
        with self._lock:
            self._write(line)
            if len(line.message) > LONGEST:
                cut = f"{line.message[:LONGEST]} … ({len(line.message):,} characters)"
                line = Log(line.level, cut)
            self._batch.append(line)
            self._count += 1
            if len(self._batch) == 1:
                self._changed.notify()

    def close(self) -> None:
        """Tell what hasn't been told, and complete the file."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self._file is not None:
            self._file.close()

    def _keep_telling(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._batch or self._closing)
                # The first line is told at once, and those that come soon after it together.
                pause = self._told_at + _EVERY - time.monotonic()
                if pause > 0:
                    self._changed.wait_for(lambda: self._closing, timeout=pause)
                lines = tuple(self._batch)
                first = self._count - len(lines)
                self._batch.clear()
                self._flush()
                if not lines:
                    return
            self._told_at = time.monotonic()
            self._tell(Lines(self._run, first, lines))

    def _write(self, line: Log) -> None:
        if self._room <= 0:
            return
        now = int(time.time() * 1000)
        if now != self._stamped_at:
            self._stamped_at = now
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now / 1000))
            self._stamp = f"{stamp}.{now % 1000:03d}Z"
        text = f"{self._stamp} {line.level:<7} {line.message}\n"
        data = text.encode("utf-8", "backslashreplace")
        self._room -= len(data)
        self._unwritten += data
        if self._room <= 0:
            self._unwritten += f"… the log goes on; {MOST_BYTES:,} bytes are kept …\n".encode()
        if len(self._unwritten) > _PIECE or self._room <= 0:
            self._flush()

    def _flush(self) -> None:
        if not self._unwritten:
            return
        if self._file is None:
            self._file = self._path.open("wb", buffering=0)
        self._file.write(self._unwritten)
        self._unwritten.clear()

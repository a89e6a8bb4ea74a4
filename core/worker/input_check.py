"""The input is what was queued, and stays so while it is read."""

from __future__ import annotations

import hashlib
import os
import threading
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.problems import wrong_kind
from casparian.core.worker.failures import failed

if TYPE_CHECKING:
    from casparian.core.worker.messages import JobFailed


_CHUNK: Final = 1 << 20


def _look(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells whether a file has changed."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


class NoPlainFileError(Exception):
    """A named pipe, a device or such is where the input was; reading it might never end."""


class InputCheck:
    """Hashes an input on a thread of its own, while the guest reads it; a small one at once.

    Raises OSError at once if the input can't be opened, and NoPlainFileError.
    """

    def __init__(self, path: str, expected: str) -> None:
        self._path = path
        self._expected = expected
        self._found = ""
        self._error: OSError | None = None
        self._stop = False
        # Should it have become a pipe, opening it must not wait for somebody who writes.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(file)
        if (wrong := wrong_kind(path, status.st_mode)) is not None:
            os.close(file)
            raise NoPlainFileError(wrong.message)
        self._before = _look(status)
        self._size = status.st_size
        self._thread: threading.Thread | None = None
        if status.st_size < _CHUNK:
            self._hash(file)  # to start a thread takes longer
            return
        self._thread = threading.Thread(target=self._hash, args=(file,), name="hash-input")
        self._thread.start()

    def _hash(self, file: int) -> None:
        digest = hashlib.sha256()
        left = self._size
        try:
            # One that keeps growing would never end; that it has grown is seen by its size.
            while not self._stop and left >= 0 and (chunk := os.read(file, _CHUNK)):
                digest.update(chunk)
                left -= len(chunk)
        except OSError as error:
            self._error = error
        finally:
            os.close(file)
        self._found = digest.hexdigest()

    def _await_hash(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """Forget about it."""
        self._stop = True
        self._await_hash()

    def problem(self) -> JobFailed | None:
        """Return what is wrong with the input now that it has been read; waits for the hash."""
        self._await_hash()
        if self._error is not None:
            return failed("input_missing", f"{self._path}: it can't be read: {self._error}")
        try:
            after = _look(os.stat(self._path))  # noqa: PTH116 - for each job
        except OSError as error:
            return failed(
                "input_missing",
                f"{self._path}: it was there, and is not any more: {error.strerror}",
                hint="put it back, and requeue the job",
            )
        if after != self._before:
            return failed(
                "input_changed",
                f"{self._path}: it changed while it was read",
                hint="queue a file once it is complete",
            )
        if self._found != self._expected:
            return failed(
                "input_replaced",
                f"{self._path}: it is not what was queued: its content has changed since",
                hint="queue it again: the new content is a new input",
            )
        return None

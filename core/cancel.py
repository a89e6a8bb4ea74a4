"""A request to stop that wakes whoever waits on descriptors."""

from __future__ import annotations

import os


class CancelToken:
    """Set once, from any thread or a signal handler; seen at once by a waiting bridge."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask for the end; asking again changes nothing."""
        if not self._cancelled:
            self._cancelled = True
            os.write(self._write, b"x")

    def fileno(self) -> int:
        """A descriptor that is readable from the cancellation on."""
        return self._read

    def close(self) -> None:
        """Close the descriptors."""
        os.close(self._read)
        os.close(self._write)

"""SIGTERM and SIGINT, as something that a selector sees."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Counts the requests to stop, for as long as it is entered. In the main thread only."""

    def __init__(self) -> None:
        self.count = 0
        """How often a stop was asked for."""
        self.last: int | None = None
        """The signal that asked last."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._came)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        os.close(self._read)
        os.close(self._write)

    def _came(self, number: int, _: object) -> None:
        self.count += 1
        self.last = number
        os.write(self._write, b"x")

    def fileno(self) -> int:
        """Readable once a signal came, until `take`."""
        return self._read

    def take(self) -> None:
        """Note what came."""
        try:
            os.read(self._read, 64)
        except BlockingIOError:
            pass  # it was taken already

    def wait(self, seconds: float) -> None:
        """Wait, but not if a signal comes."""
        select.select([self._read], [], [], seconds)

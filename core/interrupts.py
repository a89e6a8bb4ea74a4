"""Ctrl-C and Ctrl-Z of a guest that has the terminal."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from casparian.shim.terminal import ASK, IN_DEBUGGER

from .foreground import INTERRUPT_GRACE, Foreground

if TYPE_CHECKING:
    from types import TracebackType

    from .guest import Guest


class Interrupts:
    """Lends the terminal while it lasts, and sees to it that Ctrl-C ends the guest.

    The terminal sends Ctrl-C to the guest alone, and the guest's C-level handler tells us. A guest
    at a ``pdb`` prompt keeps it; any other has a second to end by itself.
    """

    def __init__(self, guest: Guest) -> None:
        if guest.interrupts is None:
            raise ValueError("the guest is not on a terminal")
        self._channel = guest.interrupts
        self._channel.setblocking(False)
        self._foreground = Foreground(guest.pid)
        self._deadline: float | None = None

    def __enter__(self) -> Interrupts:
        self._foreground.lend()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._foreground.take_back()

    def fileno(self) -> int:
        """Readable when the guest has told something."""
        return int(self._channel.fileno())

    def attend(self) -> bool:
        """Take note of what happened; returns whether the guest's time is up."""
        self._foreground.mind_stops()
        try:
            told = self._channel.recv(64)
            if signal.SIGINT in told:
                self._deadline = time.monotonic() + INTERRUPT_GRACE
                self._channel.send(ASK)
            if IN_DEBUGGER in told:
                self._deadline = None
        except (BlockingIOError, ConnectionError, BrokenPipeError):
            pass  # nothing was told, or the guest has ended: its exit is seen elsewhere
        return self._deadline is not None and time.monotonic() > self._deadline

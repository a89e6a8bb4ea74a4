"""The terminal's foreground, lent to a guest: ``pdb``, Ctrl-C and Ctrl-Z work as in a shell.

See *The GNU C Library*, "Implementing a Job Control Shell", for the protocol.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from typing import Any

#: Ctrl-C that nobody has taken ends the guest after this long (seconds).
INTERRUPT_GRACE = 1.0


def is_interactive() -> bool:
    """Whether a person sits at this process's stdin and stdout, and it is in the foreground."""
    try:
        return (
            sys.stdin is not None
            and sys.stdout is not None
            and sys.stdin.isatty()
            and sys.stdout.isatty()
            and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
        )
    except (OSError, ValueError):
        return False


class Foreground:
    """Lends the terminal to a guest's process group, and takes it back.

    Only in the main thread: it changes how SIGTTOU is handled while it lasts.
    """

    def __init__(self, group: int) -> None:
        self._tty = sys.stdin.fileno()
        self._group = group
        self._own = os.getpgrp()
        self._modes = termios.tcgetattr(self._tty)
        self._handler: Any = None
        self._lent = False

    def lend(self) -> None:
        """Give the terminal to the guest."""
        if not self._lent:
            self._handler = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            self._lent = True
        try:
            os.tcsetpgrp(self._tty, self._group)
        except (ProcessLookupError, PermissionError):
            pass  # the guest has ended already

    def take_back(self) -> None:
        """The terminal is this process's own again, in the modes it had."""
        if not self._lent:
            return
        if os.tcgetpgrp(self._tty) in (self._group, self._own):
            os.tcsetpgrp(self._tty, self._own)
            termios.tcsetattr(self._tty, termios.TCSADRAIN, self._modes)
        signal.signal(signal.SIGTTOU, self._handler)
        self._lent = False

    def mind_stops(self) -> None:
        """If the guest was stopped (Ctrl-Z), stop with it, and go on together afterwards."""
        try:
            stopped = os.waitid(os.P_PID, self._group, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return
        if stopped is None:
            return
        if stopped.si_status in (signal.SIGTTIN, signal.SIGTTOU):
            self.lend()  # it asked for the terminal before it had it
        else:
            self.take_back()
            os.killpg(self._own, signal.SIGTSTP)  # as the terminal does it; fg brings us back
            self.lend()
        os.killpg(self._group, signal.SIGCONT)

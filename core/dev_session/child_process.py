"""A child as its session sees it: a process, a socket, and what it does now."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from casparian.core.dev_session.messages import Inbox, send
from casparian.core.processes import MARK

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.dev_session.messages import Cancel, Comparison, Prepare, Task


class ChildProcess:
    """Started by the session's own thread, for the kernel ends it with that thread.

    Args:
        folder: the session's: what is written as temporary files goes there.
        words: where its stderr goes; it must not reach the terminal.
        mark: by which a guardian finds it.
    """

    def __init__(self, folder: Path, words: Path, mark: str) -> None:
        self._words = words
        ours, theirs = socket.socketpair()
        # -P: what lies in the current folder is no module of ours.
        command = [sys.executable, "-P", "-m", "casparian.core.dev_session.child"]
        command += ["--socket-fd", str(theirs.fileno()), "--parent-pid", str(os.getpid())]
        temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))
        try:
            with words.open("wb") as stderr:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    pass_fds=[theirs.fileno()],
                    # Without a terminal: a parser that asks for a password can't take the keys.
                    start_new_session=True,
                    env={**os.environ, **temporary, MARK: mark},
                )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._inbox = Inbox(ours)
        self.is_ready = False
        """Whether it has imported what it needs."""
        self.task: Task | Comparison | None = None
        """What it does."""
        self.exit_code: int | None = None
        """Negative: the signal's number; None: it hasn't been reaped."""
        self.kill_at: float | None = None
        """When it is killed, if it hasn't ended its task by then (monotonic clock)."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, message: Task | Comparison | Cancel | Prepare) -> bool:
        """Send it something; False if it is dead."""
        try:
            send(self._socket, message)
        except (BrokenPipeError, ConnectionError):
            return False
        return True

    def receive(self) -> list[Any] | None:
        """Return what it says; None if it has ended. Call it when the socket is readable."""
        return self._inbox.receive()

    def end(self) -> str:
        """Kill and reap it; return how it ended, if it had ended before."""
        try:
            os.kill(self._process.pid, signal.SIGKILL)  # a zombie keeps its id until it is reaped
        except ProcessLookupError:
            pass
        code = self.exit_code = self._process.wait()
        self._socket.close()
        said = self._words.read_text("utf-8", "replace").strip().splitlines()[-1:]
        self._words.unlink(missing_ok=True)
        if code < 0:
            how = f"was killed by signal {-code} ({signal.strsignal(-code)})"
        else:
            how = f"ended with exit code {code}"
        return f"{how}: {said[0]}" if said else how

    def is_late(self) -> bool:
        """Whether it is to be killed now."""
        return self.kill_at is not None and time.monotonic() >= self.kill_at

"""A runner as its supervisor sees it: a process, a socket, and what it does now."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casparian.core.worker.messages import Lines, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.stores.jobs import Job, Lease
    from casparian.core.worker.messages import Message, Task, ToRunner


@dataclass(slots=True, eq=False)
class Work:
    """What a runner does now: a job, then the publishing of its set."""

    lease: Lease
    job: Job
    task: Task | None
    manifest: str | None = None
    """Of the set that it has staged."""
    counts: tuple[int, int] | None = None
    """How many rows that set has, and how many were refused; None if only the manifest says it."""
    is_promoted: bool = False
    """Whether the point of no return is passed: the set is to be published, come what may."""
    tries: int = 0
    """How often it was tried to publish the set."""
    started: float = field(default_factory=time.monotonic)
    ended_because: str | None = None
    """Why it is being ended: ``cancelled``, ``timeout`` or ``stopping``."""
    kill_at: float | None = None
    """When it is killed, if it hasn't ended by itself (monotonic clock)."""

    def begins(self) -> None:
        """What was before it in its runner's queue is done: its time begins now."""
        now = time.monotonic()
        if self.kill_at is not None:
            self.kill_at += now - self.started
        self.started = now


class RunnerProcess:
    """Started by the supervisor's main thread, for the kernel ends it with that thread."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "casparian.core.worker.runner"]
        command += ["--socket-fd", str(theirs.fileno()), "--parent-pid", str(os.getpid())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._socket = ours
        self._lines = Lines(ours)
        self.work: Work | None = None
        """The job it runs, or whose set waits for its promotion."""
        self.publishing: Work | None = None
        """The set it makes visible before it goes on with its work."""
        self.killed_for: Lease | None = None
        """The lost lease that it was killed for: it does nothing more, though it may be working on
        another job by now."""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, message: ToRunner) -> bool:
        """Send it something; False if it is dead."""
        try:
            self._socket.sendall(encode(message))
        except (BrokenPipeError, ConnectionError):
            return False
        return True

    def receive(self) -> Iterator[Message] | None:
        """Return what it says; None if it has ended. Call it when the socket is readable."""
        return self._lines.receive()

    def kill_for(self, lease: Lease) -> None:
        """Kill it if it still has to do with the job of this lease; from any thread."""
        if any(work is not None and work.lease == lease for work in (self.work, self.publishing)):
            self.killed_for = lease
            self.kill()

    def kill(self) -> None:
        """Kill it, from any thread; its guest goes with it."""
        if self._process.returncode is None:
            try:
                os.kill(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it has ended

    def end(self) -> int:
        """Kill and reap it; returns its exit code."""
        self.kill()
        code = self._process.wait()
        self._socket.close()
        return code

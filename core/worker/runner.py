"""A runner: a long-lived process that does one job at a time for its supervisor.

It has no store. It ends when its supervisor does: killed by the kernel (Linux), or by the end of
the socket; what it runs ends with it.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import socket
import threading
import time
import traceback
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.cancel import CancelToken
from casparian.core.processes import become_subreaper, end_with_parent
from casparian.core.worker.messages import (
    Cancel,
    JobFailed,
    Lines,
    Publish,
    PublishFailed,
    Task,
    Visible,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casparian.core.guest import GuestSource
    from casparian.core.warm import WarmGuests
    from casparian.core.worker.messages import ToSupervisor


#: A job waits so long for what its parser imports to be loaded ahead (seconds); it takes no longer
#: than the job would take to load it.
_LOADING_S: Final = 60.0
#: A parser that has had no job for so long is not kept loaded (seconds).
_IDLE_S: Final = 600.0
_LOOK_S: Final = 60.0
#: To look at every file of pandas takes 2 ms: not before each of fifty jobs a second.
_WATCH_S: Final = 0.25


class Runner:
    """Takes tasks from a socket, and answers each with what became of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = Lines(connection)
        self._waiting: queue.SimpleQueue[Task | Publish] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._cancelling = threading.Lock()
        self._cancel: CancelToken | None = None
        self._unused: CancelToken | None = None
        """One that was not set: the next job has it."""
        self._warm: WarmGuests | None = None

    def serve(self) -> None:
        """Do what comes, one after the other, until the process ends."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        look_at = time.monotonic() + _LOOK_S
        while True:
            try:
                message = self._waiting.get(timeout=max(0.0, look_at - time.monotonic()))
            except queue.Empty:
                pass
            else:
                self._answer(message)
            if time.monotonic() >= look_at:
                look_at = time.monotonic() + _LOOK_S
                if self._warm is not None:
                    self._warm.attend()

    def _listen(self) -> None:
        while True:
            messages = self._lines.receive()
            if messages is None:
                os._exit(0)  # the supervisor has gone; the guest's guardian ends the guest
            for message in messages:
                with self._cancelling:
                    if isinstance(message, Cancel):
                        if self._cancel is not None:
                            self._cancel.cancel()
                    elif isinstance(message, Task | Publish):
                        # Whoever sends a task has had the answer to the one before.
                        self._cancel = self._token() if isinstance(message, Task) else None
                        self._waiting.put(message)

    def _token(self) -> CancelToken:
        token, self._unused = self._unused, None
        return token or CancelToken()

    def _answer(self, message: Task | Publish) -> None:
        try:
            answer = self._run(message) if isinstance(message, Task) else publish(message)
        except Exception as error:  # noqa: BLE001 - a fault of ours fails one job, and is told
            answer = _internal(error)
        self._send(answer)

    def _run(self, task: Task) -> ToSupervisor:
        from casparian.core.lean_arrow import keep_pandas_out

        keep_pandas_out()
        from casparian.core.worker.job_run import JobRun

        cancel = self._cancel
        assert cancel is not None
        try:
            with ExitStack() as held:  # until the job has ended, so that nobody prunes it
                return JobRun(
                    task,
                    cancel,
                    guests=self._guests_of(task),
                    on_progress=self._send,
                    python_of=lambda task, say: held.enter_context(environment_python(task, say)),
                ).run()
        finally:
            with self._cancelling:
                self._cancel = None
                if cancel.cancelled:
                    cancel.close()
                else:
                    self._unused = cancel

    def _guests_of(self, task: Task) -> GuestSource | None:
        if not task.warm_guests:
            return None
        if self._warm is None:
            from casparian.core.warm import ImportsInFile, WarmGuests, beside_bundle

            self._warm = WarmGuests(
                ImportsInFile(beside_bundle),
                most=task.warm_guests,
                patience=_LOADING_S,
                idle=_IDLE_S,
                memory_limit=task.warm_memory_limit,
                # What uv built for a lock file doesn't change; whatever --python names may.
                watch=None if task.python is None else _WATCH_S,
                # Processor time is limited for each process: so each has one job.
                runs=1 if "CPU" in task.resource_limits else task.reuse,
            )
        return self._warm

    def _send(self, message: ToSupervisor) -> None:
        with self._sending:
            try:
                self._connection.sendall(encode(message))
            except (BrokenPipeError, ConnectionError):
                os._exit(0)


def publish(message: Publish) -> ToSupervisor:
    """Make a promoted set visible, or say why that can't be done, now or ever."""
    from casparian.core.publishing.manifest import Manifest, UnpublishableError
    from casparian.core.publishing.publish import publish_set
    from casparian.core.publishing.roll_forward import SetVanished
    from casparian.core.sinks.errors import SinkError

    try:
        publish_set(Manifest.from_json(message.manifest), message.replaced)
        return Visible()
    except (SetVanished, UnpublishableError) as error:
        return PublishFailed(error.message, error.hint, vanished=True)
    except SinkError as error:
        return PublishFailed(error.message, error.hint, vanished=False)


def _internal(error: Exception) -> JobFailed:
    from casparian.core.worker.failures import failed

    return failed(
        "internal_error",
        f"a fault of casparian itself: {type(error).__name__}: {error}",
        hint="please report it, with the job's log",
        details={"text": "".join(traceback.format_exception(error))},
    )


@contextmanager
def environment_python(task: Task, on_line: Callable[[str], None]) -> Iterator[Path]:
    """Give the interpreter that a task's lock file describes; builds it if it isn't there."""
    from casparian.core.environments import held_environment

    with held_environment(
        Path(task.project),
        parser=task.parser,
        home=Path(task.home),
        offline=task.offline,
        on_line=on_line,
    ) as environment:
        yield environment.python


def main() -> None:
    """Run as ``python -m casparian.core.worker.runner`` by a supervisor."""
    options = argparse.ArgumentParser()
    options.add_argument("--socket-fd", type=int, required=True)
    options.add_argument("--parent-pid", type=int, required=True)
    given = options.parse_args()
    end_with_parent(given.parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides
    become_subreaper()
    os.set_inheritable(given.socket_fd, False)
    Runner(socket.socket(fileno=given.socket_fd)).serve()


if __name__ == "__main__":
    main()

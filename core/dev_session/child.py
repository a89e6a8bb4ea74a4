"""A session's child: a long-lived process that runs the parser over one sample at a time.

It has all it needs imported before it is asked. It ends when the session does, and its guest with
it; a session that doesn't want to wait for it kills it.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.cancel import CancelToken
from casparian.core.dev_session.messages import (
    Cancel,
    Comparison,
    ComparisonDone,
    Inbox,
    Prepare,
    Ready,
    Task,
    send,
)
from casparian.core.guest import ColdGuests, GuestSpec
from casparian.core.processes import become_subreaper, end_with_parent

if TYPE_CHECKING:
    from types import FrameType

    from casparian.core.warm import WarmGuests


#: The parser, and the version of it that is registered.
_MOST_WARM: Final = 2
#: A parser that has not been run for so long is not kept loaded (seconds).
_IDLE_S: Final = 1_800.0
_LOOK_S: Final = 60.0


class Child:
    """Takes tasks and comparisons from a socket, and answers each with what became of it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: queue.SimpleQueue[Task | Comparison | Prepare] = queue.SimpleQueue()
        self._warm: WarmGuests | None = None
        self._sending = threading.Lock()
        self._cancelling = threading.Lock()
        self._cancels: dict[int, CancelToken] = {}

    def serve(self) -> None:
        """Do what comes, one after the other, until the process ends."""
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        _import_ahead()
        self._send(Ready())
        while True:
            try:
                what = self._waiting.get(timeout=_LOOK_S)
            except queue.Empty:
                self._warm_guests().attend()
                continue
            if isinstance(what, Task):
                self._run(what)
            elif isinstance(what, Prepare):
                self._prepare(what)
            else:
                self._compare(what)

    def _listen(self) -> None:
        inbox = Inbox(self._connection)
        while True:
            messages = inbox.receive()
            if messages is None:
                os._exit(0)  # the session has gone; the guest's guardian ends the guest
            for message in messages:
                with self._cancelling:
                    if isinstance(message, Cancel):
                        token = self._cancels.get(message.run)
                        if token is not None:
                            token.cancel()
                        continue
                    if isinstance(message, Task):
                        self._cancels[message.run] = CancelToken()
                self._waiting.put(message)

    def _run(self, task: Task) -> None:
        from casparian.core.dev_session.child_run import ChildRun

        token = self._cancels[task.run]
        guests = ColdGuests() if task.is_cold else self._warm_guests()
        try:
            done = ChildRun(task, token, self._send, guests).run()
        finally:
            with self._cancelling:
                del self._cancels[task.run]
                token.close()
        self._send(done)
        if done.python is not None and not task.is_cold:
            self._prepare(Prepare(task.parser, done.python.path))

    def _prepare(self, what: Prepare) -> None:
        """Load what the parser imports, while there is nothing else to do."""
        if self._waiting.empty():
            spec = GuestSpec(what.python, Path(os.devnull), parser_path=what.parser)
            self._warm_guests().prepare(spec)

    def _warm_guests(self) -> WarmGuests:
        if self._warm is None:
            from functools import partial

            from casparian.core.warm import ImportsInFile, WarmGuests, in_folder

            place = partial(in_folder, Path(tempfile.gettempdir()))  # the session's own
            self._warm = WarmGuests(ImportsInFile(place), most=_MOST_WARM, idle=_IDLE_S)
        return self._warm

    def _compare(self, asked: Comparison) -> None:
        from casparian.core.dev_session.changes import compare_outputs
        from casparian.core.errors import CasparianError

        changes = problem = None
        try:
            changes = compare_outputs(asked.before_outputs, asked.after_outputs, asked.received)
        except CasparianError as error:
            problem = error
        self._send(ComparisonDone(asked.before, asked.after, changes, problem))

    def _send(self, message: object) -> None:
        with self._sending:
            try:
                send(self._connection, message)
            except (BrokenPipeError, ConnectionError):
                os._exit(0)


def _import_ahead() -> None:
    """Import what a run needs, and would import only when it comes to it."""
    from casparian.core.lean_arrow import keep_pandas_out

    keep_pandas_out()

    import casparian.core.dev_session.child_run
    import casparian.core.messages
    import casparian.core.sinks.settle
    import casparian.core.validation.matrix
    import casparian.core.validation.tagged
    import casparian.core.warm  # noqa: F401


def main() -> None:
    """Run as ``python -m casparian.core.dev_session.child`` by a session."""
    options = argparse.ArgumentParser()
    options.add_argument("--socket-fd", type=int, required=True)
    options.add_argument("--parent-pid", type=int, required=True)
    given = options.parse_args()
    end_with_parent(given.parent_pid)
    signal.signal(signal.SIGINT, _no_interrupt)
    become_subreaper()
    os.set_inheritable(given.socket_fd, False)
    Child(socket.socket(fileno=given.socket_fd)).serve()


def _no_interrupt(number: int, frame: FrameType | None) -> None:
    """The session decides. (A signal that is ignored would be ignored by guests as well.)"""


if __name__ == "__main__":
    main()

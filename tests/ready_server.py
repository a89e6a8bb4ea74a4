"""The process that others are forked from once its modules are loaded: see `ready_processes`."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType

_LOADED = {
    "casparian.core.worker.runner": (
        "casparian.core.messages",
        "casparian.core.publishing.roll_forward",
        "casparian.core.sinks.staged",
        "casparian.core.validation.matrix",
        "casparian.core.validation.tagged",
        "casparian.core.warm",
        "casparian.core.worker.job_run",
    ),
    "casparian.core.dev_session.child": (),
}


def receive(connection: socket.socket, size: int) -> bytes:
    """Return so many bytes. Raises EOFError if there won't be as many."""
    got = b""
    while len(got) < size:
        part = connection.recv(size - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def _serve(connection: socket.socket) -> list[str]:
    """Fork a process for each request; returns its arguments in the new ones."""
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        head, fds, *_ = socket.recv_fds(connection, 8, 3)
        if not head:
            os._exit(0)
        head += receive(connection, 8 - len(head)) if len(head) < 8 else b""
        words, folder, env, leads, limits = json.loads(
            receive(connection, int.from_bytes(head, "big"))
        )
        parent = os.fork()
        if parent == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            connection.close()
            told, theirs, stderr = fds
            _fork_and_tell(socket.socket(fileno=told), (theirs, stderr))
            os.dup2(stderr, 2)
            os.close(stderr)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null, 1)
            os.close(null)
            {"session": os.setsid, "group": os.setpgrp, None: lambda: None}[leads]()
            os.chdir(folder)
            for number, limit in limits.items():
                resource.setrlimit(int(number), limit)
            os.environ.clear()
            os.environ.update(env)
            given = {"{socket}": str(theirs), "{parent}": str(os.getppid())}
            return [given.get(word, word) for word in words]
        for fd in fds:
            os.close(fd)


def _fork_and_tell(told: socket.socket, fds: Sequence[int]) -> None:
    """Return in a new process; this one tells its id, its end, and ends when that was heard."""
    from casparian.core.processes import end_with_parent

    end_with_parent(os.getppid())
    pid = os.fork()
    if pid == 0:
        told.close()
        return
    for fd in fds:
        os.close(fd)
    told.sendall(pid.to_bytes(8, "big"))
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert end is not None
    code = end.si_status if end.si_code == os.CLD_EXITED else -end.si_status
    try:
        told.sendall(code.to_bytes(8, "big", signed=True))
        told.recv(1)
    except ConnectionError:
        pass  # nobody wants to know
    os.waitpid(pid, 0)
    os._exit(0)


def _reap(number: int, frame: FrameType | None) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _main() -> None:
    module = importlib.import_module(sys.argv[1])
    from casparian.core.dev_session.child import _import_ahead

    _import_ahead()
    for name in _LOADED[sys.argv[1]]:
        importlib.import_module(name)
    gc.freeze()
    connection = socket.socket(fileno=int(sys.argv[2]))
    sys.argv = [sys.argv[1], *_serve(connection)]
    module.main()


if __name__ == "__main__":
    _main()

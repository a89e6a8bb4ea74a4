"""Runners and children of sessions with their modules loaded: what their start mostly goes into.

Each is a process of its own, forked from one that has imported its modules and done nothing else,
with the descriptors, folder and environment that it is given; it is killed, stopped and waited for
as any. Tests of the start itself, and of what a process's name or first environment tells others,
have the real one.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch

from .ready_server import __file__ as _SERVER
from .ready_server import receive
from .warm_commands import reads_the_same_at_its_start

RUNNER, CHILD = "casparian.core.worker.runner", "casparian.core.dev_session.child"
_LIMITS = [number for name, number in vars(resource).items() if name.startswith("RLIMIT_")]
_servers: dict[str, _Server] = {}
_starting = threading.Lock()


@contextmanager
def ready(module: str) -> Iterator[None]:
    """Within this, whoever starts the module is given one that is ready."""
    starts = {RUNNER: "worker.runner_process", CHILD: "dev_session.child_process"}[module]
    if not sys.platform.startswith("linux"):
        yield
        return
    with patch(f"casparian.core.{starts}.subprocess", _Starts(module)):
        yield


def server_of(module: str) -> int | None:
    """The id of the process that those are forked from that are ready; None: there is none."""
    return _servers[module].pid if module in _servers else None


class _Starts:
    """`subprocess`, as far as it is asked for."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self, module: str) -> None:
        self._module = module

    def Popen(self, command: Sequence[str], **options: Any) -> Any:
        env = options.pop("env", None) or os.environ
        if not reads_the_same_at_its_start(env):
            return subprocess.Popen(command, env=env, **options)
        with _starting:  # sessions have threads of their own
            if self._module not in _servers:
                _servers[self._module] = _Server(self._module)
            return _servers[self._module].start(command, dict(env), **options)


class _Server:
    def __init__(self, module: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, _SERVER, module, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONSAFEPATH": "1"},
            )
        self._connection = ours
        self.pid = self._process.pid
        atexit.register(self._stop)

    def start(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stderr: IO[bytes] | None = None,
        start_new_session: bool = False,
        process_group: int | None = None,
        **_: Any,
    ) -> _Started:
        words = list(command[command.index("-m") + 2 :])
        words[words.index("--socket-fd") + 1] = "{socket}"
        words[words.index("--parent-pid") + 1] = "{parent}"
        limits = {number: resource.getrlimit(number) for number in _LIMITS}
        leads = "session" if start_new_session else "group" if process_group == 0 else None
        request = json.dumps([words, str(Path.cwd()), dict(env), leads, limits]).encode()
        ours, theirs = socket.socketpair()
        with theirs:
            fds = [theirs.fileno(), *pass_fds, 2 if stderr is None else stderr.fileno()]
            socket.send_fds(self._connection, [len(request).to_bytes(8, "big")], fds)
            self._connection.sendall(request)
        return _Started(ours)

    def _stop(self) -> None:
        self._connection.close()
        self._process.wait()


class _Started:
    """A process, as `subprocess.Popen` shows one."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int.from_bytes(receive(connection, 8), "big")
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            return self.wait()
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            code = receive(self._connection, 8)
            self.returncode = int.from_bytes(code, "big", signed=True)
            self._connection.close()  # from now on another process may have its id
        return self.returncode

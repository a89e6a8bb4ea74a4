"""``casparian`` with its modules loaded: what most of the time of a small command goes into.

Each command is a process of its own, forked from one that has imported Arrow and done nothing else,
with the arguments, folder, environment and streams that it is given; it ends as any does. What an
interpreter reads as it starts can't be given to it so: then the real command is started, as it is
by all tests of signals, terminals and the start itself.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

CASPARIAN = Path(sys.executable).parent / "casparian"
_READ_AT_THE_START = re.compile(r"PYTHON.*|LC_.*|LANG(?:UAGE)?|LD_.*|OPENBLAS_.*|TZ")
_AS_HERE = {name: value for name, value in os.environ.items() if _READ_AT_THE_START.fullmatch(name)}

_server: tuple[subprocess.Popen[bytes], socket.socket] | None = None


def run(
    words: list[str], *, cwd: Path, env: Mapping[str, str], timeout: float = 100
) -> subprocess.CompletedProcess[str]:
    """Run ``casparian`` with these words to its end; stdin is empty, the others are captured."""
    if not reads_the_same_at_its_start(env) or not sys.platform.startswith("linux"):
        return subprocess.run(
            [str(CASPARIAN), *words],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        connection = _connection()
        connection.settimeout(timeout)
        request = json.dumps([words, str(cwd), dict(env)]).encode()
        head = len(request).to_bytes(8, "big")
        socket.send_fds(connection, [head], [stdout.fileno(), stderr.fileno()])
        connection.sendall(request)
        pid, code = 0, 0
        try:
            pid = int.from_bytes(_receive(connection, 8), "big")
            code = int.from_bytes(_receive(connection, 8), "big", signed=True)
        except TimeoutError:
            if pid:
                os.kill(pid, signal.SIGKILL)
            stop()
            raise
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode())
    return subprocess.CompletedProcess([str(CASPARIAN), *words], code, *said)


def reads_the_same_at_its_start(env: Mapping[str, str]) -> bool:
    """Whether an interpreter that starts with this environment does so as this one did."""
    names = _AS_HERE.keys() | {name for name in env if _READ_AT_THE_START.fullmatch(name)}
    return all(
        (env.get(name) or "") == (_AS_HERE.get(name) or "") for name in names - {"PYTHONUNBUFFERED"}
    )


def stop() -> None:
    """End the process that commands are forked from."""
    global _server
    if _server is not None:
        process, connection = _server
        _server = None
        connection.close()
        process.wait()


def _connection() -> socket.socket:
    global _server
    if _server is None or _server[0].poll() is not None:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
            )
        _server = process, ours
        atexit.register(stop)
    return _server[1]


def _receive(connection: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = connection.recv(size - len(got))
        if not part:
            raise EOFError
        got += part
    return got


def _serve(connection: socket.socket) -> None:
    """Fork a process for each request; returns in the new ones."""
    while True:
        head, fds, *_ = socket.recv_fds(connection, 8, 2)
        if not head:
            os._exit(0)
        head += _receive(connection, 8 - len(head)) if len(head) < 8 else b""
        words, folder, env = json.loads(_receive(connection, int.from_bytes(head, "big")))
        pid = os.fork()
        if pid == 0:
            connection.close()
            for target, fd in enumerate(fds, 1):
                os.dup2(fd, target)
                os.close(fd)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(env)
            sys.argv = [str(CASPARIAN), *words]
            return
        for fd in fds:
            os.close(fd)
        connection.sendall(pid.to_bytes(8, "big"))
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        connection.sendall(code.to_bytes(8, "big", signed=True))


def _load() -> None:
    """Import what a run and the queue's commands need; nothing is done with it."""
    import pyarrow.parquet  # noqa: F401

    import casparian.app.cli
    import casparian.app.run_command
    import casparian.app.run_display
    import casparian.core.dev_run
    import casparian.core.ipc
    import casparian.core.sinks.staged
    import casparian.core.stores.sqlite.store  # noqa: F401


if __name__ == "__main__":
    del sys.path[0]  # this folder's: a command has its own program's
    sys.path.insert(0, str(CASPARIAN.parent))
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from casparian.app.cli import main

    main()

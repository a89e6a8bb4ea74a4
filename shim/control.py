"""How a host and its warm guest talk: lines of JSON over a stream socket, with descriptors.

Both sides use this module; the rows of a run travel elsewhere, over a socket of the run's own.
"""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHUNK = 64 * 1024
#: A run's socket, its standard output and error; and the socket on which other runs are told of.
_MOST_DESCRIPTORS = 4
_SPACE = socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
_CLOSED_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
#: A fork that may serve several runs has ended one, and waits for the next.
IDLE = {"is": "idle"}


class Channel:
    """One side of the talk. Raises ConnectionError (or its kin) when the other side has gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._descriptors: deque[int] = deque()

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def send(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Say something; ``descriptors`` go along."""
        data = memoryview(_line(message))
        if descriptors:
            sent = socket.send_fds(self._socket, [data], list(descriptors))
            data = data[sent:]
        # Once it has all of it, the other side may do what it was told and go: even to send nothing
        # would fail then, and what was done would be taken for what could not be said.
        if data:
            self._socket.sendall(data)

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return what the other side says next; None if it has gone.

        Raises TimeoutError when it says nothing for ``timeout`` seconds.
        """
        while not self._lines:
            if timeout is not None:
                self._socket.settimeout(timeout)
            try:
                data, descriptors = self._read()
            except ConnectionError:
                return None
            finally:
                if timeout is not None:
                    self._socket.settimeout(None)
            self._descriptors.extend(descriptors)
            if not data:
                return None
            *lines, self._rest = (self._rest + data).split(b"\n")
            self._lines.extend(lines)
        message: dict[str, Any] = json.loads(self._lines.popleft().decode())
        return message

    def hears_idle(self) -> bool:
        """Whether the other side has said that it is idle, and nothing else. Never waits for it.

        Whatever else it has said is passed over.
        """
        try:
            return self._socket.recv(_CHUNK, socket.MSG_DONTWAIT) == _IDLE_LINE
        except (BlockingIOError, ConnectionError):
            return False

    def take(self, count: int) -> list[int]:
        """Return the oldest descriptors that came along, which now are the caller's to close."""
        return [self._descriptors.popleft() for _ in range(count)]

    def close(self) -> None:
        """Close it, and what came and was not taken."""
        self._socket.close()
        while self._descriptors:
            os.close(self._descriptors.popleft())

    def _read(self) -> tuple[bytes, list[int]]:
        data, ancillary, _, _ = self._socket.recvmsg(_CHUNK, _SPACE, _CLOSED_ON_EXEC)
        descriptors = []
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                whole = len(content) - len(content) % 4
                descriptors += memoryview(content)[:whole].cast("i").tolist()
        return data, descriptors


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


_IDLE_LINE = _line(IDLE)

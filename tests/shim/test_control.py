"""What a host and its warm guest tell each other."""

from __future__ import annotations

import os
import socket

import pytest

from casparian.shim.control import Channel


def test_what_was_told_whole_is_told_though_the_other_side_is_done_and_gone_by_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A fork may end its last run before its host has come back from asking for it."""
    ours, theirs = socket.socketpair()
    guest, send_fds = Channel(theirs), socket.send_fds
    heard: list[dict[str, object] | None] = []

    def send_and_be_done(connection: socket.socket, data: list[bytes], fds: list[int]) -> int:
        sent = send_fds(connection, data, fds)
        heard.append(guest.receive())
        guest.close()
        return sent

    monkeypatch.setattr(socket, "send_fds", send_and_be_done)
    descriptor = os.open(os.devnull, os.O_RDONLY)
    host = Channel(ours)
    host.send({"do": "run"}, [descriptor])
    assert heard == [{"do": "run"}]
    host.close()
    os.close(descriptor)


@pytest.mark.parametrize(
    ("said", "heard"), [(b"", False), (b'{"is": "idle"}\n', True), (b'{"is"', False), (b"x", False)]
)
def test_whether_a_fork_is_done_is_known_without_waiting_whatever_it_says(
    said: bytes, heard: bool
) -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(said)
    host = Channel(ours)
    assert host.hears_idle() is heard
    assert not host.hears_idle()
    theirs.close()
    assert not host.hears_idle()
    host.close()

"""The guest's side of the wire: who may write to it, and when."""

from __future__ import annotations

import socket
import subprocess
import sys

from casparian.shim.wire import FrameWriter

_SCRIPT = """
import os, socket, sys
import pyarrow as pa
from casparian.shim.wire import FrameWriter

here, there = socket.socketpair()
there.setblocking(False)
writer = FrameWriter(here)
small = pa.table({"a": [1]})
large = pa.table({"a": pa.array(range(200_000))})
if os.fork() == 0:
    # A large frame is written past the small one's buffer, straight to the socket.
    for rows in (small, large):
        writer.data(rows, output="o")
    writer.log(3, "hello")
    writer.end()
    os._exit(0)
os.wait()
try:
    print("the child wrote", len(there.recv(1 << 20)))
except BlockingIOError:
    print("nothing")
writer.end()
writer.log(3, "after the end")
print(there.recv(100))
"""


def test_a_forked_child_writes_no_frame_and_nobody_writes_after_the_last_one() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["nothing", repr(b"\0\0\0\0")]


def test_what_follows_at_once_is_sent_together_and_in_order() -> None:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with here, there:
        writer = FrameWriter(here)
        writer.metadata_soon("modules", files=[])
        writer.metadata_soon("metrics", rows=1)
        writer.end()
        sent = there.recv(1 << 16)
    kinds = [sent.index(kind) for kind in (b"modules", b"metrics")]
    assert kinds == sorted(kinds)
    assert sent.endswith(b"}\0\0\0\0")

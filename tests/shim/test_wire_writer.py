"""The guest's side of the wire: who may write to it, and when."""

from __future__ import annotations

import subprocess
import sys

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

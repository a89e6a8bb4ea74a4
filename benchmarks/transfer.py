"""Transfer: guest to host through the wire, against ``pyarrow.ipc`` alone over a socketpair."""

from __future__ import annotations

import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.paired import report
from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.events import Batch, Ended, Hello
from casparian.core.guest import GuestSpec
from casparian.core.logs import Callback

FRAMES, ROWS = 64, 1_000_000
SIZE = FRAMES * ROWS * 24

# Both senders build the same table; sending is timed from the first byte on.
_TABLE = f"""\
import numpy as np, pyarrow as pa
def table():
    n = np.arange({ROWS})
    return pa.table({{"a": n, "b": n * 0.5, "c": n[::-1].copy()}})
"""
_PARSER = (
    _TABLE
    + f"""
class Parser:
    name, version = "transfer", "1.0"
    def parse(self, ctx):
        frame = table()
        for _ in range({FRAMES}):
            yield frame
"""
)


@contextmanager
def _child(send: socket.socket, receive: socket.socket) -> Iterator[None]:
    """A process that sends the same frames by ``pyarrow.ipc`` alone."""
    pid = os.fork()
    if pid == 0:
        receive.close()
        n = np.arange(ROWS)
        table = pa.table({"a": n, "b": n * 0.5, "c": n[::-1].copy()})
        with send.makefile("wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            for _ in range(FRAMES):
                writer.write_table(table)
        os._exit(0)
    send.close()
    try:
        yield
    finally:
        os.waitpid(pid, 0)


def _plain() -> float:
    """Bytes per second of ``pyarrow.ipc``."""
    receive, send = socket.socketpair()
    with (
        _child(send, receive),
        receive,
        receive.makefile("rb") as file,
        pa.ipc.open_stream(file) as reader,
    ):
        reader.read_next_batch()  # the sender is ready now
        started = time.perf_counter()
        rows = sum(batch.num_rows for batch in reader)
        seconds = time.perf_counter() - started
    if rows != (FRAMES - 1) * ROWS:
        sys.exit(f"pyarrow.ipc brought {rows} rows")
    return (SIZE - SIZE / FRAMES) / seconds


def _bridge(parser: Path) -> float:
    """Bytes per second of the bridge: decoded, validated in full, checked."""
    spec = GuestSpec(Path(sys.executable), parser, parser_path=parser)
    rows, started, first = 0, 0.0, 0
    total = sum(range(ROWS))
    for event in execute_bridge(BridgeConfig(spec, Callback(lambda _: None))):
        if isinstance(event, Batch):
            if not rows:
                started, first = time.perf_counter(), event.table.num_rows
                if pc.sum(event.table["a"]).as_py() != total:
                    sys.exit("the bridge brought other numbers")
                started = time.perf_counter()
            rows += event.table.num_rows
        elif isinstance(event, Ended) and event.result.status != "completed":
            sys.exit(f"the guest failed: {event.result.error}")
        elif isinstance(event, Hello):
            continue
    seconds = time.perf_counter() - started
    if rows != FRAMES * ROWS:
        sys.exit(f"the bridge brought {rows} rows")
    return (rows - first) * 24 / seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parser = Path(folder) / "parser.py"
        parser.write_text(_PARSER)
        pairs = [(_bridge(parser), _plain()) for _ in range(8)][1:]
    ours, plain = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"  bridge {ours / 1e9:.2f} GB/s, pyarrow.ipc alone {plain / 1e9:.2f} GB/s")
    report("bridge / pyarrow.ipc", statistics.median(a / b for a, b in pairs), "at least 0.7")


if __name__ == "__main__":
    main()

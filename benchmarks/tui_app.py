"""The terminal app: first paint, what idling costs, keys beside a busy parser, a full queue."""

from __future__ import annotations

import hashlib
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import psutil

from benchmarks.paired import paired, report
from benchmarks.queue_history import fill
from casparian.core.queueing.queue_view import Look, look_at_queue
from casparian.core.queueing.throughput import ThroughputCount
from casparian.core.stores.jobs import NewJob
from casparian.core.stores.sqlite.store import SqliteStore

_STARTS, _KEYS, _IDLE = 7, 60, 20.0
_SETTLED = 4.0
#: Milliseconds since 1970: all the jobs of the looks have ended within the hour before.
_HOUR_OF_JOBS = 1_010_000
_LOOKS_BACK = 60

_EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("Samples")

Empty().run()
"""
_PARSER = """
class Parser:
    name = "people"
    version = "1.0.0"

    def parse(self, ctx):
        yield [{"name": "Ada"}]
        WHILE
"""
#: What some workers do to a queue of 500 jobs: four go forward each second.
_CHURN = """
import sys, time
from pathlib import Path
from casparian.core.stores.sqlite.store import SqliteStore
with SqliteStore(Path(sys.argv[1])) as store:
    leases = [store.jobs.claim_next("bench", lease_ms=600_000, limit=1)[0] for _ in range(4)]
    for n in range(10_000):
        for lease in leases:
            store.jobs.progress(lease, n, 10_000)
        time.sleep(1)
"""


class _Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, command: list[str], home: Path) -> None:
        env = {**os.environ, "CASPARIAN_HOME": str(home), "TERM": "xterm-256color"}
        self.child = pexpect.spawn(command[0], command[1:], env=env, dimensions=(40, 120))

    def __enter__(self) -> _Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.close(force=True)

    def until(self, word: bytes, within: float = 60.0) -> None:
        deadline, seen = time.monotonic() + within, b""
        while word not in seen:
            if time.monotonic() > deadline:
                sys.exit(f"{word!r} did not come up on the screen")
            seen = seen[-100:] + self._read(0.5)

    def read_for(self, seconds: float) -> int:
        """Bytes that come in that time."""
        deadline, count = time.monotonic() + seconds, 0
        while (left := deadline - time.monotonic()) > 0:
            count += len(self._read(left))
        return count

    def press(self, key: str) -> float:
        """Milliseconds from a key to the first byte of what it changes."""
        self.read_for(0.1)
        started = time.perf_counter()
        self.child.send(key)
        self._read(5.0)
        return (time.perf_counter() - started) * 1e3

    def cpu_seconds(self) -> float:
        times = psutil.Process(self.child.pid).cpu_times()
        return float(times.user + times.system)

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self.child.child_fd], [], [], seconds)
        return os.read(self.child.child_fd, 65536) if ready else b""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for parser, loop in (("quick", "pass"), ("busy", "while True: sum(range(1000))")):
            (folder / f"{parser}.py").write_text(_PARSER.replace("WHILE", loop))
        (folder / "a.csv").write_text("name\nAda\n")
        (folder / "empty.py").write_text(_EMPTY)
        _first_paint(folder)
        _idle(folder)
        _keys(folder)
        _live_queue(folder)
        _looks(folder)


def _tui(folder: Path, *words: str) -> _Terminal:
    program = str(Path(sys.executable).with_name("casparian"))
    return _Terminal([program, "tui", *words], folder / "home")


def _dev(folder: Path, parser: str) -> _Terminal:
    return _tui(folder, str(folder / f"{parser}.py"), "--samples", str(folder / "a.csv"))


def _first_paint(folder: Path) -> None:
    def painted(start: Callable[[], _Terminal]) -> float:
        began = time.perf_counter()
        with start() as terminal:
            terminal.until(b"Samples")
            return time.perf_counter() - began  # its end isn't counted

    def empty() -> _Terminal:
        return _Terminal([sys.executable, str(folder / "empty.py")], folder / "home")

    pairs = [(painted(lambda: _tui(folder)), painted(empty)) for _ in range(_STARTS + 1)][1:]
    ours, theirs = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    print(f"  first paint: {ours:.0f} ms, an empty Textual app {theirs:.0f} ms")
    ratio = statistics.median(a / b for a, b in pairs)
    report("first paint / an empty app", ratio, "at most 1.5")


def _idle(folder: Path) -> None:
    with _dev(folder, "quick") as terminal:
        terminal.until(b"completed")
        _tell_cost("idle", terminal, "under 1 % and 300 bytes/s")


def _tell_cost(what: str, terminal: _Terminal, target: str) -> None:
    terminal.read_for(_SETTLED)
    before = terminal.cpu_seconds()
    count = terminal.read_for(_IDLE)
    share = (terminal.cpu_seconds() - before) / _IDLE
    print(f"  {what}: {share:.2%} CPU, {count / _IDLE:,.0f} bytes/s   (must reach: {target})")


def _keys(folder: Path) -> None:
    medians = {}
    for parser, word in (("quick", b"completed"), ("busy", b"running")):
        with _dev(folder, parser) as terminal:
            terminal.until(word)
            terminal.read_for(_SETTLED)
            # Two tabs in turn: each key changes the screen.
            times = [terminal.press("43"[n % 2]) for n in range(_KEYS)]
            medians[parser] = statistics.median(times)
    print(f"  key to paint: idle {medians['quick']:.1f} ms, busy {medians['busy']:.1f} ms")
    report("key to paint, busy / idle", medians["busy"] / medians["quick"], "at most 1.5")


def _live_queue(folder: Path) -> None:
    path = folder / "live.db"
    with SqliteStore(path) as store:
        store.jobs.insert_many(_jobs(500))
    churn = subprocess.Popen([sys.executable, "-c", _CHURN, str(path)])
    try:
        with _tui(folder, "--prod", "--store", str(path)) as terminal:
            terminal.until(b"running")
            _tell_cost("a live queue of 500 jobs", terminal, "under 5 %")
    finally:
        churn.kill()
        churn.wait()


def _looks(folder: Path) -> None:
    with SqliteStore(folder / "few.db") as few, SqliteStore(folder / "many.db") as many:
        for store, count in ((few, 1_000), (many, 1_000_000)):
            fill(store, count)
            store.jobs.insert_many(_jobs(50))
        counts = {store: ThroughputCount() for store in (few, many)}

        def look(store: SqliteStore) -> None:
            look_at_queue(store, Look(), folder)
            counts[store].look(store, _HOUR_OF_JOBS)

        # The first looks count the last hour, some minutes each; after them it is kept.
        for _ in range(_LOOKS_BACK):
            for store in counts:
                look(store)
        a, b, ratio = paired(lambda: look(many), lambda: look(few), runs=31)
    print(f"  a look at the queue: 1M jobs {a * 1e3:.1f} ms, 1,000 jobs {b * 1e3:.1f} ms")
    report("a look at 1M jobs / at 1,000", ratio, "at most 3")


def _jobs(count: int) -> list[NewJob]:
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    return [NewJob("p", "1.0", "5" * 64, f"/in/{n}.csv", h) for n, h in enumerate(hashes)]

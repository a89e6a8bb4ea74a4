"""What the Prod pane has done to jobs and parsers: the same calls as the commands make.

Each has a thread and a connection of its own, so that neither the screen nor the looks wait.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from casparian.app.tui.prod.host import Acted, Counted, ParserTold, WorkerTold
from casparian.core.queueing.bulk import BulkReport, carry_out, count_eligible
from casparian.core.stores.errors import StoreError
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store
from casparian.core.worker.local_workers import WorkerError, start_worker, stop_worker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.app.tui.prod.host import HostEvent
    from casparian.core.errors import CasparianError
    from casparian.core.queueing.bulk import Order
    from casparian.core.queueing.verbs import JobVerb
    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker

#: Seconds between two words on how far it is.
_TELL_EVERY: Final = 0.1
PAUSED_BY_HAND: Final = "paused by hand"


class StoreActs:
    """Does one thing at a time for each kind; whoever closes it waits for what is under way."""

    def __init__(self, where: str, tell: Callable[[HostEvent], None]) -> None:
        self._where = where
        self._tell = tell
        self._stop = threading.Event()
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def act(self, order: Order) -> None:
        """Do a verb to jobs; tells how far it is, and how it ended."""
        self._stop.clear()
        self._begin(lambda: self._act(order))

    def stop(self) -> None:
        """Do no more of it."""
        self._stop.set()

    def count(self, matching: JobFilter, verb: JobVerb) -> None:
        """Count the jobs that match and that a verb applies to."""
        self._begin(lambda: self._count(matching, verb))

    def pause_parser(self, name: str, paused: bool) -> None:
        """Let the jobs of a parser wait, or run again."""
        self._begin(lambda: self._pause(name, paused))

    def start_worker(self, home: Path) -> None:
        """Start a worker that goes on by itself."""
        self._begin(lambda: self._start_worker(home))

    def stop_worker(self, worker: Worker) -> None:
        """Ask a worker of this machine to stop."""
        try:
            stop_worker(worker)
        except WorkerError as error:
            self._tell(WorkerTold(error.message, is_problem=True))
        else:
            self._tell(WorkerTold(f"the worker {worker.pid} was asked to stop"))

    def close(self) -> None:
        """Stop, and wait until it has."""
        self._closed.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name="act-on-queue")
        self._threads.append(thread)
        thread.start()

    def _store(self, *, read_only: bool = False) -> Store:
        return open_store(existing_path(self._where), read_only=read_only)

    def _start_worker(self, home: Path) -> None:
        command = [sys.executable, "-m", "casparian.app", "worker", "--store", self._where]
        try:
            with self._store(read_only=True) as store:
                pid, log = start_worker(command, store, home, given_up=self._closed.is_set)
            self._tell(WorkerTold(f"a worker has begun: pid {pid}, its log is {log}"))
        except (StoreError, WorkerError) as error:
            self._tell(WorkerTold(said(error), is_problem=True))

    def _act(self, order: Order) -> None:
        report, told = BulkReport(total=len(order.jobs)), 0.0

        def note(now: BulkReport) -> None:
            nonlocal report, told
            report = now
            if time.monotonic() - told >= _TELL_EVERY:
                told = time.monotonic()
                self._tell(Acted(order, now))

        try:
            with self._store() as store:
                report = carry_out(store, order, stop=self._stop, told=note)
            self._tell(Acted(order, report, is_over=True))
        except StoreError as error:
            self._tell(Acted(order, report, is_over=True, problem=said(error)))

    def _count(self, matching: JobFilter, verb: JobVerb) -> None:
        try:
            with self._store(read_only=True) as store:
                self._tell(Counted(matching, verb, count_eligible(store, matching, verb)))
        except StoreError as error:
            self._tell(Counted(matching, verb, None, said(error)))

    def _pause(self, name: str, paused: bool) -> None:
        try:
            with self._store() as store:
                parsers = store.parsers
                changed = parsers.pause(name, PAUSED_BY_HAND) if paused else parsers.resume(name)
            self._tell(ParserTold(name, paused, changed))
        except StoreError as error:
            self._tell(ParserTold(name, paused, changed=False, problem=said(error)))


def said(error: CasparianError) -> str:
    """Return an error as one line, with what to try."""
    return f"{error.message} · {error.hint}" if error.hint else error.message

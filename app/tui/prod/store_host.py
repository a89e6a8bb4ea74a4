"""The Prod pane's host in earnest: one thread with one connection, which only reads.

It asks the store whether anything has changed, which costs microseconds, and looks only then. What
the pane wants to see is kept as one value, the newest: however fast a person moves, nothing queues.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from casparian.app.ages import now_ms
from casparian.app.tui.prod.file_acts import FileActs
from casparian.app.tui.prod.host import JobSeen, Seen, Trouble
from casparian.app.tui.prod.store_acts import StoreActs
from casparian.app.tui.quarantine.acts import QuarantineActs
from casparian.app.tui.quarantine.reads import QuarantineReads
from casparian.core.queueing.job_details import job_details
from casparian.core.queueing.queue_view import Look, look_at_queue
from casparian.core.queueing.throughput import ThroughputCount
from casparian.core.stores.errors import (
    AmbiguousJobError,
    StoreError,
    StoreUnreachableError,
    UnknownJobError,
)
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.app.tui.prod.host import FilesWanted, HostEvent
    from casparian.app.tui.quarantine.events import RowsWanted
    from casparian.core.queueing.bulk import Order
    from casparian.core.queueing.throughput import Throughput
    from casparian.core.queueing.verbs import JobVerb
    from casparian.core.stores.jobs import Job, JobFilter
    from casparian.core.stores.quarantine import Reason
    from casparian.core.stores.store import Store
    from casparian.core.stores.workers import Worker

#: Seconds: between two tries to reach a store, and how long a look waits for who locks it.
_AGAIN: Final = 2.0
_PATIENCE: Final = 2.0
#: The same of a look that a person waits for while typing.
_LITTLE_PATIENCE: Final = 0.2
#: Quarantined rows that are read of a job.
_ROWS: Final = 1_000
#: Who is alive is asked at least so often (seconds), changed store or not.
_WORKERS_EVERY: Final = 5.0


class StoreHost:
    """See ``ProdHost``."""

    def __init__(self, where: str, home: Path, *, read_only: bool = False) -> None:
        self._where = where
        self._home = home
        self._read_only = read_only
        self._look = Look()
        self._job: str | None = None
        self._every = 1.0
        self._resting = False
        self._ended = False
        self._is_new = False
        self._has_seen = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._acts: StoreActs | None = None
        self._files: FileActs | None = None
        self._reads: QuarantineReads | None = None
        self._rows: QuarantineActs | None = None

    @property
    def where(self) -> str:
        """The store, as it is named."""
        return self._where

    @property
    def home(self) -> Path:
        """CASPARIAN_HOME."""
        return self._home

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self._read_only

    def start(self, on_event: Callable[[HostEvent], None]) -> None:
        """Begin to look."""

        def tell(event: HostEvent) -> None:
            # What was done is on the screen at once, and can be acted upon.
            self._tell(_is_new=True)
            on_event(event)

        self._acts = StoreActs(self._where, tell)
        self._files = FileActs(self._where, tell, on_event)
        self._reads = QuarantineReads(self._where, on_event)
        self._rows = QuarantineActs(self._where, tell)
        self._thread = threading.Thread(target=self._run, args=(on_event,), name="look-at-queue")
        self._thread.start()

    def look(self, look: Look) -> None:
        """Say what is to be looked at."""
        self._tell(_look=look, _is_new=True)

    def look_at_job(self, beginning: str | None) -> None:
        """Say which job is looked at as well."""
        self._tell(_job=beginning, _is_new=True)

    def jobs_named(self, beginning: str) -> Sequence[Job] | None:
        """Return the first jobs whose ids begin so; None if the store can't be looked at."""
        try:
            path = existing_path(self._where)
            with open_store(path, read_only=True, patience_s=_LITTLE_PATIENCE) as store:
                return _jobs_named(store, beginning)
        except StoreError:
            return None  # the pane's banner tells what is wrong with it

    def rest(self, resting: bool) -> None:
        """Look no more for a while, or again."""
        self._tell(_resting=resting, _is_new=not resting)

    def every(self, seconds: float) -> None:
        """Say how often to look."""
        self._tell(_every=seconds)

    @property
    def acts(self) -> StoreActs:
        """What is done to the store, once it has begun."""
        assert self._acts is not None, "start() comes first"
        assert not self._read_only
        return self._acts

    def count(self, matching: JobFilter, verb: JobVerb) -> None:
        """Count the jobs that match and that a verb applies to."""
        self.acts.count(matching, verb)

    def act(self, order: Order) -> None:
        """Do a verb to jobs."""
        self.acts.act(order)

    def stop_acting(self) -> None:
        """Do no more of it."""
        self.acts.stop()

    def pause_parser(self, name: str, paused: bool) -> None:
        """Let the jobs of a parser wait, or run again."""
        self.acts.pause_parser(name, paused)

    def start_worker(self) -> None:
        """Start a worker that goes on by itself."""
        self.acts.start_worker(self._home)

    def stop_worker(self, worker: Worker) -> None:
        """Ask a worker of this machine to stop."""
        self.acts.stop_worker(worker)

    @property
    def files(self) -> FileActs:
        """What is done with files, once it has begun."""
        assert self._files is not None, "start() comes first"
        assert not self._read_only
        return self._files

    def preview(self, wanted: FilesWanted | None) -> None:
        """Say what queueing files would do."""
        self.files.preview(wanted)

    def enqueue(self, wanted: FilesWanted) -> None:
        """Queue files."""
        self.files.enqueue(wanted)

    def stop_enqueueing(self) -> None:
        """Queue no more of them."""
        self.files.stop()

    def browse(self, wanted: JobFilter | None) -> None:
        """Say of which jobs the reasons are counted."""
        assert self._reads is not None, "start() comes first"
        self._reads.browse(wanted)

    def read_rows(self, wanted: RowsWanted) -> None:
        """Read a page of quarantined rows."""
        assert self._reads is not None, "start() comes first"
        self._reads.read_rows(wanted)

    def export_rows(self, job_id: str, path: Path) -> None:
        """Write a job's quarantined rows to a new file."""
        assert self._rows is not None, "start() comes first"
        self._rows.export(job_id, path)

    def replay_rows(self, job_id: str) -> None:
        """Have a job's input parsed anew."""
        assert self._rows is not None, "start() comes first"
        assert not self._read_only
        self._rows.replay(job_id)

    def replay_all_rows(self, wanted: JobFilter, reason: Reason) -> None:
        """Have the inputs of all jobs with a reason parsed anew."""
        assert self._rows is not None, "start() comes first"
        assert not self._read_only
        self._rows.replay_all(wanted, reason)

    def stop_replaying(self) -> None:
        """Queue no more of them."""
        assert self._rows is not None, "start() comes first"
        self._rows.stop()

    def close(self) -> None:
        """End; what is under way is waited for."""
        for one in (self._acts, self._files, self._reads, self._rows):
            if one is not None:
                one.close()
        self._tell(_ended=True)
        if self._thread is not None:
            self._thread.join()

    def _tell(self, **values: object) -> None:
        with self._wake:
            for name, value in values.items():
                setattr(self, name, value)
            self._wake.notify()

    def _run(self, on_event: Callable[[HostEvent], None]) -> None:
        while not self._ended:
            try:
                path = existing_path(self._where)
                with open_store(path, read_only=True, patience_s=_PATIENCE) as store:
                    self._watch(store, path, on_event)
            except StoreError as error:
                on_event(self._trouble(error))
                with self._wake:
                    self._wake.wait_for(lambda: self._ended, _AGAIN)

    def _trouble(self, error: StoreError) -> Trouble:
        """Say what is wrong. A store that was there isn't to be made anew: it would be empty."""
        if self._has_seen and not sqlite_path(self._where).exists():
            gone = f"{self._where}: the store that was looked at is gone"
            return Trouble(gone, "put it back; a new one in its place would be empty", _AGAIN)
        return Trouble(error.message, error.hint, _AGAIN)

    def _watch(self, store: Store, path: Path, on_event: Callable[[HostEvent], None]) -> None:
        """Look until it ends, or another file has taken the store's place."""
        opened = _inode(path)
        store.changed()
        looked: Look | None = None
        looked_at: str | None = None
        asked = 0
        counting = ThroughputCount()
        rates: Throughput | None = None
        while True:
            with self._wake:
                if self._ended:
                    return
                look, job, resting = self._look, self._job, self._resting
                self._is_new = False
            if looked != look or looked_at != job or not resting:
                if _inode(existing_path(self._where)) != opened:
                    return
                now = now_ms()
                late = now - asked > _WORKERS_EVERY * 1_000
                view = None
                changed = store.changed()
                if changed:
                    store.check()  # it may be by a migration to rules that aren't known here
                if changed or looked != look or late:
                    view = look_at_queue(store, look, self._home)
                    looked, asked = look, now
                before = rates
                if changed or rates is None or not rates.is_now(now):
                    rates = counting.look(store, now, changed=changed or rates is None)
                on_event(Seen(now, view, rates if rates != before else None))
                self._has_seen = True
                if job is not None and (changed or looked_at != job):
                    on_event(_job_seen(store, job, self._home))
                looked_at = job
            with self._wake:
                self._wake.wait_for(
                    lambda: self._ended or self._is_new, None if self._resting else self._every
                )


def _jobs_named(store: Store, beginning: str) -> list[Job]:
    try:
        return [store.jobs.find(beginning)]
    except UnknownJobError:
        return []
    except AmbiguousJobError as error:
        found = (store.jobs.get(job_id) for job_id in error.job_ids)
        return [job for job in found if job is not None]


def _job_seen(store: Store, beginning: str, home: Path) -> JobSeen:
    try:
        job = store.jobs.find(beginning)
    except (UnknownJobError, AmbiguousJobError) as error:
        return JobSeen(beginning, None, problem=error.message)
    details = job_details(store, job, home)
    rows = store.quarantine.list_for_job(job.job_id, limit=_ROWS)
    return JobSeen(beginning, details, rows)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError as error:
        raise StoreUnreachableError(f"{path}: {error.strerror}") from error

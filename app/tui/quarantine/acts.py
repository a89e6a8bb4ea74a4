"""Quarantined rows written to a file, or their input parsed anew: the calls of the commands."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from casparian.app.tui.prod.store_acts import said
from casparian.app.tui.quarantine.events import QuarantineTold, Replaying
from casparian.core.errors import CasparianError
from casparian.core.queueing.quarantine_export import export_quarantine
from casparian.core.queueing.quarantine_replay import replay_quarantine
from casparian.core.queueing.quarantine_replays import ReplayReport, replay_all
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.app.tui.quarantine.events import QuarantineEvent
    from casparian.core.queueing.quarantine_export import Exported
    from casparian.core.queueing.quarantine_replay import Replayed
    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.quarantine import Reason

#: Seconds between two words on how far it is.
_TELL_EVERY: Final = 0.1


class QuarantineActs:
    """Each has a thread; whoever closes it waits for what is under way."""

    def __init__(self, where: str, tell: Callable[[QuarantineEvent], None]) -> None:
        self._where = where
        self._tell = tell
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def export(self, job_id: str, path: Path) -> None:
        """Write a job's rows to a new file, as ``casparian quarantine export``."""
        self._begin(lambda: self._export(job_id, path))

    def replay(self, job_id: str) -> None:
        """Queue a job's input anew, as ``casparian quarantine replay``."""
        self._begin(lambda: self._replay(job_id))

    def replay_all(self, wanted: JobFilter, reason: Reason) -> None:
        """Queue the inputs of all jobs with a reason anew, as the command; tells how far it is."""
        self._stop.clear()
        self._begin(lambda: self._replay_all(wanted, reason))

    def stop(self) -> None:
        """Queue no more of them."""
        self._stop.set()

    def close(self) -> None:
        """Wait until what is under way is done."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[[], QuarantineEvent]) -> None:
        def told() -> None:
            try:
                self._tell(work())
            except CasparianError as error:
                self._tell(QuarantineTold(said(error), is_problem=True))
            except OSError as error:
                self._tell(QuarantineTold(f"it can't be written: {error}", is_problem=True))

        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=told, name="act-on-quarantine")
        self._threads.append(thread)
        thread.start()

    def _export(self, job_id: str, path: Path) -> QuarantineTold:
        with open_store(existing_path(self._where), read_only=True) as store:
            return QuarantineTold(
                _exported(export_quarantine(store, store.jobs.find(job_id), path))
            )

    def _replay(self, job_id: str) -> QuarantineTold:
        with open_store(existing_path(self._where)) as store:
            done = replay_quarantine(store, store.jobs.find(job_id))
            return QuarantineTold(_replayed(done, has_worker=bool(store.workers.list())))

    def _replay_all(self, wanted: JobFilter, reason: Reason) -> Replaying:
        report, told_at = ReplayReport(), 0.0

        def note(now: ReplayReport, _: object) -> None:
            nonlocal report, told_at
            report = now
            if time.monotonic() - told_at >= _TELL_EVERY:
                told_at = time.monotonic()
                self._tell(Replaying(now))

        try:
            with open_store(existing_path(self._where)) as store:
                report = replay_all(store, wanted, [reason], stop=self._stop.is_set, told=note)
                return Replaying(report, is_over=True, has_worker=bool(store.workers.list()))
        except CasparianError as error:
            return Replaying(report, is_over=True, problem=said(error))


def _exported(done: Exported) -> str:
    said = f"{counted(done.rows, 'row')} written to {done.path}"
    return f"{said}; {done.cut:,} of them are cut at 4 KiB" if done.cut else said


def _replayed(done: Replayed, *, has_worker: bool) -> str:
    said = (
        f"job {done.job_id[:8]} queued: version {done.parser_version}, to replace the set of job "
        f"{done.replaces[:8]}"
    )
    if done.same_bundle and done.same_input:
        said += "\nneither the parser nor the file has changed since"
    return said if has_worker else f"{said}\nno worker is there: W starts one in the queue"

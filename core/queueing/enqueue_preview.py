"""What queueing some files would do, told before it is done: it changes nothing.

However many files there are, only the first some thousand are held against what is done and queued,
and only so many bytes are read for that; the others are counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.hashing import Stopped, hash_file, look_at
from casparian.core.queueing.problems import FileProblem
from casparian.core.stores.jobs import NewJob

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from casparian.core.queueing.enqueue import Outcome
    from casparian.core.queueing.inputs import Found
    from casparian.core.stores.files import FileIdentity
    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.store import Store

_BATCH: Final = 200
#: Files that are held against what is there, bytes that are read for it, files that are counted.
_LOOKED_AT: Final = 5_000
_BYTES: Final = 128 << 20
_COUNTED: Final = 1_000_000
#: Seconds between two batches, in which others may run, and between two words on how far it is.
_GAP: Final = 0.001
_TELL_EVERY: Final = 0.1
#: Files that are told one by one.
_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that would not be queued: its work is done, or in the queue.

    ``job_id`` is empty if it has the content of another of these files.
    """

    path: str
    outcome: Outcome
    job_id: str


@dataclass(frozen=True, slots=True)
class EnqueuePreview:
    """How far it is. ``files`` match; ``unread`` are those whose content isn't known.

    ``skipped`` and ``problems`` are the first of each; ``is_whole`` is false if there are more
    files than are counted.
    """

    files: int = 0
    queued: int = 0
    already_processed: int = 0
    in_queue: int = 0
    unread: int = 0
    problem_count: int = 0
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[FileProblem, ...] = ()
    is_over: bool = False
    is_whole: bool = True


class Preview:
    """Looks at files as `enqueue` would; ``stop`` ends it, and ``told`` hears how far it is."""

    def __init__(
        self,
        store: Store,
        parser: StoredParser,
        *,
        stop: threading.Event,
        told: Callable[[EnqueuePreview], None],
    ) -> None:
        self._store = store
        self._parser = parser
        self._stop = stop
        self._told = told
        self._at = EnqueuePreview()
        self._queued: set[tuple[str, str]] = set()
        self._looked_at = 0
        self._bytes = 0

    def look(self, files: Iterable[Found]) -> None:
        """Look at files. Raises StoreError."""
        left, told_at = iter(files), 0.0
        while batch := list(islice(left, _BATCH)):
            if self._stop.wait(_GAP):
                return
            try:
                self._take(batch)
            except Stopped:
                return
            if self._at.files >= _COUNTED:
                self._at = replace(self._at, is_whole=False)
                break
            if time.monotonic() - told_at >= _TELL_EVERY:
                told_at = time.monotonic()
                self._told(self._at)
        self._at = replace(self._at, is_over=True)
        self._told(self._at)

    def _take(self, batch: list[Found]) -> None:
        paths = [str(found) for found in batch if not isinstance(found, FileProblem)]
        for found in batch:
            if isinstance(found, FileProblem):
                self._refuse(found)
        self._at = replace(self._at, files=self._at.files + len(paths))
        near = paths[: max(0, _LOOKED_AT - self._looked_at)]
        self._looked_at += len(near)
        self._leave(len(paths) - len(near))
        there: dict[str, FileIdentity] = {}
        for path in near:
            looked = look_at(path)
            if isinstance(looked, FileProblem):
                self._refuse(looked)
            else:
                there[path] = looked
        made = list(self._jobs(there))
        jobs = [job for job in made if job is not None]
        self._leave(len(made) - len(jobs))
        for job, done in zip(
            jobs, self._store.jobs.would_insert(jobs, also=self._queued), strict=True
        ):
            self._note(job, None if done is None else (done.job_id, done.processed))

    def _jobs(self, there: dict[str, FileIdentity]) -> Iterable[NewJob | None]:
        """Yield the jobs that the files would be; None where the content isn't known."""
        known = self._store.files.known(list(there))
        for path, identity in there.items():
            file = known.get(path)
            sha256 = file.sha256 if file is not None and file.identity == identity else None
            if sha256 is None and self._bytes + identity.size <= _BYTES:
                self._bytes += identity.size
                read = hash_file(path, self._stop, lambda _: None)
                if isinstance(read, FileProblem):
                    self._refuse(read)
                    continue
                sha256 = read.sha256
            yield (
                None
                if sha256 is None
                else NewJob(
                    self._parser.name,
                    self._parser.version,
                    self._parser.source_hash,
                    path,
                    sha256,
                    identity.size,
                )
            )

    def _note(self, job: NewJob, done: tuple[str, bool] | None) -> None:
        at = self._at
        if done is None:
            self._queued.add((job.input_hash, job.source_hash))
            self._at = replace(at, queued=at.queued + 1)
            return
        job_id, processed = done
        outcome: Outcome = "already_processed" if processed else "in_queue"
        skipped = at.skipped
        if len(skipped) < _TOLD:
            skipped = (*skipped, Skipped(job.input_path, outcome, job_id))
        self._at = replace(
            at,
            skipped=skipped,
            already_processed=at.already_processed + processed,
            in_queue=at.in_queue + (not processed),
        )

    def _leave(self, count: int) -> None:
        self._at = replace(self._at, unread=self._at.unread + count)

    def _refuse(self, problem: FileProblem) -> None:
        at = self._at
        problems = (*at.problems, problem)[:_TOLD]
        self._at = replace(at, problems=problems, problem_count=at.problem_count + 1)

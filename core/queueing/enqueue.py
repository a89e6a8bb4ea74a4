"""Files into the queue: each once for every parser, in batches of bounded size.

A batch is queued whole before the next one is read. Whoever is interrupted has queued what was
told, and finds the rest to be done when it is asked for again.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from casparian.core.processors import processors
from casparian.core.queueing.hashing import HashedFile, hash_file, look_at
from casparian.core.queueing.problems import FileProblem
from casparian.core.stores.files import FileIdentity, KnownFile
from casparian.core.stores.jobs import NewJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from casparian.core.queueing.inputs import Found
    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.store import Store

Outcome = Literal["queued", "already_processed", "in_queue"]

#: A batch ends with so many files, or bytes to read, or seconds of looking for files.
_BATCH_FILES: Final = 500
_BATCH_BYTES: Final = 256 << 20
_BATCH_SECONDS: Final = 1.0
_MOST_READERS: Final = 4
#: Jobs and problems that a report keeps; it counts all.
KEPT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Enqueued:
    """What became of a file for one parser; ``job_id`` is the job that does the work, or did.

    ``job_pruned`` says that the job has done it, and was forgotten since. Of a queued one,
    ``replaces`` says that rows of this version stand for its path, which the new ones replace;
    ``beside`` are other versions whose rows stand for it, and stay.
    """

    job_id: str
    outcome: Outcome
    path: str
    parser: str
    parser_version: str
    job_pruned: bool = False
    replaces: bool = False
    beside: tuple[str, ...] = ()


@dataclass(slots=True)
class EnqueueReport:
    """How far an enqueueing is, and at its end what it did; other threads may look at it.

    Jobs are counted per file and parser. ``files`` counts those looked at, ``bytes_read`` what had
    to be read. Of those queued, ``replacing`` have rows of their version that stand until then, and
    ``beside`` have rows of others that stay. ``jobs`` and ``problems`` hold the first thousand of
    each.
    """

    files: int = 0
    queued: int = 0
    already_processed: int = 0
    in_queue: int = 0
    bytes_read: int = 0
    problem_count: int = 0
    replacing: int = 0
    beside: int = 0
    jobs: list[Enqueued] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def read(self, count: int) -> None:
        """Count bytes that were read; any thread may."""
        with self._lock:
            self.bytes_read += count

    def refuse(self, problem: FileProblem) -> None:
        """Note a file that can't be queued."""
        self.problem_count += 1
        if len(self.problems) < KEPT:
            self.problems.append(problem)

    def note(self, done: Enqueued) -> None:
        """Note what became of a file for a parser."""
        if done.outcome == "queued":
            self.queued += 1
            self.replacing += done.replaces
            self.beside += bool(done.beside)
        elif done.outcome == "already_processed":
            self.already_processed += 1
        else:
            self.in_queue += 1
        if len(self.jobs) < KEPT:
            self.jobs.append(done)


def enqueue(
    store: Store,
    files: Iterable[Found],
    parsers: Sequence[StoredParser],
    *,
    force: bool = False,
    priority: int = 0,
    report: EnqueueReport | None = None,
) -> EnqueueReport:
    """Queue files for parsers, whose bundles the jobs are pinned to from now on.

    Args:
        store: the store.
        files: paths, and problems that whoever looked for them has met already.
        parsers: each gets each file.
        force: queue also what is done, or in the queue. A path that comes twice counts once.
        priority: of the jobs; smaller is first.
        report: is filled while it goes on; a new one if left out.

    Raises:
        StoreError: the store can't be used. What was reported before is queued.
    """
    report = EnqueueReport() if report is None else report
    stop = threading.Event()
    pool = ThreadPoolExecutor(min(_MOST_READERS, processors()), thread_name_prefix="hash-input")
    try:
        for batch in _batches(files, report, each_path_once=force):
            hashed = list(_hashes(store, batch, report, pool, stop))
            _insert(store, hashed, parsers, report, force=force, priority=priority)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
    return report


def _batches(
    files: Iterable[Found], report: EnqueueReport, *, each_path_once: bool
) -> Iterator[dict[str, FileIdentity]]:
    """Yield files that may be queued, by path, some at a time."""
    seen: set[int] = set()
    batch: dict[str, FileIdentity] = {}
    size, begun = 0, time.monotonic()
    for found in files:
        if isinstance(found, FileProblem):
            report.refuse(found)
            continue
        path = _absolute(found)
        if each_path_once:
            if hash(path) in seen:
                continue
            seen.add(hash(path))
        report.files += 1
        looked = look_at(path)
        if isinstance(looked, FileProblem):
            report.refuse(looked)
            continue
        batch[path] = looked
        size += looked.size
        late = time.monotonic() - begun > _BATCH_SECONDS
        if late or len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size, begun = {}, 0, time.monotonic()
    if batch:
        yield batch


def _hashes(
    store: Store,
    batch: dict[str, FileIdentity],
    report: EnqueueReport,
    pool: ThreadPoolExecutor,
    stop: threading.Event,
) -> Iterator[KnownFile]:
    """Yield the files of a batch with their hashes, in their order; read are only new ones."""
    known = store.files.known(list(batch))
    current = {path: file for path, file in known.items() if file.identity == batch[path]}
    unknown = [path for path in batch if path not in current]
    reading = pool.map(lambda path: hash_file(path, stop, report.read), unknown)
    read = dict(zip(unknown, reading, strict=True))
    store.files.remember(
        KnownFile(file.path, file.identity, file.sha256)
        for file in read.values()
        if isinstance(file, HashedFile) and file.settled
    )
    for path in batch:
        found = current.get(path) or read[path]
        if isinstance(found, FileProblem):
            report.refuse(found)
        else:
            yield KnownFile(found.path, found.identity, found.sha256)


def _insert(
    store: Store,
    files: Sequence[KnownFile],
    parsers: Sequence[StoredParser],
    report: EnqueueReport,
    *,
    force: bool,
    priority: int,
) -> None:
    new = [
        NewJob(
            parser=parser.name,
            parser_version=parser.version,
            source_hash=parser.source_hash,
            input_path=file.path,
            input_hash=file.sha256,
            input_size=file.identity.size,
            priority=priority,
            forced=force,
        )
        for file in files
        for parser in parsers
    ]
    for start in range(0, len(new), _BATCH_FILES):
        some = new[start : start + _BATCH_FILES]
        done = list(zip(some, store.jobs.insert_many(some), strict=True))
        standing = _standing(store, [job for job, inserted in done if inserted.is_new])
        for job, inserted in done:
            outcome: Outcome = "queued"
            if not inserted.is_new:
                outcome = "already_processed" if inserted.processed else "in_queue"
            versions = standing.get((job.parser, job.input_path), ()) if inserted.is_new else ()
            report.note(
                Enqueued(
                    inserted.job_id,
                    outcome,
                    job.input_path,
                    job.parser,
                    job.parser_version,
                    job_pruned=inserted.forgotten,
                    replaces=job.parser_version in versions,
                    beside=tuple(one for one in versions if one != job.parser_version),
                )
            )


def _standing(store: Store, jobs: Sequence[NewJob]) -> dict[tuple[str, str], Sequence[str]]:
    """Return the versions whose rows stand, by parser and path."""
    paths: dict[str, list[str]] = {}
    for job in jobs:
        paths.setdefault(job.parser, []).append(job.input_path)
    versions: dict[tuple[str, str], dict[str, None]] = {}
    for parser, some in paths.items():
        for one in store.jobs.stand_for(parser, some):
            versions.setdefault((parser, one.input_path), {})[one.parser_version] = None
    return {key: tuple(found) for key, found in versions.items()}


def _absolute(path: Path) -> str:
    """Return a path that means the same everywhere, links in it kept, without ``..``."""
    path = path.absolute()
    return os.path.realpath(path) if ".." in path.parts else str(path)

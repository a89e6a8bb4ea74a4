"""The queue alone: no-op jobs, durable, one by one against bare SQL, in batches against peers.

Each of our jobs is inserted, claimed, promoted and completed, with its attempt, its counts and its
history. The bare loop does the same to the same tables with nothing around it but ``sqlite3``; a
second one has one small table, no promotion and no record, and is the least that can be durable.

Beside the peers is the least that SQL can do for jobs in batches: what remains between that and the
store is what the store keeps of each job.

Peers are given thousands of jobs by one process, which one, two or four others do then: as many as
a folder of files has, and a queue that is slow when it is long shows it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import secrets
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.paired import paired, report
from benchmarks.queue_bare import BATCH, LEASE_MS, SOURCE, LeastInBatches, least, same_tables
from benchmarks.queue_peers import PEERS as OTHERS
from benchmarks.queue_peers import Peer
from casparian.core.stores.jobs import Claim, Completion, Lease, NewJob, Promotion
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.worker.presence import Presence, dead_workers, new_worker

_ONE_BY_ONE = 480
#: Short runs in turn, and many: a disk that others write to as well is never as fast twice.
_RUNS = 9
_JOBS = 5_000
_PROCESSES = (1, 2, 4)
_ROUNDS = 3
_FORK = multiprocessing.get_context("fork")
PEERS: tuple[type[Peer], ...] = (*OTHERS, LeastInBatches)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _one_by_one(folder)
        _batches(folder)


def _one_by_one(folder: Path) -> None:
    jobs = new_jobs(_ONE_BY_ONE)

    def ours() -> None:
        with SqliteStore(_made(folder)) as store:
            drain(store, jobs)

    for text, loop, target in (
        ("the same tables by bare SQL", same_tables, "at least 0.9"),
        ("the least: one table, three transactions", least, "told, no target"),
    ):
        a, b, ratio = paired(ours, lambda loop=loop: loop(_made(folder), jobs), runs=_RUNS)
        print(f"  one by one: {len(jobs) / a:,.0f} jobs/s; {text}: {len(jobs) / b:,.0f} jobs/s")
        report(f"jobs/s one by one / {text}", 1 / ratio, target)


def _batches(folder: Path) -> None:
    """Each peer and ours in turn, round by round: the machine is never as fast twice."""
    for processes in _PROCESSES:
        rounds = [
            [_done(peer, folder, processes) for peer in (Ours, *PEERS)] for _ in range(_ROUNDS)
        ]
        ours = [round_[0] for round_ in rounds]
        print(f"  batches of {BATCH}, {_JOBS:,} jobs, done by {processes}: {_speeds(ours)}")
        for place, peer in enumerate(PEERS, start=1):
            theirs = [round_[place] for round_ in rounds]
            ratios = [b.seconds / a.seconds for a, b in zip(ours, theirs, strict=True)]
            print(f"    {peer.name}: {_speeds(theirs)}")
            name = f"jobs/s in batches / {peer.name}, done by {processes}"
            report(name, statistics.median(ratios), peer.target)
            cpu = [b.cpu_s / a.cpu_s for a, b in zip(ours, theirs, strict=True)]
            report(f"CPU a job, {peer.name} / casparian", statistics.median(cpu), "told")
    for peer in (Ours, *PEERS):
        undone = _after_a_kill(peer, _new(folder))
        print(f"    {peer.name}: {peer.kept}; one of two killed: {undone} of 10 never done")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How long a queue took to be filled and to be emptied, and what became of its jobs."""

    enqueue_s: float
    drain_s: float
    cpu_s: float
    """Of all processes together: the same when others use the machine and its disk as well."""
    lost: int
    twice: int

    @property
    def seconds(self) -> float:
        return self.enqueue_s + self.drain_s


def _speeds(outcomes: list[_Outcome]) -> str:
    total, filled, emptied = (
        _JOBS / statistics.median(times)
        for times in (
            [one.seconds for one in outcomes],
            [one.enqueue_s for one in outcomes],
            [one.drain_s for one in outcomes],
        )
    )
    cpu_us = statistics.median(one.cpu_s for one in outcomes) / _JOBS * 1e6
    lost, twice = max(one.lost for one in outcomes), max(one.twice for one in outcomes)
    return (
        f"{total:,.0f} jobs/s (in {filled:,.0f}, out {emptied:,.0f}); "
        f"{cpu_us:.0f} us of CPU a job; {lost} lost, {twice} done twice"
    )


# ------------------------------------------------------------------------- ours


def new_jobs(count: int) -> list[NewJob]:
    """Jobs whose inputs differ."""
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    return [NewJob("p", "1.0", SOURCE, f"/data/{n}.csv", hash_) for n, hash_ in enumerate(hashes)]


def drain(store: SqliteStore, jobs: list[NewJob]) -> None:
    """Insert, claim, promote and complete jobs one by one."""
    for job in jobs:
        store.jobs.insert(job)
    while claimed := store.jobs.claim_next("w", limit=1, lease_ms=LEASE_MS):
        [lease] = [job.lease for job in claimed]
        [promoted] = store.jobs.promote([Promotion(lease, "{}")], lease_ms=LEASE_MS)
        assert promoted.granted
        assert store.jobs.complete([Completion(lease, 10)]) == [True]


class Ours(Peer):
    """The store, with what a worker does besides when it comes and goes."""

    name = "casparian"
    kept = (
        f"two durable transactions for {BATCH} jobs: they are there; and a worker's turn, which "
        "completes the jobs whose sets are published, promotes those that are staged and claims "
        "the next; each with its attempt, its counts, its history and which set stands"
    )

    def enqueue(self, count: int) -> None:
        with SqliteStore(self.path) as store:
            for start in range(0, count, BATCH):
                store.jobs.insert_many(
                    NewJob("p", "1.0", SOURCE, str(n), hashlib.sha256(b"%d" % n).hexdigest())
                    for n in range(start, min(start + BATCH, count))
                )

    def take(self, done: Callable[[int], None]) -> None:
        worker = secrets.token_hex(8)
        home = self.path.parent
        with SqliteStore(self.path) as store:
            presence = Presence(home, worker)
            store.workers.announce(new_worker(worker, slots=BATCH))
            others = [other for other in store.workers.list() if other.worker_id != worker]
            store.jobs.requeue_stale(dead_workers=dead_workers(home, others))
            staged: list[Lease] = []
            visible: list[Lease] = []
            while True:  # as a worker whose runners are all done at once
                turn = store.jobs.advance(
                    completions=[Completion(lease, 10) for lease in visible],
                    promotions=[Promotion(lease, "{}") for lease in staged],
                    claim=Claim(worker, BATCH - len(staged)),
                    lease_ms=LEASE_MS,
                )
                for job in turn.claimed:
                    done(int(job.input_path))
                visible, staged = staged, [job.lease for job in turn.claimed]
                if not (visible or staged):
                    break
            presence.end()
            store.workers.retire(worker)


# -------------------------------------------------------- what becomes of jobs


def _new(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder)) / "queue.db"


def _made(folder: Path) -> Path:
    """Return a new queue whose tables are there already."""
    template = folder / "template.db"
    if not template.exists():
        SqliteStore(template).close()
    return Path(shutil.copy(template, _new(folder)))


def _done(peer: type[Peer], folder: Path, processes: int) -> _Outcome:
    """Have jobs queued by one process, then done by others at once; each is timed by itself."""
    path = _made(folder) if peer is Ours else _new(folder)
    results: Any = _FORK.Queue()
    _all([_FORK.Process(target=_fill, args=(peer, path, results))])
    enqueue_s, fill_cpu_s = results.get()
    os.sync()
    together = _FORK.Barrier(processes)
    workers = [
        _FORK.Process(target=_empty, args=(peer, path, together, results)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    found = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    drain_s = max(ended for _, _, ended, _ in found) - min(begun for _, begun, _, _ in found)
    cpu_s = fill_cpu_s + sum(cpu_s for *_, cpu_s in found)
    done = [number for numbers, *_ in found for number in numbers]
    shutil.rmtree(path.parent)
    lost, twice = _JOBS - len(set(done)), len(done) - len(set(done))
    return _Outcome(enqueue_s, drain_s, cpu_s, lost, twice)


def _all(processes: list[Any]) -> None:
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0


def _fill(peer: type[Peer], path: Path, results: Any) -> None:
    started, cpu_started = time.perf_counter(), time.process_time()
    peer(path).enqueue(_JOBS)
    results.put((time.perf_counter() - started, time.process_time() - cpu_started))


def _empty(peer: type[Peer], path: Path, together: Any, results: Any) -> None:
    done: list[int] = []
    together.wait()
    started, cpu_started = time.perf_counter(), time.process_time()
    peer(path).take(done.append)
    results.put((done, started, time.perf_counter(), time.process_time() - cpu_started))


def _after_a_kill(peer: type[Peer], path: Path) -> int:
    """Ten jobs; the first worker is killed while it does its third; how many are never done."""
    peer(path).enqueue(10)
    files = [path.with_name("done.first"), path.with_name("done.second")]
    for file, dies_at in zip(files, (3, 0), strict=True):
        worker = _FORK.Process(target=_work, args=(peer, path, file, dies_at))
        worker.start()
        worker.join()
    done = {int(line) for file in files if file.exists() for line in file.read_text().split()}
    return 10 - len(done)


def _work(peer: type[Peer], path: Path, file: Path, dies_at: int) -> None:
    count = 0
    with file.open("a", buffering=1) as out:

        def done(number: int) -> None:
            nonlocal count
            count += 1
            if count == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            out.write(f"{number}\n")

        peer(path).take(done)


if __name__ == "__main__":
    if shutil.disk_usage(tempfile.gettempdir()).free < 10**9:
        sys.exit("less than 1 GB is free for temporary files")
    main()

"""The queue alone: no-op jobs, durable, one by one against bare SQL, in batches against peers.

Each of our jobs is inserted, claimed, promoted and completed, with its attempt, its counts and its
history. The bare loop does the same to the same tables with nothing around it but ``sqlite3``; a
second one has one small table, no promotion and no record, and is the least that can be durable.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import secrets
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.paired import paired, report
from benchmarks.queue_peers import PEERS, Peer
from casparian.core.stores.jobs import Completion, NewJob, Promotion
from casparian.core.stores.sqlite import statements
from casparian.core.stores.sqlite.many_rows import with_places
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.worker.presence import Presence, dead_workers, new_worker

_JOBS = 480
#: Short runs in turn, and many: a disk that others write to as well is never as fast twice.
_RUNS = 9
_BATCH = 16
_LEASE_MS = 300_000
_SOURCE = "5" * 64


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _one_by_one(folder)
        _batches(folder)


def _one_by_one(folder: Path) -> None:
    def ours() -> None:
        with SqliteStore(_made(folder)) as store:
            drain(store, batch=1)

    for text, loop, target in (
        ("the same tables by bare SQL", _bare_same, "at least 0.9"),
        ("the least: one table, three transactions", _bare_least, "told, no target"),
    ):
        a, b, ratio = paired(ours, lambda loop=loop: loop(_made(folder)), runs=_RUNS)
        print(f"  one by one: {_JOBS / a:,.0f} jobs/s; {text}: {_JOBS / b:,.0f} jobs/s")
        report(f"jobs/s one by one / {text}", 1 / ratio, target)


def _batches(folder: Path) -> None:
    def ours() -> None:
        with SqliteStore(_made(folder)) as store:
            drain(store, batch=_BATCH)

    for peer in PEERS:
        a, b, ratio = paired(ours, lambda peer=peer: _alone(peer, folder), runs=_RUNS)
        speeds = f"{_JOBS / a:,.0f} jobs/s; {peer.name}: {_JOBS / b:,.0f} jobs/s"
        print(f"  batches of {_BATCH}: {speeds}")
        print(f"    {peer.name}: {peer.kept}")
        print(f"    {peer.name}: {_told(peer, folder)}")
        report(f"jobs/s in batches / {peer.name}", 1 / ratio, peer.target)
    print(f"    casparian: {Ours.kept}")
    print(f"    casparian: {_told(Ours, folder)}")


# ------------------------------------------------------------------------- ours


def new_jobs(count: int = _JOBS) -> list[NewJob]:
    """Jobs whose inputs differ."""
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    return [NewJob("p", "1.0", _SOURCE, f"/data/{n}.csv", hash_) for n, hash_ in enumerate(hashes)]


def drain(store: SqliteStore, *, batch: int) -> None:
    """Insert, claim, promote and complete all jobs, each step of so many jobs at once."""
    jobs = new_jobs()
    for start in range(0, len(jobs), batch):
        store.jobs.insert_many(jobs[start : start + batch])
    while claimed := store.jobs.claim_next("w", limit=batch, lease_ms=_LEASE_MS):
        leases = [job.lease for job in claimed]
        promoted = store.jobs.promote([Promotion(x, "{}") for x in leases], lease_ms=_LEASE_MS)
        done = store.jobs.complete([Completion(lease, 10) for lease in leases])
        assert all(one.granted for one in promoted)
        assert all(done)


class Ours(Peer):
    """The store as a peer, for the count of what was lost or done twice."""

    name = "casparian"
    kept = (
        f"four durable transactions for {_BATCH} jobs: there, claimed, promoted, completed; each "
        "with its attempt, its counts, its history and which set stands"
    )

    def enqueue(self, count: int) -> None:
        with SqliteStore(self.path) as store:
            store.jobs.insert_many(
                NewJob("p", "1.0", _SOURCE, str(n), hashlib.sha256(b"%d" % n).hexdigest())
                for n in range(count)
            )

    def take(self, done: Callable[[int], None]) -> None:
        worker = secrets.token_hex(8)
        home = self.path.parent
        with SqliteStore(self.path) as store:
            presence = Presence(home, worker)
            store.workers.announce(new_worker(worker, slots=1))
            others = [other for other in store.workers.list() if other.worker_id != worker]
            store.jobs.requeue_stale(dead_workers=dead_workers(home, others))
            while claimed := store.jobs.claim_next(worker, limit=1, lease_ms=_LEASE_MS):
                [job] = claimed
                done(int(job.input_path))
                store.jobs.promote([Promotion(job.lease, "{}")], lease_ms=_LEASE_MS)
                store.jobs.complete([Completion(job.lease, 10)])
            presence.end()
            store.workers.retire(worker)


# ------------------------------------------------------------------- bare loops


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _now() -> int:
    return time.time_ns() // 1_000_000


def _bare_same(path: Path) -> None:
    """The same durable steps on the same tables, and nothing around them."""

    def given(statement: str, values: tuple[object, ...]) -> list[Any]:
        return db.execute(with_places(statement, 1, len(values)), values).fetchall()

    with closing(_connect(path)) as db:
        for job in new_jobs():
            version = (job.parser, job.parser_version, job.source_hash)
            work = {"input_hash": job.input_hash, "source_hash": job.source_hash}
            db.execute("BEGIN IMMEDIATE")
            assert not db.execute(statements.SAME_WORK, work).fetchall()
            values = (secrets.token_hex(8), *version, job.input_path, job.input_hash, 0, 0, 0, 0)
            given(statements.INSERT, (*values, 4, 3, None, None, _now()))
            db.execute("COMMIT")
        claim = {
            "worker_id": "w",
            "limit": 1,
            "lease_ms": _LEASE_MS,
            "parser": None,
            "without": "[]",
        }
        db.row_factory = sqlite3.Row
        while True:
            claim["now"] = now = _now()
            db.execute("BEGIN IMMEDIATE")
            db.execute(statements.DUE, claim)
            rows = db.execute(statements.CLAIM, claim).fetchall()
            for row in rows:
                db.execute(
                    statements.BEGIN_ATTEMPT,
                    (row["job_id"], row["fence"], row["attempt"], "w", now),
                )
            db.execute("COMMIT")
            if not rows:
                return
            held = (rows[0]["job_id"], rows[0]["fence"])
            db.execute("BEGIN IMMEDIATE")
            [job] = given(statements.TO_PROMOTE, held)
            version = (job["parser"], job["parser_version"])
            shown = (job["input_hash"], job["asked_at"], held[1], "")
            given(statements.STANDS, (job["input_path"], *version, held[0], *shown))
            given(statements.PROMOTE, (*held, "{}", None, None, _now() + _LEASE_MS))
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
            now = _now()
            [job] = given(statements.COMPLETE, (*held, "completed", 10, 0, now))
            work = (job["input_hash"], job["source_hash"])
            named = (held[0], *version, job["input_path"])
            db.execute(statements.HISTORY, (*work, *named, 10, 0, now))
            db.execute(statements.SUCCESS, {"parser": job["parser"], "now": now})
            db.execute(statements.CLOSE_ATTEMPT, (now, "completed", None, *held))
            db.execute("COMMIT")


def _bare_least(path: Path) -> None:
    """One table, and three durable transactions a job: there, mine, done."""
    with closing(_connect(path)) as db:
        db.executescript(
            """
            CREATE TABLE jobs (id INTEGER PRIMARY KEY, status TEXT NOT NULL, path TEXT NOT NULL,
                hash TEXT NOT NULL, source TEXT NOT NULL, fence INTEGER NOT NULL DEFAULT 0,
                worker TEXT, lease_until INTEGER, finished_at INTEGER) STRICT;
            CREATE INDEX ready ON jobs (id) WHERE status = 'pending';
            """
        )

        def durably(sql: str, values: tuple[object, ...]) -> list[tuple[int, int]]:
            db.execute("BEGIN IMMEDIATE")
            rows = db.execute(sql, values).fetchall()
            db.execute("COMMIT")
            return rows

        for job in new_jobs():
            durably(
                "INSERT INTO jobs (status, path, hash, source) VALUES ('pending', ?, ?, ?)",
                (job.input_path, job.input_hash, job.source_hash),
            )
        claim = (
            "UPDATE jobs SET status = 'running', fence = fence + 1, worker = ?, lease_until = ? "
            "WHERE id = (SELECT id FROM jobs WHERE status = 'pending' ORDER BY id LIMIT 1) "
            "RETURNING id, fence"
        )
        while rows := durably(claim, ("w", _now() + _LEASE_MS)):
            durably(
                "UPDATE jobs SET status = 'done', worker = NULL, lease_until = NULL, "
                "finished_at = ? WHERE id = ? AND fence = ? AND status = 'running'",
                (_now(), *rows[0]),
            )


# -------------------------------------------------------- what becomes of jobs


def _new(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder)) / "queue.db"


def _made(folder: Path) -> Path:
    """Return a new queue whose tables are there already."""
    template = folder / "template.db"
    if not template.exists():
        SqliteStore(template).close()
    return Path(shutil.copy(template, _new(folder)))


def _alone(peer: type[Peer], folder: Path) -> None:
    one = peer(_new(folder))
    one.enqueue(_JOBS)
    one.take(lambda _: None)


def _told(peer: type[Peer], folder: Path) -> str:
    """Say what is lost or done twice with four processes, and after one is killed."""
    lost, twice = _crowd(peer, _new(folder), count=_JOBS)
    undone = _after_a_kill(peer, _new(folder))
    return (
        f"four processes: {lost} of {_JOBS:,} lost, {twice} done twice; "
        f"one of them killed: {undone} of 10 never done"
    )


def _crowd(peer: type[Peer], path: Path, *, count: int) -> tuple[int, int]:
    peer(path).enqueue(count)
    context = multiprocessing.get_context("spawn")
    files = [path.with_name(f"done.{n}") for n in range(4)]
    workers = [context.Process(target=_work, args=(peer, path, file, 0)) for file in files]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = [int(line) for file in files if file.exists() for line in file.read_text().split()]
    return count - len(set(done)), len(done) - len(set(done))


def _after_a_kill(peer: type[Peer], path: Path) -> int:
    """Ten jobs; the first worker is killed while it does its third; how many are never done."""
    peer(path).enqueue(10)
    context = multiprocessing.get_context("spawn")
    files = [path.with_name("done.first"), path.with_name("done.second")]
    for file, dies_at in zip(files, (3, 0), strict=True):
        worker = context.Process(target=_work, args=(peer, path, file, dies_at))
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

"""What jobs cost SQLite with nothing around it but ``sqlite3``, one by one and durable."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.queue_peers import Peer
from casparian.core.stores.jobs import NewJob
from casparian.core.stores.sqlite import set_statements, statements
from casparian.core.stores.sqlite.job_rows import TOLD_BY_CLAIM
from casparian.core.stores.sqlite.many_rows import with_places

LEASE_MS = 300_000
SOURCE = "5" * 64
BATCH = 16
_LEASE = [TOLD_BY_CLAIM.index(name) for name in ("job_id", "fence")]
_LEAST = """
    CREATE TABLE jobs (id INTEGER PRIMARY KEY, status TEXT NOT NULL, path TEXT NOT NULL,
        hash TEXT NOT NULL, source TEXT NOT NULL, fence INTEGER NOT NULL DEFAULT 0,
        worker TEXT, lease_until INTEGER, finished_at INTEGER) STRICT;
    CREATE INDEX ready ON jobs (id) WHERE status = 'pending';
"""
_LEAST_INSERT = "INSERT INTO jobs (status, path, hash, source) VALUES ('pending', ?, ?, ?)"
_LEAST_CLAIM = """
    UPDATE jobs SET status = 'running', fence = fence + 1, worker = ?, lease_until = ?
    WHERE id IN (SELECT id FROM jobs WHERE status = 'pending' ORDER BY id LIMIT ?)
    RETURNING id, fence, path
"""
_LEAST_DONE = """
    UPDATE jobs SET status = 'done', worker = NULL, lease_until = NULL, finished_at = ?
    WHERE id = ? AND fence = ? AND status = 'running'
"""


def same_tables(path: Path, jobs: Sequence[NewJob]) -> None:
    """The same durable steps on the store's own tables as the store does."""

    def given(statement: str, *row: object, once: tuple[object, ...] = ()) -> list[Any]:
        text = with_places(statement, 1, len(row), len(once))
        return db.execute(text, (*once, *row)).fetchall()

    with closing(_connect(path)) as db:
        for job in jobs:
            version = (job.parser, job.parser_version, job.source_hash)
            work = {"input_hash": job.input_hash, "source_hash": job.source_hash}
            db.execute("BEGIN IMMEDIATE")
            assert not db.execute(statements.SAME_WORK, work).fetchall()
            kind = ("pending", *version, 0, 0, 0, 4, 3, None, None, _now())
            of_input = (secrets.token_hex(8), job.input_path, job.input_hash, 0)
            given(statements.INSERT, *of_input, once=kind)
            db.execute(statements.COUNTED, (job.parser, "pending", 1))
            db.execute("COMMIT")
        wanted = {"parser": None, "without": "[]"}
        while True:
            now = _now()
            db.execute("BEGIN IMMEDIATE")
            assert not db.execute(statements.SOME_DUE, (now,)).fetchall()
            ready = db.execute(statements.READY, wanted).fetchall()
            if not ready:
                db.execute("COMMIT")
                return
            [(parser, source_hash)] = ready
            claim = {
                "parser": parser,
                "source_hash": source_hash,
                "worker_id": "w",
                "limit": 1,
                "lease_ms": LEASE_MS,
                "now": now,
            }
            [(text,)] = db.execute(statements.CLAIM_OF_BUNDLE, claim).fetchall()
            job_id, fence = (json.loads(text)[place] for place in _LEASE)
            db.execute(statements.COUNTED, (parser, "pending", -1))
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
            [(seq, _, _, in_the_way)] = given(statements.TO_PROMOTE, job_id, fence)
            assert in_the_way is None
            given(set_statements.STANDS, seq, "")
            given(statements.PROMOTE, seq, fence, "{}", once=(_now() + LEASE_MS,))
            db.execute("COMMIT")
            db.execute("BEGIN IMMEDIATE")
            now = _now()
            [done] = given(statements.COMPLETE, job_id, fence, 10, 0, once=(now,))
            _, _, parser, had_in_its_way = done
            assert not had_in_its_way
            db.execute(statements.COUNTED, (parser, "completed", 1))
            db.execute(statements.SUCCESS, {"parser": parser, "now": now})
            db.execute("COMMIT")


def least(path: Path, jobs: Sequence[NewJob]) -> None:
    """One table of its own, and three durable transactions a job: there, mine, done."""
    with closing(_connect(path)) as db:
        db.executescript(_LEAST)

        def durably(sql: str, values: tuple[object, ...]) -> list[tuple[int, int]]:
            db.execute("BEGIN IMMEDIATE")
            rows = db.execute(sql, values).fetchall()
            db.execute("COMMIT")
            return rows

        for job in jobs:
            durably(_LEAST_INSERT, (job.input_path, job.input_hash, job.source_hash))
        while rows := durably(_LEAST_CLAIM, ("w", _now() + LEASE_MS, 1)):
            durably(_LEAST_DONE, (_now(), *rows[0][:2]))


class LeastInBatches(Peer):
    """What `least` does, many jobs in each transaction: a queue can't cost less and be one."""

    name = "the least SQL"
    kept = (
        f"two durable transactions for {BATCH} jobs, in one table: no counts, no attempts, no "
        "history, no set that stands, no point of no return"
    )
    target = "told, no target"

    def enqueue(self, count: int) -> None:
        with closing(_connect(self.path)) as db:
            db.executescript(_LEAST)
            for start in range(0, count, BATCH):
                db.execute("BEGIN IMMEDIATE")
                db.executemany(
                    _LEAST_INSERT,
                    [
                        (str(n), hashlib.sha256(b"%d" % n).hexdigest(), SOURCE)
                        for n in range(start, min(start + BATCH, count))
                    ],
                )
                db.execute("COMMIT")

    def take(self, done: Callable[[int], None]) -> None:
        held: list[tuple[int, int]] = []
        with closing(_connect(self.path)) as db:
            db.execute("PRAGMA busy_timeout = 30000").fetchall()
            while True:
                db.execute("BEGIN IMMEDIATE")
                db.executemany(_LEAST_DONE, [(_now(), *lease) for lease in held])
                rows = db.execute(_LEAST_CLAIM, ("w", _now() + LEASE_MS, BATCH)).fetchall()
                db.execute("COMMIT")
                if not (held or rows):
                    return
                for _, _, path in rows:
                    done(int(path))
                held = [(id_, fence) for id_, fence, _ in rows]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _now() -> int:
    return time.time_ns() // 1_000_000

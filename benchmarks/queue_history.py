"""The queue with a million finished jobs beside one with none: a claim, a page, the counts."""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.paired import report
from casparian.core.stores.jobs import JobFilter, NewJob
from casparian.core.stores.sqlite.store import SqliteStore

_WAITING = 400
_LEASE_MS = 300_000

# Half of a percent failed, so that pages of rare states are looked for among many others.
_FINISHED = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
    INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, input_path,
        input_hash, input_size, priority, forced, run_at, attempt, max_attempts, max_crashes,
        fence, rows, quarantined, processed, created_at, started_at, finished_at)
    SELECT lower(hex(randomblob(8))), CASE WHEN n % 200 = 0 THEN 'failed' ELSE 'completed' END,
        'p', '1.0', :source, '/data/' || n || '.csv', lower(hex(randomblob(32))), 1000, 0, 0, 0,
        1, 4, 3, 1, 1000, 0, n % 200 <> 0, n, n, n
    FROM numbers
"""
_COUNTED = """
    INSERT INTO cf_job_counts SELECT parser, status, count(*) FROM cf_jobs GROUP BY parser, status
"""


def main(words: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--jobs", type=int, default=1_000_000, help="finished jobs")
    count = options.parse_args(words or []).jobs
    with (
        tempfile.TemporaryDirectory() as name,
        SqliteStore(Path(name) / "full.db") as full,
        SqliteStore(Path(name) / "empty.db") as empty,
    ):
        began = time.perf_counter()
        fill(full, count)
        print(f"  {count:,} finished jobs, made in {time.perf_counter() - began:.0f} s")
        for store in (full, empty):
            store.jobs.insert_many(_waiting())
        _compare(full, empty)


def fill(store: SqliteStore, count: int) -> None:
    """Put so many finished jobs into a new store."""
    store.connection.raw.execute(_FINISHED, {"count": count, "source": "5" * 64})
    store.connection.raw.execute(_COUNTED)


def _waiting() -> list[NewJob]:
    hashes = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(_WAITING)]
    return [NewJob("p", "1.0", "5" * 64, f"/in/{n}.csv", hash_) for n, hash_ in enumerate(hashes)]


def _compare(full: SqliteStore, empty: SqliteStore) -> None:
    failed = JobFilter(statuses=("failed",))
    of_parser = JobFilter(parser="p")
    for what, target, ask in (
        ("a claim", "about 1", lambda s: s.jobs.claim_next("w", limit=1, lease_ms=_LEASE_MS)),
        ("the first page", "at most 3", lambda s: s.jobs.list(limit=100)),
        ("the first page of a parser", "at most 3", lambda s: s.jobs.list(of_parser, limit=100)),
        ("the counts", "at most 3", lambda s: s.jobs.counts()),
        ("the counts of a parser", "at most 3", lambda s: s.jobs.counts("p")),
    ):
        a, b, ratio = _in_turn(lambda ask=ask: ask(full), lambda ask=ask: ask(empty))
        print(f"  {what}: {1000 * a:.2f} ms with them, {1000 * b:.2f} ms without")
        report(f"{what}, with / without", ratio, target)
    a, _, _ = _in_turn(lambda: full.jobs.list(failed, limit=100), lambda: None)
    print(f"  the first page of the failed ones, which the other hasn't: {1000 * a:.2f} ms")


def _in_turn(a: Callable[[], object], b: Callable[[], object]) -> tuple[float, float, float]:
    """Median seconds of single calls, and the ratio of the medians: calls are too short for one."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_WAITING // 2):
        for call, taken in zip((a, b), times, strict=True):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
    first, second = map(statistics.median, times)
    return first, second, first / second


if __name__ == "__main__":
    main(sys.argv[1:])

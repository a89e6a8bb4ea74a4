"""The embedded store's file: who may use it, what happens when it can't be used, its versions."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from casparian.core.stores import (
    StoreError,
    StoreNewerError,
    StoreUnreachableError,
    open_store,
)
from casparian.core.stores.jobs import Completion, Lease, NewJob
from casparian.core.stores.maintenance import check_store
from casparian.core.stores.sqlite import connection as sqlite_connection
from casparian.core.stores.sqlite import migrations
from casparian.core.stores.sqlite.connection import Connection
from casparian.core.stores.sqlite.holder import holder_by
from casparian.core.stores.sqlite.schema import MIGRATIONS
from casparian.core.stores.sqlite.store import SqliteStore, wall_clock

from .clock import LEASE_MS, claim, finish, new_job


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "casparian.db"


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()


def test_a_store_is_made_with_its_folder_and_every_commit_is_durable(path: Path) -> None:
    with SqliteStore(path) as store:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("busy_timeout", 0)):
            assert store.connection.read(f"PRAGMA {pragma}")[0][0] == value


def test_a_store_whose_file_was_moved_away_or_replaced_is_not_written_to_unseen(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_connection, "_LOOK_AGAIN_S", 0.0)  # as if that much later
    with SqliteStore(path) as store:
        store.jobs.insert(new_job(1))
        path.rename(moved := tmp_path / "moved.db")
        with pytest.raises(StoreUnreachableError, match="was moved or removed"):
            store.jobs.insert(new_job(2))
        moved.rename(path)
        store.jobs.insert(new_job(2))
        assert store.jobs.counts() == {"pending": 2}, "once it is back it goes on"
        path.rename(moved)
        path.write_bytes(b"a backup, say")
        with pytest.raises(StoreError, match="another file has taken the store's place"):
            store.changed()
        path.unlink()


def test_that_a_stores_file_was_moved_away_is_seen_a_moment_later(
    path: Path, tmp_path: Path, eventually: Callable[[Callable[[], object]], None]
) -> None:
    with SqliteStore(path) as store:
        store.changed()
        path.rename(tmp_path / "moved.db")

        def is_seen() -> bool:
            try:
                store.changed()
            except StoreUnreachableError:
                return True
            return False

        eventually(is_seen)


@pytest.mark.parametrize("url", ["{}", "sqlite://{}"])
def test_a_url_opens_the_store_that_it_names(url: str, path: Path) -> None:
    with open_store(url.format(path)) as store:
        store.jobs.insert(new_job(1))
    with open_store(path) as store:
        assert store.jobs.counts() == {"pending": 1}


def test_a_url_of_another_kind_is_refused_with_what_there_is(path: Path) -> None:
    with pytest.raises(StoreError, match="no store of the kind 'mysql'") as caught:
        open_store("mysql://host/db")
    assert "sqlite:///" in caught.value.hint


def test_what_is_read_only_changes_nothing(path: Path) -> None:
    with pytest.raises(StoreUnreachableError, match="can't be opened"):
        open_store(path, read_only=True)
    assert not path.exists()
    with open_store(path) as store:
        store.jobs.insert(new_job(1))
    with open_store(path, read_only=True) as store:
        assert store.jobs.counts() == {"pending": 1}
        with pytest.raises(StoreError):
            store.jobs.insert(new_job(2))


# ----------------------------------------------------------------------------- versions


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
def test_a_file_of_any_earlier_version_becomes_one_of_this(version: int, tmp_path: Path) -> None:
    fresh, old = tmp_path / "fresh.db", tmp_path / "old.db"
    SqliteStore(fresh).close()
    with closing(Connection(old, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=version)
        assert migrations.version_of(connection) == version
    with pytest.raises(StoreUnreachableError, match="earlier version") as caught:
        open_store(old, read_only=True)
    assert caught.value.hint == "bring it up to date: casparian db migrate"
    SqliteStore(old).close()
    assert schema(old) == schema(fresh)


def test_what_was_done_and_what_is_under_way_is_known_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(Connection(path, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=7)
        for job, status, ended in (("done", "completed", 9), ("held", "running", None)):
            connection.raw.execute(
                "INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, "
                "input_path, input_hash, input_size, priority, forced, run_at, attempt, "
                "max_attempts, max_crashes, fence, worker_id, lease_until, created_at, started_at, "
                "finished_at) VALUES (:job, :status, 'sales', '1.0.0', 's', :job, :job, 1, 0, 0, "
                "0, 1, 4, 3, 1, iif(:ended, NULL, 'w'), iif(:ended, NULL, 99), 7, 8, :ended)",
                {"job": job, "status": status, "ended": ended},
            )
            connection.raw.execute(
                "INSERT INTO cf_job_attempts VALUES (?, 1, 1, 'w', 8, ?, ?, NULL)",
                (job, ended, ended and status),
            )
        for job in ("done", "pruned"):
            connection.raw.execute(
                "INSERT INTO cf_processing_history VALUES (?, 's', ?, 'sales', '1', ?, 5, 0, 9)",
                (job, job, job),
            )
        assert connection.raw.execute("SELECT count(*) FROM cf_job_counts").fetchone()[0] == 2
    with SqliteStore(path) as store:
        assert store.jobs.counts() == {"completed": 1, "running": 1}
        [known] = store.jobs.attempts("held")
        assert (known.worker_id, known.started_at, known.outcome) == ("w", 8, None)
        [known] = store.jobs.attempts("done")
        assert (known.ended_at, known.outcome) == (9, "completed")
        for job in ("done", "pruned"):
            assert store.jobs.exists_for_hash(job, "s") == job
        assert store.jobs.prune(before=10) == ["done"]
        assert store.jobs.exists_for_hash("done", "s") == "done"
    assert [problem.name for problem in check_store(str(path))] == ["bundles"]


def test_a_job_that_was_publishing_at_the_migration_is_completed_as_the_only_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.db"
    with closing(Connection(path, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=9)
        for job, status, ended in (("done", "completed", 9), ("held", "promoting", None)):
            connection.raw.execute(
                "INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, "
                "input_path, input_hash, input_size, priority, forced, run_at, attempt, "
                "max_attempts, max_crashes, fence, worker_id, lease_until, created_at, started_at, "
                "finished_at, processed) VALUES (:job, :status, 'sales', '1.0.0', 's', :job, "
                "'same', 1, 0, 1, 0, 1, 4, 3, 1, iif(:ended, NULL, 'w'), iif(:ended, NULL, 99), 7, "
                "8, :ended, :ended IS NOT NULL)",
                {"job": job, "status": status, "ended": ended},
            )
        connection.raw.execute(
            "INSERT INTO cf_job_attempts VALUES ('done', 1, 1, 'w', 8, 9, 'completed', NULL)"
        )
        connection.raw.execute("INSERT INTO cf_job_counts VALUES ('sales', 'completed', 1)")
    with SqliteStore(path) as store:
        assert store.jobs.complete([Completion(Lease("held", 1), 5)]) == [True]
        done = store.connection.read("SELECT job_id FROM cf_processing_history")
        assert [row[0] for row in done] == ["held"], "of those that did the work the newest counts"
        for job in ("done", "held"):
            [told] = store.jobs.attempts(job)
            assert (told.worker_id, told.started_at, told.outcome) == ("w", 8, "completed")
            assert store.jobs.requeue(job)
            assert store.jobs.attempts(job) == [told]
            store.jobs.cancel(job)
    assert [problem.name for problem in check_store(str(path))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "status = 'done'",
        "status = 'completed'",
        "status = 'running'",
        "worker_id = 'w'",
        "fence = -1",
    ],
)
def test_a_job_in_no_state_is_refused(path: Path, wrong: str) -> None:
    with SqliteStore(path) as store:
        store.jobs.insert(new_job())
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            store.connection.raw.execute(f"UPDATE cf_jobs SET {wrong}")


def test_a_store_of_a_newer_program_is_refused_and_untouched(path: Path) -> None:
    SqliteStore(path).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreNewerError, match="newer casparian") as caught:
        SqliteStore(path)
    assert "upgrade casparian" in caught.value.hint
    assert path.read_bytes() == before


def test_another_programs_file_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(StoreError, match="another program's"):
        SqliteStore(path)
    assert [name for name, _ in schema(path)] == ["songs"]


def test_processes_that_open_a_new_store_at_once_make_it_once(path: Path) -> None:
    code = "import sys; from casparian.core.stores import open_store; open_store(sys.argv[1])"
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        assert process.communicate(timeout=60)[1] == b""
        assert process.returncode == 0
    with SqliteStore(path) as store:
        [applied] = store.connection.read("SELECT count(*) FROM _sqlite_migrations")
        assert applied[0] == len(MIGRATIONS)


# ------------------------------------------------------------------------ in harm's way


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("this is a diary\n" * 100)
    with pytest.raises(StoreError, match="no SQLite database, or it is damaged"):
        SqliteStore(path)


def test_a_limit_of_files_that_the_store_comes_to_is_told(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with SqliteStore(path) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            with pytest.raises(
                StoreUnreachableError, match="may have more than 200,000 bytes"
            ) as c:
                store.jobs.insert_many(new_job(number) for number in range(2_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert "ulimit -f" in c.value.hint
        assert store.jobs.counts() == {}, "all or none"
        assert store.jobs.insert(new_job(1)).is_new


def test_a_store_that_is_held_too_long_is_unreachable_and_then_works_again(path: Path) -> None:
    with SqliteStore(path, patience_s=0.2) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnreachableError, match=r"has held the store for 0\.2 s"):
            store.jobs.insert(new_job(1))
        other.rollback()
        assert store.jobs.insert(new_job(1)).is_new


HOLDS = """
import os, signal, sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the system doesn't tell of locks")
@pytest.mark.parametrize("stopped", [True, False])
def test_who_holds_the_store_is_named_with_what_to_do_about_it(
    path: Path, eventually: Callable[..., Any], stopped: bool
) -> None:
    with SqliteStore(path, patience_s=0.2) as store:
        command = [sys.executable, "-c", HOLDS, str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            try:
                assert holder.stdout is not None
                assert holder.stdout.readline() == b"held\n"
                if stopped:
                    holder.send_signal(signal.SIGSTOP)
                    eventually(lambda: psutil.Process(holder.pid).status() == "stopped")
                with pytest.raises(StoreUnreachableError) as told:
                    store.jobs.insert(new_job(1))
            finally:
                holder.kill()
        assert f": process {holder.pid} (" in told.value.message
        assert told.value.message.endswith(", which is stopped") == stopped
        assert (f"kill -CONT {holder.pid}" in told.value.hint) == stopped
        assert f"{holder.pid}, which undoes" in told.value.hint or stopped
        assert store.jobs.insert(new_job(1)).is_new


def test_the_writers_lock_is_told_from_others() -> None:
    locks = """\
1: POSIX  ADVISORY  WRITE 11 fe:00:77 128 128
2: POSIX  ADVISORY  READ 12 fe:00:77 120 120
3: POSIX  ADVISORY  WRITE 13 fe:00:78 120 120
3: -> POSIX  ADVISORY  WRITE 14 fe:00:77 120 120
4: FLOCK  ADVISORY  WRITE 15 fe:00:79 0 EOF
"""
    assert holder_by(locks, 77) is None
    assert holder_by(locks + "5: POSIX  ADVISORY  WRITE 16 fe:00:77 120 120\n", 77) == 16


def test_a_full_disk_loses_no_job_and_says_so(path: Path) -> None:
    with SqliteStore(path) as store:
        first = store.jobs.insert(new_job(1)).job_id
        pages = store.connection.read("PRAGMA page_count")[0][0]
        store.connection.read(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreUnreachableError, match="can't grow") as caught:
            store.jobs.insert_many([new_job(number) for number in range(2, 2_000)])
        assert caught.value.hint == "free some space on its disk"
        assert store.jobs.counts() == {"pending": 1}
        store.connection.read("PRAGMA max_page_count = 1000000")
        lease = claim(store)
        assert lease.job_id == first
        finish(store, lease)
        assert store.connection.read("PRAGMA integrity_check")[0][0] == "ok"


def test_a_transaction_that_fails_leaves_nothing_and_holds_no_lock(path: Path) -> None:
    with SqliteStore(path) as one, SqliteStore(path, patience_s=0.5) as other:
        with pytest.raises(StoreError, match="the store refused"):
            one.jobs.insert_many([new_job(1), new_job(2, priority="high")])
        assert other.jobs.insert(new_job(3)).is_new
        assert other.jobs.counts() == {"pending": 1}


def test_what_was_being_written_when_the_process_was_killed_is_there_whole_or_not(
    path: Path,
) -> None:
    SqliteStore(path).close()
    code = """if True:
        import sys
        from casparian.core.stores import open_store
        from casparian.core.stores.jobs import Completion, Lease, NewJob
        store = open_store(sys.argv[1])
        for batch in range(100_000):
            store.jobs.insert_many(
                NewJob("p", "1", "s", f"{batch}/{n}", f"{batch}-{n}") for n in range(10)
            )
            print(batch, flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(20)]
        process.kill()
        said += process.stdout.readlines()
    committed = int(said[-1]) + 1
    with SqliteStore(path) as store:
        jobs = store.jobs.counts()["pending"]
        assert jobs % 10 == 0, "a batch is there whole or not at all"
        assert committed <= jobs // 10 <= committed + 1, "what was said to be done is done"
        assert store.connection.read("PRAGMA integrity_check")[0][0] == "ok"


# --------------------------------------------------------------------------- contention

_WORKER = """if True:
    import sys
    from casparian.core.stores import open_store
    from casparian.core.stores.jobs import Completion, Promotion
    store, name = open_store(sys.argv[1]), sys.argv[2]
    print("ready", flush=True)
    sys.stdin.readline()
    done = 0
    while jobs := store.jobs.claim_next(name, limit=64, lease_ms=600_000):
        leases = [job.lease for job in jobs]
        promoted = store.jobs.promote([Promotion(l, "") for l in leases], lease_ms=600_000)
        assert all(one.granted for one in promoted)
        assert all(store.jobs.complete([Completion(lease, rows=1) for lease in leases]))
        done += len(jobs)
    print(done)
"""


def test_eight_processes_do_twenty_thousand_jobs_none_lost_none_twice(path: Path) -> None:
    with SqliteStore(path) as store:
        store.jobs.insert_many(
            NewJob(f"p{number % 3}", "1", "s", f"{number}.csv", str(number))
            for number in range(20_000)
        )
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", _WORKER, str(path), f"w{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(8)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        done = []
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            done.append(int(worker.communicate(timeout=100)[0]))
            assert worker.returncode == 0
        assert sum(done) == 20_000
        assert min(done) > 0, "no process starves"
        assert store.jobs.counts() == {"completed": 20_000}
        [fences] = store.connection.read("SELECT max(fence), min(fence) FROM cf_jobs")
        assert tuple(fences) == (1, 1)
        [attempts] = store.connection.read("SELECT count(*) FROM cf_job_attempts")
        assert attempts[0] == 20_000


def test_a_heartbeat_gets_through_beside_busy_writers(path: Path) -> None:
    """SQLite's own way of waiting would starve it: see the module of the connection."""
    code = """if True:
        import sys
        from casparian.core.stores import open_store
        store = open_store(sys.argv[1])
        print("ready", flush=True)
        while True:
            for job in store.jobs.claim_next(sys.argv[2], limit=1, lease_ms=600_000):
                store.jobs.release(job.lease)
    """
    with SqliteStore(path, patience_s=20) as store:
        store.jobs.insert_many(new_job(number) for number in range(10))
        lease = claim(store)
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(path), f"w{number}"], stdout=subprocess.PIPE
            )
            for number in range(3)
        ]
        try:
            for writer in writers:
                assert writer.stdout is not None
                assert writer.stdout.readline() == b"ready\n"
            for _ in range(100):
                [beat] = store.jobs.heartbeat([lease], lease_ms=LEASE_MS)
                assert beat.held
        finally:
            for writer in writers:
                writer.kill()
                writer.communicate()


def test_jobs_of_an_earlier_version_are_there_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(Connection(path, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=1)
        connection.raw.execute(
            "INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, "
            "input_path, input_hash, input_size, priority, forced, run_at, max_attempts, "
            "max_crashes, created_at) VALUES ('j1', 'pending', 'sales', '1', 's', '/a.csv', 'h', "
            "1, 0, 0, 0, 4, 3, 7)"
        )
    with SqliteStore(path) as store:
        job = store.jobs.get("j1")
        assert job is not None
        assert (job.created_at, job.replaces, job.replaced_by) == (7, None, None)
        finish(store, claim(store))

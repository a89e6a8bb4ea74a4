"""What is queued is queued once, is what it was when it was read, and is not read again."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from casparian.core.queueing import enqueue as module
from casparian.core.queueing.enqueue import EnqueueReport, enqueue
from casparian.core.queueing.hashing import Stopped, hash_file
from casparian.core.queueing.problems import FileProblem
from casparian.core.stores.errors import StoreError
from casparian.core.stores.jobs import Completion, Promotion
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.sqlite.store import SqliteStore

from .conftest import register, write


def do_all(store: SqliteStore) -> None:
    """Do all that is pending."""
    while jobs := store.jobs.claim_next("w", limit=100, lease_ms=60_000):
        store.jobs.promote([Promotion(job.lease, "{}") for job in jobs], lease_ms=60_000)
        store.jobs.complete([Completion(job.lease, rows=1) for job in jobs])


def counts(report: EnqueueReport) -> tuple[int, int, int, int]:
    return report.queued, report.already_processed, report.in_queue, report.problem_count


def test_a_job_is_pinned_to_the_bundle_and_to_what_the_file_holds(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    path = write(data / "a.csv", "a,b\n")
    [done] = enqueue(store, [path], [sales], priority=2).jobs
    job = store.jobs.get(done.job_id)
    assert job is not None
    assert (job.parser, job.parser_version, job.source_hash) == (
        "sales",
        "1.0.0",
        sales.source_hash,
    )
    assert (job.input_path, job.input_size, job.priority) == (str(path), 4, 2)
    assert job.input_hash == hashlib.sha256(b"a,b\n").hexdigest()


def test_paths_are_absolute(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(data / "a.csv")
    (data / "in").mkdir()
    monkeypatch.chdir(data)
    report = enqueue(store, [Path("a.csv"), Path("in/../a.csv")], [sales], force=True)
    assert [done.path for done in report.jobs] == [str(data / "a.csv")]


def test_what_is_queued_or_done_is_told_apart_and_not_queued_again(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    first, second = write(data / "a.csv"), write(data / "b.csv")
    assert counts(enqueue(store, [first], [sales])) == (1, 0, 0, 0)
    do_all(store)
    assert counts(enqueue(store, [first, second], [sales])) == (1, 1, 0, 0)
    report = enqueue(store, [first, second], [sales])
    assert counts(report) == (0, 1, 1, 0)
    assert [done.outcome for done in report.jobs] == ["already_processed", "in_queue"]
    assert counts(enqueue(store, [first, second], [sales], force=True)) == (2, 0, 0, 0)


def test_each_parser_gets_each_file(store: SqliteStore, sales: StoredParser, data: Path) -> None:
    other = register(store, "other")
    report = enqueue(store, [write(data / "a.csv"), write(data / "b.csv")], [sales, other])
    assert (report.files, report.queued) == (2, 4)
    assert store.jobs.counts("other") == {"pending": 2}


def test_another_version_or_other_content_is_other_work(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    path = write(data / "a.csv")
    enqueue(store, [path], [sales])
    assert enqueue(store, [path], [register(store, version="1.1.0")]).queued == 1
    write(path, "other")
    assert enqueue(store, [path], [sales]).queued == 1


# ----------------------------------------------------------------------- reading again


def test_a_file_that_has_not_changed_is_not_read_again(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casparian.core.queueing.hashing._TOO_YOUNG_NS", -(10**18))
    path = write(data / "a.csv", "12345")
    assert enqueue(store, [path], [sales]).bytes_read == 5
    assert enqueue(store, [path], [sales], force=True).bytes_read == 0
    changed = [
        lambda: path.write_text("54321"),
        lambda: os.utime(path, (1, 1)),
        lambda: path.write_text("123"),
        lambda: (path.unlink(), write(path, "123")),
    ]
    for change in changed:
        change()
        report = enqueue(store, [path], [sales], force=True)
        assert report.bytes_read == path.stat().st_size
        job = store.jobs.get(report.jobs[0].job_id)
        assert job is not None
        assert job.input_hash == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_has_just_been_written_is_read_again(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    path = data / "a.csv"
    path.write_text("one")
    enqueue(store, [path], [sales])
    before = path.stat()
    path.write_text("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert enqueue(store, [path], [sales]).queued == 1, "though it may look the same"


# ---------------------------------------------------------------------------- problems


def problems(report: EnqueueReport) -> dict[str, str]:
    return {Path(problem.path).name: problem.message for problem in report.problems}


def test_what_can_not_be_queued_is_told_with_the_reason_and_all_else_is_queued(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    os.mkfifo(data / "pipe")
    (data / "folder").mkdir()
    (data / "broken").symlink_to("nowhere")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(data / "socket"))
    listener.close()
    files = [data / name for name in ("pipe", "folder", "broken", "socket", "none.csv")]
    files += [Path("/dev/null"), data / "a\0b", write(data / "good.csv"), data / "good.csv" / "x"]
    report = enqueue(store, files, [sales])
    assert (report.queued, report.problem_count) == (1, 8)
    assert problems(report) == {
        "pipe": "it is a named pipe, and no plain file",
        "folder": "it is a folder: give it as an argument to queue the files in it",
        "broken": "it is a link to nowhere, which is not there",
        "socket": "it is a socket, and no plain file",
        "none.csv": "there is no such file",
        "null": "it is a device, and no plain file",
        "a\0b": "no file can have such a name",
        "x": "there is no such file",
    }


def test_a_name_that_is_no_text_is_a_problem_and_no_crash(
    store: SqliteStore, sales: StoredParser, data: Path
) -> None:
    path = Path(os.fsdecode(os.fsencode(data) + b"/\xff.csv"))
    try:
        path.write_text("x")
    except OSError:
        pytest.skip("this file system refuses such names")
    [problem] = enqueue(store, [path], [sales]).problems
    assert (problem.kind, problem.message) == ("name", "its name is not valid Unicode: rename it")


def test_a_file_that_may_not_be_read_is_a_problem(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # as for anybody but root

    monkeypatch.setattr(os, "open", refuse)
    [problem] = enqueue(store, [write(data / "a.csv")], [sales]).problems
    assert problem.message == "it can't be read: Permission denied"


@pytest.mark.parametrize("how", ["appended", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_is_not_queued(data: Path, how: str) -> None:
    path = write(data / "a.csv", "x" * 10)

    def change(_: int) -> None:
        if how == "appended":
            with path.open("a") as file:
                file.write("more")
        elif how == "replaced":
            write(data / "new", "y" * 10).rename(path)
        else:
            path.unlink()

    found = hash_file(str(path), threading.Event(), change)
    assert isinstance(found, FileProblem)
    assert found.kind == ("missing" if how == "removed" else "changed")


def test_reading_ends_when_it_is_to_stop(data: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        hash_file(str(write(data / "a.csv")), stop, lambda _: None)


# ----------------------------------------------------------------------------- batches


def test_many_files_are_queued_in_batches_of_bounded_size(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_FILES", 7)
    files = [write(data / f"{number:02}.csv") for number in range(23)]
    open_ahead: list[int] = []
    report = EnqueueReport()

    def one_by_one() -> Iterator[Path]:
        for number, path in enumerate(files):
            open_ahead.append(number - report.queued)
            yield path

    enqueue(store, one_by_one(), [sales], report=report)
    assert report.queued == 23
    assert max(open_ahead) == 6, "no more is held than a batch"
    jobs = store.jobs.list(sort="oldest").jobs
    assert [job.input_path for job in jobs] == [str(path) for path in files]


def test_what_was_queued_before_an_interruption_stays_and_the_rest_follows(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_FILES", 2)
    files = [write(data / f"{number}.csv") for number in range(5)]

    def interrupted() -> Iterator[Path]:
        yield from files[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enqueue(store, interrupted(), [sales])
    assert store.jobs.counts() == {"pending": 2}
    assert counts(enqueue(store, files, [sales])) == (3, 0, 2, 0)


def test_a_report_keeps_the_first_thousand_and_counts_all(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    files = [data / f"{number}.csv" for number in range(5)]
    report = enqueue(store, [*files, *(write(data / f"{n}.txt") for n in range(5))], [sales])
    assert (report.queued, len(report.jobs)) == (5, 3)
    assert (report.problem_count, len(report.problems)) == (5, 3)


def test_a_store_that_fails_is_told(
    store: SqliteStore, sales: StoredParser, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(data / "a.csv")
    store.close()
    with pytest.raises(StoreError):
        enqueue(store, [path], [sales])

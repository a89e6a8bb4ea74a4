"""What queueing would do is told before, and is what it then does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from casparian.core.queueing import enqueue_preview
from casparian.core.queueing.enqueue import EnqueueReport, enqueue
from casparian.core.queueing.enqueue_preview import EnqueuePreview, Preview
from casparian.core.queueing.inputs import find_inputs
from casparian.core.queueing.path_completion import completed, path_completions
from casparian.core.stores.jobs import Completion, Promotion
from casparian.core.stores.parsers import StoredParser
from casparian.core.stores.sqlite.store import SqliteStore


def preview(store: SqliteStore, parser: StoredParser, word: str) -> EnqueuePreview:
    told: list[EnqueuePreview] = []
    Preview(store, parser, stop=threading.Event(), told=told.append).look(find_inputs([word]))
    assert told[-1].is_over
    return told[-1]


def counts(found: EnqueuePreview | EnqueueReport) -> tuple[int, ...]:
    return (found.queued, found.already_processed, found.in_queue, found.problem_count)


def test_it_tells_what_queueing_then_does_and_why_each_is_left_out(
    store: SqliteStore, sales: StoredParser, tmp_path: Path
) -> None:
    for name, text in (("a", "1"), ("b", "2"), ("c", "3"), ("d", "3"), ("e", "1")):
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "f.csv").symlink_to(tmp_path / "nowhere")
    enqueue(store, find_inputs([str(tmp_path / "[ab].csv")]), [sales])
    [done] = store.jobs.claim_next("w", limit=1, lease_ms=60_000)
    store.jobs.promote([Promotion(done.lease, "{}", "/out/1")], lease_ms=60_000)
    store.jobs.complete([Completion(done.lease)])
    before = store.jobs.list().jobs
    found = preview(store, sales, str(tmp_path / "*.csv"))
    assert store.jobs.list().jobs == before, "nothing is changed"
    assert found.files == 6
    assert counts(found) == (1, 2, 2, 1)
    told = {Path(one.path).name: (one.outcome, one.job_id) for one in found.skipped}
    pending = next(job for job in before if job.status == "pending")
    assert told == {
        "a.csv": ("already_processed", done.job_id),
        "b.csv": ("in_queue", pending.job_id),
        "d.csv": ("in_queue", ""),
        "e.csv": ("already_processed", done.job_id),
    }
    report = enqueue(store, find_inputs([str(tmp_path / "*.csv")]), [sales])
    assert counts(report) == counts(found)


def test_a_changed_file_whose_set_stands_is_queued_though_its_content_is_known(
    store: SqliteStore, sales: StoredParser, tmp_path: Path
) -> None:
    for name, text in (("a", "1"), ("b", "2")):
        (tmp_path / f"{name}.csv").write_text(text)
    word = str(tmp_path / "*.csv")
    enqueue(store, find_inputs([word]), [sales])
    for job in store.jobs.claim_next("w", limit=2, lease_ms=60_000):
        store.jobs.promote([Promotion(job.lease, "{}", f"/out/{job.job_id}")], lease_ms=60_000)
        store.jobs.complete([Completion(job.lease)])
    (tmp_path / "a.csv").write_text("2")
    found = preview(store, sales, word)
    assert counts(found) == (2, 0, 0, 0), "its set has to be replaced, and so has the other"
    assert counts(enqueue(store, find_inputs([word]), [sales])) == counts(found)


def test_however_many_files_only_some_are_read_and_the_others_are_counted(
    store: SqliteStore, sales: StoredParser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enqueue_preview, "_LOOKED_AT", 4)
    monkeypatch.setattr(enqueue_preview, "_BATCH", 3)
    monkeypatch.setattr(enqueue_preview, "_BYTES", 2)
    for n in range(10):
        (tmp_path / f"{n}.csv").write_text(str(n))
    found = preview(store, sales, str(tmp_path / "*.csv"))
    assert (found.files, found.queued, found.unread) == (10, 2, 8)
    monkeypatch.setattr(enqueue_preview, "_COUNTED", 6)
    found = preview(store, sales, str(tmp_path / "*.csv"))
    assert (found.files, found.is_whole) == (6, False)


def test_it_stops_when_it_is_asked_no_more(
    store: SqliteStore, sales: StoredParser, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("1")
    stop, told = threading.Event(), list[EnqueuePreview]()
    stop.set()
    Preview(store, sales, stop=stop, told=told.append).look(find_inputs([str(tmp_path)]))
    assert told == []


def test_paths_are_completed_by_what_they_have_in_common(tmp_path: Path) -> None:
    for name in ("sales_01.csv", "sales_02.csv", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "sales").mkdir()
    names = path_completions(f"{tmp_path}/s")
    assert names == [f"{tmp_path}/{name}" for name in ("sales/", "sales_01.csv", "sales_02.csv")]
    assert completed(f"{tmp_path}/s", names) == f"{tmp_path}/sales"
    assert completed(f"{tmp_path}/sales", names) == f"{tmp_path}/sales/"
    assert path_completions(f"{tmp_path}/.") == [f"{tmp_path}/.hidden"]
    assert path_completions(f"{tmp_path}/*.csv") == []
    assert path_completions(f"{tmp_path}/nowhere/") == []

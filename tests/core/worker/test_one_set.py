"""Each input's rows are in the outputs exactly once, whatever people ask for, and wherever to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from casparian.core.queueing.enqueue import Enqueued, enqueue
from casparian.core.queueing.quarantine_replay import replay_quarantine
from casparian.core.queueing.summary import summarise_queue

from .conftest import READ, Workshop

ADA = "name,age\nAda,36\n"
BOTH = "name,age\nAda,36\nGrace,85\n"
MIXED = "name,age\nAda,36\nAlan,x\nGrace,85\n"
OLDER = READ + "\nyield [{'name': 'of the other bundle', 'age': 1}]"


def queue(workshop: Workshop, *paths: Path, force: bool = False) -> Sequence[Enqueued]:
    parser = workshop.store.parsers.latest("people")
    assert parser is not None
    return enqueue(workshop.store, paths, [parser], force=force).jobs


def written(workshop: Workshop, text: str, name: str = "in.csv") -> Path:
    path = workshop.folder / name
    path.write_text(text)
    return path


def rows(*roots: Path) -> list[str]:
    """The names in all sets below output roots, and in databases."""
    found: list[str] = []
    for root in roots:
        if root.is_file():
            with closing(sqlite3.connect(root)) as connection:
                found += [row[0] for row in connection.execute("SELECT name FROM people")]
        else:
            for file in root.rglob("people.parquet"):
                assert ".staging" not in file.parts
                found += pq.read_table(file)["name"].to_pylist()
    return sorted(found)


@pytest.fixture(params=["folder", "database"])
def target(request: pytest.FixtureRequest, workshop: Workshop) -> Path:
    """Where the rows go."""
    return workshop.root if request.param == "folder" else workshop.root / "all.db"


def drain(workshop: Workshop, target: Path) -> None:
    workshop.drain(database=target if target.suffix == ".db" else None)


def test_a_file_that_is_forced_again_has_its_rows_once(workshop: Workshop, target: Path) -> None:
    workshop.parser(READ)
    path = written(workshop, MIXED)
    [first] = queue(workshop, path)
    drain(workshop, target)
    [second] = queue(workshop, path, force=True)
    drain(workshop, target)
    assert rows(target) == ["Ada", "Grace"]
    assert workshop.get(first.job_id).replaced_by == second.job_id
    assert workshop.get(second.job_id).replaces == first.job_id


def test_of_a_file_that_is_forced_twice_at_once_one_set_stands(workshop: Workshop) -> None:
    workshop.parser(READ)
    path = written(workshop, ADA)
    for _ in range(3):
        queue(workshop, path, force=True)
    workshop.drain(concurrency=3)
    assert rows(workshop.root) == ["Ada"]


def test_a_version_that_gets_other_content_replaces_what_it_had_published(
    workshop: Workshop, target: Path
) -> None:
    workshop.parser(OLDER)
    path = written(workshop, ADA)
    queue(workshop, path)
    drain(workshop, target)
    workshop.parser(READ)
    [again] = queue(workshop, path)
    assert again.outcome == "queued"
    drain(workshop, target)
    assert rows(target) == ["Ada"]
    workshop.parser(OLDER)
    [back] = queue(workshop, path)
    assert back.outcome == "queued", "what the first bundle made of it does not stand any more"
    drain(workshop, target)
    assert rows(target) == ["Ada", "of the other bundle"]


def test_a_file_that_has_grown_has_its_rows_once(workshop: Workshop, target: Path) -> None:
    workshop.parser(READ)
    path = written(workshop, ADA)
    queue(workshop, path)
    drain(workshop, target)
    queue(workshop, written(workshop, BOTH))
    drain(workshop, target)
    assert rows(target) == ["Ada", "Grace"]
    [again] = queue(workshop, written(workshop, ADA))
    assert again.outcome == "queued", "the file is what it was once, and its set is not"
    drain(workshop, target)
    assert rows(target) == ["Ada"]


def test_a_file_that_was_given_another_name_keeps_its_rows_when_its_name_is_used_again(
    workshop: Workshop,
) -> None:
    """A log that is rotated: its name is another file's by now, and its rows are counted on."""
    workshop.parser(READ)
    path = written(workshop, ADA)
    queue(workshop, path)
    workshop.drain()
    moved = path.rename(workshop.folder / "in.1.csv")
    [known] = queue(workshop, moved)
    assert known.outcome == "already_processed"
    queue(workshop, written(workshop, "name,age\nGrace,85\n"))
    workshop.drain()
    assert rows(workshop.root) == ["Ada", "Grace"]
    moved.write_text("name,age\nAlan,41\n")
    queue(workshop, moved)
    workshop.drain()
    assert rows(workshop.root) == ["Alan", "Grace"], "nobody has the first content any more"


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("requeue", "a", "b"),
        ("force", "a", "b"),
        ("replay", "a", "b/x.db"),
        ("force", "a/x.db", "b"),
        ("requeue", "a/x.db", "b/y.db"),
        ("replay", "a/x.db", "a/y.db"),
    ],
)
def test_what_was_published_below_another_output_root_is_replaced_there(
    workshop: Workshop, verb: str, before: str, after: str
) -> None:
    workshop.parser(READ)
    path = written(workshop, MIXED)
    [first] = queue(workshop, path)
    old, new = workshop.folder / before, workshop.folder / after
    to(workshop, old)
    if verb == "requeue":
        assert workshop.store.jobs.requeue(first.job_id)
    elif verb == "force":
        queue(workshop, path, force=True)
    else:
        replay_quarantine(workshop.store, workshop.get(first.job_id))
    to(workshop, new)
    assert rows(new) == ["Ada", "Grace"]
    assert rows(old) == []
    assert not list(workshop.folder.glob("[ab]/.staging/*/"))


def to(workshop: Workshop, target: Path) -> None:
    is_database = target.suffix == ".db"
    workshop.drain(
        root=target.parent if is_database else target, database=target if is_database else None
    )


@pytest.mark.parametrize("verb", ["requeue", "force"])
def test_a_set_below_an_output_root_that_is_away_is_not_published_beside(
    workshop: Workshop, verb: str
) -> None:
    workshop.parser(READ)
    path = written(workshop, ADA)
    [first] = queue(workshop, path)
    old, new = workshop.folder / "old", workshop.folder / "new"
    to(workshop, old)
    old.rename(workshop.folder / "unmounted")
    if verb == "requeue":
        assert workshop.store.jobs.requeue(first.job_id)
        again = first.job_id
    else:
        again = queue(workshop, path, force=True)[0].job_id
    to(workshop, new)
    status, error_class, message = workshop.error(again)
    assert (status, error_class) == ("failed", "sink_error")
    assert f"below {old}, and there is no such folder now" in message
    assert rows(new) == []
    (workshop.folder / "unmounted").rename(old)
    assert workshop.store.jobs.requeue(again)
    to(workshop, new)
    assert (rows(old), rows(new)) == ([], ["Ada"])


def test_a_set_that_somebody_removed_keeps_nobody_from_publishing(workshop: Workshop) -> None:
    workshop.parser(READ)
    path = written(workshop, ADA)
    [first] = queue(workshop, path)
    workshop.drain()
    shutil.rmtree(workshop.root / "people")
    queue(workshop, path, force=True)
    workshop.drain()
    assert rows(workshop.root) == ["Ada"]
    assert workshop.get(first.job_id).replaced_by is not None


def test_a_set_is_found_and_replaced_though_its_job_was_pruned(workshop: Workshop) -> None:
    workshop.parser(READ)
    path = written(workshop, ADA)
    [first] = queue(workshop, path)
    workshop.drain()
    assert workshop.store.jobs.prune(before=1 << 60) == [first.job_id]
    queue(workshop, written(workshop, BOTH))
    workshop.drain()
    assert rows(workshop.root) == ["Ada", "Grace"]


def test_sums_are_of_rows_that_stand(workshop: Workshop) -> None:
    workshop.parser(READ)
    path = written(workshop, MIXED)
    queue(workshop, path)
    workshop.drain()
    queue(workshop, path, force=True)
    workshop.drain()
    total = summarise_queue(workshop.store, since=0, now=1 << 60).total
    assert (total.with_warnings, total.rows, total.quarantined) == (2, 2, 1)


def test_a_sleeper_does_not_replace_what_was_asked_for_later(workshop: Workshop) -> None:
    """The job of the older bundle is claimed first, and ends last."""
    go = workshop.folder / "go"
    workshop.parser(
        f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)\n{OLDER}"
    )
    path = written(workshop, ADA)
    [older] = queue(workshop, path)
    worker = workshop.worker("--drain", "--concurrency", 1)
    try:
        while workshop.get(older.job_id).status != "running":
            assert worker.poll() is None
            os.sched_yield()
        workshop.parser(READ)
        [newer] = queue(workshop, path)
        workshop.drain()  # drains what is pending; the older one is another worker's
        assert workshop.get(newer.job_id).status == "completed"
        go.touch()
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.communicate()
    assert rows(workshop.root) == ["Ada"]
    status, error_class, message = workshop.error(older.job_id)
    assert (status, error_class) == ("failed", "superseded")
    assert newer.job_id in message

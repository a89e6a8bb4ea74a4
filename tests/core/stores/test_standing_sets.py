"""One set stands for each input of a parser's version, whoever publishes it, and in which order."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from casparian.core.stores.errors import StoreError
from casparian.core.stores.jobs import Completion, JobError, Lease, Promotion
from casparian.core.stores.maintenance import check_store
from casparian.core.stores.sqlite import migrations, set_statements, statements
from casparian.core.stores.sqlite.connection import Connection
from casparian.core.stores.sqlite.store import SqliteStore, wall_clock
from casparian.core.stores.standing_sets import Promoted, StandingSet
from casparian.core.stores.states import LIVE
from casparian.core.stores.store import Store

from .clock import LEASE_MS, Clock, claim, failure, finish, new_job, publish


def done(store: Store, *, place: str = "", **job: Any) -> str:
    """Have a job done that is queued for this; returns its id."""
    inserted = store.jobs.insert(new_job(**job))
    assert inserted.is_new, job
    finish(store, claim(store), place)
    return inserted.job_id


def replaced_by(store: Store, job_id: str) -> str | None:
    job = store.jobs.get(job_id)
    assert job is not None
    return job.replaced_by


def test_a_job_replaces_what_stands_for_the_same_path_parser_and_version(store: Store) -> None:
    old = done(store, place="/out/old")
    others: list[dict[str, Any]] = [
        {"parser": "else", "source_hash": "e" * 64},
        {"parser_version": "2", "source_hash": "v" * 64},
        {"input_path": "/b", "input_hash": "b" * 64},
    ]
    for other in others:
        store.jobs.insert(new_job(**other))
        assert finish(store, claim(store)) == [], other
    new = store.jobs.insert(new_job(input_hash="n" * 64)).job_id
    [gone] = publish(store, lease := claim(store), "/out/new")
    assert gone == StandingSet(old, 1, "/out/old")
    assert replaced_by(store, old) is None, "not before the new set is published"
    finish_promoted(store, lease)
    job = store.jobs.get(new)
    assert job is not None
    assert (replaced_by(store, old), job.replaces) == (new, old)
    assert job.replacing == (gone,), "for whoever finds it half published"


def finish_promoted(store: Store, lease: Lease) -> None:
    assert store.jobs.complete([Completion(lease)]) == [True]


def test_a_job_that_publishes_elsewhere_replaces_its_own_older_set(store: Store) -> None:
    new = store.jobs.insert(new_job(input_path="/new", input_hash="n" * 64)).job_id
    assert [*store.jobs.would_replace(new, "/new")] == [], "there is nothing to replace yet"
    finish(store, claim(store))
    job_id = done(store, place="/old")
    assert store.jobs.requeue(job_id)
    lease = claim(store)
    assert [*store.jobs.would_replace(job_id, "/new")] == [StandingSet(job_id, 1, "/old")]
    assert [*store.jobs.would_replace(job_id, "/old")] == [], "there it is exchanged"
    assert [*publish(store, lease, "/new")] == [StandingSet(job_id, 1, "/old")]
    finish_promoted(store, lease)
    assert replaced_by(store, job_id) is None


def test_while_one_publishes_for_an_input_the_next_has_to_wait(store: Store) -> None:
    first, second = [store.jobs.insert(new_job(forced=True)).job_id for _ in range(2)]
    leases = [claim(store), claim(store)]
    promotions = [Promotion(lease, "{}") for lease in leases]
    later = Promoted("later", other=first)
    assert store.jobs.promote(promotions, lease_ms=LEASE_MS) == [Promoted("granted"), later]
    assert store.jobs.promote(promotions[1:], lease_ms=LEASE_MS) == [later]
    finish_promoted(store, leases[0])
    assert finish(store, leases[1]) == [first]
    assert replaced_by(store, first) == second


def test_who_was_asked_for_earlier_does_not_replace_who_was_asked_for_later(
    store: Store, clock: Clock
) -> None:
    old = store.jobs.insert(new_job()).job_id
    sleeper = claim(store)
    clock.forward(1)
    new = done(store, input_hash="n" * 64)
    [answer] = store.jobs.promote([Promotion(sleeper, "{}")], lease_ms=LEASE_MS)
    assert answer == Promoted("superseded", other=new)
    store.jobs.fail(sleeper, failure(permanent=True, blames_parser=False))
    clock.forward(1)
    assert store.jobs.requeue(old), "to ask anew makes it the latest"
    assert finish(store, claim(store)) == [new]


def test_what_was_replaced_does_not_count_as_processed(store: Store) -> None:
    done(store)
    assert store.jobs.insert(new_job()).processed
    done(store, input_hash="n" * 64)
    assert store.jobs.insert(new_job()).is_new


def test_content_under_another_name_shares_the_set_and_keeps_it(store: Store) -> None:
    first = done(store, input_path="/a")
    assert store.jobs.insert(new_job(input_path="/b")).processed
    store.jobs.insert(new_job(input_path="/a", input_hash="n" * 64))
    assert finish(store, claim(store)) == [], "/b has it still"
    assert store.jobs.insert(new_job(input_path="/b")).processed
    store.jobs.insert(new_job(input_path="/b", input_hash="m" * 64))
    assert finish(store, claim(store)) == [first]


def test_content_that_waits_under_another_name_shares_the_set_once_it_is_there(
    store: Store,
) -> None:
    first = store.jobs.insert(new_job(input_path="/a")).job_id
    again = store.jobs.insert(new_job(input_path="/b"))
    assert (again.job_id, again.is_new, again.processed) == (first, False, False)
    finish(store, claim(store))
    store.jobs.insert(new_job(input_path="/a", input_hash="n" * 64))
    assert finish(store, claim(store)) == [], "/b has it still"


def test_content_that_is_being_published_is_shared_by_another_name_at_once(store: Store) -> None:
    first = store.jobs.insert(new_job()).job_id
    publish(store, lease := claim(store))
    assert store.jobs.insert(new_job(input_path="/b")).job_id == first
    finish_promoted(store, lease)
    store.jobs.insert(new_job(input_hash="n" * 64))
    assert finish(store, claim(store)) == [], "what the first file had stands for the other"


def test_the_same_content_is_there_once_under_whatever_name_it_is_forced(store: Store) -> None:
    first = done(store, input_path="/a")
    second = done(store, input_path="/b", forced=True)
    assert replaced_by(store, first) == second
    store.jobs.insert(new_job(input_path="/a", input_hash="n" * 64))
    assert finish(store, claim(store)) == [], "/b has the content still"


def test_a_file_that_becomes_like_another_is_queued_to_take_its_old_rows_away(
    store: Store,
) -> None:
    one = done(store, input_path="/a")
    two = done(store, input_path="/b", input_hash="b" * 64)
    assert store.jobs.insert(new_job(input_path="/b")).is_new
    assert sorted(finish(store, claim(store))) == sorted([one, two])


def test_a_replay_by_another_version_replaces_the_set_of_the_older_one(store: Store) -> None:
    old = done(store)
    of_new_version = done(store, parser_version="2", source_hash="n" * 64)
    new = store.jobs.replace(
        old, source_hash="m" * 64, parser_version="2", input_hash="h" * 64, input_size=1
    )
    assert new is not None
    assert sorted(finish(store, claim(store))) == sorted([old, of_new_version])


def test_a_set_stands_though_its_job_was_pruned(store: Store, clock: Clock) -> None:
    old = done(store, place="/out")
    clock.forward(10)
    assert store.jobs.prune(before=clock.now) == [old]
    store.jobs.insert(new_job(forced=True))
    assert [*publish(store, claim(store), "/new")] == [StandingSet(old, 1, "/out")]


def test_a_staged_set_that_is_lost_leaves_what_it_was_to_replace(
    store: Store, clock: Clock
) -> None:
    old = done(store, place="/out")
    clock.forward(1)
    store.jobs.insert(new_job(forced=True))
    publish(store, lease := claim(store), "/out/lost")
    assert store.jobs.vanished(lease, JobError("staging_lost", "it is gone"))
    assert replaced_by(store, old) is None
    store.jobs.insert(new_job(forced=True))
    assert [*publish(store, claim(store), "/new")] == [StandingSet(old, 1, "/out")]


def test_sets_of_an_earlier_version_are_known_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(Connection(path, read_only=False, clock=wall_clock, patience_s=1)) as connection:
        migrations.migrate(connection, upto=3)
        old_job(connection, "twice1", manifest={"root": "/out", "database": None})
        old_job(connection, "twice2", manifest={"root": "/out", "database": None})
        old_job(connection, "loaded", path="/b", manifest={"root": "/", "database": "/all.db"})
        old_job(connection, "gone", path="/c", manifest={"root": "/out"}, replaced_by="new")
        old_job(connection, "again", path="/d", status="pending", manifest=None)
        connection.raw.execute(
            "INSERT INTO cf_job_attempts VALUES ('again', 1, 1, 'w', 1, 2, 'completed', NULL)"
        )
        old_job(connection, "never", path="/e", status="failed", manifest=None)
    [problem] = [p for p in check_store_after_migration(path) if p.name == "sets_twice"]
    assert problem.examples == ("sales 1.0.0: /a",)
    with SqliteStore(path) as store:
        rows = store.connection.read("SELECT job_id, place FROM cf_standing_sets ORDER BY job_id")
        assert [tuple(row) for row in rows] == [
            ("again", "/out/sales/1.0.0/again"),
            ("loaded", "sqlite:///all.db"),
            ("twice1", "/out/sales/1.0.0/twice1"),
            ("twice2", "/out/sales/1.0.0/twice2"),
        ]
        claim(store)
        store.jobs.insert(new_job(input_path="/a", input_hash="n" * 64))
        assert sorted(finish(store, claim(store))) == ["twice1", "twice2"]
    assert "sets_twice" not in [problem.name for problem in check_store(str(path))]


def check_store_after_migration(path: Path) -> Any:
    SqliteStore(path).close()
    return check_store(str(path))


def old_job(
    connection: Connection,
    job_id: str,
    *,
    manifest: dict[str, Any] | None,
    path: str = "/a",
    status: str = "completed",
    replaced_by: str | None = None,
) -> None:
    ended = None if status == "pending" else 8
    text = None if manifest is None else json.dumps(manifest)
    connection.raw.execute(
        "INSERT INTO cf_jobs (job_id, status, parser, parser_version, source_hash, input_path, "
        "input_hash, input_size, priority, forced, run_at, max_attempts, max_crashes, created_at, "
        "fence, manifest, replaced_by, finished_at) VALUES (?, ?, 'sales', '1.0.0', 's', ?, ?, 1, "
        "0, 1, 0, 4, 3, 7, 1, ?, ?, ?)",
        (job_id, status, path, path, text, replaced_by, ended),
    )


# ------------------------------------------------------------------------ whatever happens

PATHS = ["/a", "/b"]
CONTENTS = ["1" * 64, "2" * 64]
BUNDLES = [("s" * 64, "1.0.0"), ("t" * 64, "1.0.0"), ("u" * 64, "2.0.0")]
STEPS = st.tuples(
    st.sampled_from(["write", "queue", "force", "requeue", "cancel", "claim", "end", "end"]),
    st.integers(0, 11),
)


class Outputs:
    """Output roots, two parsers' versions and two files that change, as a plain model.

    A claimed job reads the file as it is then: if that isn't what was queued it fails. Its rows are
    published as the store says.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.files = dict(zip(PATHS, CONTENTS, strict=True))
        self.published: dict[tuple[str, str], tuple[str, str]] = {}
        """The content and the version of the set of a job at a place."""
        self.held: list[tuple[Lease, str, bool]] = []
        self.ids: list[str] = []
        self.promoting: dict[Lease, tuple[str, tuple[StandingSet, ...]]] = {}

    def do(self, verb: str, number: int) -> None:
        path, bundle = PATHS[number % 2], BUNDLES[number % 3]
        jobs = self.store.jobs
        if verb == "write":
            self.files[path] = CONTENTS[number // 6]
        elif verb in ("queue", "force"):
            self.queue(path, bundle, forced=verb == "force")
        elif verb in ("requeue", "cancel") and self.ids:
            do = jobs.requeue if verb == "requeue" else jobs.cancel
            with suppress(StoreError):  # refused, with its reason
                do(self.ids[number % len(self.ids)])
        elif verb == "claim":
            place = f"/root{number % 2}"
            for job in jobs.claim_next("w", limit=1, lease_ms=LEASE_MS):
                self.held.append((job.lease, place, self.files[job.input_path] == job.input_hash))
        elif verb == "end" and self.held:
            self.end(*self.held.pop(number % len(self.held)))

    def queue(self, path: str, bundle: tuple[str, str], *, forced: bool) -> None:
        new = new_job(
            input_path=path,
            input_hash=self.files[path],
            source_hash=bundle[0],
            parser_version=bundle[1],
            forced=forced,
        )
        inserted = self.store.jobs.insert(new)
        if inserted.is_new:
            self.ids.append(inserted.job_id)

    def end(self, lease: Lease, place: str, read: bool) -> None:
        job = self.store.jobs.get(lease.job_id)
        assert job is not None
        if lease in self.promoting:
            place, gone = self.promoting.pop(lease)
            for one in gone:
                self.published.pop((one.job_id, one.place), None)
            self.published[lease.job_id, place] = (job.input_hash, job.parser_version)
            finish_promoted(self.store, lease)
            return
        if not read:
            self.store.jobs.fail(lease, failure(permanent=True, blames_parser=False))
            return
        [answer] = self.store.jobs.promote([Promotion(lease, "{}", place)], lease_ms=LEASE_MS)
        if answer.granted:
            self.promoting[lease] = (place, answer.replaced)
        elif answer.outcome != "later":
            self.store.jobs.fail(lease, failure(permanent=True, blames_parser=False))
            return
        self.held.append((lease, place, read))

    def settle(self) -> None:
        """Queue what is there, with one bundle of each version, and let all be done."""
        self.drain()
        for bundle in (BUNDLES[0], BUNDLES[2]):
            for path in PATHS:
                self.queue(path, bundle, forced=False)
        self.drain()

    def drain(self) -> None:
        while self.held or self.store.jobs.counts().keys() & LIVE:
            self.do("claim", 0)
            self.do("end", 0)


MANY = st.lists(STEPS, min_size=20, max_size=40)


@settings(max_examples=40, deadline=None)
@given(steps=MANY)
def test_whatever_people_and_workers_do_each_content_that_is_there_stands_once(
    steps: list[tuple[str, int]],
) -> None:
    goes_well(steps)


def goes_well(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "s.db") as store:
        store.connection.raw.execute("PRAGMA synchronous = OFF")
        outputs = Outputs(store)
        for verb, number in steps:
            outputs.do(verb, number)
            for version in ("1.0.0", "2.0.0"):
                found = [c for c, v in outputs.published.values() if v == version]
                assert len(found) == len(set(found)), "never twice"
        outputs.settle()
        for version in ("1.0.0", "2.0.0"):
            found = sorted(c for c, v in outputs.published.values() if v == version)
            assert found == sorted(set(outputs.files.values())), "what is there now, once"


def weak(
    name: str, old: str, new: str, module: ModuleType = set_statements
) -> tuple[ModuleType, str, str]:
    statement = getattr(module, name)
    assert old in statement
    return module, name, statement.replace(old, new)


WEAKENED = {
    "two publish at once": weak("TO_PROMOTE", "WHERE status = 'promoting'", "WHERE 0", statements),
    "only the path counts": weak("IN_THE_WAY", "done.input_hash = :input_hash", "0"),
    "only the content counts": weak("IN_THE_WAY", "WHERE input_path = :", "WHERE 0 = :"),
    "no name shares a set": weak("SHARE", "fence > 0", "0"),
    "a path that has a set shares another": weak("STANDS_FOR_PATH", "fence > 0", "0"),
}


@pytest.mark.parametrize("weakness", WEAKENED)
def test_the_model_finds_a_weakened_rule(weakness: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*WEAKENED[weakness])

    @settings(
        max_examples=2_000,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    @given(steps=MANY)
    def run(steps: list[tuple[str, int]]) -> None:
        goes_well(steps)

    with pytest.raises(AssertionError):
        run()


@pytest.mark.parametrize("share", [True, False])
def test_two_sets_of_one_input_are_a_problem_of_the_store(tmp_path: Path, share: bool) -> None:
    path = tmp_path / "s.db"
    with SqliteStore(path) as store:
        first = done(store)
        if share:
            store.jobs.insert(new_job(input_path="/other"))
        else:
            store.connection.raw.execute(
                "INSERT INTO cf_standing_sets SELECT input_path, parser, parser_version, 'x', 'y', "
                "0, 1, '/x' FROM cf_standing_sets WHERE job_id = ?",
                (first,),
            )
    assert [p.name for p in check_store(str(path))] == ([] if share else ["sets_twice"])


def test_below_which_folders_sets_stand_is_known(store: Store) -> None:
    store.jobs.insert_many([new_job(1), new_job(2)])
    publish(store, claim(store), "/data/out/sales/1.0.0/x")
    finish(store, claim(store), "sqlite:///data/all.db")
    below = {
        folder: store.jobs.publishes_below(Path(folder))
        for folder in ("/data/out", "/data", "/data/ou", "/data/out/other", "/elsewhere")
    }
    assert [folder for folder, known in below.items() if known] == ["/data/out", "/data"]

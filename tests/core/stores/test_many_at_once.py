"""A call for many jobs does what as many calls do, whatever the jobs have to do with each other."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from casparian.core.stores.jobs import Claim, Completion, Lease, NewJob, Promotion
from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.standing_sets import Promoted

from .clock import LEASE_MS, Clock, new_job

TABLES = (
    "cf_jobs",
    "cf_job_attempts",
    "cf_job_counts",
    "cf_standing_sets",
    "cf_processing_history",
    "cf_parser_health",
)


def job(number: int, *, forced: bool = False, bundle: int = 1) -> NewJob:
    return new_job(
        input_path=f"/{number % 30}",
        input_hash=f"{number % 25:064x}",  # some paths share their content with another
        source_hash=str(bundle) * 64,
        parser_version=f"{bundle}.0",
        forced=forced,
    )


JOBS = st.lists(
    st.builds(job, st.integers(0, 90), forced=st.booleans(), bundle=st.integers(1, 2)),
    max_size=40,
)
LEASES = st.lists(st.tuples(st.integers(0, 39), st.sampled_from([0, 0, 0, 0, 1])), max_size=40)
APART = [job(number) for number in range(25)]
EACH = [(number, 0) for number in range(25)]


def promotions(leases: list[Lease]) -> list[Promotion]:
    return [Promotion(lease, "{}", f"/out/{lease.fence}") for lease in leases]


def completions(leases: list[Lease]) -> list[Completion]:
    return [Completion(lease, 3, lease.fence % 2) for lease in leases]


class OneOrMany:
    """A store that is asked for all at once, or for one after the other."""

    def __init__(self, path: Path, *, at_once: bool) -> None:
        self.store = SqliteStore(path, clock=Clock())
        self.store.connection.raw.execute("PRAGMA synchronous = OFF")
        self.at_once = at_once

    def insert(self, jobs: list[NewJob]) -> list[object]:
        insert = self.store.jobs.insert_many
        done = insert(jobs) if self.at_once else [one for new in jobs for one in insert([new])]
        return [(one.is_new, one.processed, self.name(one.job_id)) for one in done]

    def claim(self, limit: int = 40) -> list[Lease]:
        claimed = self.store.jobs.claim_next("w", limit=limit, lease_ms=LEASE_MS)
        return [one.lease for one in claimed]

    def promote(self, leases: list[Lease]) -> list[object]:
        promote = self.store.jobs.promote
        if self.at_once:
            done = promote(promotions(leases), lease_ms=LEASE_MS)
        else:
            done = [one for new in promotions(leases) for one in promote([new], lease_ms=LEASE_MS)]
        return self.told(done)

    def told(self, done: list[Promoted]) -> list[object]:
        return [
            (one.outcome, one.other and self.name(one.other), [*map(self.of_set, one.replaced)])
            for one in done
        ]

    def complete(self, leases: list[Lease]) -> list[bool]:
        complete = self.store.jobs.complete
        wanted = completions(leases)
        return complete(wanted) if self.at_once else [complete([one])[0] for one in wanted]

    def turn(self, published: list[Lease], staged: list[Lease]) -> object:
        """Complete some, promote some, and claim three and one for each that is decided."""
        if self.at_once:
            done = self.store.jobs.advance(
                completions=completions(published),
                promotions=promotions(staged),
                claim=Claim("w", 3),
                lease_ms=LEASE_MS,
            )
            claimed = [job.lease for job in done.claimed]
            promoted, completed = self.told(done.promoted), done.completed
        else:
            completed, promoted = self.complete(published), self.promote(staged)
            decided = sum(outcome != "later" for outcome, *_ in promoted)  # type: ignore[misc]
            claimed = self.claim(3 + decided)
        return completed, promoted, [(self.name(lease.job_id), lease.fence) for lease in claimed]

    def name(self, job_id: str) -> int:
        """Its place in the queue, which doesn't depend on chance as its id does."""
        found = self.store.jobs.get(job_id)
        assert found is not None
        return found.seq

    def of_set(self, one: object) -> object:
        return (self.name(one.job_id), one.fence, one.place)  # type: ignore[attr-defined]

    def tables(self) -> list[list[str]]:
        jobs = self.store.connection.read("SELECT job_id, seq FROM cf_jobs")

        def told(row: object) -> str:
            text = str(tuple(row))  # type: ignore[arg-type]
            for id_, seq in jobs:
                text = text.replace(id_, f"job {seq}")
            return text

        read = self.store.connection.read
        return [sorted(told(row) for row in read(f"SELECT * FROM {name}")) for name in TABLES]


@settings(max_examples=40, deadline=None)
@given(before=JOBS, jobs=JOBS, leases=LEASES, later=LEASES)
@example(before=[], jobs=APART, leases=EACH, later=EACH)
@example(before=APART[:3], jobs=APART, leases=EACH, later=EACH)
def test_a_call_for_many_is_as_many_calls(
    before: list[NewJob],
    jobs: list[NewJob],
    leases: list[tuple[int, int]],
    later: list[tuple[int, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        answers, tables = [], []
        for at_once in (True, False):
            both = OneOrMany(Path(folder) / f"{at_once}.db", at_once=at_once)
            with both.store:
                said: list[object] = [both.insert(before)]
                held = both.claim()
                both.promote(held)
                both.complete(held)
                said.append(both.insert(jobs))
                held = both.claim(20)

                def some(which: list[tuple[int, int]], held: list[Lease] = held) -> list[Lease]:
                    """Some of them, some of these twice, and some with an older fence."""
                    there = [(held[n], older) for n, older in which if n < len(held)]
                    return [Lease(one.job_id, one.fence - older) for one, older in there]

                said += [both.promote(some(leases)), both.turn(some(later), some(later))]
                said += [both.turn(some(leases), []), both.complete(some(later))]
                answers.append(said)
                tables.append(both.tables())
        assert answers[0] == answers[1]
        assert tables[0] == tables[1]

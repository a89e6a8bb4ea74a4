"""A verb for many jobs: those that were marked, or all that match, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.verbs import VerbResult, do_verb
from casparian.core.stores.states import STATUSES, TRANSITIONS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence

    from casparian.core.queueing.verbs import JobVerb
    from casparian.core.stores.jobs import Job, JobFilter
    from casparian.core.stores.store import Store

_PAGE: Final = 200
#: Refusals that a report keeps; it counts all.
_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: a verb to these jobs, as they were seen, or to all that match."""

    verb: JobVerb
    jobs: Sequence[Job] = ()
    matching: JobFilter | None = None


@dataclass(frozen=True, slots=True)
class BulkReport:
    """How far it is: jobs done and refused so far, the first refusals; ``total`` if it is known."""

    done: int = 0
    refused: int = 0
    total: int | None = None
    refusals: tuple[VerbResult, ...] = field(default=())


def eligible(matching: JobFilter, verb: JobVerb) -> JobFilter | None:
    """Return a filter of those jobs that a verb applies to; None if it applies to none of them."""
    sources = TRANSITIONS[verb].sources
    statuses = tuple(status for status in matching.statuses or STATUSES if status in sources)
    return replace(matching, statuses=statuses) if statuses else None


def count_eligible(store: Store, matching: JobFilter, verb: JobVerb) -> int:
    """Return how many of the jobs that match a verb applies to. Raises StoreError."""
    wanted = eligible(matching, verb)
    return 0 if wanted is None else store.jobs.count(wanted)


def carry_out(
    store: Store,
    order: Order,
    *,
    stop: threading.Event | None = None,
    told: Callable[[BulkReport], None] = lambda _: None,
) -> BulkReport:
    """Do a verb to each job; a job that refuses stops none of the others.

    Jobs that come to match while it goes on are left alone. ``told`` is called after each job.

    Raises StoreUnreachableError if the store can't be used; what was told before is done.
    """
    total: int | None = len(order.jobs)
    jobs: Iterator[Job] = iter(order.jobs)
    if order.matching is not None:
        total = count_eligible(store, order.matching, order.verb)
        jobs = _matching(store, order.matching, order.verb)
    report = BulkReport(total=total)
    for job in jobs:
        if stop is not None and stop.is_set():
            break
        result = do_verb(store, order.verb, job, only_as_seen=True)
        if result.done:
            report = replace(report, done=report.done + 1)
        else:
            kept = report.refusals if report.refused >= _KEPT else (*report.refusals, result)
            report = replace(report, refused=report.refused + 1, refusals=kept)
        told(report)
    return report


def _matching(store: Store, matching: JobFilter, verb: JobVerb) -> Iterator[Job]:
    """Yield the jobs from the newest to the oldest: what is queued meanwhile is newer."""
    wanted = eligible(matching, verb)
    after: int | None = None
    while wanted is not None:
        page = store.jobs.list(wanted, sort="newest", after=after, limit=_PAGE)
        yield from page.jobs
        after = page.after
        if after is None:
            return

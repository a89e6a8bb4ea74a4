"""Jobs that a worker which drains the queue leaves there: how many, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.stores.jobs import JobFilter

if TYPE_CHECKING:
    from casparian.core.stores.store import Store


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Jobs of a parser that wait, why they do, and what to try.

    One that ``is_promoted`` has been run, and can't be published.
    """

    parser: str
    jobs: int
    why: str
    hint: str
    is_promoted: bool = False


def left_over(store: Store, parser: str | None = None) -> list[LeftOver]:
    """Return what waits for something else than its turn, by parser. Raises StoreError.

    That is for the parser, which is paused, for an environment, or, once the parser has done its
    part, for the place of the outputs. ``parser`` asks for one parser's alone.
    """
    found: dict[str, LeftOver] = {}
    for met in store.obstacles.list():
        first = met.message.partition("\n")[0]
        found.setdefault(met.parser, LeftOver(met.parser, 0, first, met.hint))
    for name, health in store.parsers.health().items():
        if health.paused_at is not None:
            why = f"{name} is paused: {health.paused_reason}"
            hint = f"casparian parser resume {name}"
            found[name] = LeftOver(name, 0, why, hint)
    left = []
    for name, one in sorted(found.items()):
        jobs = store.jobs.counts(name).get("pending", 0) if parser in (None, name) else 0
        if jobs:
            left.append(LeftOver(name, jobs, one.why, one.hint))
    return left + _unpublished(store, parser)


def _unpublished(store: Store, parser: str | None) -> list[LeftOver]:
    """Return the first jobs whose sets can't be published, each by itself: each says where."""
    promoting = store.jobs.list(JobFilter(statuses=("promoting",), parser=parser), sort="oldest")
    return [
        LeftOver(job.parser, 1, f"it can't be published: {job.error.message}", job.error.hint, True)
        for job in promoting.jobs
        if job.error is not None
    ]

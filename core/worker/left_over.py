"""Jobs that a worker which drains the queue leaves there: how many, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casparian.core.stores.store import Store


@dataclass(frozen=True, slots=True)
class LeftOver:
    """Jobs of a parser that wait, why they do, and what to try."""

    parser: str
    jobs: int
    why: str
    hint: str


def left_over(store: Store, parser: str | None = None) -> list[LeftOver]:
    """Return what waits for something else than its turn, by parser. Raises StoreError.

    ``parser`` asks for one parser's alone.
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
    return left

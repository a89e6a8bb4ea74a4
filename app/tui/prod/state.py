"""What the Prod pane knows at a moment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from casparian.app.ages import shown_age
from casparian.app.tui.prod.host import Acted, Seen, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from casparian.app.tui.prod.host import HostEvent
    from casparian.core.queueing.queue_view import QueueView
    from casparian.core.queueing.throughput import Throughput
    from casparian.core.stores.jobs import Job

#: How often the store is looked at, in seconds; the first is that of the beginning.
RATES: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
#: And at most so often while the terminal has not the focus.
AWAY: Final = RATES[2]


@dataclass(frozen=True, slots=True)
class ProdState:
    """The pane's state. ``seen_at`` is milliseconds since 1970; ``marked`` are jobs by their id,
    as they were when they were marked; ``filter`` is as it was written. ``away``: another window
    has the focus.
    """

    view: QueueView | None = None
    throughput: Throughput | None = None
    seen_at: int | None = None
    trouble: Trouble | None = None
    paused: bool = False
    every: float = RATES[0]
    away: bool = False
    filter: str = ""
    acting: Acted | None = None
    marked: Mapping[str, Job] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Seconds from one look to the next, as things are."""
        return max(self.every, AWAY) if self.away else self.every


def trouble_text(trouble: Trouble) -> str:
    """Say why the store can't be looked at, and what to try."""
    hint = f"\n  try: {trouble.hint}" if trouble.hint else ""
    return f"✗ {trouble.message}; looking again every {trouble.again_s:g} s{hint}"


def after(state: ProdState, event: HostEvent) -> ProdState:
    """Return the state once something was told."""
    if isinstance(event, Trouble):
        return replace(state, trouble=event)
    if isinstance(event, Acted):
        return _after_acting(state, event)
    if not isinstance(event, Seen):
        return state
    view = state.view if event.view is None else event.view
    rates = event.throughput or state.throughput
    return replace(state, view=view, throughput=rates, seen_at=event.at, trouble=None)


def _after_acting(state: ProdState, event: Acted) -> ProdState:
    """What is over is shown no more, and jobs that were marked for it are marked no longer."""
    if not event.is_over:
        return replace(state, acting=event)
    refused = {result.job_id for result in event.report.refusals}
    done = {job.job_id for job in event.order.jobs} - refused
    marked = {key: job for key, job in state.marked.items() if key not in done}
    return replace(state, acting=None, marked=marked if done & set(state.marked) else state.marked)


def updated(state: ProdState, now: int) -> str:
    """Say how old what is shown is, and how often it is looked at."""
    rate = f"every {state.rate:g} s{' while you are elsewhere' * state.away}"
    if state.seen_at is None:
        return f"looking… · {rate}"
    age = now - state.seen_at
    fresh = age < 2_000 * max(1.0, state.rate)
    said = "updated now" if fresh else f"updated {shown_age(age)} ago"
    return f"{said} · paused: p goes on" if state.paused else f"{said} · {rate}"

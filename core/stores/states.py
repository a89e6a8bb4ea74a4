"""The states of a job, and which verb leads from where to where. Everything else asks here.

::

    pending ──claim──▶ running ──promote──▶ promoting ──complete──▶ completed
       ▲                  │                                         completed_with_warnings
       │ due, retry       ├─ fail ───▶ failed, dead_letter, scheduled
    scheduled ◀───────────┤
       │                  ├─ release ▶ pending
       │                  └─ stale ──▶ pending, scheduled, dead_letter
       └─ cancel ─▶ cancelled ◀─ whatever ends a running job that is to be cancelled

``promoting`` is the point of no return: whoever finds a job there rolls it forward, and nobody
runs it again. Ended jobs come back by *requeue* only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

JobStatus = Literal[
    "pending",
    "scheduled",
    "running",
    "promoting",
    "completed",
    "completed_with_warnings",
    "failed",
    "cancelled",
    "dead_letter",
]

STATUSES: Final[tuple[JobStatus, ...]] = get_args(JobStatus)

WAITING: Final[frozenset[JobStatus]] = frozenset({"pending", "scheduled"})
HELD: Final[frozenset[JobStatus]] = frozenset({"running", "promoting"})
"""A worker holds a lease on these."""
LIVE: Final[frozenset[JobStatus]] = WAITING | HELD
SUCCEEDED: Final[frozenset[JobStatus]] = frozenset({"completed", "completed_with_warnings"})
ENDED: Final[frozenset[JobStatus]] = frozenset(STATUSES) - LIVE

Verb = Literal[
    "claim",
    "promote",
    "complete",
    "fail",
    "vanish",
    "release",
    "stale",
    "due",
    "cancel",
    "retry",
    "requeue",
    "replay",
    "replace",
    "prune",
    "delete",
]


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a verb applies, and where it leads; ``to`` is empty if the job's state stays."""

    sources: frozenset[JobStatus]
    to: frozenset[JobStatus]
    otherwise: str
    """Why it can't be done in any other state, for people."""


def _from(*sources: JobStatus) -> frozenset[JobStatus]:
    return frozenset(sources)


TRANSITIONS: Final[dict[Verb, Transition]] = {
    "claim": Transition(_from("pending"), _from("running"), "only a pending job is claimed"),
    "promote": Transition(_from("running"), _from("promoting"), "only a running job publishes"),
    "complete": Transition(_from("promoting"), SUCCEEDED, "only a promoting job completes"),
    "fail": Transition(
        _from("running"),
        _from("pending", "scheduled", "failed", "dead_letter", "cancelled"),
        "only a running job fails",
    ),
    "vanish": Transition(
        _from("promoting"), _from("failed"), "only a promoting job has a staged set to lose"
    ),
    "release": Transition(
        _from("running"), _from("pending", "cancelled"), "only a running job is given back"
    ),
    "stale": Transition(
        _from("running"),
        _from("pending", "scheduled", "dead_letter", "cancelled"),
        "only a running job goes stale",
    ),
    "due": Transition(_from("scheduled"), _from("pending"), "only a scheduled job falls due"),
    "cancel": Transition(
        _from("pending", "scheduled", "running"),
        _from("cancelled", "running"),
        "a job that is publishing is done in a moment, and one that has ended can't be cancelled",
    ),
    "retry": Transition(
        _from("scheduled"),
        _from("pending"),
        "only a scheduled job can be retried now; requeue runs an ended one again",
    ),
    "requeue": Transition(
        ENDED, _from("pending"), "only an ended job can be requeued; this one is still to be done"
    ),
    "replay": Transition(_from("dead_letter"), frozenset(), "only a dead letter can be replayed"),
    "replace": Transition(
        ENDED, frozenset(), "only an ended job can be replaced; this one is still to be done"
    ),
    "prune": Transition(ENDED, frozenset(), "only ended jobs are pruned"),
    "delete": Transition(ENDED, frozenset(), "only an ended job can be deleted: cancel it first"),
}


def permits(verb: Verb, status: JobStatus) -> bool:
    """Say whether a verb applies to a job in this state."""
    return status in TRANSITIONS[verb].sources


def why_not(verb: Verb, status: JobStatus) -> str:
    """Say why a verb doesn't apply to a job in this state; empty if it does."""
    return "" if permits(verb, status) else f"the job is {status}: {TRANSITIONS[verb].otherwise}"

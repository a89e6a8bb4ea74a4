"""The inputs of many jobs parsed anew: those of all jobs that have a reason in quarantine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.quarantine_replay import replay_quarantine
from casparian.core.stores.errors import StoreError, StoreUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from casparian.core.queueing.quarantine_replay import Replayed
    from casparian.core.stores.jobs import Job, JobFilter
    from casparian.core.stores.quarantine import Reason
    from casparian.core.stores.store import Store

_PAGE: Final = 100
#: Refusals that a report keeps; it counts all.
_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a job's input is not parsed anew."""

    job_id: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How far it is: how many were queued and refused, and the first refusals."""

    queued: int = 0
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()


def jobs_with(store: Store, wanted: JobFilter, reasons: Sequence[Reason]) -> Iterator[Job]:
    """Yield the jobs that pass and have one of these reasons, the newest first, each once.

    What is queued meanwhile is newer. Raises StoreError.
    """
    seen: set[int] = set()
    for reason in reasons:
        upto: int | None = None
        while True:
            page = store.quarantine.jobs_with(wanted, reason, upto=upto, limit=_PAGE)
            new = [one.seq for one in page if one.seq not in seen]
            seen.update(new)
            jobs = store.jobs.of(new)
            yield from sorted(jobs, key=lambda job: -job.seq)
            if len(page) < _PAGE:
                break
            upto = page[-1].seq - 1


def replay_all(
    store: Store,
    wanted: JobFilter,
    reasons: Sequence[Reason],
    *,
    stop: Callable[[], bool] = lambda: False,
    told: Callable[[ReplayReport, Replayed | None], None] = lambda _, __: None,
) -> ReplayReport:
    """Queue the inputs of the jobs that pass and have one of these reasons, for today's parsers.

    A job that is refused stops none of the others. ``told`` is called after each, with what was
    queued, if anything was, and ``stop`` asked before: what was queued until then stays.

    Raises StoreUnreachableError if the store can't be used; what was told before is queued.
    """
    report = ReplayReport()
    for job in jobs_with(store, wanted, reasons):
        if stop():
            break
        done: Replayed | None = None
        try:
            done = replay_quarantine(store, job)
        except StoreUnreachableError:
            raise
        except StoreError as error:
            refusal = Refusal(job.job_id, error.message, error.hint)
            kept = report.refusals if report.refused >= _KEPT else (*report.refusals, refusal)
            report = replace(report, refused=report.refused + 1, refusals=kept)
        else:
            report = replace(report, queued=report.queued + 1)
        told(report, done)
    return report

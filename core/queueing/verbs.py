"""What people do to jobs, one verb for several of them: done, or refused with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from casparian.core.stores.errors import (
    AmbiguousJobError,
    StoreError,
    StoreUnreachableError,
    UnknownJobError,
    UnknownParserError,
)
from casparian.core.stores.states import ENDED, why_not

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store

JobVerb = Literal["cancel", "retry", "requeue", "replay", "delete"]


@dataclass(frozen=True, slots=True)
class VerbResult:
    """What became of a job: its state now, or why nothing was done; ``new_job_id`` of a replay.

    Of an id that means no job, or several, there is no state, and ``job_id`` is what was given.
    """

    job_id: str
    done: bool
    status: JobStatus | None
    why_not: str = ""
    hint: str = ""
    new_job_id: str | None = None


def do_verbs(store: Store, verb: JobVerb, beginnings: Sequence[str]) -> list[VerbResult]:
    """Do a verb to the jobs whose ids begin so, each once; one that refuses stops no other.

    Raises StoreUnreachableError if the store can't be used.
    """
    jobs: dict[str, Job] = {}
    unknown: dict[str, VerbResult] = {}
    # All are looked for before anything is done: a job that a replay makes must not make an
    # id mean two.
    for beginning in beginnings:
        try:
            job = store.jobs.find(beginning)
        except (UnknownJobError, AmbiguousJobError) as error:
            unknown[beginning] = VerbResult(beginning, False, None, error.message, error.hint)
        else:
            jobs[job.job_id] = job
    done = [do_verb(store, verb, job) for job in jobs.values()]
    return [*done, *unknown.values()]


def do_verb(store: Store, verb: JobVerb, job: Job, *, only_as_seen: bool = False) -> VerbResult:
    """Do a verb to a job, by its id, as it stands now and not as it was seen.

    With ``only_as_seen`` nothing is done to a job that had ended and is not any more what it was:
    whoever asks has looked at it a while ago.

    Raises StoreUnreachableError if the store can't be used.
    """
    new_job_id: str | None = None
    if only_as_seen and (changed := _changed(store, job)) is not None:
        return changed
    try:
        if verb == "cancel":
            done = store.jobs.cancel(job.job_id) is not None
        elif verb == "retry":
            done = store.jobs.retry(job.job_id)
        elif verb == "requeue":
            _need_bundle(store, job)
            done = store.jobs.requeue(job.job_id)
        elif verb == "delete":
            done = store.jobs.delete(job.job_id)
        else:
            new_job_id = _replay(store, job)
            done = new_job_id is not None
    except StoreUnreachableError:
        raise
    except StoreError as error:
        return VerbResult(job.job_id, False, _status(store, job), error.message, error.hint)
    status = _status(store, job)
    if done:
        return VerbResult(job.job_id, True, status, new_job_id=new_job_id)
    reason = why_not(verb, status) or f"the job was not to be had: it is {status} by now"
    return VerbResult(job.job_id, False, status, reason)


def _changed(store: Store, job: Job) -> VerbResult | None:
    """Say what has become of a job that had ended; None if it is as it was seen."""
    found = store.jobs.get(job.job_id)
    if found is None:
        return VerbResult(job.job_id, False, job.status, "the job is not there any more")
    if job.status not in ENDED or (found.status, found.fence) == (job.status, job.fence):
        return None
    reason = f"the job is {found.status} by now; it was {job.status} when you looked"
    return VerbResult(job.job_id, False, found.status, reason)


def _replay(store: Store, job: Job) -> str | None:
    current = store.parsers.latest(job.parser)
    if current is None:
        raise UnknownParserError(
            f"the parser {job.parser!r} is not registered any more",
            hint="casparian parser register FOLDER",
        )
    return store.jobs.replay(
        job.job_id, source_hash=current.source_hash, parser_version=current.version
    )


def _need_bundle(store: Store, job: Job) -> None:
    if job.status in ENDED and store.parsers.get(job.source_hash) is None:
        raise UnknownParserError(
            f"the bundle of {job.parser} {job.parser_version} that the job was queued for is not "
            "registered any more",
            hint="casparian parser register FOLDER, then enqueue the file anew",
        )


def _status(store: Store, job: Job) -> JobStatus:
    found = store.jobs.get(job.job_id)
    return job.status if found is None else found.status

"""A job's life as a timeline: queued, each attempt with its worker, published, ended, replayed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from casparian.app.ages import clock_time, shown_duration
from casparian.app.job_states import SHOWN
from casparian.core.safe_text import one_line
from casparian.core.stores.states import HELD, SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.stores.jobs import Attempt, Job

_OUTCOMES: Final[dict[str, str]] = {
    "completed": "✓",
    "completed_with_warnings": "!",
    "cancelled": SHOWN["cancelled"].mark,
}
_WIDTH: Final = 12


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, or is to: when, if that is known, its mark, and what."""

    at: int | None
    mark: str
    title: str
    text: str = ""


def moments(details: JobDetails, now: int) -> list[Moment]:
    """Return what happened to a job, the first first; ``now`` is milliseconds since 1970."""
    job = details.job
    found = [Moment(job.created_at, "○", "created", _origin(job))]
    for number, attempt in enumerate(details.attempts, 1):
        found += _of_attempt(details, number, attempt, now)
    if job.requeued_at is not None:
        found.append(Moment(job.requeued_at, "↻", "requeued", "attempts count afresh"))
    found.sort(key=lambda one: one.at or 0)
    found += _end(details, now)
    found += [Moment(one.at, "↻", "replayed", f"as job {one.job_id}") for one in details.replays]
    if job.replaced_by is not None:
        found.append(Moment(None, "⇄", "replaced", f"by the set of job {job.replaced_by}"))
    return found


def _origin(job: Job) -> str:
    parts = [
        text
        for text, other in (
            (f"as a replay of job {job.replay_of}", job.replay_of),
            (f"in place of job {job.replaces}'s set", job.replaces),
            ("though it was done before", job.forced and job.replay_of is None),
        )
        if other
    ]
    return ", ".join(parts)


def _of_attempt(details: JobDetails, number: int, attempt: Attempt, now: int) -> Iterator[Moment]:
    job, is_newest = details.job, attempt is details.attempts[-1]
    wait = ""
    if number == 1:
        wait = f", {shown_duration(attempt.started_at - job.created_at)} after it was queued"
    claimed = f"by worker {attempt.worker_id}{wait}"
    yield Moment(attempt.started_at, "▶", f"attempt {number}", claimed)
    took = shown_duration((attempt.ended_at or now) - attempt.started_at)
    if attempt.outcome is None:
        if is_newest and job.status == "promoting":
            yield Moment(now, "▶", "promoting", f"its set is staged and checked; so far {took}")
        elif is_newest and job.status in HELD:
            yield Moment(now, "▶", "running", f"so far {took}")
        return
    word = attempt.outcome.replace("_", " ")
    error = ""
    if attempt.error is not None:
        line = " ".join(attempt.error.message.split())[:200]
        if attempt.error.error_class != attempt.outcome:
            line = f"{attempt.error.error_class}: {line}"
        error = one_line(f": {line}")
    if attempt.outcome in SUCCEEDED:
        published = details.published
        place = f" in {published.place}" if is_newest and published is not None else ""
        yield Moment(attempt.ended_at, "⇧", "promoted", one_line(f"its set is published{place}"))
    mark = _OUTCOMES.get(attempt.outcome, "✗" if attempt.error is not None else "·")
    yield Moment(attempt.ended_at, mark, word, f"after {took}{_heard(attempt)}{error}")


def _heard(attempt: Attempt) -> str:
    """Say when a worker that was lost was last heard of: it was only found out at the end."""
    heard = None if attempt.error is None else attempt.error.details.get("last_heard_at")
    if not isinstance(heard, int):
        return ""
    return f", last heard of after {shown_duration(max(heard - attempt.started_at, 0))}"


def _end(details: JobDetails, now: int) -> Iterator[Moment]:
    job = details.job
    if job.status == "scheduled":
        wait = shown_duration(max(job.run_at - now, 0))
        yield Moment(job.run_at, SHOWN[job.status].mark, "runs again", f"in {wait}")
    elif job.status == "cancelled" and job.finished_at is not None:
        if any(one.ended_at == job.finished_at for one in details.attempts):
            return  # it ran, and that attempt tells of it
        yield Moment(job.finished_at, SHOWN[job.status].mark, "cancelled")


def timeline_text(details: JobDetails, now: int) -> Text:
    """Return it as lines."""
    text = Text()
    for one in moments(details, now):
        when = "" if one.at is None else clock_time(one.at)
        text.append(f"  {when:<23}", "dim")
        text.append(f" {one.mark} {one.title:<{_WIDTH}} ", "bold")
        text.append(f"{one.text}\n")
    return text

"""``casparian job``: one job looked at, or told what to do."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import click

from .cli import EXIT_FAILED, LazyGroup
from .db_command import store_option
from .job_states import SHOWN
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from casparian.core.queueing.verbs import JobVerb, VerbResult

COMMANDS = {
    "show": ("casparian.app.job_command:show", "Show a job: attempts, error, outputs."),
    "logs": ("casparian.app.job_command:logs", "Print the log of an attempt, or follow it."),
    "cancel": ("casparian.app.job_command:cancel", "End jobs that wait or run."),
    "retry": ("casparian.app.job_command:retry", "Let scheduled jobs run now."),
    "requeue": ("casparian.app.job_command:requeue", "Run ended jobs again."),
    "replay": ("casparian.app.job_command:replay", "Do a dead letter's work by a new job."),
    "delete": ("casparian.app.job_command:delete", "Forget ended jobs."),
}
_LOOK_S: Final = 0.2
"""How often a log that is followed is looked at."""


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("job", cls=Commands)
def command() -> None:
    """Look at a job, or tell it what to do. Any beginning of an id that only one job has will do.

    casparian jobs lists the ids.
    """


@click.command("show", cls=JsonCommand)
@click.argument("job_id", metavar="ID")
@store_option()
@json_option()
def show(job_id: str, store: str | None, as_json: bool) -> int:
    """Show a job: what it is, its attempts, its error with traceback, its quarantine and outputs.

    Exit code 0 whatever state the job is in.
    """
    from casparian.core.queueing.job_details import job_details
    from casparian.core.settings import home

    from .opened_store import opened_store

    with opened_store(store, read_only=True) as opened:
        details = job_details(opened, opened.jobs.find(job_id), home())
    if as_json:
        from .job_view import details_json
        from .run_display import print_json

        print_json(details_json(details))
    else:
        from .job_view import print_details

        print_details(details)
    return 0


@click.command("logs")
@click.argument("job_id", metavar="ID")
@click.option(
    "--attempt",
    type=click.IntRange(min=1),
    metavar="N",
    help="Not of the newest, but of the N-th that job show lists.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on until the job ends.")
@store_option()
def logs(job_id: str, attempt: int | None, follow: bool, store: str | None) -> int:
    """Print the log of a job's newest attempt.

    With -f what comes is printed, too, and of the next attempts, until the job has ended; the file
    and the store are looked at five times a second.

    \b
    Exit codes: 0 whatever became of the job; 1 there is no log; 130 Ctrl-C ended -f.
    """
    if follow and attempt is not None:
        raise click.UsageError("the newest attempt is followed: leave out --attempt or -f")
    from casparian.core.queueing.log_follow import fence_of_attempt, follow_log
    from casparian.core.queueing.log_tail import LogTail
    from casparian.core.settings import home
    from casparian.core.worker.job_logs import log_path

    from .opened_store import opened_store

    with opened_store(store, read_only=True) as opened:
        job = opened.jobs.find(job_id)
        if follow:
            for came in follow_log(opened, home(), job.job_id, wait=lambda: time.sleep(_LOOK_S)):
                if isinstance(came, bytes):
                    _write(came)
                else:
                    click.secho(f"— attempt {came.attempt}: {came.status} —", dim=True, err=True)
            return 0
        attempts = opened.jobs.attempts(job.job_id)
    fence = None if attempt is None else fence_of_attempt(attempts, attempt)
    if job.fence == 0:
        click.echo(f"job {job.job_id} is {job.status}: it has not run, and has no log", err=True)
        return EXIT_FAILED
    path = log_path(home(), job, fence=fence)
    tail = LogTail(path)
    if not tail.is_there():
        click.echo(f"{path}: this log is not there (any more): logs are kept for 7 days", err=True)
        return EXIT_FAILED
    for block in tail.read():
        _write(block)
    tail.close()
    return 0


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


@click.command("cancel", cls=JsonCommand)
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
@store_option()
@json_option()
def cancel(job_ids: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """End jobs: those that wait at once, those that run within a few seconds.

    A job that is publishing is done in a moment: that is too late.
    """
    return _do("cancel", job_ids, store, as_json=as_json)


@click.command("retry", cls=JsonCommand)
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
@store_option()
@json_option()
def retry(job_ids: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """Let scheduled jobs run now, and not after their wait."""
    return _do("retry", job_ids, store, as_json=as_json)


@click.command("requeue", cls=JsonCommand)
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
@store_option()
@json_option()
def requeue(job_ids: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """Run ended jobs again, with the bundle that they were queued for; attempts begin afresh.

    What such a job has published stays until its new set takes the place.
    """
    return _do("requeue", job_ids, store, as_json=as_json)


@click.command("replay", cls=JsonCommand)
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
@store_option()
@json_option()
def replay(job_ids: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """Queue a new job for each dead letter's input, with the parser's current bundle."""
    return _do("replay", job_ids, store, as_json=as_json)


@click.command("delete", cls=JsonCommand)
@click.argument("job_ids", metavar="ID…", nargs=-1, required=True)
@store_option()
@json_option()
def delete(job_ids: tuple[str, ...], store: str | None, as_json: bool) -> int:
    """Forget ended jobs, with their attempts and quarantined rows.

    What they published stays, and so does the knowledge that their inputs were processed.
    `casparian jobs prune` forgets all that ended long ago.
    """
    return _do("delete", job_ids, store, as_json=as_json)


_DONE: Final = {
    "retry": "is pending",
    "requeue": "is pending again",
    "replay": "is replayed",
    "delete": "is forgotten",
}


def _do(verb: JobVerb, job_ids: tuple[str, ...], store: str | None, *, as_json: bool) -> int:
    """Do a verb to each job; one that refuses stops none of the others."""
    from casparian.core.queueing.verbs import do_verbs

    from .opened_store import opened_store

    with opened_store(store) as opened:
        results = do_verbs(opened, verb, job_ids)
    if as_json:
        from dataclasses import asdict

        from .run_display import print_json

        print_json({"jobs": [asdict(result) for result in results]})
    else:
        for result in results:
            _print_result(verb, result)
    return 0 if all(result.done for result in results) else EXIT_FAILED


def _print_result(verb: JobVerb, result: VerbResult) -> None:
    from .next_steps import can_show_marks

    marks = can_show_marks()
    if not result.done or result.status is None:
        mark = "✗" if marks else "x"
        which = "" if result.status is None else f"{result.job_id}: "
        click.secho(f"{mark} {which}{result.why_not}", fg="red", err=True)
        if result.hint:
            click.echo(f"  try: {result.hint}", err=True)
        return
    said = _DONE.get(verb, f"is {SHOWN[result.status].word}")
    if verb == "cancel" and result.status != "cancelled":
        said = "is being ended by its worker"
    if result.new_job_id is not None:
        said += f" as job {result.new_job_id}"
    click.secho("✓ " if marks else "+ ", fg="green", nl=False)
    click.echo(f"{result.job_id} {said}")

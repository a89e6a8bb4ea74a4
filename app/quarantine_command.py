"""``casparian quarantine``: rows that broke their contract, looked at, exported, tried again."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from casparian.core.words import counted

from .cli import EXIT_FAILED, LazyGroup
from .db_command import store_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.store import Store

COMMANDS = {
    "list": ("casparian.app.quarantine_command:list_", "List quarantined rows, or jobs with some."),
    "reasons": ("casparian.app.quarantine_command:reasons", "Count the reasons, over all jobs."),
    "show": ("casparian.app.quarantine_command:show", "Show a row as it came, with all reasons."),
    "export": ("casparian.app.quarantine_command:export", "Write a job's rows to a file."),
    "replay": ("casparian.app.quarantine_command:replay", "Parse a job's input anew."),
}
_LOOK_S: Final = 0.2


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("quarantine", cls=Commands)
def command() -> None:
    """Look at rows that broke their contract, export them, or parse their input anew.

    The store keeps why each row was refused, and its first 4 KiB; the whole row lies beside what
    its job has published.
    """


@click.command("list", cls=JsonCommand)
@click.option("--job", "job_id", metavar="ID", help="The rows of this job.")
@click.option("--parser", metavar="NAME", help="Only jobs of this parser.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    metavar="N",
    help="At most so many rows, or jobs. Default: 20.",
)
@store_option()
@json_option()
def list_(
    job_id: str | None, parser: str | None, limit: int, store: str | None, as_json: bool
) -> int:
    """List what is in quarantine: the newest jobs that have some, or the rows of one.

    Of a job the kinds of reasons come first, then the rows, each with all its reasons.
    """
    if job_id is not None and parser is not None:
        raise click.UsageError("--job and --parser exclude each other")
    from . import quarantine_view as view
    from .opened_store import opened_store
    from .run_display import print_json

    with opened_store(store, read_only=True) as opened:
        if job_id is None:
            from casparian.core.queueing.quarantined_jobs import quarantined_jobs

            found = quarantined_jobs(opened, parser=parser, limit=limit)
            if as_json:
                print_json(view.jobs_json(found))
            else:
                view.print_jobs(found)
            return 0
        rows = view.taken_rows(opened, opened.jobs.find(job_id), limit)
    if as_json:
        print_json(view.rows_json(rows))
    else:
        view.print_rows(rows)
    return 0


@click.command("reasons", cls=JsonCommand)
@click.option(
    "--filter",
    "words",
    metavar="WORDS",
    default="",
    help="Of the jobs that these words mean, as in the terminal app: 'parser:sales since:7d'.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    metavar="N",
    help="At most so many reasons. Default: 100.",
)
@store_option()
@json_option()
def reasons(words: str, limit: int, store: str | None, as_json: bool) -> int:
    """Count why rows are in quarantine, over the jobs that match: cells, rows, and jobs.

    The reasons stand by parser, output, column and type of error; the parser with the most rows is
    first. Jobs whose set another one has replaced are left out.
    """
    from casparian.core.queueing.filters import parse_filter
    from casparian.core.queueing.quarantine_reasons import counted_reasons

    from . import quarantine_view as view
    from .ages import now_ms
    from .opened_store import opened_store
    from .run_display import print_json

    wanted = parse_filter(words, now=now_ms())
    with opened_store(store, read_only=True) as opened:
        counts = counted_reasons(opened, wanted)
    if as_json:
        print_json(view.reasons_json(counts, limit))
    else:
        view.print_reasons(counts, limit)
    return 0


@click.command("show", cls=JsonCommand)
@click.argument("job_id", metavar="JOB")
@click.argument("row", required=False, type=click.IntRange(min=1), metavar="[ROW]")
@click.option("--output", metavar="NAME", help="The row of this output.")
@store_option()
@json_option()
def show(job_id: str, row: int | None, output: str | None, store: str | None, as_json: bool) -> int:
    """Show quarantined rows as they came, with all their reasons and hints.

    ROW is a number as the reasons name it, from one. Without it the first row of each kind of
    reason is shown.
    """
    from . import quarantine_view as view
    from .opened_store import opened_store
    from .run_display import print_json

    with opened_store(store, read_only=True) as opened:
        job = opened.jobs.find(job_id)
        if row is None:
            rows = view.examples(opened, job, output)
        else:
            rows = view.rows_of_number(opened, job, row - 1, output)
        if not rows:
            which = "rows" if row is None else f"row {row}"
            raise click.ClickException(f"job {job.job_id} has no such {which} in quarantine")
        whole = [view.whole_json(job, one) for one in rows]
    if as_json:
        print_json({"job_id": job.job_id, "rows": whole})
    else:
        view.print_whole(rows, whole)
    return 0


@click.command("export", cls=JsonCommand)
@click.argument("job_id", metavar="JOB")
@click.option(
    "--to",
    "path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A name that ends in .parquet, .csv or .jsonl.",
)
@click.option("--force", is_flag=True, help="Also in place of a file that is there.")
@store_option()
@json_option()
def export(job_id: str, path: Path, force: bool, store: str | None, as_json: bool) -> int:
    """Write a job's quarantined rows to a file, with all reasons.

    Rows are whole where the job's published set is there; else the store has 4 KiB of each, and it
    is said how many are cut.
    """
    from casparian.core.queueing.quarantine_export import export_quarantine

    from .opened_store import opened_store

    with opened_store(store, read_only=True) as opened:
        done = export_quarantine(opened, opened.jobs.find(job_id), path, force=force)
    if as_json:
        from .run_display import print_json

        print_json(
            {
                "path": str(done.path),
                "rows": done.rows,
                "files": [str(file) for file in done.files],
                "from_store": done.from_store,
                "cut": done.cut,
            }
        )
        return 0
    from .next_steps import print_written

    print_written(done.path, counted(done.rows, "row"))
    for file in done.files:
        click.secho(f"  whole rows, from {file}", dim=True)
    if done.from_store:
        cut = f"; {done.cut:,} of them are cut at 4 KiB" if done.cut else ", all of them whole"
        click.secho(f"  {done.from_store:,} rows from the store{cut}", dim=True)
    return 0


@click.command("replay", cls=JsonCommand)
@click.option("--job", "job_id", metavar="ID", help="The job.")
@click.option(
    "--filter",
    "words",
    metavar="WORDS",
    help="All jobs with rows in quarantine that these words mean: 'parser:sales since:7d'.",
)
@click.option("--output", metavar="NAME", help="Of these those with bad rows of this output.")
@click.option("--column", metavar="NAME", help="Of these those with bad cells in this column.")
@click.option("--error-type", metavar="TYPE", help="Of these those with this type of error.")
@click.option("--wait", is_flag=True, help="Wait until it is done, and compare row by row.")
@click.option("--yes", is_flag=True, help="Don't ask before many jobs are parsed anew.")
@store_option()
@json_option()
def replay(
    job_id: str | None,
    words: str | None,
    output: str | None,
    column: str | None,
    error_type: str | None,
    wait: bool,
    yes: bool,
    store: str | None,
    as_json: bool,
) -> int:
    """Parse a job's input anew, with the parser's current bundle; its set replaces the job's.

    For when the parser or the file has been mended. Until the new set is published the old one
    stays, and rows are never there twice: one replay runs at a time, and a second one replaces
    what the first has published. What was recovered and what wasn't is told row by row once it is
    done: with --wait, or by casparian quarantine list --job and the new job's id.

    Without --job the inputs of many jobs: of those that --filter means, or whose rows have a
    reason, as casparian quarantine reasons tells them.

    \b
    Examples:
      casparian quarantine replay --job 17f3 --wait
      casparian quarantine replay --filter 'parser:sales since:7d'
      casparian quarantine replay --filter parser:sales --column age --error-type type_mismatch

    \b
    Exit codes: 0 it is queued, or with --wait done; 1 refused, or with --wait failed; 2 usage;
    130 Ctrl-C ended the waiting: the job stays queued.
    """
    from casparian.core.queueing.quarantine_replay import replay_quarantine

    from .opened_store import opened_store

    which = (output, column, error_type)
    many = words is not None or any(name is not None for name in which)
    if (job_id is not None) == many:
        raise click.UsageError("say which: --job ID, or of many jobs --filter, --column, …")
    with opened_store(store) as opened:
        if job_id is None:
            from .quarantine_replays import replay_many

            if wait:
                raise click.UsageError("--wait is for one --job")
            return replay_many(opened, words or "", which, yes=yes, as_json=as_json)
        done = replay_quarantine(opened, opened.jobs.find(job_id))
        if not as_json:
            _print_replayed(done.job_id, done.replaces, asdict(done), opened)
        job = _waited(opened, done.job_id) if wait else opened.jobs.get(done.job_id)
        assert job is not None
        return _told(opened, job, asdict(done), waited=wait, as_json=as_json)


def _print_replayed(job_id: str, replaces: str, done: dict[str, Any], store: Store) -> None:
    click.secho(f"✓ job {job_id} queued", fg="green", nl=False)
    click.echo(f": version {done['parser_version']}, to replace the set of job {replaces}")
    if done["same_bundle"] and done["same_input"]:
        click.secho("! neither the parser nor the file has changed since", fg="yellow", err=True)
    if not store.workers.list():
        click.secho("! no worker is there: casparian worker", fg="yellow", err=True)


def _waited(store: Store, job_id: str) -> Job:
    """Wait until a job has ended; the store is asked five times a second if it has changed."""
    from casparian.core.stores.errors import StoreError
    from casparian.core.stores.states import ENDED

    while True:
        store.changed()
        job = store.jobs.get(job_id)
        if job is None:
            raise StoreError(f"job {job_id} was pruned while it was waited for")
        if job.status in ENDED:
            return job
        while not store.changed():
            time.sleep(_LOOK_S)


def _told(store: Store, job: Job, done: dict[str, Any], *, waited: bool, as_json: bool) -> int:
    from casparian.core.queueing.comparison import compare_replacement
    from casparian.core.stores.states import SUCCEEDED

    from .comparison_view import comparison_json, comparison_lines
    from .job_json import job_json

    comparison = compare_replacement(store, job) if waited else None
    if as_json:
        from .ages import now_ms
        from .run_display import print_json

        compared = None if comparison is None else comparison_json(comparison)
        print_json({**done, "job": job_json(job, now_ms()), "comparison": compared})
    elif comparison is not None:
        for line in comparison_lines(comparison):
            click.echo(line)
    elif waited:
        said = "" if job.error is None else f": {job.error.message}"
        click.secho(f"✗ job {job.job_id} is {job.status}{said}", fg="red", err=True)
        click.echo("  the old set stays as it was", err=True)
    else:
        click.secho(f"  then: casparian quarantine list --job {job.job_id[:8]}", dim=True)
    return EXIT_FAILED if waited and job.status not in SUCCEEDED else 0

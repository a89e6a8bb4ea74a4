"""``casparian jobs``: the queue, listed, watched and pruned."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from casparian.core.queueing.filters import anywhere, parse_filter
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import ENDED, STATUSES

from .ages import Since, clock_time, now_ms
from .cli import LazyGroup
from .db_command import store_option
from .job_states import ALIASES
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from casparian.core.stores.jobs import Sort
    from casparian.core.stores.states import JobStatus
    from casparian.core.stores.store import Store

    from .jobs_table import JobsSnapshot

    F = TypeVar("F", bound=Callable[..., object])

COMMANDS = {
    "prune": ("casparian.app.jobs_command:prune", "Forget jobs that ended long ago."),
}


class Commands(JsonCommand, LazyGroup):
    """The list itself, and what is done to it."""

    commands_table = COMMANDS


def _statuses(_: click.Context, __: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    return tuple(ALIASES.get(word, word) for word in given)


def status_option(states: Sequence[str] = STATUSES) -> Callable[[F], F]:
    """``--status``, any number of times."""
    known = [*states, *(alias for alias, status in ALIASES.items() if status in states)]
    return click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice(known),
        callback=_statuses,
        metavar="STATE",
        help=f"In this state; may be repeated: {', '.join(known)}.",
    )


@click.group("jobs", cls=Commands, invoke_without_command=True)
@status_option()
@click.option("--parser", metavar="NAME", help="Of this parser.")
@click.option("--input", "input_glob", metavar="GLOB", help="Whose input's path matches.")
@click.option(
    "--since",
    type=Since(),
    metavar="TIME",
    help="Queued since then: 90s, 30m, 12h, 7d ago, or 2026-01-31 (UTC).",
)
@click.option("--dead-letter", is_flag=True, help="The same as --status dead_letter.")
@click.option("--text", metavar="TEXT", help="With this in the input's path or the error.")
@click.option(
    "--filter",
    "words",
    metavar="WORDS",
    default="",
    help="All of that in words, as in the terminal app: 'status:failed since:1h disk full'.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    metavar="N",
    help="At most so many. Default: 100.",
)
@click.option(
    "--sort",
    type=click.Choice(["newest", "oldest"]),
    default="newest",
    help="Which come first. Default: newest.",
)
@click.option("--watch", is_flag=True, help="Show them again whenever they change; Ctrl-C ends it.")
@store_option()
@json_option()
@click.pass_context
def command(
    context: click.Context,
    statuses: tuple[JobStatus, ...],
    parser: str | None,
    input_glob: str | None,
    since: int | None,
    dead_letter: bool,
    text: str | None,
    words: str,
    limit: int,
    sort: Sort,
    watch: bool,
    store: str | None,
    as_json: bool,
) -> int:
    """List the jobs of the queue.

    A running job shows its worker and how long ago that was heard of; it is LATE once its lease
    has run out, and is then taken back. Beginnings of ids will do in all commands.

    \b
    Examples:
      casparian jobs
      casparian jobs --status failed --parser sales --since 12h
      casparian jobs --filter 'status:failed parser:sales since:12h'
      casparian jobs --watch

    \b
    Exit codes: 0 also if there are none, and when --watch is ended by Ctrl-C; 1 failed; 2 usage.
    """
    if context.invoked_subcommand is not None:
        if any(
            context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
            for name in context.params
        ):
            raise click.UsageError("options of the list don't go with a command: put them behind")
        return 0
    if watch and as_json:
        raise click.UsageError("--json is one object: it can't be watched")
    if dead_letter:
        statuses = (*statuses, "dead_letter")
    wanted = _wanted(
        words,
        JobFilter(
            statuses=statuses,
            parser=parser,
            input_glob=None if input_glob is None else anywhere(input_glob),
            text=text,
            since=since,
        ),
    )
    from .opened_store import opened_store

    with opened_store(store, read_only=True) as opened:
        if watch:
            from .jobs_watch import watch_jobs

            watch_jobs(opened, lambda most: taken(opened, wanted, sort, min(limit, most)))
            return 0
        snapshot = taken(opened, wanted, sort, limit)
    if as_json:
        _print_json(snapshot)
    else:
        print_jobs(snapshot)
    return 0


def _wanted(words: str, options: JobFilter) -> JobFilter:
    """Return what the words of a filter and the other options say together."""
    from dataclasses import fields, replace

    said = parse_filter(words, now=now_ms())
    given = {name: value for name in _FIELDS if (value := getattr(options, name))}
    for field in fields(said):
        if field.name in given and getattr(said, field.name):
            raise click.UsageError(f"{_FIELDS[field.name]} is in --filter, too: give it once")
    return replace(said, **given)


_FIELDS = {
    "statuses": "--status",
    "parser": "--parser",
    "input_glob": "--input",
    "text": "--text",
    "since": "--since",
}


def taken(store: Store, wanted: JobFilter, sort: Sort, limit: int) -> JobsSnapshot:
    """Return what the store holds now."""
    from .jobs_table import JobsSnapshot

    page = store.jobs.list(wanted, sort=sort, limit=limit)
    more = page.after is not None
    counts = store.jobs.counts(wanted.parser)
    counted = wanted == JobFilter(statuses=wanted.statuses, parser=wanted.parser)
    total: int | None = None
    if not more:
        total = len(page.jobs)
    elif counted:
        total = sum(counts.get(status, 0) for status in set(wanted.statuses or STATUSES))
    paused = frozenset(
        name for name, health in store.parsers.health().items() if health.paused_at is not None
    )
    obstacles = [one for one in store.obstacles.list() if wanted.parser in (None, one.parser)]
    return JobsSnapshot(
        page.jobs, more, total, counts, paused, obstacles, filtered=wanted != JobFilter()
    )


def print_jobs(snapshot: JobsSnapshot) -> None:
    """Print jobs as a table, as wide as the terminal; what isn't one takes wide lines."""
    from rich.console import Console

    from .jobs_table import jobs_view, output_width
    from .next_steps import can_show_marks

    marks = can_show_marks()
    width = output_width()
    console = Console(highlight=False, width=width)
    console.print(jobs_view(snapshot, now_ms(), width=width, marks=marks))


def _print_json(snapshot: JobsSnapshot) -> None:
    from .job_json import job_json
    from .obstacle_view import obstacle_json
    from .run_display import print_json

    now = now_ms()
    print_json(
        {
            "jobs": [job_json(job, now) for job in snapshot.jobs],
            "total": snapshot.total,
            "more": snapshot.more,
            "counts": dict(snapshot.counts),
            "obstacles": [obstacle_json(one) for one in snapshot.obstacles],
        }
    )


@click.command("prune", cls=JsonCommand)
@click.option(
    "--older-than",
    "before",
    type=Since(),
    default="30d",
    metavar="TIME",
    help="Ended longer ago, or before a date. Default: 30d.",
)
@status_option(sorted(ENDED))
@click.option("--yes", is_flag=True, help="Don't ask.")
@store_option()
@json_option()
def prune(
    before: int, statuses: tuple[JobStatus, ...], yes: bool, store: str | None, as_json: bool
) -> int:
    """Forget jobs that ended long ago, with their attempts and quarantined rows.

    What they published stays, and so does the knowledge that their inputs were processed. Jobs
    that have not ended are never forgotten.
    """
    from casparian.core.queueing.pruning import count_prunable, prune_jobs

    from .opened_store import opened_store

    with opened_store(store) as opened:
        count = count_prunable(opened, before=before, statuses=statuses)
        if count and not yes:
            if not sys.stdin.isatty() or as_json:
                raise click.UsageError(f"{count:,} jobs would be forgotten: say so with --yes")
            question = f"Forget {count:,} jobs that ended before {clock_time(before)}?"
            click.confirm(question, abort=True, err=True)
        pruned = prune_jobs(opened, before=before, statuses=statuses)
    if as_json:
        from .ages import iso
        from .run_display import print_json

        print_json({"pruned": pruned, "before": iso(before)})
    else:
        click.echo(f"{pruned:,} jobs forgotten that ended before {clock_time(before)}")
    return 0

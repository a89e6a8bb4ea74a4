"""``casparian enqueue`` (also ``process-job``): files into the queue, for a worker to do."""

from __future__ import annotations

import itertools
import os
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from casparian.core.safe_text import one_line
from casparian.core.words import counted

from .cli import EXIT_FAILED
from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from casparian.core.queueing.enqueue import EnqueueReport, Outcome
    from casparian.core.queueing.inputs import Found
    from casparian.core.queueing.own_files import OwnFiles
    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.store import Store

_SHOWN = 20
_AGAIN = "to do it again: --force; the new rows take the place of those that stand"


@click.command("enqueue", cls=JsonCommand)
@click.argument("words", nargs=-1, metavar="PARSER[@VERSION] INPUT…")
@click.option("--topic", metavar="TOPIC", help="For every parser that subscribes to it; no PARSER.")
@click.option(
    "--from-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Also what a file lists, a path a line; - is stdin, as it is among the inputs.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Queue also what is done, or in the queue already; the new rows replace the old.",
)
@click.option("--priority", type=int, default=0, metavar="N", help="Smaller is first. Default: 0.")
@store_option()
@json_option()
def command(
    words: tuple[str, ...],
    topic: str | None,
    from_file: Path | None,
    force: bool,
    priority: int,
    store: str | None,
    as_json: bool,
) -> int:
    """Queue each INPUT for PARSER, a registered one: its latest version, or VERSION.

    INPUT is a file, a folder (all files below it), a quoted glob, or - for a list on stdin. What
    was done by this bundle already, or is in the queue, isn't queued again. Of each input and
    version one set of rows stands: what a new job publishes replaces it. Interrupted, it has
    queued what it told; called again, it goes on.

    \b
    Examples:
      casparian enqueue sales 'exports/*.csv'
      casparian enqueue sales@1.2.0 exports/ --force
      find exports -name '*.csv' | casparian enqueue sales -

    \b
    Exit codes: 0 all is queued or done; 1 a file could not be queued; 2 usage; 130 interrupted.
    """
    from casparian.core.queueing.enqueue import EnqueueReport, enqueue

    from .own_files import own_files

    name, inputs = _split(words, topic)
    if not inputs and from_file is None:
        raise click.UsageError("nothing is to be queued: give files, a folder, a glob, or -")
    report = EnqueueReport()
    with ExitStack() as stack:
        opened = stack.enter_context(_opened(store, name))
        parsers = _chosen(opened, name, topic)
        url = chosen_store(store)
        own = own_files(url)
        found = _found(inputs, from_file, own, stack)
        if sys.stderr.isatty():
            from .enqueue_progress import EnqueueProgress

            countable = inputs if from_file is None and "-" not in inputs else ()
            stack.enter_context(EnqueueProgress(report, countable, own_files(url)))
        try:
            enqueue(opened, found, parsers, force=force, priority=priority, report=report)
        except KeyboardInterrupt:
            # The batch that it broke into may have been queued as well.
            least = f"at least {report.queued:,} jobs are queued"
            said = f"{least}; the same command goes on with the rest"
            stack.close()  # the bar goes first
            click.echo(said, err=True)
            raise
        paused = _paused(opened, parsers)
    if as_json:
        from .run_display import print_json

        print_json(_as_json(report, parsers, paused, own.passed_over))
    else:
        _print(report, parsers, paused, own.passed_over)
    return EXIT_FAILED if report.problem_count else 0


def _split(words: Sequence[str], topic: str | None) -> tuple[str | None, Sequence[str]]:
    if topic is not None:
        return None, words
    if not words:
        raise click.UsageError("give a registered parser, or --topic")
    return words[0], words[1:]


def _opened(given: str | None, name: str | None) -> Store:
    from casparian.core.registry.known import find_registered
    from casparian.core.stores.place import check_place
    from casparian.core.stores.store import sqlite_path

    from .opened_store import opened_store

    path = sqlite_path(chosen_store(given))
    check_place(path)
    if name is not None and not path.exists():
        find_registered(None, name)  # says that nothing is registered, and how that is done
    return opened_store(given)


def _chosen(store: Store, name: str | None, topic: str | None) -> Sequence[StoredParser]:
    if name is not None:
        from casparian.core.registry.known import find_registered

        return [find_registered(store, name)]
    from casparian.core.queueing.topics import subscribed

    return subscribed(store, str(topic))


def _found(
    inputs: Sequence[str], from_file: Path | None, own: OwnFiles, stack: ExitStack
) -> Iterator[Found]:
    from casparian.core.queueing.inputs import find_inputs, listed_inputs

    lists: list[BinaryIO] = []
    if "-" in inputs or from_file == Path("-"):
        lists.append(sys.stdin.buffer)
    if from_file is not None and from_file != Path("-"):
        lists.append(stack.enter_context(from_file.open("rb")))
    # Names are bytes: what is no Unicode must come through, to be told.
    lines = map(os.fsdecode, itertools.chain.from_iterable(lists))
    words = [word for word in inputs if word != "-"]
    return itertools.chain(find_inputs(words, own), listed_inputs(lines))


def _paused(store: Store, parsers: Sequence[StoredParser]) -> dict[str, str]:
    """Return the parsers that are paused, and why."""
    health = store.parsers.health()
    return {
        parser.name: health[parser.name].paused_reason
        for parser in parsers
        if parser.name in health and health[parser.name].paused_at is not None
    }


def _as_json(
    report: EnqueueReport, parsers: Sequence[StoredParser], paused: dict[str, str], passed_over: int
) -> dict[str, Any]:
    return {
        "files": report.files,
        "queued": report.queued,
        "already_processed": report.already_processed,
        "in_queue": report.in_queue,
        "replacing": report.replacing,
        "beside": report.beside,
        "passed_over": passed_over,
        "bytes_read": report.bytes_read,
        "problem_count": report.problem_count,
        "problems": [asdict(problem) for problem in report.problems],
        "jobs": [asdict(job) for job in report.jobs],
        "parsers": [
            {
                "name": parser.name,
                "version": parser.version,
                "source_hash": parser.source_hash,
                "paused": parser.name in paused,
            }
            for parser in parsers
        ],
    }


def _print(
    report: EnqueueReport, parsers: Sequence[StoredParser], paused: dict[str, str], passed_over: int
) -> None:
    from .next_steps import can_show_marks, print_steps

    marks = can_show_marks()
    names = ", ".join(f"{parser.name} {parser.version}" for parser in parsers)
    good = "✓" if marks else "+"
    click.secho(f"{good} {report.queued:,} queued", fg="green" if report.queued else None, nl=False)
    click.echo(f" for {names}")
    dot = "·" if marks else "-"
    if report.replacing:
        rows = "rows that stand, once they are published"
        click.echo(f"{dot} {report.replacing:,} of them to replace {rows}")
    if report.beside:
        versions = ", ".join(sorted({one for job in report.jobs for one in job.beside}))
        rows = f"rows of another version, which stay: {versions}"
        click.echo(f"{dot} {report.beside:,} of them beside {rows}")
    if report.already_processed:
        done = _these(report, "already_processed", report.already_processed)
        click.echo(f"{dot} Already processed: {done}")
        click.secho(f"  {_AGAIN}", dim=True)
    if report.in_queue:
        click.echo(f"{dot} In the queue already: {_these(report, 'in_queue', report.in_queue)}")
    if passed_over:
        click.echo(f"{dot} Passed over, for casparian wrote them: {counted(passed_over, 'file')}")
        click.secho("  a path or a glob queues them", dim=True)
    for problem in report.problems[:_SHOWN]:
        mark, path = "✗" if marks else "x", one_line(problem.path) or "''"
        click.secho(f"{mark} {path}: {problem.message}", fg="red", err=True)
    if report.problem_count > _SHOWN:
        more = report.problem_count - min(_SHOWN, len(report.problems))
        click.secho(f"  … {more:,} more that could not be queued", fg="red", err=True)
    for name, reason in paused.items():
        click.secho(f"! {name} is paused ({reason}): its jobs wait", fg="yellow", err=True)
        click.echo(f"  try: casparian parser resume {name}", err=True)
    if report.queued and not paused:
        print_steps(
            [
                ("casparian worker", "does the jobs of the queue"),
                ("casparian jobs --watch", "shows them"),
            ]
        )


def _these(report: EnqueueReport, outcome: Outcome, count: int) -> str:
    """Say how many files need no job; of a single one, which it is and whose job it was."""
    found = [job for job in report.jobs if job.outcome == outcome]
    if count == len(found) == 1:
        pruned = ", which was pruned since" if found[0].job_pruned else ""
        return f"{one_line(found[0].path)} (job {found[0].job_id[:8]}{pruned})"
    return f"{count:,}"

"""``casparian process``: does what is in the queue, and ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from .cli import EXIT_FAILED, EXIT_INTERRUPTED
from .json_command import JsonCommand, json_option
from .worker_options import check_queue, chosen_options, worker_options

if TYPE_CHECKING:
    from casparian.core.worker.options import WorkerOptions
    from casparian.core.worker.supervisor import Supervisor

    from .worker_lines import Tally


@click.command("process", cls=JsonCommand)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many jobs.")
@worker_options
@json_option()
def command(limit: int | None, as_json: bool, **given: Any) -> int:
    """Do what is in the queue, with a progress bar, and end.

    It is a worker that ends once nothing is left to do: retries are waited for, jobs of paused
    parsers, and of those whose environment can't be built, are not.

    \b
    Exit codes: 0 every job completed; 1 one failed, was cancelled, or is left for such a parser;
    2 usage; 130 Ctrl-C.
    """
    from casparian.core.worker.supervisor import Supervisor

    from .worker_lines import Tally

    options = chosen_options(given, drain=True, max_jobs=limit)
    check_queue(options)
    tally = Tally()
    waiting = _waiting(options)
    bar = None if as_json or not sys.stderr.isatty() else _bar(tally, waiting, limit)
    supervisor = Supervisor(options, bar.report if bar is not None else _plain(tally))
    try:
        supervisor.run()
    finally:
        if bar is not None:
            bar.close()
    return _tell(supervisor, tally, options, as_json=as_json, limited=limit is not None)


def _plain(tally: Tally) -> Any:
    from .worker_lines import show_report

    def report(report: Any) -> None:
        tally.report(report)
        show_report(report)

    return report


def _bar(tally: Tally, waiting: int, limit: int | None) -> Any:
    from .worker_progress import WorkerProgress

    return WorkerProgress(tally, total=waiting if limit is None else min(limit, waiting))


def _waiting(options: WorkerOptions) -> int:
    from casparian.core.stores.store import open_store

    with open_store(options.store) as store:
        counts = store.jobs.counts(options.parser)
        paused = {name for name, h in store.parsers.health().items() if h.paused_at is not None}
        held_back = sum(store.jobs.counts(name).get("pending", 0) for name in paused)
    return counts.get("pending", 0) + counts.get("scheduled", 0) - held_back


def _tell(
    supervisor: Supervisor,
    tally: Tally,
    options: WorkerOptions,
    *,
    as_json: bool,
    limited: bool,
) -> int:
    from casparian.core.stores.store import open_store
    from casparian.core.worker.left_over import left_over

    from .worker_lines import show_left_over

    with open_store(options.store) as store:
        left = store.jobs.counts(options.parser).get("pending", 0)
        reasons = left_over(store, options.parser)
        paused = sorted(
            name for name, found in store.parsers.health().items() if found.paused_at is not None
        )
    if as_json:
        from .run_display import print_json

        why = [{"parser": w.parser, "jobs": w.jobs, "why": w.why, "hint": w.hint} for w in reasons]
        told = {"jobs": tally.counts(), "left": left, "paused": paused, "why_left": why}
        print_json(told)
    else:
        counts = ", ".join(f"{count:,} {status}" for status, count in tally.counts().items())
        click.echo(counts or "nothing to do")
        if tally.failed:
            click.echo("  look at them: casparian jobs --status failed --status dead_letter")
        show_left_over(reasons)
    if supervisor.stopped_by is not None:
        return EXIT_INTERRUPTED
    unpublished = any(one.is_promoted for one in reasons)
    return EXIT_FAILED if tally.failed or unpublished or (left and not limited) else 0

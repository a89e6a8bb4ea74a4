"""``casparian worker``: does the jobs of the queue."""

from __future__ import annotations

import signal
from typing import Any

import click

from .cli import EXIT_FAILED, EXIT_INTERRUPTED
from .worker_options import check_queue, chosen_options, worker_options


@click.command("worker")
@click.option("--drain", is_flag=True, help="End once nothing is left to do.")
@click.option("--max-jobs", type=click.IntRange(1), metavar="N", help="End after so many jobs.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
@worker_options
def command(drain: bool, max_jobs: int | None, quiet: bool, **given: Any) -> int:
    """Do the jobs of the queue, until it is stopped; any number of workers may run.

    Each job runs in a process of its own, in the environment that its bundle's uv.lock describes.
    Whatever is killed, no job is lost: what was staged is published once, what wasn't runs again.

    SIGTERM or Ctrl-C: no more jobs are begun, running ones get --drain-timeout to end, and are
    given back after that. A second signal gives them back at once.

    \b
    Exit codes: 0 stopped as asked, or drained; 1 the store, the settings, --python or --parser are
    unusable, or --drain left jobs that wait for a paused parser or for an environment; 2 usage; 130
    stopped by Ctrl-C. Whether jobs failed is told by `casparian jobs`.
    """
    from casparian.core.stores.store import open_store
    from casparian.core.worker.left_over import left_over
    from casparian.core.worker.supervisor import Supervisor

    from .worker_lines import announce, show_left_over, show_report

    options = chosen_options(given, drain=drain, max_jobs=max_jobs)
    check_queue(options)
    supervisor = Supervisor(options, (lambda _: None) if quiet else show_report)
    if not quiet:
        announce(supervisor.worker_id, options)
    supervisor.run()
    if supervisor.stopped_by == signal.SIGINT:
        return EXIT_INTERRUPTED
    if not drain or supervisor.stopped_by is not None:
        return 0
    with open_store(options.store) as store:
        left = left_over(store, options.parser)
    if not quiet:
        show_left_over(left)
    return EXIT_FAILED if left else 0

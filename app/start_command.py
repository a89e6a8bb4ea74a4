"""``casparian start``: a worker, and an inbox that feeds it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .cli import EXIT_INTERRUPTED
from .worker_options import check_queue, chosen_options, worker_options

if TYPE_CHECKING:
    from casparian.core.worker.options import WorkerOptions


@click.command("start")
@click.option(
    "--watch",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Queue the files that are in this folder, or come into it; may be given several times.",
)
@click.option("--pattern", default="*", metavar="GLOB", help="Only files of such names.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    metavar="T",
    help="The topic of the files. Default: the first folder below DIR, or DIR's own name.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="A file is complete once it hasn't changed for so long.",
)
@worker_options
def command(
    folders: tuple[Path, ...], pattern: str, topics: tuple[str, ...], settle: float, **given: Any
) -> int:
    """Do the jobs of the queue, and queue the files that come into folders.

    A file is queued once it has stopped growing, for every parser that subscribes to its topic
    (`topics` in the parser). The same content is never done twice by the same bundle; the rows of a
    file that has changed replace its old ones. Hidden files, and names such as x.part or x.tmp, are
    passed over.

    \b
    Examples:
      casparian start
      casparian start --watch inbox --topic sales --pattern '*.csv'
      casparian start --watch inbox        (inbox/sales/x.csv has the topic sales)

    Stopping, and exit codes, are those of `casparian worker`; 2 also if a DIR isn't there. One that
    goes away later is looked for again.
    """
    from contextlib import ExitStack

    from casparian.core.worker.inbox import Inbox
    from casparian.core.worker.supervisor import Supervisor

    from .worker_lines import announce, show_report

    if not folders and (topics or pattern != "*"):
        raise click.UsageError("--topic and --pattern say which files to queue; --watch says where")
    for folder in folders:
        _check_folder(folder)
    options = chosen_options(given)
    check_queue(options)
    supervisor = Supervisor(options, show_report)
    announce(supervisor.worker_id, options)
    inbox = None
    with ExitStack() as stack:
        if folders:
            for folder in folders:
                click.echo(f"watching {folder}", err=True)
            inbox = stack.enter_context(
                Inbox(
                    options.store,
                    folders,
                    topics=topics,
                    pattern=pattern,
                    excluded=_own(options),
                    on_report=show_report,
                    stable_s=settle,
                    on_failure=supervisor.stop,
                )
            )
        supervisor.run()
    if inbox is not None and inbox.failure is not None:
        raise inbox.failure
    return EXIT_INTERRUPTED if supervisor.stopped_by == signal.SIGINT else 0


def _own(options: WorkerOptions) -> list[Path]:
    """Return the folders and files that casparian writes: they are no inputs."""
    from casparian.core.queueing.own_files import files_of
    from casparian.core.stores.store import sqlite_path

    root = [options.root] if options.database is None else files_of(options.database)
    return [options.home, *root, *files_of(sqlite_path(options.store))]


def _check_folder(folder: Path) -> None:
    """Refuse a folder that isn't there, for nobody would see that its files don't come."""
    if not folder.is_dir():
        problem = f"{folder}: there is no such folder; make it first (mkdir -p {folder})"
    elif not os.access(folder, os.R_OK | os.X_OK):
        problem = f"{folder}: you may not look into this folder; see its permissions (ls -ld)"
    else:
        return
    raise click.BadParameter(problem, param_hint="--watch")

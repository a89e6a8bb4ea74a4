"""The options that ``worker``, ``start`` and ``process`` share, and what they mean together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from .db_command import store_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.worker.options import WorkerOptions

_OPTIONS = (
    click.option(
        "--concurrency", type=int, metavar="N", help="Jobs at once. Default: processors + 1."
    ),
    click.option(
        "--python",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Run every parser in this Python; no environment is built or looked for.",
    ),
    click.option(
        "--offline",
        is_flag=True,
        default=None,
        help="Build environments without a network, from what uv has.",
    ),
    click.option("--parser", metavar="NAME", help="Only jobs of this parser."),
    click.option(
        "--output", metavar="DIR", help="Where sets are published: a folder, or sqlite:///path."
    ),
    click.option("--job-timeout", metavar="SECONDS", help="How long a job may take; 0: no limit."),
    click.option(
        "--drain-timeout",
        metavar="SECONDS",
        help="How long running jobs may go on once the worker is asked to stop.",
    ),
    click.option("--heartbeat-interval", metavar="SECONDS", help="Seconds between heartbeats."),
    click.option(
        "--stale-after", metavar="SECONDS", help="A job is taken back so long after its last beat."
    ),
    click.option(
        "--quarantine-threshold", metavar="SHARE", help="Largest share of bad rows, 0 to 1."
    ),
    click.option("--max-quarantine-rows", metavar="N", help="Most bad rows of an output."),
    click.option(
        "--cold", is_flag=True, help="Start Python anew for each job: slower; keep nothing loaded."
    ),
    click.option(
        "--reuse",
        type=click.IntRange(1),
        default=1,
        metavar="N",
        help="Let a parser's process serve up to N jobs, for floods of tiny files. Default: 1.",
    ),
    store_option(),
)

_PATIENCE_S: Final = 5.0
"""How long a worker waits for a store that another process holds."""

SETTINGS = (
    "concurrency",
    "offline",
    "output",
    "job_timeout",
    "drain_timeout",
    "heartbeat_interval",
    "stale_after",
    "quarantine_threshold",
    "max_quarantine_rows",
    "store",
)


def worker_options(function: Callable[..., object]) -> Callable[..., object]:
    """Add the options of a worker to a command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def chosen_options(given: dict[str, Any], **more: Any) -> WorkerOptions:
    """Return what a command's options and the settings say. Raises SettingError, SinkError."""
    from casparian.core.settings import resolve
    from casparian.core.worker.options import options_of

    if given["python"] is not None:
        given["python"] = given["python"].absolute()  # links stay: an environment is known by them
    if given["cold"] and given["reuse"] > 1:
        raise click.UsageError("--reuse keeps a process; with --cold each job has its own")
    settings = resolve({key: given.pop(key) for key in SETTINGS})
    return options_of(settings, **given, **more)


def check_queue(options: WorkerOptions) -> None:
    """See that a worker has something to work on, before it says that it does.

    Raises StoreError if the store can't be used, UnknownParserError if ``--parser`` names none.
    """
    from casparian.core.stores.parser_names import check_registered
    from casparian.core.stores.place import check_place
    from casparian.core.stores.store import open_store, sqlite_path

    path = sqlite_path(options.store)
    check_place(path)
    if path.exists():
        with open_store(options.store, patience_s=_PATIENCE_S) as store:
            if options.parser is not None:
                check_registered(store, options.parser)
    elif options.parser is not None:
        check_registered(None, options.parser)  # no store is made for a name that is mistyped

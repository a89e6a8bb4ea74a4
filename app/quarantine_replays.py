"""``casparian quarantine replay`` of many jobs: asked, done, and told."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from casparian.core.queueing.filters import parse_filter
from casparian.core.queueing.quarantine_reasons import counted_reasons
from casparian.core.queueing.quarantine_replays import jobs_with, replay_all
from casparian.core.safe_text import one_line
from casparian.core.words import counted

from .ages import now_ms
from .cli import EXIT_FAILED
from .run_display import print_json

if TYPE_CHECKING:
    from casparian.core.queueing.quarantine_replay import Replayed
    from casparian.core.queueing.quarantine_replays import ReplayReport
    from casparian.core.stores.quarantine import Reason
    from casparian.core.stores.store import Store


def replay_many(
    store: Store,
    words: str,
    which: tuple[str | None, str | None, str | None],
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Parse the inputs of many jobs anew; ``which`` are output, column and type of error."""
    wanted = parse_filter(words, now=now_ms())
    reasons = [one.reason for one in counted_reasons(store, wanted) if _is(one.reason, which)]
    total = sum(1 for _ in jobs_with(store, wanted, reasons))
    if total and not yes:
        said = f"the inputs of {counted(total, 'job')} would be parsed anew"
        if not sys.stdin.isatty() or as_json:
            raise click.UsageError(f"{said}: say so with --yes")
        click.confirm(f"{said}. Do so?", abort=True, err=True)
    queued: list[Replayed] = []

    def told(_: ReplayReport, done: Replayed | None) -> None:
        if done is not None:
            queued.append(done)

    report = replay_all(store, wanted, reasons, told=told)
    if as_json:
        print_json(
            {
                "queued": [asdict(one) for one in queued],
                "refused": report.refused,
                "refusals": [asdict(one) for one in report.refusals],
            }
        )
    else:
        _print(store, report)
    return EXIT_FAILED if report.refused else 0


def _is(reason: Reason, which: tuple[str | None, str | None, str | None]) -> bool:
    found = (reason.output, reason.column, reason.error_type)
    return all(name in (None, there) for name, there in zip(which, found, strict=True))


def _print(store: Store, report: ReplayReport) -> None:
    if not report.queued and not report.refused:
        click.echo("no job has such rows in quarantine")
        return
    click.secho(f"✓ {counted(report.queued, 'job')} queued", fg="green", nl=False)
    click.echo(": each to replace the set of the one it is for")
    for one in report.refusals:
        click.secho(f"✗ {one_line(one.why)}", fg="red", err=True)
        if one.hint:
            click.echo(f"  try: {one_line(one.hint)}", err=True)
    if (more := report.refused - len(report.refusals)) > 0:
        click.secho(f"✗ {more:,} more were refused", fg="red", err=True)
    if report.queued and not store.workers.list():
        click.secho("! no worker is there: casparian worker", fg="yellow", err=True)

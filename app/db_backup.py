"""``casparian db backup`` and ``db restore``: a copy of the store, and a copy in its place."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

import click

from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option


@click.command("backup", cls=JsonCommand)
@click.argument("to", type=click.Path(path_type=Path))
@store_option()
@json_option()
def backup(to: Path, store: str | None, as_json: bool) -> None:
    """Copy the store to TO: a new file, or a folder, where the copy is named after the time.

    The copy is the store as it is at one moment, in one file, and is looked through before it gets
    its name. Workers and the terminal app may go on meanwhile. To copy the file by hand would leave
    out what was done last.

    \b
    Examples:
      casparian db backup backups/
      casparian db backup before-upgrade.db --json
    """
    from casparian.core.stores.backups import back_up_store

    made = back_up_store(chosen_store(store), to)
    if as_json:
        from .run_display import print_json

        print_json(asdict(made))
        return
    _tell(f"{made.backup}  {made.bytes:,} bytes, version {made.version}")


@click.command("restore", cls=JsonCommand)
@click.argument("from_", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Don't ask.")
@store_option()
@json_option()
def restore(from_: Path, yes: bool, store: str | None, as_json: bool) -> None:
    """Put BACKUP in the store's place; what is there now is kept beside it, under another name.

    Nobody may be using the store: end the workers and the terminal app first. A backup of an
    earlier version is brought up to date.

    Jobs that were done since the backup are done again, and their sets replace the same ones. Files
    that were queued since are not known any more: look at `casparian db check --outputs` before
    they are queued again.

    \b
    Examples:
      casparian db restore backups/casparian-20260131T120000Z.db
    """
    from casparian.core.stores.backups import restore_store
    from casparian.core.stores.store import sqlite_path

    url = chosen_store(store)
    place = sqlite_path(url)
    if place.exists() and not yes:
        said = f"{place} would be kept under another name, and {from_} would take its place"
        if not sys.stdin.isatty() or as_json:
            raise click.UsageError(f"{said}: say so with --yes")
        click.confirm(f"{said}. Do so?", abort=True, err=True)
    done = restore_store(url, from_)
    if as_json:
        from .run_display import print_json

        print_json(asdict(done))
        return
    _tell(f"{done.store} is what {done.backup} was")
    if done.applied:
        click.echo(f"  applied {', '.join(done.applied)}")
    if done.kept is not None:
        click.echo(f"  what was there is {done.kept}")
    click.secho("  next: casparian db check --outputs", dim=True)


def _tell(sentence: str) -> None:
    from .next_steps import can_show_marks

    click.secho("✓ " if can_show_marks() else "+ ", fg="green", nl=False)
    click.echo(sentence)

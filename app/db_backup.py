"""``casparian db backup``: a copy of the store, made while it is in use."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from casparian.core.safe_text import one_line

from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option


@click.command("backup", cls=JsonCommand)
@click.argument("to")
@store_option()
@json_option()
def backup(to: str, store: str | None, as_json: bool) -> None:
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

    place = Path(to)
    if not to:
        raise click.UsageError("TO is empty: name a new file, or a folder")
    if to.endswith("/") and not place.is_dir():
        raise click.UsageError(f"{to}: there is no such folder; make it first (mkdir -p {to})")
    made = back_up_store(chosen_store(store), place)
    if as_json:
        from .run_display import print_json

        print_json(asdict(made))
        return
    from .next_steps import can_show_marks

    click.secho("✓ " if can_show_marks() else "+ ", fg="green", nl=False)
    click.echo(f"{one_line(made.backup)}  {made.bytes:,} bytes, version {made.version}")

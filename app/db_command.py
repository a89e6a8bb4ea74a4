"""``casparian db``: the store of prod mode, as a file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from .cli import EXIT_FAILED, LazyGroup
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])

COMMANDS = {
    "status": ("casparian.app.db_command:status", "Say what the store is, and what it holds."),
    "migrate": ("casparian.app.db_command:migrate", "Bring the store up to date, or make it."),
    "check": ("casparian.app.db_command:check", "Look for damage; changes nothing."),
    "backup": (
        "casparian.app.db_backup:backup",
        "Copy the store, also while it is in use.",
    ),
}


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("db", cls=Commands)
def command() -> None:
    """Look at the store of prod mode, bring it up to date, check it, back it up.

    The store is a SQLite file: by default casparian.db in CASPARIAN_HOME.
    """


def store_option() -> Callable[[F], F]:
    """``--store``, for commands that need one."""
    return click.option(
        "--store",
        metavar="URL",
        help="The store: a SQLite file, as a path or sqlite:///path. Default: see `casparian "
        "config`.",
    )


def chosen_store(given: str | None) -> str:
    """Return the store that is meant, by the settings."""
    from casparian.core.settings import resolve

    return str(resolve({"store": given})["store"].value)


@click.command("status", cls=JsonCommand)
@store_option()
@json_option()
def status(store: str | None, as_json: bool) -> int:
    """Say what the store is, of which version, and what it holds. Changes nothing.

    \b
    Exit codes: 0; 1 there is none, or a newer casparian made it; 2 usage.
    """
    from casparian.core.stores.maintenance import store_status

    found = store_status(chosen_store(store))
    code = EXIT_FAILED if found.version > found.latest else 0
    if as_json:
        from .run_display import print_json

        print_json(asdict(found))
        return code
    click.secho(found.where, bold=True, nl=False)
    click.echo(f"  {found.bytes:,} bytes, version {found.version}", nl=False)
    if found.version < found.latest:
        click.secho(f", behind {found.latest}: casparian db migrate", fg="yellow")
    elif found.version > found.latest:
        click.secho(f", newer than this program's {found.latest}: upgrade casparian", fg="red")
    else:
        click.echo(", up to date")
    for state, jobs in found.jobs.items():
        click.echo(f"  {jobs:>10,}  jobs {state}")
    for table, rows in found.rows.items():
        click.secho(f"  {rows:>10,}  rows in {table}", dim=True)
    return code


@click.command("migrate", cls=JsonCommand)
@store_option()
@json_option()
def migrate(store: str | None, as_json: bool) -> None:
    """Bring the store up to date, in one transaction, or make it if it is not there."""
    from casparian.core.stores.maintenance import migrate_store

    url = chosen_store(store)
    applied = migrate_store(url)
    if as_json:
        from .run_display import print_json

        print_json({"store": url, "applied": applied})
    elif applied:
        click.echo(f"{url}: applied {', '.join(applied)}")
    else:
        click.echo(f"{url} is up to date")


@click.command("check", cls=JsonCommand)
@store_option()
@json_option()
def check(store: str | None, as_json: bool) -> int:
    """Look for damage, and for what should agree and doesn't. Changes nothing.

    \b
    Exit codes: 0 all is well; 1 there is a problem; 2 usage.
    """
    from casparian.core.stores.maintenance import check_store

    url = chosen_store(store)
    problems = check_store(url)
    if as_json:
        from .run_display import print_json

        print_json({"store": url, "problems": [asdict(problem) for problem in problems]})
    elif not problems:
        click.secho(f"✓ {url}: no problem found", fg="green")
    for problem in [] if as_json else problems:
        click.secho(f"✗ {problem.sentence}: {problem.count:,}", fg="red")
        for example in problem.examples:
            click.echo(f"    {example}")
    return EXIT_FAILED if problems else 0

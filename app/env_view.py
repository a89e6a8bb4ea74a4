"""Environments as a person reads them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from rich.filesize import decimal
from rich.text import Text

from .ages import shown_ago
from .listing import listing, print_listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.environments import Kept, Pruned

_SHORT = 12


def print_environments(found: Sequence[Kept], users: Sequence[Sequence[tuple[str, str]]]) -> None:
    """Print a line per environment, and what is wrong with it."""
    columns = ("environment", "python", "size", "used", "parsers")
    table = listing(*columns, right=("size",))
    for one, parsers in zip(found, users, strict=True):
        table.add_row(
            Text(one.key[:_SHORT], "red" if one.flaw else "bold cyan"),
            Text(one.python_version or "?"),
            Text(decimal(one.bytes)),
            Text("now" if one.in_use else _age(one.last_used_at)),
            Text(", ".join(f"{name} {version}" for name, version in parsers) or "none", "dim"),
        )
    print_listing(table)
    for one in found:
        if one.flaw:
            click.secho(f"{one.key[:_SHORT]} is broken: {one.flaw}", fg="red")
            click.secho("  the next job that needs it builds it again", dim=True)


def print_pruned(pruned: Pruned) -> None:
    """Print what is gone, and what stayed though it could have gone."""
    for one in pruned.removed:
        click.echo(f"removed {one.key[:_SHORT]}  {decimal(one.bytes)}, {_why(one)}")
    for one, reason in pruned.kept:
        click.secho(f"kept    {one.key[:_SHORT]}  {reason}", dim=True)
    if not pruned.removed:
        click.echo("nothing to take away")


def _why(one: Kept) -> str:
    return f"broken: {one.flaw}" if one.flaw else f"last used {_age(one.last_used_at)}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return shown_ago((time.time() - seconds) * 1_000)

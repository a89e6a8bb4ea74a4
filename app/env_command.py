"""``casparian env``: the environments of registered parsers, listed, built and pruned."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .cli import LazyGroup
from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.environments import Environment, Kept

COMMANDS = {
    "list": ("casparian.app.env_command:list_", "List the environments that are there."),
    "build": ("casparian.app.env_command:build", "Build a parser's environment ahead of its jobs."),
    "prune": ("casparian.app.env_command:prune", "Take away environments that nobody uses."),
}

_UNUSED_DAYS = 30.0
_DAY_S = 86_400.0
_SHORT = 12


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("env", cls=Commands)
def command() -> None:
    """Look after the environments that registered parsers run in.

    uv builds one from a bundle's uv.lock when a job first needs it, in CASPARIAN_HOME/venvs.
    Parsers whose locks name the same packages share it.
    """


@click.command("list", cls=JsonCommand)
@store_option()
@json_option()
def list_(store: str | None, as_json: bool) -> None:
    """List the environments: size, Python, when they were used last, and by which parsers."""
    from casparian.core.environments import list_environments
    from casparian.core.settings import home

    found = list_environments(home())
    parsers = _parsers(chosen_store(store)) if found else {}
    if as_json:
        from .run_display import print_json

        print_json({"environments": [_as_json(one, parsers) for one in found]})
    elif found:
        from .env_view import print_environments

        print_environments(found, [_users(one, parsers) for one in found])
    else:
        click.echo("there is no environment yet; the first job of a parser builds its own, or:")
        click.echo("  casparian env build NAME")


@click.command("build", cls=JsonCommand)
@click.argument("parser", metavar="NAME[@VERSION]|FOLDER")
@click.option("--offline", is_flag=True, default=None, help="Take only what uv has in its cache.")
@store_option()
@json_option()
def build(parser: str, offline: bool | None, store: str | None, as_json: bool) -> None:
    """Build the environment of a registered parser, or of a folder with a uv.lock.

    What is there already is not built again; what is broken is.

    \b
    Examples:
      casparian env build sales
      casparian env build ./parsers/sales --offline
    """
    from casparian.core.settings import resolve

    is_offline = bool(resolve({"offline": offline})["offline"].value)
    begun = time.monotonic()
    label, found = _built(parser, chosen_store(store), offline=is_offline)
    if as_json:
        from .run_display import print_json

        told = {"key": found.key, "folder": str(found.folder), "python": str(found.python)}
        print_json({"environment": {**told, "built": found.built, "parser": label}})
        return
    from .next_steps import can_show_marks

    click.secho("✓ " if can_show_marks() else "+ ", fg="green", bold=True, nl=False)
    took = f"built in {time.monotonic() - begun:.1f} s" if found.built else "it was there already"
    click.echo(f"{label}: environment {found.key[:_SHORT]}, {took}")
    click.secho(f"  {found.python}", dim=True)


def _built(word: str, store: str, *, offline: bool) -> tuple[str, Environment]:
    """Build what a word means: a registered parser, or else a folder; ``./name`` is a folder."""
    from casparian.core.bundles import contents, verify
    from casparian.core.bundles.kinds import LOCK, PROJECT
    from casparian.core.environments import prepare_environment
    from casparian.core.registry import Known, find_registered
    from casparian.core.stores.errors import UnknownParserError
    from casparian.core.temporary_folder import temporary_folder

    folder = Path(word)
    archive = None
    if os.sep not in word and word not in (".", ".."):
        try:
            with Known(store) as known:
                found = find_registered(known.store, word)
                assert known.store is not None
                archive = known.store.parsers.archive(found.source_hash) or b""
        except UnknownParserError:
            if not folder.is_dir():
                raise
    if archive is None:
        if not folder.is_dir():
            raise click.UsageError(f"{word}: there is no such folder")
        return word, prepare_environment(folder, parser=word, offline=offline, on_line=_say)
    verify(archive, found.source_hash)
    files = contents(archive)
    label = f"{found.name} {found.version}"
    with temporary_folder() as project:
        for name in (PROJECT, LOCK):
            (project / name).write_bytes(files[name])
        return label, prepare_environment(project, parser=label, offline=offline, on_line=_say)


@click.command("prune", cls=JsonCommand)
@click.option(
    "--unused-for",
    type=click.FloatRange(min=0),
    default=_UNUSED_DAYS,
    metavar="DAYS",
    help="Take away what no job used for so many days.  [default: 30]",
)
@click.option("--all", "everything", is_flag=True, help="Take away all that is not in use.")
@json_option()
def prune(unused_for: float, everything: bool, as_json: bool) -> None:
    """Take away environments that were not used for a while, and those that are broken.

    Those of running jobs stay. What is needed again is built again.

    \b
    Exit codes: 0 done; 1 something could not be taken away; 2 usage.
    """
    from casparian.core.environments import prune_environments
    from casparian.core.settings import home

    pruned = prune_environments(home(), unused_for=0.0 if everything else unused_for * _DAY_S)
    if as_json:
        from .run_display import print_json

        removed = [{"key": one.key, "bytes": one.bytes} for one in pruned.removed]
        kept = [{"key": one.key, "reason": reason} for one, reason in pruned.kept]
        print_json({"removed": removed, "kept": kept})
    else:
        from .env_view import print_pruned

        print_pruned(pruned)


def _say(line: str) -> None:
    click.secho(line, dim=True, err=True)


def _parsers(store: str) -> dict[str, list[tuple[str, str]]]:
    """Return the registered parsers, name and version, by their lock's hash."""
    from casparian.core.registry import Known

    found: dict[str, list[tuple[str, str]]] = {}
    with Known(store) as known:
        for one in known.all(all_versions=True):
            found.setdefault(one.lockfile_hash, []).append((one.name, one.version))
    return found


def _users(one: Kept, parsers: Mapping[str, Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    return sorted({user for lock in one.lockfile_hashes for user in parsers.get(lock, ())})


def _as_json(one: Kept, parsers: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, Any]:
    from .ages import iso

    def time_of(seconds: float | None) -> str | None:
        return iso(None if seconds is None else round(seconds * 1_000))

    return {
        "key": one.key,
        "folder": str(one.folder),
        "status": "broken" if one.flaw else "ready",
        "flaw": one.flaw,
        "python_version": one.python_version,
        "bytes": one.bytes,
        "built_at": time_of(one.built_at),
        "last_used_at": time_of(one.last_used_at),
        "in_use": one.in_use,
        "parsers": [{"name": name, "version": v} for name, v in _users(one, parsers)],
    }

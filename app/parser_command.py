"""``casparian parser``: the parsers of prod mode, registered, looked at, tried, paused, removed."""

from __future__ import annotations

import sys

import click

from .cli import EXIT_FAILED, LazyGroup
from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option

COMMANDS = {
    "register": (
        "casparian.app.parser_register:register",
        "Bundle, check and store a parser, or all parsers of a folder.",
    ),
    "list": ("casparian.app.parser_command:list_", "List the registered parsers."),
    "show": ("casparian.app.parser_command:show", "Show all that is known of a parser."),
    "test": ("casparian.app.parser_try:test", "Run a registered parser; publish nothing."),
    "pause": ("casparian.app.parser_command:pause", "Let a parser's jobs wait."),
    "resume": ("casparian.app.parser_command:resume", "Let a paused parser's jobs run."),
    "remove": ("casparian.app.parser_command:remove", "Forget a parser, or a version of it."),
}


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("parser", cls=Commands)
def command() -> None:
    """Register parsers for prod mode, look at them, try, pause and remove them.

    A registered parser is a bundle: its folder as it was, with its uv.lock, under a name and a
    version. Jobs run that bundle, whatever becomes of the folder.

    NAME means the version that was registered last, NAME@VERSION that one.
    """


@click.command("list", cls=JsonCommand)
@click.option("--all", "all_versions", is_flag=True, help="List all versions, not only the latest.")
@store_option()
@json_option()
def list_(all_versions: bool, store: str | None, as_json: bool) -> None:
    """List the registered parsers: the version registered last, topics, jobs, and how they fare."""
    from casparian.core.registry import Known

    from .parser_view import jobs_by_bundle, obstacles_of, parser_json, print_list

    with Known(chosen_store(store)) as known:
        parsers = known.all(all_versions=all_versions)
        health = {} if known.store is None else known.store.parsers.health()
        jobs = jobs_by_bundle(known.store, parsers, all_versions=all_versions)
        obstacles = obstacles_of(known.store)
    if as_json:
        from .run_display import print_json

        told = [
            {
                **parser_json(p, health.get(p.name), obstacles.get(p.name, ())),
                "jobs": jobs[p.source_hash],
            }
            for p in parsers
        ]
        print_json({"parsers": told})
    elif parsers:
        print_list(parsers, health, jobs, obstacles)
    else:
        click.echo("no parser is registered; begin with: casparian parser register FOLDER")


@click.command("show", cls=JsonCommand)
@click.argument("parser", metavar="NAME[@VERSION]")
@store_option()
@json_option()
def show(parser: str, store: str | None, as_json: bool) -> None:
    """Show a parser: its versions, topics, contract, the files of its bundle, and how it fares.

    \b
    Examples:
      casparian parser show sales
      casparian parser show sales@1.0.0 --json
    """
    from casparian.core.bundles import members, verify
    from casparian.core.registry import Known, find_registered

    from .parser_view import jobs_of, obstacles_of, parser_json, print_parser, versions_json

    with Known(chosen_store(store)) as known:
        found = find_registered(known.store, parser)
        assert known.store is not None
        archive = known.store.parsers.archive(found.source_hash) or b""
        verify(archive, found.source_hash)
        files = members(archive)
        versions = [p for p in known.all(all_versions=True) if p.name == found.name]
        current = {p.version: known.of_version(p.name, p.version) for p in versions}
        health = known.store.parsers.health().get(found.name)
        jobs = jobs_of(known.store, found.name)
        obstacles = obstacles_of(known.store).get(found.name, [])
    listed = [(p, current[p.version] == p) for p in reversed(versions)]
    if not as_json:
        print_parser(found, files, listed, health, jobs, obstacles)
        return
    from .run_display import print_json

    told = parser_json(found, health, obstacles, contract=True)
    told["files"] = [{"path": path, "bytes": size} for path, size in files]
    told |= {"versions": versions_json(listed), "jobs": jobs}
    print_json({"parser": told})


@click.command("pause", cls=JsonCommand)
@click.argument("parser", metavar="NAME")
@click.option("--reason", default="paused by hand", help="Why, for those who find it paused.")
@store_option()
@json_option()
def pause(parser: str, reason: str, store: str | None, as_json: bool) -> None:
    """Let the parser's jobs wait, with all its versions; those that run go on to their end."""
    _change(parser, store, as_json=as_json, reason=reason)


@click.command("resume", cls=JsonCommand)
@click.argument("parser", metavar="NAME")
@store_option()
@json_option()
def resume(parser: str, store: str | None, as_json: bool) -> None:
    """Let the jobs of a paused parser run; the failures that paused it are forgotten."""
    _change(parser, store, as_json=as_json, reason=None)


def _change(parser: str, store: str | None, *, as_json: bool, reason: str | None) -> None:
    """Pause, or without a reason resume."""
    from casparian.core.registry import Known, find_registered

    if "@" in parser:
        raise click.UsageError(f"{parser}: a parser is paused with all its versions; give its name")
    with Known(chosen_store(store)) as known:
        name = find_registered(known.store, parser).name
        assert known.store is not None
        parsers = known.store.parsers
        changed = parsers.resume(name) if reason is None else parsers.pause(name, reason)
    status = "active" if reason is None else "paused"
    if as_json:
        from .run_display import print_json

        print_json({"parser": {"name": name, "status": status, "changed": changed}})
    elif reason is None:
        click.echo(f"{name}: its jobs run again" if changed else f"{name} isn't paused")
    else:
        click.echo(f"{name} is paused; its jobs wait" if changed else f"{name} is paused already")


@click.command("remove", cls=JsonCommand)
@click.argument("parser", metavar="NAME[@VERSION]")
@click.option("--yes", "-y", is_flag=True, help="Don't ask.")
@store_option()
@json_option()
def remove(parser: str, yes: bool, store: str | None, as_json: bool) -> int:
    """Forget a parser with all its versions, or one version of it.

    Refused while a job that has not ended needs it. Jobs that have ended stay, and so does what
    they published; they can't be requeued.
    """
    from casparian.core.registry import Known, find_registered, split_name

    name, version = split_name(parser)
    with Known(chosen_store(store)) as known:
        find_registered(known.store, parser)
        assert known.store is not None
        what = name if version is None else f"{name} {version}"
        asks = not yes and not as_json and sys.stdin.isatty()
        if asks and not click.confirm(f"Forget {what}?"):
            click.echo("nothing is removed")
            return EXIT_FAILED
        bundles = known.store.parsers.remove(name, version)
    if as_json:
        from .run_display import print_json

        print_json({"parser": {"name": name, "version": version, "bundles": bundles}})
    else:
        click.echo(f"{what} is removed: {bundles} bundle{'' if bundles == 1 else 's'}")
    return 0

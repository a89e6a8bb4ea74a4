"""``casparian parser register``: parsers into the store."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.errors import CasparianError

from .cli import EXIT_FAILED, show_error
from .db_command import chosen_store, store_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn, TypeVar

    from casparian.core.contract_diff import ContractDiff
    from casparian.core.events import Log
    from casparian.core.registry import Candidate, Candidates, Registrar

    F = TypeVar("F", bound=Callable[..., object])


def python_option() -> Callable[[F], F]:
    """``--python``, in place of the environment that uv builds."""
    return click.option(
        "--python",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The Python that runs the parser. No environment is built then, and uv isn't asked.",
    )


def offline_option() -> Callable[[F], F]:
    """``--offline``, for what may build an environment."""
    return click.option("--offline", is_flag=True, help="Build the environment without a network.")


@click.command("register", cls=JsonCommand)
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@click.option(
    "--force",
    is_flag=True,
    help="Replace a version that has other content; its outputs stay until files are queued again.",
)
@click.option("--skip-validation", is_flag=True, help="Don't run it on its samples.")
@click.option("--strict", is_flag=True, help="Refuse what the gatekeeper finds in its code.")
@click.option(
    "--allow",
    multiple=True,
    metavar="NAME",
    help="What --strict lets pass, by the name that is reported: subprocess, os.system, … May be "
    "given several times.",
)
@click.option("--yes", "-y", is_flag=True, help="Don't ask before a contract is broken.")
@python_option()
@offline_option()
@store_option()
@json_option()
def register(
    path: Path,
    force: bool,
    skip_validation: bool,
    strict: bool,
    allow: tuple[str, ...],
    yes: bool,
    python: Path | None,
    offline: bool,
    store: str | None,
    as_json: bool,
) -> int:
    """Register the parser at PATH, so that jobs can run it.

    PATH is a folder with parser.py, pyproject.toml and uv.lock; a parser's file that has the other
    two beside it; or a folder that holds several of these, which may share the two. It becomes a
    bundle, is loaded in the environment that its uv.lock describes, and is run on the files in its
    folder `samples`, if it has one. If anything is wrong, nothing is stored.

    \b
    Examples:
      casparian parser register sales/
      casparian parser register parsers/ --strict --allow subprocess

    \b
    Exit codes: 0 registered, or unchanged; 1 refused, one of several too; 2 usage; 130 interrupted.
    """
    from casparian.core.gatekeeper import check_allowed
    from casparian.core.registry import (
        Known,
        Registrar,
        Rules,
        Surroundings,
        conditions_of,
        find_candidates,
    )
    from casparian.core.settings import resolve

    check_allowed(allow)
    settings = resolve({"offline": offline or None})
    candidates = find_candidates(path)
    drive_guests()
    rules = Rules(force, skip_validation, strict, allow, settings["bundle_limit"].value)
    with ExitStack() as held, Known(chosen_store(store)) as known:
        around = Surroundings(
            chosen_python(python, held, offline=settings["offline"].value, check_lock=True),
            conditions_of(settings),
            _confirmation(yes=yes, as_json=as_json),
            _say,
            on_log=_log,
        )
        registrar = Registrar(known, rules, around)
        if candidates.is_several:
            return _register_all(registrar, candidates, as_json=as_json)
        registration = registrar.register(candidates.parsers[0])
    from .registration_view import print_registration, registration_json

    if as_json:
        from .run_display import print_json

        print_json({"parser": registration_json(registration)})
    else:
        print_registration(registration)
    return 0


def _register_all(registrar: Registrar, candidates: Candidates, *, as_json: bool) -> int:
    """Register each; one that is refused doesn't keep the others out."""
    from .registration_view import print_registration, refused_json, registration_json

    told: list[dict[str, Any]] = []
    refused = 0
    for candidate in candidates.parsers:
        try:
            registration = registrar.register(candidate)
        except CasparianError as error:
            refused += 1
            _show_refused(candidate, error)
            told.append(refused_json(candidate, error))
            continue
        told.append(registration_json(registration))
        if not as_json:
            print_registration(registration)
    skipped = [{"path": str(one.path), "reason": one.reason} for one in candidates.skipped]
    if as_json:
        from .run_display import print_json

        print_json({"parsers": told, "skipped": skipped})
    else:
        for one in candidates.skipped:
            click.secho(f"skipped {one.path}: {one.reason}", dim=True)
        click.secho(f"{len(told) - refused} of {len(told)} parsers are registered", bold=True)
    return EXIT_FAILED if refused else 0


def _show_refused(candidate: Candidate, error: CasparianError) -> None:
    click.secho(f"✗ {candidate.label} is not registered", fg="red", bold=True, err=True)
    show_error(error)


def drive_guests() -> None:
    """Leave neither a process nor an unpacked bundle behind, if this is ended by a signal."""
    from casparian.core.processes import become_subreaper

    def terminated(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    become_subreaper()
    signal.signal(signal.SIGTERM, terminated)
    signal.signal(signal.SIGHUP, terminated)


def chosen_python(
    python: Path | None,
    held: ExitStack,
    *,
    offline: bool,
    check_lock: bool,
    on_line: Callable[[str], None] | None = None,
) -> Callable[[Path, str], Path]:
    """Return what gives the interpreter for a project's folder: ``--python``, or uv's doing.

    Environments are kept from being pruned until ``held`` closes. ``on_line`` is told what uv says;
    without it that goes to stderr.
    """
    if python is not None:
        from casparian.core.interpreter import choose_python

        chosen = choose_python(Path("parser.py"), python).path
        return lambda _, __: chosen

    said = on_line or _say

    def built(project: Path, parser: str) -> Path:
        from casparian.core.environments import held_environment, prepare_environment

        if check_lock:
            prepare_environment(
                project, parser=parser, offline=offline, on_line=said, check_lock=True
            )
        environment = held_environment(project, parser=parser, offline=offline, on_line=said)
        return held.enter_context(environment).python

    return built


def _confirmation(*, yes: bool, as_json: bool) -> Callable[[str, str, ContractDiff], bool]:
    """Return who decides whether a contract may be broken: a person, if there is one to ask."""

    def ask(name: str, version: str, changes: ContractDiff) -> bool:
        if yes or as_json or not sys.stdin.isatty():
            return yes
        from .contract_view import print_diff

        click.echo(f"The contract of {name} {version}, which readers rely on, would be broken:")
        print_diff(changes)
        return click.confirm("Register it?")

    return ask


def _say(line: str) -> None:
    click.secho(line, dim=True, err=True)


def _log(line: Log) -> None:
    click.secho(f"  {line.message}", dim=True, err=True)

"""``casparian contract``: show, check, infer and compare contracts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from casparian.core.errors import CasparianError

from .cli import EXIT_FAILED, LazyGroup
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from casparian.core.contract.model import Contract
    from casparian.core.declared import Declared

    F = TypeVar("F", bound=Callable[..., object])

COMMANDS = {
    "show": ("casparian.app.contract_command:show", "Show a contract in full."),
    "check": (
        "casparian.app.contract_check:check",
        "Check that a contract is well formed, and hold data files against it.",
    ),
    "infer": (
        "casparian.app.contract_infer:infer",
        "Propose a contract for a data file, or for what a parser yields.",
    ),
    "diff": ("casparian.app.contract_command:diff", "Compare two contracts, change by change."),
    "schema": (
        "casparian.app.contract_command:schema",
        "Print the JSON Schema of contract.toml, for your editor.",
    ),
}


class Commands(LazyGroup):
    """The group's commands."""

    commands_table = COMMANDS


@click.group("contract", cls=Commands)
def command() -> None:
    """Show, check, infer and compare contracts.

    A contract says what each output of a parser looks like: its columns, their types, and what
    their values must keep to. It is the parser's `outputs`, or a contract.toml beside it.
    """


def python_option() -> Callable[[F], F]:
    """``--python``, for what loads a parser."""
    return click.option(
        "--python",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="The Python that loads the parser; by default chosen as `casparian run` does.",
    )


@click.command("show", cls=JsonCommand)
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@python_option()
@json_option()
@click.option("--toml", "as_toml", is_flag=True, help="Print it as a contract.toml.")
def show(source: Path, python: Path | None, as_json: bool, as_toml: bool) -> None:
    """Show the contract of SOURCE, a parser (its file or folder) or a contract.toml.

    Types are spelled out in full, and every option that isn't at its default is there. The hash
    is the same for contracts that say the same, however they are written.

    \b
    Examples:
      casparian contract show sales/
      casparian contract show contract.toml --json
      casparian contract show parser.py --toml > contract.toml
    """
    declared = load(source, python)
    contract = declared.contract
    if as_json:
        from .run_display import print_json

        hello = declared.hello
        print_json(
            {
                "contract": None if contract is None else contract.canonical(),
                "hash": None if contract is None else contract.hash,
                "where": declared.where,
                "parser": None
                if hello is None
                else {"name": hello.parser, "version": hello.version},
            }
        )
        return
    if contract is None:
        raise CasparianError(
            f"{source} declares no contract",
            hint=f"propose one from its output: casparian contract infer {source} INPUT…",
        )
    if as_toml:
        from casparian.core.contract.toml_text import contract_toml

        click.echo(contract_toml(contract), nl=False)
        return
    from .contract_view import print_contract

    print_contract(contract, declared.where)


@click.command("diff", cls=JsonCommand)
@click.argument("old", type=click.Path(path_type=Path), metavar="OLD")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW")
@python_option()
@click.option(
    "--fail-on",
    type=click.Choice(["tightening", "breaking"]),
    help="Exit with 1 if any change is as bad as this, or worse.",
)
@json_option()
def diff(old: Path, new: Path, python: Path | None, fail_on: str | None, as_json: bool) -> int:
    """Compare two contracts: OLD and NEW are parsers or contract.toml files.

    Each change has a verdict. compatible: what passed still passes, with the same values.
    tightening: what passed may now be quarantined. breaking: readers of the output find something
    else than before, or nothing passes without a change of the parser.

    \b
    Examples:
      casparian contract diff contract.toml new.toml
      casparian contract diff old/ sales/ --fail-on breaking
    """
    from casparian.core.contract_diff import VERDICTS, diff_contracts, named_alike

    declared = [load(path, python) for path in (old, new)]
    before, after = (_needed(path, one) for path, one in zip((old, new), declared, strict=True))
    nameless = any(one.is_nameless for one in declared)
    found = diff_contracts(named_alike(before, after, nameless=nameless), after)
    if as_json:
        from .run_display import print_json

        keys = ("output", "column", "what", "verdict", "old", "new", "sentence")
        changes = [{key: getattr(change, key) for key in keys} for change in found.changes]
        print_json({"verdict": found.verdict, "changes": changes})
    else:
        from .contract_view import print_diff

        print_diff(found)
    too_bad = fail_on is not None and VERDICTS.index(found.verdict) >= VERDICTS.index(fail_on)
    return EXIT_FAILED if found.changes and too_bad else 0


@click.command("schema")
def schema() -> None:
    """Print the JSON Schema of contract.toml.

    \b
    Example, for editors that read it from a file:
      casparian contract schema > contract.schema.json
      and as the first line of contract.toml: #:schema ./contract.schema.json
    """
    import json

    from casparian.core.contract.json_schema import contract_schema

    click.echo(json.dumps(contract_schema(), indent=2))


def load(source: Path, python: Path | None) -> Declared:
    """Read the contract of a parser or file."""
    from casparian.core.declared import declared_by

    return declared_by(source, python=python)


def _needed(source: Path, declared: Declared) -> Contract:
    if declared.contract is None:
        raise CasparianError(f"{source} declares no contract")
    return declared.contract

"""``casparian contract check``: is a contract well formed, and do data files hold to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.inputs import InputError, input_files

from .cli import EXIT_FAILED
from .contract_command import load, python_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from casparian.core.contract.errors import ContractError
    from casparian.core.contract.model import Contract
    from casparian.core.data_files.data_check import FileCheck
    from casparian.core.declared import Declared


@click.command("check", cls=JsonCommand)
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.argument("data", nargs=-1, metavar="[DATA]...")
@click.option("--output", metavar="NAME", help="The output that the files are rows of.")
@python_option()
@json_option()
def check(
    source: Path, data: tuple[str, ...], output: str | None, python: Path | None, as_json: bool
) -> int:
    """Check that the contract of SOURCE, a parser or a contract.toml, is well formed.

    With DATA (CSV, TSV, JSON lines, a JSON array or Parquet; files, folders or globs) its rows are
    held against the contract as those of a parser would be. No parser runs, nothing is written.
    Cells of CSV are texts; JSON and Parquet say themselves what a value is.

    \b
    Examples:
      casparian contract check sales/
      casparian contract check contract.toml exports/2024-01.csv
      casparian contract check parser.py orders.parquet --output orders

    \b
    Exit codes: 0 the contract is well formed and every row passes; 1 not so; 2 usage.
    """
    wrong, declared = _look(source, python)
    if declared is None or declared.contract is None:
        if as_json:
            _print_json(_as_json(str(source), wrong, None, []))
        else:
            _print_wrong(source, wrong)
        return EXIT_FAILED
    from casparian.core.data_files.data_check import all_hold, check_file, chosen_output

    checks: list[FileCheck] = []
    if data:
        from casparian.core.lean_arrow import keep_pandas_out

        keep_pandas_out()
        held_against = chosen_output(declared.contract, output)
        from casparian.core.settings import resolve
        from casparian.core.validation import QuarantineLimits

        settings = resolve()
        limits = QuarantineLimits(
            threshold=settings["quarantine_threshold"].value,
            max_rows=settings["max_quarantine_rows"].value,
        )
        checks = [check_file(path, held_against, limits) for path in input_files(data)]
    elif output is not None:
        chosen_output(declared.contract, output)
    if as_json:
        _print_json(_as_json(declared.where, [], declared.contract, checks))
    else:
        from .contract_view import print_checks, print_well_formed

        if not data:
            print_well_formed(declared.contract, declared.where)
        else:
            print_checks(checks)
    return 0 if all_hold(checks) else EXIT_FAILED


def _look(source: Path, python: Path | None) -> tuple[list[ContractError], Declared | None]:
    """Read a contract; if it is wrong, find all that is."""
    from casparian.core.contract.errors import ContractError

    try:
        return [], load(source, python)
    except ContractError as error:
        from casparian.core.contract.problems import file_problems, problems

        if source.suffix == ".toml":
            if not source.exists():
                raise InputError(f"no contract at {source}") from error
            return file_problems(source) or [error], None
        from casparian.core.contract.files import find_contract_file
        from casparian.core.declared import ask_parser
        from casparian.core.inputs import parser_file
        from casparian.core.interpreter import choose_python

        parser = parser_file(source)
        hello = ask_parser(parser, choose_python(parser, python))
        beside = find_contract_file(parser)
        found = [] if hello.outputs is None else problems(hello.outputs, parser_name=hello.parser)
        found += [] if beside is None else file_problems(beside)
        return found or [error], None


def _print_wrong(source: Path, wrong: list[ContractError]) -> None:
    from .cli import show_error

    for error in wrong:
        show_error(error)
    if not wrong:
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(f"{source} declares no contract", err=True)
        click.echo(f"  try: casparian contract infer {source} INPUT…", err=True)
    elif len(wrong) > 1:
        click.echo(f"{len(wrong)} errors", err=True)


def _as_json(
    where: str, wrong: list[ContractError], contract: Contract | None, checks: list[FileCheck]
) -> dict[str, Any]:
    return {
        "well_formed": contract is not None,
        "where": where,
        "hash": None if contract is None else contract.hash,
        "errors": [{"message": error.message, "hint": error.hint} for error in wrong],
        "files": [_file(check) for check in checks],
    }


def _file(check: FileCheck) -> dict[str, Any]:
    return {
        "path": str(check.path),
        "holds": check.holds,
        "rows": check.received,
        "rows_quarantined": check.rejected,
        "broken_records": check.broken,
        "error": None
        if check.error is None
        else {
            "error_type": getattr(check.error, "error_type", None),
            "message": check.error.message,
            "hint": check.error.hint,
        },
        "reasons": [
            {
                "output": group.output,
                "column": group.column,
                "error_type": group.error_type,
                "cells": group.count,
                "hint": group.hint,
                "examples": [
                    {"row_number": e.row_number, "message": e.message} for e in group.examples
                ],
            }
            for group in check.groups
        ],
    }


def _print_json(whole: dict[str, Any]) -> None:
    from .run_display import print_json

    print_json(whole)

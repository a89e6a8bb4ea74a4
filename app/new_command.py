"""``casparian new``: a parser's folder from a sample file."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.processes import become_subreaper
from casparian.core.safe_text import safe

from .cli import EXIT_FAILED
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

    from casparian.core.starting.new_parser import NewParser


@click.command("new", cls=JsonCommand)
@click.argument("name", metavar="NAME")
@click.option(
    "--sample",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    metavar="FILE",
    help="A file as the parser is to read: CSV, TSV, JSON lines, a JSON array, Parquet, or text.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the folder NAME is made. Default: the current folder.",
)
@click.option(
    "--python",
    "requires_python",
    metavar="REQ",
    help="The Python that it is to run on: 3.12, or a range. Default: 3.10 and newer.",
)
@click.option("--no-lock", is_flag=True, help="Make no uv.lock: nothing is asked of the index.")
@json_option()
def command(
    name: str,
    sample: Path,
    folder: Path,
    requires_python: str | None,
    no_lock: bool,
    as_json: bool,
) -> int:
    """Make a parser in a new folder NAME that reads files like FILE, and runs at once.

    What FILE is, is seen from its content. The contract is proposed from all of its rows: each
    column with its evidence, what a person must decide marked with QUESTION. A folder that is
    there is never touched.

    \b
    NAME/parser.py        class Parser: reads the format
    NAME/contract.toml    types and rules of its columns, proposed
    NAME/pyproject.toml   what it needs, with uv.lock
    NAME/samples/         a copy of FILE; a large one is cut

    \b
    Examples:
      casparian new sales --sample exports/2024-01.csv
      casparian new access_log --sample access.log --dir parsers --python 3.12

    \b
    Exit codes: 0 made; 1 nothing was made, or all but uv.lock; 2 usage.
    """
    from casparian.core.starting.new_parser import new_parser

    become_subreaper()
    signal.signal(signal.SIGTERM, _terminated)
    signal.signal(signal.SIGHUP, _terminated)

    def tell(step: str) -> None:
        if not as_json and sys.stderr.isatty():
            click.secho(f"{step} …", dim=True, err=True)

    made = new_parser(
        name,
        sample,
        folder=folder,
        requires_python=requires_python,
        lock=not no_lock,
        on_step=tell,
    )
    failed = made.report.status == "failed" or bool(made.lock_error)
    if as_json:
        from .run_display import print_json

        print_json(_as_json(made, locked=not no_lock and not made.lock_error))
    else:
        _print(made, no_lock=no_lock)
    return EXIT_FAILED if failed else 0


def _as_json(made: NewParser, *, locked: bool) -> dict[str, Any]:
    report = made.report
    return {
        "path": str(made.folder.absolute()),
        "parser": {"name": made.name, "version": report.parser_version},
        "sample": {
            "path": str(made.sample.absolute()),
            "format": made.format.kind,
            "encoding": None if made.format.kind == "parquet" else made.format.encoding,
            "records": made.read.records,
            "broken_records": made.read.broken,
            "cut": made.cut,
        },
        "questions": made.questions,
        "run": {
            "status": report.status,
            "rows": report.rows,
            "rows_quarantined": report.rows_quarantined,
            "error": None if report.error is None else report.error.message,
        },
        "lock": locked,
        "lock_error": made.lock_error or None,
    }


def _print(made: NewParser, *, no_lock: bool) -> None:
    from .next_steps import print_steps, print_written

    place = _shown(made.folder)
    print_written(place / "parser.py", f"reads {made.format}")
    questions = f", {_counted(made.questions, 'question')} to answer" if made.questions else ""
    rows = made.read.records - made.read.broken
    print_written(place / "contract.toml", f"proposed from {_counted(rows, 'row')}{questions}")
    print_written(place / "pyproject.toml", "needs pyarrow")
    if not no_lock and not made.lock_error:
        print_written(place / "uv.lock", "the same packages everywhere")
    sample = place / "samples" / made.sample.name
    cut = "its first rows, as the whole is large" if made.cut else "a copy"
    print_written(sample, cut)
    _print_run(made)
    if made.lock_error:
        click.secho("\nno uv.lock: ", fg="red", nl=False, err=True)
        click.echo(
            f"uv could not make one, all else is there. It says:\n{made.lock_error}", err=True
        )
        click.echo(f"  try: uv lock --project {_quoted(place)}, later", err=True)
    steps = [(f"casparian run {_quoted(place)} {_quoted(sample)}", "writes the table")]
    if made.questions:
        steps.append((f"edit {_quoted(place / 'contract.toml')}", "answer what is marked QUESTION"))
    if no_lock:
        steps.append((f"uv lock --project {_quoted(place)}", "is needed to register it"))
    steps.append((f"casparian doctor {_quoted(place)}", "checks that nothing is missing"))
    print_steps(steps)


def _print_run(made: NewParser) -> None:
    report = made.report
    if report.error is not None:
        click.secho("\nits run over the sample fails: ", fg="red", nl=False, err=True)
        click.echo(safe(report.error.message), err=True)
        if report.error.hint:
            click.echo(f"  try: {safe(report.error.hint)}", err=True)
        return
    click.echo(f"\nover the sample it yields {_counted(report.rows, 'row')}", nl=False)
    bad = report.rows_quarantined
    click.secho(
        f", {bad:,} quarantined" if bad else ", none quarantined", fg="yellow" if bad else None
    )
    click.secho(f"  tried with {made.python.path} ({made.python.reason})", dim=True)
    if made.read.broken:
        what = "no rows as the others are" if made.read.broken > 1 else "no row as the others are"
        click.echo(f"  {_counted(made.read.broken, 'record')}: {what}, quarantined whole")


def _terminated(number: int, _: FrameType | None) -> NoReturn:
    """End as by Ctrl-C: no half of a folder stays, and the guest ends."""
    raise SystemExit(128 + number)


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _shown(path: Path) -> Path:
    """A path as a person writes it here."""
    return path if path.is_absolute() else Path(os.path.relpath(path))


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))

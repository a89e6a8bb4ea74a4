"""``casparian contract infer``: a contract proposed from data, or from what a parser yields."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from casparian.core.errors import CasparianError
from casparian.core.inputs import input_files, parser_file
from casparian.core.processes import become_subreaper

from .contract_command import python_option
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import NoReturn

    from casparian.core.events import Log
    from casparian.core.inference import InferredOutput


@click.command("infer", cls=JsonCommand)
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@click.option(
    "-o", "to", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write it here in place of stdout.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="With -o: replace a file that is there.")
@click.option("--output", metavar="NAME", help="Only this output of the parser.")
@click.option(
    "--name", metavar="NAME", help="What the output of a data file is called. Default: its stem."
)
@python_option()
@json_option()
def infer(
    source: Path,
    inputs: tuple[str, ...],
    to: Path | None,
    force: bool,
    output: str | None,
    name: str | None,
    python: Path | None,
    as_json: bool,
) -> None:
    """Propose a contract for SOURCE, as a contract.toml.

    SOURCE is a data file (CSV, TSV, JSON lines, a JSON array or Parquet), and each INPUT another
    one like it. Or it is a parser, which runs over each INPUT without its contract.

    Every cell of every row counts: a type is proposed only if no more than 1 % of the cells speak
    against it, and those are told. What is a guess is a comment that begins with QUESTION.

    \b
    Examples:
      casparian contract infer exports/2024-01.csv
      casparian contract infer exports/2024-01.csv exports/2024-02.csv -o contract.toml
      casparian contract infer my_parser.py my_file.txt -o my_parser.contract.toml
    """
    if to is not None and os.path.lexists(to) and not force:
        raise CasparianError(f"{to} is there already", hint="give another name, or --force")
    if to is not None and not to.parent.is_dir():
        raise CasparianError(f"there is no folder {to.parent}", hint=f"mkdir -p {to.parent}")
    become_subreaper()
    signal.signal(signal.SIGTERM, _terminated)
    from casparian.core.lean_arrow import keep_pandas_out

    keep_pandas_out()
    is_parser = source.suffix == ".py" or (source.is_dir() and (source / "parser.py").exists())
    if is_parser:
        if name is not None:
            raise click.UsageError("--name is for data files; a parser names its outputs")
        found, broken = _of_parser(source, inputs, output, python), 0
    else:
        if output is not None:
            raise click.UsageError("--output is for parsers; --name names the output of a file")
        found, broken = _of_files([str(source), *inputs], name)
    _show(found, broken, source, to, force=force, as_json=as_json)


def _of_parser(
    source: Path, inputs: tuple[str, ...], only: str | None, python: Path | None
) -> list[InferredOutput]:
    from casparian.core.contract.errors import did_you_mean
    from casparian.core.inference import OutputInference
    from casparian.core.interpreter import choose_python
    from casparian.core.parser_outputs import parser_outputs

    parser = parser_file(source)
    if not inputs:
        raise click.UsageError("a parser needs an INPUT to run over")
    files = input_files(inputs)
    outputs: dict[str, OutputInference] = {}
    batches = parser_outputs(parser, files, choose_python(parser, python), _log)
    with closing(batches):
        for batch in batches:
            inference = outputs.setdefault(batch.output, OutputInference(batch.output))
            if only in (None, batch.output):
                inference.add(batch.table)
    if not outputs:
        raise CasparianError(f"{source} yields no rows over {', '.join(inputs)}")
    if only is not None and only not in outputs:
        hint = did_you_mean(only, outputs) or f"it yields {', '.join(outputs)}"
        raise CasparianError(f"{source} yields no output {only!r}", hint=hint)
    return [inference.result() for n, inference in outputs.items() if only in (None, n)]


def _of_files(words: Iterable[str], name: str | None) -> tuple[list[InferredOutput], int]:
    from casparian.core.contract.parse import parse_outputs
    from casparian.core.data_files.data_file import DataFile
    from casparian.core.inference import OutputInference
    from casparian.core.starting.scaffold import parser_name

    files = input_files(words)
    if name is not None:
        parse_outputs({"columns": {"any": "string"}}, parser_name=name, where="--name")
    inference = OutputInference(name or parser_name(files[0].stem))
    broken = 0
    for path in files:
        file = DataFile(path)
        inference.renamed(file.format.renamed)
        for table in file.tables():
            inference.add(table)
        broken += file.broken
    return [inference.result()], broken


def _show(
    found: list[InferredOutput],
    broken: int,
    source: Path,
    to: Path | None,
    *,
    force: bool,
    as_json: bool,
) -> None:
    from casparian.core.contract.parse import parse_outputs
    from casparian.core.inference import render_toml
    from casparian.core.whole_file import write_whole

    for proposed in found:  # a column's name may be one that no contract can have
        parse_outputs({proposed.name: proposed.contract.canonical()}, parser_name=proposed.name)
    text = render_toml(found, source=source.name, broken=broken)
    if to is not None:
        write_whole(to, text.encode(), replace=force)
    if as_json:
        from .run_display import print_json

        print_json(_as_json(found, broken, text, to))
        return
    if to is None:
        click.echo(text, nl=False)
        return
    columns = sum(len(output.columns) for output in found)
    rows = sum(output.rows for output in found)
    questions = sum(output.questions for output in found)
    refused = sum(output.refused for output in found)
    click.secho(f"{to}", bold=True, nl=False)
    click.echo(f": {_counted(columns, 'column')} from {_counted(rows, 'row')}", nl=False)
    if refused:
        click.secho(f", {_counted(refused, 'cell')} would be quarantined", fg="yellow", nl=False)
    if questions:
        marked = f", {_counted(questions, 'line')} marked QUESTION"
        click.secho(marked, fg="yellow", nl=False)
    click.echo()


def _as_json(
    found: list[InferredOutput], broken: int, text: str, to: Path | None
) -> dict[str, Any]:
    return {
        "outputs": [
            {
                "name": output.name,
                "rows": output.rows,
                "columns": [
                    {
                        "name": proposed.column.name,
                        "definition": proposed.column.canonical(),
                        "evidence": list(proposed.evidence),
                        "questions": list(proposed.questions),
                        "cells_quarantined": proposed.refused,
                    }
                    for proposed in output.columns
                ],
            }
            for output in found
        ],
        "broken_records": broken,
        "toml": text,
        "path": None if to is None else str(to),
    }


def _log(line: Log) -> None:
    """What the parser prints goes to stderr: stdout is the contract's."""
    click.echo(line.message, err=True)


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _terminated(number: int, _: FrameType | None) -> NoReturn:
    """End as by Ctrl-C, so that the guest ends as well."""
    raise SystemExit(128 + number)

"""``casparian scaffold``: a level 1 script becomes a level 2 parser."""

from __future__ import annotations

from pathlib import Path

import click

from casparian.core.inputs import parser_file
from casparian.core.starting.scaffold import FIRST_VERSION
from casparian.core.starting.scaffold_file import write_scaffold

from .json_command import JsonCommand, json_option


@click.command("scaffold", cls=JsonCommand)
@click.argument("script", type=click.Path(path_type=Path), metavar="SCRIPT")
@click.option(
    "-o",
    "--output",
    "out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write it. Default: beside SCRIPT, as {stem}_parser.py.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@json_option()
def command(script: Path, out: Path | None, force: bool, as_json: bool) -> None:
    """Make a parser with a name and a version of SCRIPT, a file with `def parse(path)`.

    A copy is written that has a class Parser at its end, which calls the function; all else stays
    as it is, to the byte. A contract beside SCRIPT is copied under the new parser's name. It
    yields what SCRIPT yields, and is yours to edit from then on. SCRIPT itself is not touched, and
    nothing of it is run.

    \b
    Examples:
      casparian scaffold sales.py                   writes sales_parser.py
      casparian scaffold sales.py -o parsers/sales.py
    """
    given = parser_file(script)
    # What the person wrote is shown, and found, as they wrote it.
    given = script if script.is_file() else script / given.name
    written = write_scaffold(given, out, force=force)
    made = written.scaffold
    if as_json:
        from .run_display import print_json

        print_json(
            {
                "path": str(written.path.absolute()),
                "script": str(given.absolute()),
                "contract": None if written.contract is None else str(written.contract.absolute()),
                "parser": {"name": made.name, "version": FIRST_VERSION},
                "calls": made.calls,
            }
        )
        return
    from .next_steps import print_steps, print_written

    print_written(written.path, f"class Parser, {made.name} {FIRST_VERSION}: calls {made.calls}()")
    if written.contract is not None and written.contract.parent == written.path.parent:
        print_written(written.contract, "its contract")
    steps = [(f"casparian run {quoted(written.path)} INPUT", "yields what the script yields")]
    if written.contract is None:
        steps.append(("edit it", "give it `outputs`, the types of its columns: the contract"))
    else:
        steps.append(("edit it", "name and version are yours to choose"))
    print_steps(steps)
    if written.path.absolute().parent != given.absolute().parent:
        click.secho(
            f"note: what {given.name} imports or reads from its own folder is not found from "
            f"{written.path.parent}",
            fg="yellow",
            err=True,
        )


def quoted(path: Path) -> str:
    """A path as a shell takes it."""
    import shlex

    return shlex.quote(str(path))

"""The ``casparian`` command. Each subcommand's module is imported when it is called."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import TYPE_CHECKING

import click

from casparian.core.errors import CasparianError
from casparian.core.safe_text import safe
from casparian.core.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

#: name: (module, one line of help). The help is here so that listing commands imports none of them.
COMMANDS = {
    "run": (
        "casparian.app.run_command",
        "Run a parser over files, without any database (dev mode).",
    ),
    "tui": (
        "casparian.app.tui_command",
        "Work on a parser in the terminal app: every save shows its result.",
    ),
    "new": (
        "casparian.app.new_command",
        "Make a parser's folder from a sample file, ready to run.",
    ),
    "scaffold": (
        "casparian.app.scaffold_command",
        "Give a script with `def parse(path)` a name and a version.",
    ),
    "contract": (
        "casparian.app.contract_command",
        "Show, check, infer and compare contracts.",
    ),
    "parser": (
        "casparian.app.parser_command",
        "Register parsers for prod mode; list, try, pause, remove them.",
    ),
    "env": (
        "casparian.app.env_command",
        "List, build and prune the environments that parsers run in.",
    ),
    "config": (
        "casparian.app.config_command",
        "Show every setting and where its value comes from.",
    ),
    "enqueue": (
        "casparian.app.enqueue_command",
        "Queue files for a registered parser.",
    ),
    "process-job": (
        "casparian.app.enqueue_command",
        "The same as enqueue.",
    ),
    "process": (
        "casparian.app.process_command",
        "Do what is in the queue, with a progress bar, and end.",
    ),
    "start": (
        "casparian.app.start_command",
        "Do the jobs of the queue, and queue files that come into folders.",
    ),
    "worker": (
        "casparian.app.worker_command",
        "Do the jobs of the queue until stopped.",
    ),
    "jobs": (
        "casparian.app.jobs_command",
        "List or watch the jobs of the queue.",
    ),
    "job": (
        "casparian.app.job_command",
        "Show a job, its log; cancel, retry, requeue, replay it.",
    ),
    "quarantine": (
        "casparian.app.quarantine_command",
        "Look at rows that broke their contract, export or replay them.",
    ),
    "stats": (
        "casparian.app.stats_command",
        "Show how the queue does: waiting, done, failed, workers.",
    ),
    "db": (
        "casparian.app.db_command",
        "Look at the store of prod mode, bring it up to date, check it, back it up.",
    ),
    "doctor": (
        "casparian.app.doctor_command",
        "Check what a run needs, and say how to mend what is missing.",
    ),
}

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are used.

    A row of ``commands_table`` is the command's module, or ``module:name`` if the command isn't
    called ``command`` there, and one line of help.
    """

    commands_table: Mapping[str, tuple[str, str]] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names, in the order of the table."""
        return list(self.commands_table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now."""
        if cmd_name not in self.commands_table:
            return None
        module, _, name = self.commands_table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or "command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.commands_table.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "-V", "--version", prog_name="casparian")
def casparian() -> None:
    """Turn piles of messy files into typed tables that can be trusted.

    You write a small Python parser. Casparian runs it, holds every row against a schema contract,
    writes the good rows, and puts every bad row, with its reasons, in quarantine.

    \b
    Begin with:
      casparian run my_parser.py my_file.csv
    """


def main() -> None:
    """The entry point: errors become one clear message and the right exit code."""
    _open_missing_streams()
    _buffer_output()
    try:
        code = casparian.main(prog_name="casparian", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.message = safe(error.message)  # type: ignore[misc]
        error.show()
        code = error.exit_code
    except CasparianError as error:
        show_error(error)
        code = EXIT_FAILED
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        code = EXIT_FAILED
        _forget_output()  # whoever read it has gone
    except OSError as error:
        said = str(error)
        if output_is_refused():
            said = f"what is to be printed can't be written to stdout: {error.strerror or error}"
        click.echo(f"error: {safe(said)}", err=True)
        code = EXIT_FAILED
        _forget_output()
    sys.exit(code if isinstance(code, int) else 0)


def show_error(error: CasparianError) -> None:
    """Print what happened, and what to try, on stderr; a parser's own traceback before it."""
    if traceback := getattr(error, "traceback", ""):
        click.echo(safe(traceback.rstrip()), err=True)
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(safe(error.message), err=True)
    if error.hint:
        click.echo(f"  try: {safe(error.hint)}", err=True)


def _open_missing_streams() -> None:
    """Give closed standard streams something to be: descriptors 0 to 2 must not become others."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    if sys.stdin is None:
        sys.stdin = open(0)  # noqa: SIM115 - for as long as the process lives
    if sys.stdout is None:
        sys.stdout = open(1, "w")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w")  # noqa: SIM115


def _buffer_output() -> None:
    """Keep lines until they are written, with PYTHONUNBUFFERED as well: see `output_is_refused`."""
    own = sys.__stdout__
    if own is None or sys.stdout is not own:
        return  # what took its place isn't ours: it would be closed with what wraps it
    raw: object = own.buffer
    if isinstance(raw, io.FileIO):
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=own.encoding, errors=own.errors, line_buffering=True
        )


def output_is_refused() -> bool:
    """Whether an error is that of stdout: what it couldn't write is in its buffer still."""
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False


def _forget_output() -> None:
    """What is still in stdout's buffer has nowhere to go; Python must not try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

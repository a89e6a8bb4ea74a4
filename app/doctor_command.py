"""``casparian doctor``: what is there, what is missing, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .cli import EXIT_FAILED
from .json_command import JsonCommand, json_option

if TYPE_CHECKING:
    from casparian.core.doctor import Check

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}
_PLAIN_MARKS = {"✓": "+", "✗": "x"}
"""For terminals whose encoding has no others: what is wrong with them is to be read, too."""


@click.command("doctor", cls=JsonCommand)
@click.argument("parser", type=click.Path(path_type=Path), metavar="[PARSER]", required=False)
@click.option(
    "--python",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The Python that is to run the parser; by default chosen as `casparian run` does.",
)
@json_option()
def command(parser: Path | None, python: Path | None, as_json: bool) -> int:
    """Check that everything is there that a run needs, and say how to mend what is not.

    PARSER is a Python file, or a folder with parser.py; by default the current folder. It is
    loaded in its own Python, and not run. Nothing is changed.

    \b
    Examples:
      casparian doctor
      casparian doctor sales/

    \b
    Exit codes: 0 no problem, warnings or not; 1 a problem; 2 usage.
    """
    from casparian.core.doctor import diagnose

    checks = diagnose(parser, python)
    if as_json:
        from .run_display import print_json

        keys = ("id", "status", "found", "mend")
        print_json({"checks": [{key: getattr(check, key) for key in keys} for check in checks]})
    else:
        _print(checks)
    return EXIT_FAILED if any(check.status == "problem" for check in checks) else 0


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.text import Text

    from .next_steps import can_show_marks

    console = Console(highlight=False)
    unicode = can_show_marks()
    width = max(len(check.id) for check in checks) + 4
    for check in checks:
        mark, style = _MARKS[check.status]
        mark = mark if unicode else _PLAIN_MARKS.get(mark, mark)
        title = Text.assemble((f"{mark} ", style), (check.id.replace("_", " "), "bold"))
        title.pad_right(width - len(title.plain))
        body = Text(check.found).wrap(console, max(console.width - width, 20), overflow="fold")
        for number, line in enumerate(body):
            line.rstrip()
            console.print((title if number == 0 else Text(" " * width)) + line)
        if check.mend:
            # Never broken into lines, so that a command can be copied.
            console.print(Text(f"{' ' * width}mend: {check.mend}", style), soft_wrap=True)
    problems = sum(check.status == "problem" for check in checks)
    warnings = sum(check.status == "warning" for check in checks)
    summary = Text(f"\n{_counted(problems, 'problem')}", "bold red" if problems else "bold green")
    summary.append(f", {_counted(warnings, 'warning')}", "yellow" if warnings else "dim")
    console.print(summary)


def _counted(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"

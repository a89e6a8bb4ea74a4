"""What a command that writes files tells at its end: what is there now, and what to do next."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def can_show_marks() -> bool:
    """Whether the terminal has ✓ and its like; what it has not will be escaped, and no error."""
    if (sys.stdout.encoding or "").lower().startswith("utf"):
        return True
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return False


def print_written(path: Path, what: str) -> None:
    """Print one line for a file that was written."""
    click.secho("✓ " if can_show_marks() else "+ ", fg="green", bold=True, nl=False)
    click.echo(f"{path}  ", nl=False)
    click.secho(what, dim=True)


def print_steps(steps: Sequence[tuple[str, str]]) -> None:
    """Print what to do next: a command or a deed each, and what it is for."""
    click.echo("\nnext:")
    for step, why in steps:
        click.secho(f"  {step}", bold=True)
        click.secho(f"      {why}", dim=True)

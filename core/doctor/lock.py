"""Whether what registering a parser needs lies beside it: ``pyproject.toml`` and ``uv.lock``."""

from __future__ import annotations

import os
import shlex
import tomllib
from typing import TYPE_CHECKING, Final

from casparian.core.programs import ask, uv_program

from .check import Check

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER: Final = 5.0
"""Seconds that uv has to tell."""


def check_lock(folder: Path) -> Check:
    """Look at a parser's folder; no index is asked, so that this ends soon anywhere."""
    if not (folder / "pyproject.toml").is_file():
        return Check(
            "lock",
            "warning",
            "no pyproject.toml beside it: it runs, and cannot be registered",
            f"uv init --bare {shlex.quote(os.path.relpath(folder))}, then "
            f"{_command('uv add pyarrow', folder)}",
        )
    lock = folder / "uv.lock"
    if not lock.is_file():
        found = "no uv.lock beside it: it runs, and cannot be registered"
        return Check("lock", "warning", found, _command("uv lock", folder))
    try:
        content = tomllib.loads(lock.read_text("utf-8"))
    except (OSError, ValueError) as error:
        mend = f"take it away, then {_command('uv lock', folder)}"
        return Check("lock", "problem", f"uv.lock can't be read: {error}", mend)
    names = {package.get("name") for package in content.get("package", ())}
    if "pyarrow" not in names:
        found = "uv.lock has no pyarrow, which every parser needs"
        return Check("lock", "warning", found, _command("uv add pyarrow", folder))
    return _state(folder, len(names))


def _state(folder: Path, packages: int) -> Check:
    try:
        words = [uv_program(), "lock", "--check", "--offline", "--project", str(folder)]
    except FileNotFoundError:
        found = "uv.lock is there; whether it is in date only uv can tell, which is not there"
        return Check("lock", "warning", found, "see uv above")
    answer = ask(words, within=_ANSWER)
    if answer.code == 0:
        return Check("lock", "ok", f"uv.lock is in date; {packages} packages")
    if "needs to be updated" in answer.error:
        found = "uv.lock is out of date: pyproject.toml asks for something else"
    else:
        lines = answer.error.splitlines()
        reason = next((line for line in lines if line.startswith("error")), answer.first_line)
        found = f"whether uv.lock is in date can't be told without the index; {reason}"
    return Check("lock", "warning", found, _command("uv lock", folder))


def _command(command: str, folder: Path) -> str:
    place = os.path.relpath(folder)
    return command if place == "." else f"{command} --project {shlex.quote(place)}"

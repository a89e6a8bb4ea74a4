"""Which Python runs a parser in dev mode, and why that one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .errors import CasparianError

# The block's form: PEP 723, "Inline script metadata", its reference regular expression.
_PEP_723 = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


class InterpreterError(CasparianError):
    """The Python that was asked for can't be used."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The chosen Python.

    Attributes:
        path: the executable, not resolved: a venv's link must stay itself.
        reason: where the choice came from, for people.
        passed_over: what came before it in the order and was not usable, with the reason.
        is_script: whether it is uv's, for a parser with inline script metadata.
    """

    path: Path
    reason: str
    passed_over: tuple[str, ...] = ()
    is_script: bool = False


def choose_python(parser: Path, explicit: Path | None = None) -> Interpreter:
    """The Python for a parser: the first usable of ``--python``, ``$VIRTUAL_ENV``, the nearest
    ``.venv`` upward from the parser, its PEP 723 metadata (through uv), and the running one.

    Args:
        parser: the parser's file.
        explicit: what ``--python`` said: an executable, or a virtual environment's folder.

    Raises:
        InterpreterError: the explicit one isn't there, or uv can't make the PEP 723 environment.
    """
    if explicit is not None:
        path = _executable(explicit)
        if path is None:
            raise InterpreterError(
                f"--python {explicit}: there is no Python interpreter",
                hint="give an executable, e.g. .venv/bin/python, or a virtual environment's folder",
            )
        return Interpreter(path, "--python")
    passed: list[str] = []
    virtual_env = os.environ.get("VIRTUAL_ENV")
    if virtual_env:
        path = _executable(Path(virtual_env))
        if path is not None:
            return Interpreter(path, "$VIRTUAL_ENV")
        passed.append(f"$VIRTUAL_ENV={virtual_env}: no Python there")
    for folder in parser.resolve().parents:
        venv = folder / ".venv"
        if not venv.is_dir():
            continue
        path = _executable(venv)
        if path is not None:
            return Interpreter(path, f"the nearest .venv, {venv}", tuple(passed))
        passed.append(f"{venv}: no Python in it")
    if _has_script_metadata(parser):
        reason = "the parser's PEP 723 metadata"
        return Interpreter(_script_python(parser), reason, tuple(passed), is_script=True)
    return Interpreter(Path(sys.executable), "the Python that runs casparian", tuple(passed))


def _executable(path: Path) -> Path | None:
    """The interpreter that ``path`` is, or that the environment at ``path`` has."""
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow a venv's link
    if path.is_dir():
        path = path / "bin" / "python"
    return path if path.is_file() and os.access(path, os.X_OK) else None


def _has_script_metadata(parser: Path) -> bool:
    try:
        return _PEP_723.search(parser.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False  # importing it in the guest says what is wrong with it


def _script_python(parser: Path) -> Path:
    """The interpreter of the environment that uv keeps for a script with inline metadata."""
    import uv

    uv_program = uv.find_uv_bin()
    for command in (["sync", "--quiet", "--script"], ["python", "find", "--script"]):
        done = subprocess.run(
            [uv_program, *command, str(parser)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise InterpreterError(
                f"uv can't make the environment that {parser} asks for in its PEP 723 metadata "
                f"(`uv {' '.join(command)} {parser}`, exit code {done.returncode}):\n"
                f"{done.stderr.strip()}",
                hint="mend the `# /// script` block, or give a ready interpreter with --python",
            )
    return Path(done.stdout.strip())

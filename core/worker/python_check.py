"""The Python of ``--python``, looked at before any job is: can parsers run in it at all?"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from casparian.core.interpreter import InterpreterError
from casparian.core.worker.guest_world import guest_environment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_OLDEST: Final = (3, 10)
"""The oldest Python that parsers run in, as the shim says."""
_PATIENCE_S: Final = 60.0
_MARK: Final = "casparian-python"
# For any Python there ever was: it must be able to say that it is too old.
_PROBE: Final = f"""
import sys
try:
    import pyarrow
    problem = ""
except Exception:
    problem = "%s: %s" % sys.exc_info()[:2]
print("{_MARK} %d %d %s" % (sys.version_info[0], sys.version_info[1], problem.replace("\\n", " ")))
"""


def check_python(python: Path, pass_env: Iterable[str]) -> None:
    """Start a Python as a guest's, and see whether it is one in which parsers can run.

    Args:
        python: the interpreter.
        pass_env: names of variables that guests get beside the usual ones.

    Raises InterpreterError.
    """
    if str(python) == sys.executable:
        return  # it has what casparian has
    found = _answer(python, guest_environment(os.environ, pass_env))
    version = (int(found[0]), int(found[1]))
    if version < _OLDEST:
        raise InterpreterError(
            f"--python {python}: it is Python {found[0]}.{found[1]}, "
            f"and parsers need {_OLDEST[0]}.{_OLDEST[1]} or newer",
            hint="name another one, or leave --python out: each parser gets its own environment",
        )
    if problem := found[2]:
        raise InterpreterError(
            f"--python {python}: pyarrow can't be imported there, which every parser needs: "
            f"{problem}",
            hint=f"{shlex.quote(str(python))} -m pip install pyarrow, or leave --python out: each "
            "parser gets its own environment",
        )


def _answer(python: Path, environment: dict[str, str]) -> list[str]:
    """Return the major and minor version, and what is wrong with pyarrow (empty: nothing)."""
    try:
        done = subprocess.run(
            [str(python), "-c", _PROBE],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except OSError as error:
        raise _no_python(python, f"it can't be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise _no_python(python, f"it did not answer within {_PATIENCE_S:g} s") from error
    last = done.stdout.rstrip("\n").rpartition("\n")[2].split(" ", 3)
    if last[0] == _MARK and len(last) == 4:
        return last[1:]
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    told = f"; it says: {said[-1]}" if said else ""
    raise _no_python(python, f"it is no Python: it ended with exit code {done.returncode}{told}")


def _no_python(python: Path, why: str) -> InterpreterError:
    return InterpreterError(
        f"--python {python}: {why}",
        hint="name a Python's executable, e.g. .venv/bin/python, or leave --python out: each "
        "parser gets its own environment",
    )

"""The command line itself: help, versions, exit codes."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from casparian.core.version import VERSION

ROOT = Path(__file__).parents[2]


def _casparian(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "casparian.app", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
    assert VERSION in _casparian("--version").stdout


def test_help_lists_every_command_with_a_line() -> None:
    shown = _casparian("--help").stdout
    assert "run  " in shown
    assert "Run a parser over files" in shown


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("rnu", 2), ("--nothing", 2)])
def test_only_success_exits_with_0(word: str, code: int) -> None:
    done = _casparian(word)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_run_says_its_exit_codes() -> None:
    assert "0 completed, with or without quarantine; 1 failed; 2 usage; 130" in " ".join(
        _casparian("run", "--help").stdout.split()
    )

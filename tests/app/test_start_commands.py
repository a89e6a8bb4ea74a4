"""The commands to begin with: what their help says, and that it comes at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = ("new", "scaffold", "doctor")

_PROBE = """
import json, sys
sys.argv = ["casparian", COMMAND, "--help"]
from casparian.app.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
heavy = ("pyarrow", "pandas", "numpy", "rich", "psutil", "sqlite3", "uv")
print("PROBE" + json.dumps([code, [m for m in heavy if m in sys.modules]]))
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_imports_nothing_heavy(command: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROBE.replace("COMMAND", repr(command))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    shown, _, told = done.stdout.rpartition("PROBE")
    assert json.loads(told) == [0, []], done.stderr
    assert f"casparian {command}" in shown.partition("Examples:")[2]
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("command", COMMANDS)
def test_each_is_listed_with_a_line(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "casparian.app", "--help"], capture_output=True, text=True
    )
    [line] = [x for x in done.stdout.splitlines() if x.startswith(f"  {command} ")]
    assert len(line.split()) > 4


def test_a_scaffold_of_what_is_no_parser_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("x = 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "casparian.app", "scaffold", "p.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert error == "error: p.py: it has no function parse(path)"
    assert hint.startswith("  try: ")

"""The shim under every Python from 3.10 on that this machine has."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from casparian.core.events import Hello
from casparian.core.guest import SHIM

from .environments import UV, environment

VERSIONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
PARSER = """
from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from casparian_types import Output


@dataclass
class Row:
    n: int
    text: str | None


class Parser:
    name = "small"
    version = "1.0.0"
    outputs = {"rows": {"n": "int64"}, "words": {"word": "string"}}

    def parse(self, ctx):
        print("printed")
        logging.getLogger().warning("logged")
        thread = threading.Thread(target=print, args=("of a thread",))
        thread.start()
        thread.join()
        yield {"rows": [vars(Row(1, None)), vars(Row(2, "two"))]}
        yield Output("words", [{"word": word} for word in ctx.input_path.read_text().split()])
        ctx.progress(1, 1)
"""
SYNTAX = "def parse(path):\n    return [\n"


@cache
def uvs_pythons() -> list[str]:
    if not UV.exists():
        return []
    command = [UV, "python", "list", "--only-installed", "--output-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [python["path"] for python in json.loads(done.stdout or "[]")]


def interpreter(version: str) -> Path:
    """A version's Python: pyenv's, the PATH's, or uv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [str(path) for path in sorted(pyenv.glob(f"{version}.*/bin/python"))]
    candidates += filter(None, [shutil.which(f"python{version}")])
    for candidate in candidates or uvs_pythons():
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return Path(candidate)
    pytest.skip(f"this machine has no Python {version}")


@pytest.fixture(params=VERSIONS)
def guest_python(request, pytestconfig):
    """A Python of a version, with pyarrow: its own, or in an environment that is kept."""
    version = request.param
    if tuple(map(int, version.split("."))) == sys.version_info[:2]:
        return Path(sys.executable)
    base = interpreter(version)
    if subprocess.run([base, "-c", "import pyarrow"], stderr=subprocess.DEVNULL).returncode == 0:
        return base
    return environment(pytestconfig, version, base, ["pyarrow"])


# One test per version: each has to be done in one process, for they share its environment.
def test_a_small_parser_runs(guest_python, run_parser):
    run = run_parser(PARSER, python=guest_python)
    assert run.result.status == "completed", (run.error, run.lines())
    assert run.rows() == [
        {"n": 1, "text": None},
        {"n": 2, "text": "two"},
        {"word": "one"},
        {"word": "two"},
    ]
    assert run.lines("stdout") == ["printed", "of a thread"]
    assert run.lines("warning") == ["logged"]
    assert run.lines("stderr") == []
    [hello] = run.of(Hello)
    assert hello.python == str(guest_python)
    failed = run_parser(SYNTAX, python=guest_python, name="broken.py")
    assert (failed.error.type, failed.error.traceback[-1]["line"]) == ("SyntaxError", 2)
    failed = run_parser("def parse(path):\n    1 / 0\n", python=guest_python, name="fails.py")
    assert failed.error.message == "division by zero"
    assert [frame["line"] for frame in failed.error.traceback] == [2]


def test_a_python_without_pyarrow_is_told_how_to_get_it(run_parser, tmp_path):
    environment = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    run = run_parser("def parse(path):\n    return []\n", python=python)
    assert (run.error.kind, run.error.type) == ("environment", "PyarrowMissing")
    assert run.error.hint == f"uv pip install --python {python} pyarrow"
    assert not run.error.retryable


def test_a_python_that_is_too_old_is_named(run_parser):
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    old = sorted(pyenv.glob("3.[6-9].*/bin/python"))
    if not old:
        pytest.skip("this machine has no Python 3.6 to 3.9")
    for python in old:
        run = run_parser("def parse(path):\n    return []\n", python=python)
        assert run.error is not None
        assert "is too old: a parser needs Python 3.10 or newer" in run.error.message


@pytest.mark.parametrize("file", sorted(SHIM.parent.glob("*.py")), ids=lambda path: path.name)
def test_the_shim_is_written_in_the_grammar_of_3_10(file):
    ast.parse(file.read_text(), filename=str(file), feature_version=(3, 10))


def test_the_entry_point_can_be_read_by_pythons_that_it_refuses():
    ast.parse(SHIM.read_text(), feature_version=(3, 6))

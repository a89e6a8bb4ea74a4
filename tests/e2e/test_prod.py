"""Prod mode from the command line: register, enqueue, process, in an environment that uv builds."""

from __future__ import annotations

import json
from typing import Any

import pexpect
import pyarrow.parquet as pq
import pytest

from .conftest import CASPARIAN, Workplace, plain


@pytest.fixture
def prod(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    monkeypatch.setenv("CASPARIAN_HOME", str(workplace.folder / "home"))
    return workplace


def told(workplace: Workplace, *words: object, code: int = 0) -> dict[str, Any]:
    done = workplace.casparian(*words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def test_a_parser_that_was_made_is_registered_and_does_its_files_once(prod: Workplace) -> None:
    sample = prod.write("in/2024_01.csv", "day,amount\n2024-01-01,1.50\n2024-01-02,2.50\n")
    prod.write("in/2024_02.csv", "day,amount\n2024-02-01,3.50\n2024-02-02,soon\n2024-02-03,1.00\n")
    assert prod.casparian("new", "sales", "--sample", sample).returncode == 0
    registered = told(prod, "parser", "register", "sales")["parser"]
    assert (registered["name"], registered["version"], registered["status"]) == (
        "sales",
        "0.1.0",
        "registered",
    )
    queued = prod.casparian("enqueue", "sales", "in")
    assert queued.returncode == 0, queued.stderr
    assert "2 queued" in queued.stdout
    assert told(prod, "process") == {
        "jobs": {"completed": 1, "completed_with_warnings": 1},
        "left": 0,
        "paused": [],
        "why_left": [],
    }
    again = prod.casparian("process-job", "sales", "in")
    assert "already processed" in again.stdout.lower()
    published = sorted((prod.folder / "home/outputs/sales/0.1.0").glob("*/sales.parquet"))
    assert sorted(pq.read_table(path).num_rows for path in published) == [2, 2]
    environments = list((prod.folder / "home/venvs").glob("*/bin/python"))
    assert len(environments) == 1, "it was built once, when the parser was registered"


def test_processing_shows_a_bar_and_ctrl_c_gives_the_job_back(prod: Workplace) -> None:
    prod.write(
        "p/parser.py",
        "import time\n\nclass Parser:\n    name = 'slow'\n    version = '1'\n"
        "    outputs = {'n': 'int64'}\n\n    def parse(self, ctx):\n"
        "        while not ctx.input_path.with_name('go').exists():\n"
        "            time.sleep(0.02)\n        yield [dict(n=1)]\n",
    )
    prod.write("p/pyproject.toml", PROJECT)
    lock = prod.casparian("enqueue", "slow", "people.csv")
    assert lock.returncode == 1, "there is no such parser yet"
    assert "casparian parser register" in lock.stderr
    register(prod, "p")
    assert prod.casparian("enqueue", "slow", "people.csv").returncode == 0
    terminal = pexpect.spawn(
        str(CASPARIAN),
        ["process"],
        cwd=str(prod.folder),
        env=prod.env(CASPARIAN_DRAIN_TIMEOUT="0.2"),
        encoding="utf-8",
        timeout=60,
        dimensions=(30, 100),
    )
    terminal.expect("0/1")
    wait_for_log(prod, terminal)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "giving the running jobs back" in plain(terminal.before or "")
    prod.write("go", "")
    assert told(prod, "process")["jobs"] == {"completed": 1}


def wait_for_log(prod: Workplace, terminal: pexpect.spawn[str]) -> None:
    """Until the guest runs: its log names the interpreter."""
    while not any("python /" in log.read_text() for log in prod.folder.glob("home/logs/*/*.log")):
        assert terminal.isalive()


def register(prod: Workplace, folder: str) -> None:
    import subprocess

    import uv

    subprocess.run([uv.find_uv_bin(), "lock", "--quiet"], cwd=prod.folder / folder, check=True)
    done = prod.casparian("parser", "register", folder)
    assert done.returncode == 0, done.stdout + done.stderr


PROJECT = """
[project]
name = "slow"
version = "1"
requires-python = ">=3.11"
dependencies = ["pyarrow"]
"""

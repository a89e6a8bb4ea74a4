"""``casparian new``: the folder runs at once, and quarantines what its contract announced."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from .conftest import CASPARIAN, Workplace, plain

TEXT = "a line\n" * 10


def new(workplace: Workplace, *words: object, **env: str) -> subprocess.CompletedProcess[str]:
    return workplace.casparian("new", *words, COLUMNS="80", **env)


def made(workplace: Workplace, *words: object) -> dict:
    done = new(workplace, *words, "--no-lock", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict = json.loads(done.stdout)
    return told


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_folder_with_a_lock_is_made_and_runs(workplace: Workplace) -> None:
    workplace.write("in/sales 1.csv", "day;amount\n31.01.2024;1,50\n01.02.2024;20,00\n")
    done = new(workplace, "sales", "--sample", "in/sales 1.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert files(workplace.folder / "sales") == [
        *("contract.toml", "parser.py", "pyproject.toml", "samples/sales 1.csv", "uv.lock")
    ]
    shown = plain(done.stdout)
    assert all(len(line) <= 80 for line in shown.splitlines() if "tried with" not in line)
    assert "over the sample it yields 2 rows, none quarantined" in shown
    [command] = re.findall("casparian (run .*)", shown)
    assert command == "run sales 'sales/samples/sales 1.csv'"
    report = workplace.json("sales", "sales/samples/sales 1.csv")
    assert report["status"] == "completed"
    assert report["parser"] == {
        "name": "sales",
        "version": "0.1.0",
        "path": str(workplace.folder / "sales/parser.py"),
    }
    checks = subprocess.run(
        [str(CASPARIAN), "doctor", "sales", "--json"],
        cwd=workplace.folder,
        env=workplace.env(),
        capture_output=True,
        text=True,
    )
    found = {check["id"]: check["status"] for check in json.loads(checks.stdout)["checks"]}
    assert (found["parser"], found["contract"], found["lock"]) == ("ok", "ok", "ok")


def test_exactly_what_was_announced_is_quarantined(workplace: Workplace) -> None:
    rows = [f"{i},2024-01-{i % 28 + 1:02d},{i}.50" for i in range(1000)]
    rows[202] = "202,soon,1.50"
    rows[300] = "300,2024-01-01"
    rows[301] = "301,2024-01-01,2.50,more"
    workplace.write("a.csv", "number,day,amount\n" + "\n".join(rows) + "\n")
    told = made(workplace, "a", "--sample", "a.csv")
    assert told["sample"]["broken_records"] == 2
    contract = (workplace.folder / "a/contract.toml").read_text()
    assert "# 2 of 1,000 records have more or fewer cells than the header" in contract
    assert "'soon'" in contract
    report = workplace.json("a", "a/samples/a.csv")
    assert [row["row_number"] for row in report["quarantine"]] == [202, 300, 301]
    assert report["outputs"][0]["rows"] == 997
    assert told["run"] == {
        "status": "completed_with_warnings",
        "rows": 997,
        "rows_quarantined": 3,
        "error": None,
    }
    # A row of too many cells is kept, every cell of it.
    [ragged] = [row for row in report["quarantine"] if row["row_number"] == 301]
    assert all(cell in ragged["raw"] for cell in ("301", "2024-01-01", "2.50", "more"))


def test_a_large_sample_is_cut_and_said_so(workplace: Workplace) -> None:
    workplace.write("a.csv", "i,text\n" + "".join(f'{i},"{TEXT}"\n' for i in range(20_000)))
    done = new(workplace, "a", "--sample", "a.csv", "--no-lock")
    assert done.returncode == 0, done.stderr
    assert "its first rows, as the whole is large" in done.stdout
    assert "proposed from 20,000 rows" in done.stdout
    assert (workplace.folder / "a/samples/a.csv").stat().st_size <= 1 << 20
    assert workplace.json("a", "a/samples/a.csv")["status"] == "completed"


@pytest.mark.parametrize("kind", ["jsonl", "log"])
def test_other_formats_run_at_once_too(workplace: Workplace, kind: str) -> None:
    sample = workplace.folder / f"sample.{kind}"
    if kind == "jsonl":
        rows = [{"id": i, "at": "2024-01-02T03:04:05Z", "o": {"x": i}} for i in range(20)]
        sample.write_text("\n".join(map(json.dumps, rows)) + "\nbroken {\n")
    else:
        sample.write_text("2024-01-02 up\n2024-01-03 down\n")
    told = made(workplace, "p", "--sample", sample.name)
    report = workplace.json("p", f"p/samples/{sample.name}")
    assert report["outputs"][0]["rows_quarantined"] == told["sample"]["broken_records"]
    assert report["outputs"][0]["has_contract"]


def test_without_the_index_all_but_the_lock_is_there(workplace: Workplace) -> None:
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": "empty-cache"}
    done = new(workplace, "p", "--sample", "people.csv", **offline)
    assert done.returncode == 1
    there = [*("contract.toml", "parser.py", "pyproject.toml", "samples/people.csv")]
    assert files(workplace.folder / "p") == there
    assert "uv could not make one, all else is there" in done.stderr
    assert "pyarrow" in done.stderr  # uv's own words
    assert "uv lock --project p" in done.stderr
    done = new(workplace, "q", "--sample", "people.csv", "--json", **offline)
    told = json.loads(done.stdout)
    assert (done.returncode, told["lock"], "pyarrow" in told["lock_error"]) == (1, False, True)
    assert files(workplace.folder / "q") == there


def test_what_is_there_is_not_touched(workplace: Workplace) -> None:
    mine = workplace.write("p/mine.txt", "mine")
    done = new(workplace, "p", "--sample", "people.csv", "--no-lock")
    assert (done.returncode, "p is there already" in done.stderr) == (1, True)
    assert files(mine.parent) == ["mine.txt"]
    assert new(workplace, "q", "--sample", "nowhere.csv").returncode == 2


def hanging(workplace: Workplace) -> str:
    """Make an environment whose Python says it has begun, and hangs, once a guest is started."""
    python = workplace.write(
        "venv/bin/python",
        f"""#!/bin/sh
        case "$*" in
            *bridge_shim.py*) : > begun; exec sleep 600 ;;
            *) exec '{sys.executable}' "$@" ;;
        esac
        """,
    )
    python.chmod(0o755)
    workplace.write("venv/pyvenv.cfg", "")
    return str(python.parent.parent)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_ended_halfway_nothing_stays(
    workplace: Workplace, eventually, running, number: signal.Signals
) -> None:
    environment = hanging(workplace)
    halfway = subprocess.Popen(
        [str(CASPARIAN), "new", "p", "--sample", "people.csv", "--no-lock"],
        cwd=workplace.folder,
        env=workplace.env(VIRTUAL_ENV=environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually((workplace.folder / "begun").exists, 60)
    assert any(name.startswith(".p-new-") for name in os.listdir(workplace.folder))
    below = psutil.Process(halfway.pid).children
    [guest] = eventually(
        lambda: [child.pid for child in below() if child.cmdline() == ["sleep", "600"]], 60
    )
    halfway.send_signal(number)
    assert halfway.wait(20) != 0
    left = ["begun", "people.csv", "venv"]
    if number == signal.SIGKILL:  # then somebody else cleans up
        eventually(lambda: sorted(os.listdir(workplace.folder)) == left, 60)
    assert sorted(os.listdir(workplace.folder)) == left
    eventually(lambda: not running(guest), 60)

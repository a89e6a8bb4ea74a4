"""Runs at the edges: edits within a second, odd names, closed streams, usage errors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import CASPARIAN, Workplace

ONE = "def parse(path):\n    return [{'a': 1}]\n"


def _value(report: dict) -> object:
    uri = report["outputs"][0]["uri"].removeprefix("parquet://")
    return pq.read_table(uri).to_pylist()[0]["a"]


@pytest.fixture
def with_byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python as a person has it: it may write byte code."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)


@pytest.mark.usefixtures("with_byte_code")
def test_an_edit_within_the_second_that_keeps_the_size_is_seen(workplace: Workplace) -> None:
    for value in (1, 2):
        parser = workplace.write("p.py", "import side\ndef parse(path):\n    return side.rows\n")
        side = workplace.write("side.py", f"rows = [{{'a': {value}}}]\n")
        os.utime(parser, (1_700_000_000, 1_700_000_000))
        os.utime(side, (1_700_000_000, 1_700_000_000))
        assert _value(workplace.json("p.py", "people.csv")) == value


@pytest.mark.usefixtures("with_byte_code")
def test_whatif_writes_nothing_not_even_byte_code(workplace: Workplace) -> None:
    workplace.write("side.py", "X = 1\n")
    workplace.write("p.py", "import side\n" + ONE)
    before = sorted(workplace.folder.rglob("*"))
    workplace.json("p.py", "people.csv", "--whatif")
    assert sorted(workplace.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("file", "name"), [("my-parser.py", "my_parser"), ("json.py", "json"), ("1x.py", "p_1x")]
)
def test_an_ad_hoc_output_is_named_after_the_file(
    workplace: Workplace, file: str, name: str
) -> None:
    workplace.write(file, ONE)
    report = workplace.json(file, "people.csv")
    assert (report["parser"]["name"], report["outputs"][0]["name"]) == (name, name)


def test_an_earlier_output_that_is_not_yielded_any_more_is_told_of(workplace: Workplace) -> None:
    workplace.write("p.py", ONE)
    workplace.json("p.py", "people.csv")
    workplace.write("p.py", "def parse(path):\n    return []\n")
    report = workplace.json("p.py", "people.csv")
    [notice] = [n for n in report["notices"] if "earlier output" in n]
    [left] = [n for n in workplace.files() if n.startswith("output/")]
    assert notice.endswith(left)


def test_frames_of_one_output_that_name_different_sinks_fail_the_run(workplace: Workplace) -> None:
    workplace.write(
        "p.py",
        "from casparian_types import Output\n"
        "def parse(path):\n"
        "    yield Output('a', [{'x': 1}], sink='csv')\n"
        "    yield Output('a', [{'x': 2}], sink='jsonl')\n",
    )
    report = workplace.json("p.py", "people.csv", code=1)
    assert "different places" in report["error"]["message"]
    assert not any(n.startswith("output/") for n in workplace.files())


def test_a_broken_contract_says_which_rule(workplace: Workplace) -> None:
    workplace.write("p.py", ONE)
    workplace.write("p.contract.toml", '[columns]\nb = "int64"\n')
    report = workplace.json("p.py", "people.csv", code=1)
    assert report["error"]["error_type"] == "missing_column"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing.py", "people.csv"],
        ["p.py", "nothing.csv"],
        ["p.py", "people.csv", "--sink", "nothing://x"],
        ["p.py", "people.csv", "--python", "/nothing"],
    ],
)
def test_json_is_printed_although_the_run_could_not_begin(
    workplace: Workplace, arguments: list[str]
) -> None:
    workplace.write("p.py", ONE)
    report = workplace.json(*arguments, code=2)
    assert report["status"] == "failed"
    assert report["error"]["kind"] == "usage"
    assert "noth" in report["error"]["message"]


def test_a_name_that_is_no_text_is_shown_and_json_stays_valid(workplace: Workplace) -> None:
    workplace.write("p.py", ONE)
    odd = os.fsencode(workplace.folder) + b"/odd\xff\nname.csv"
    Path(os.fsdecode(odd)).write_text("x")
    command = [str(CASPARIAN), "run", "p.py", odd]
    for more in ([], ["--json"]):
        done = subprocess.run(
            [*command, *more],
            cwd=workplace.folder,
            env=workplace.env(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
        shown = done.stdout.decode("utf-8")  # valid, all of it
    assert json.loads(shown)["status"] == "completed"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(workplace: Workplace, closed: str) -> None:
    workplace.write("p.py", "import sys\n" + ONE)
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {CASPARIAN} run p.py people.csv {closed}"],
        cwd=workplace.folder,
        env=workplace.env(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert any(n.endswith(".parquet") for n in workplace.files())


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_is_full_for_stdout_is_told_as_that(
    workplace: Workplace, unbuffered: str
) -> None:
    workplace.write("p.py", ONE)
    done = subprocess.run(
        ["/bin/sh", "-c", f"{CASPARIAN} run p.py people.csv --json > /dev/full"],
        cwd=workplace.folder,
        env={**workplace.env(), "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    said = "error: what is to be printed can't be written to stdout: No space left on device"
    assert done.stderr.splitlines()[-1] == said
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_ctrl_c_among_several_inputs_tells_of_those_that_are_done(workplace: Workplace) -> None:
    workplace.write("a.csv", "x")
    workplace.write("b.csv", "x")
    workplace.write(
        "p.py",
        "def parse(path):\n"
        "    if path.endswith('b.csv'):\n"
        "        print('begun', flush=True)\n"
        "        while True: pass\n"
        "    return [{'a': 1}]\n",
    )
    with subprocess.Popen(
        [str(CASPARIAN), "run", "p.py", "a.csv", "b.csv", "--json"],
        cwd=workplace.folder,
        env=workplace.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "begun" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    runs = json.loads(told)["runs"]
    assert [run["status"] for run in runs] == ["completed", "interrupted"]
    assert runs[1]["input"].endswith("b.csv")
    assert sum(n.startswith("output/") for n in workplace.files()) == 1


def test_an_interpreter_that_cannot_be_started_is_a_clear_error(workplace: Workplace) -> None:
    workplace.write("p.py", ONE)
    broken = workplace.write("python", "not a program")
    broken.chmod(0o755)
    broken.write_bytes(b"\x00\x01not a program")
    report = workplace.json("p.py", "people.csv", "--python", "./python", code=1)
    assert report["error"]["type"] == "InterpreterError"
    assert "can't be started" in report["error"]["message"]


@pytest.mark.parametrize("sink", ["csv", "jsonl", "sqlite"])
@pytest.mark.parametrize("kind", ["timestamp('us')", "timestamp('us', 'UTC')", "timestamp('s')"])
def test_a_year_that_text_cannot_hold_fails_the_run_and_is_never_bent(
    workplace: Workplace, sink: str, kind: str
) -> None:
    # 2**62 microseconds are the year 148108, which Arrow would write as 17036.
    workplace.write(
        "p.py",
        "import pyarrow as pa\n"
        "def parse(path):\n"
        f"    far = pa.array([0, 2**62 if {kind!r}.find('us') > 0 else 2**42])\n"
        f"    yield pa.table({{'far': far.cast(pa.{kind})}})\n",
    )
    report = workplace.json("p.py", "people.csv", "--sink", sink, code=1)
    assert "outside the years 1 to 9999" in report["error"]["message"]
    assert not any(n.startswith("output/") for n in workplace.files())

"""Killed, crowded, out of disk: never half an output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.sinks.errors import SinkError, disk_error
from casparian.core.sinks.temporary import sweep, temporary_path

KINDS = ("parquet", "csv", "sqlite")

_START = """
import os, sys, resource
from pathlib import Path
import pyarrow as pa
from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.run import RunSinks
from casparian.core.sinks.uri import parse_sink
kind, folder = sys.argv[1], Path(sys.argv[2])
run = RunSinks(parse_sink(kind, default_dir=folder), folder.parent / "sales_2024_01.csv")
writer = run.open("sales", None)
"""


def start(script: str, kind: str, place: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _START + script, kind, str(place.output)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_killed_between_prepare_and_publish_nothing_is_visible_and_the_next_run_sweeps(
    place: Any, kind: str
) -> None:
    script = """
writer.write(pa.table({"x": [1]})); writer.write(pa.table({"x": ["a"]}))
writer.quarantine(pa.table({"row": [1]}))
run.prepare()
print("prepared", flush=True)
import time; time.sleep(60)
"""
    with start(script, kind, place) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "prepared\n"
        assert place.visible() == []
        left = place.temporary()
        assert left != []
        with place.run(kind) as run:  # a living run is not disturbed
            run.open("sales", None).write(pa.table({"x": [1]}))
        assert place.temporary() == left
        os.kill(child.pid, signal.SIGKILL)
    assert place.visible() == []
    with place.run(kind) as run:
        run.open("sales", None).write(pa.table({"x": [1]}))
        run.publish()
    assert place.temporary() == []
    assert len(place.visible()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_said_and_leaves_nothing(place: Any, kind: str) -> None:
    script = """
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    writer.write(pa.table({"x": [os.urandom(16).hex() for _ in range(30_000)]}))
    run.publish()
except SinkError as error:
    print(error.retryable, error.message)
    print(run.abort(keep_quarantine=True))
else:
    print("published")
"""
    with start(script, kind, place) as child:
        said, _ = child.communicate(timeout=30)
    assert child.returncode == 0
    assert said.startswith("True cannot write ")
    assert "disk is full" in said
    assert str(place.output) in said
    assert place.files() == []


def test_a_disk_full_with_rejected_rows_does_not_hide_the_reason(place: Any) -> None:
    script = """
writer.write(pa.table({"x": [1]}))
writer.quarantine(pa.table({"x": [os.urandom(20).hex() for _ in range(20_000)]}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
aborted = run.abort(keep_quarantine=True)
print(aborted.kept, len(aborted.problems), aborted.problems[0].message)
"""
    with start(script, "parquet", place) as child:
        said, _ = child.communicate(timeout=30)
    assert said.startswith("{} 1 cannot write ")
    assert place.files() == []


@pytest.mark.parametrize("kind", ["parquet", "sqlite"])
def test_runs_in_parallel_all_succeed_and_do_not_mix(place: Any, kind: str) -> None:
    script = """
me = os.getpid()
for i in range(8):
    run = RunSinks(parse_sink(kind, default_dir=folder), folder.parent / "sales_2024_01.csv")
    writer = run.open("sales", None)
    writer.write(pa.table({"x": [me] * 100}))
    writer.quarantine(pa.table({"row": [me]}))
    run.publish()
print(writer.target.path)
"""
    children = [start(script, kind, place) for _ in range(2)]
    for child in children:
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        path = Path(said.strip())
    assert place.temporary() == []
    if kind == "sqlite":
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(path)) as db:
            got = [x for (x,) in db.execute("SELECT x FROM sales")]
            (bad,) = (x for (x,) in db.execute("SELECT row FROM sales_quarantine"))
    else:
        bad = pq.read_table(path.with_suffix(".quarantine.parquet")).column("row")[0].as_py()
        got = pq.read_table(path).column("x").to_pylist()
    assert got == [bad] * 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_where_a_folder_should_be_is_named(place: Any, kind: str) -> None:
    place.output.parent.mkdir(exist_ok=True)
    place.output.write_text("mine")
    with place.run(kind) as run:
        writer = run.open("sales", None)
        with pytest.raises(SinkError, match=f"{place.output} is a file, not a folder") as caught:
            writer.write(pa.table({"x": [1]}))
        assert "move that file away" in caught.value.hint
    assert place.output.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_named(place: Any) -> None:
    script = """
import pyarrow.parquet  # as nobody it may not be readable
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
for kind in ("parquet", "csv", "jsonl", "sqlite"):
    run = RunSinks(parse_sink(kind, default_dir=folder), folder.parent / "sales_2024_01.csv")
    writer = run.open("sales", None)
    print(writer.plan().replaces)
    try:
        writer.write(pa.table({"x": [1]}))
    except SinkError as error:
        print(error.message, error.hint)
    run.abort(keep_quarantine=True)
"""
    # Not below pytest's own folder, into which nobody else can look.
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        place.output = Path(open_folder) / "output"
        place.output.mkdir(mode=0o555)
        with start(script, "parquet", place) as child:
            said, _ = child.communicate(timeout=30)
        files = place.files()
    assert said.count("False") == 4
    assert said.count(f"no permission to write there make {place.output} writable") == 4
    assert files == []


def test_errors_of_the_disk_say_what_to_try() -> None:
    path = Path("/nowhere/out/x.parquet")
    assert "free some space" in disk_error(path, OSError(28, "")).hint
    assert disk_error(path, OSError(28, "")).retryable
    assert "writable" in disk_error(path, OSError(30, "")).hint
    assert not disk_error(path, OSError(13, "")).retryable
    assert "shorter" in disk_error(path, OSError(36, "")).hint
    assert "Input/output error" in disk_error(path, OSError(5, "Input/output error")).message


def test_only_dead_processes_files_of_the_same_target_are_swept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    mine = temporary_path(tmp_path, "x-1", "parquet")
    theirs = mine.with_name(mine.name.replace(f".{os.getpid()}-", f".{dead.pid}-"))
    variant = theirs.with_name(theirs.name.replace(".x-1.", ".x-1-b."))
    tag = theirs.name.split("-")[-1][:4]
    other = f"{int(tag, 16) ^ 1:04x}"
    foreign = theirs.with_name(theirs.name.replace(f"-{tag}", f"-{other}"))
    ancient = foreign.with_name(foreign.name.replace("parquet", "old"))
    user = tmp_path / ".x-1.parquet.tmp"
    for path in (mine, theirs, variant, foreign, ancient, user):
        path.touch()
    os.utime(ancient, (0, time.time() - 2 * 86400))
    sweep(tmp_path, "x-1")
    assert sorted(tmp_path.iterdir()) == sorted([mine, variant, foreign, user])

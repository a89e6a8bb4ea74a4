"""`casparian tui` in a real terminal: from the first save to a job that is done."""

from __future__ import annotations

import re
import subprocess
import termios

import psutil
import pyarrow.parquet as pq
import pytest
import uv

from .conftest import CASPARIAN, NONE_ACTIVE, Workplace
from .screen import Screen

PARSER = """\
import csv

class Parser:
    name = "people"
    version = "1.0.0"

    def parse(self, ctx):
        with ctx.input_path.open(newline="") as file:
            for row in csv.DictReader(file):
                yield [{"name": row["name"].upper(), "age": row["age"]}]
"""
PROJECT = """\
[project]
name = "people"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["pyarrow"]
"""
CONTRACT = '[columns]\nname = "string"\nage = "int64"\n'


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    workplace.write("people/parser.py", PARSER)
    workplace.write("people/pyproject.toml", PROJECT)
    workplace.write("people/contract.toml", CONTRACT)
    return workplace


def home(place: Workplace) -> dict[str, str]:
    return {"CASPARIAN_HOME": str(place.folder / "home")}


def started(place: Workplace, *words: object, **env: str) -> Screen:
    temporary = place.folder / "temporary"
    temporary.mkdir()
    more = {**NONE_ACTIVE, **home(place), "TMPDIR": str(temporary), **env}
    return Screen([CASPARIAN, "tui", *words], cwd=place.folder, env=place.env(**more))


def test_a_parser_is_written_registered_and_does_its_file_beside_the_editor(
    place: Workplace,
) -> None:
    parser, contract = place.folder / "people/parser.py", place.folder / "people/contract.toml"
    subprocess.run([uv.find_uv_bin(), "lock", "--quiet"], cwd=parser.parent, check=True)
    env = {"TMUX": "/tmp/there-is-no-such-server,1,0", "CASPARIAN_CONCURRENCY": "1"}
    with started(place, "people", "--samples", "people.csv", **env) as screen:
        before = termios.tcgetattr(screen.child.child_fd)
        screen.until("ADA", "int64", "Quarantine 1")

        screen.press("1")
        screen.until("c Copy")
        screen.press("c")
        screen.until("copied name of row 1: 3 characters")
        assert b"\x1b]52;c;QURB\x07\x1bPtmux;\x1b\x1b]52;c;QURB\x07\x1b\\" in screen.raw

        before_save = run_of(screen)
        parser.write_text(PARSER.replace(".upper()", ".lower()"))
        # Rows that come early are no result yet: that of another run than before is one.
        screen.until("ada", "some quarantined", gone=["ADA", "still coming", f"{before_save}\n"])

        parser.write_text(PARSER.replace("yield [", "yield [("))
        screen.until("Error ✗", "ada", "the last that had any")

        parser.write_text(PARSER.replace(".upper()", ".title()"))
        screen.until("Alan", gone=["Error ✗", "the last that had any"])

        screen.press("2")
        screen.until("type_mismatch", "'Unknown' is not an int64")
        screen.press("a")
        screen.until("What may age be?")
        screen.press("\r")
        screen.until("age = {", gone=["Quarantine 1"])
        assert 'null_tokens = ["Unknown"]' in contract.read_text()

        screen.press("\x12")  # ^r
        screen.until("is registered", "escape goes back")
        screen.press("\x1b")
        screen.until("Output", gone=["escape goes back"])

        screen.press("\x1bOQ")  # F2
        screen.until("Prod")
        screen.until("no jobs yet", "none: W starts one")
        late = place.write("people_late.csv", "name,age\nBo,17\n")
        screen.press("n")
        screen.until("Queue files", "people 1.0.0")
        screen.press("people*.csv")
        screen.until("2 files match")
        screen.press("\r")
        screen.until("○ pending", "people_late.csv", "2 jobs", gone=["Queue files"])
        late.rename(place.folder / "away.csv")

        screen.press("W")
        screen.until("Start a worker")
        screen.press("\r")
        screen.until("a worker has begun: pid")
        worker = worker_of(screen)
        screen.until("✓ completed   people@1.0.0", "✗ failed      people@1.0.0")

        (place.folder / "away.csv").rename(late)
        screen.press("g")
        screen.until("▌ ✗ failed")
        screen.press("r")
        screen.until("Requeue", "enter", "people_late.csv")
        screen.press("\r")
        screen.until("▌ ✓ completed", gone=["✗ failed"])

        screen.press("\x11")  # ^q
        assert screen.until_ended() == 0
        assert b"\x1b[?1049l" in screen.raw[-2000:], "the screen of before is back"
        assert b"\x1b[?25h" in screen.raw[-2000:], "and so is the cursor"
        assert termios.tcgetattr(screen.child.child_fd) == before
    assert worker.is_running(), "it goes on when the terminal app has closed"
    worker.terminate()
    worker.wait(timeout=60)
    assert list((place.folder / "temporary").glob("casparian*")) == []
    assert published(place) == ["Ada,36", "Alan,41", "Bo,17", "Grace,"]


def run_of(screen: Screen) -> str:
    """Return which run the bar of stages tells of."""
    found = re.search(r"run \d+", screen.lines[1])
    assert found is not None, screen.lines[1]
    return found[0]


def worker_of(screen: Screen) -> psutil.Process:
    found = re.search(r"a worker has begun: pid (\d+)", "\n".join(screen.lines))
    assert found is not None
    return psutil.Process(int(found[1]))


def published(place: Workplace) -> list[str]:
    files = (place.folder / "home/outputs").rglob("*.parquet")
    rows = [row for file in files for row in pq.read_table(file).to_pylist()]
    return sorted(f"{row['name']},{'' if row['age'] is None else row['age']}" for row in rows)


def test_without_a_terminal_it_says_what_to_use(place: Workplace) -> None:
    done = place.casparian("tui", "people")
    assert (done.returncode, "needs a terminal" in done.stderr) == (1, True)

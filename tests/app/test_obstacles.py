"""Why jobs wait that no worker can run is seen wherever one looks, with what to try."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest

from casparian.core.stores.obstacles import NewObstacle

from .queued import Queued, call

MESSAGE = "sales: its environment can't be built offline\n  `uv sync` in /home ended …; uv says:"


@pytest.fixture
def waiting(queued: Queued) -> str:
    """A job of ``sales`` that waits."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as bundle:
        bundle.writestr("parser.py", "")
    archive = file.getvalue()
    bundle = hashlib.sha256(archive).hexdigest()
    queued.register(version="1.0.1", archive=archive, source_hash=bundle)
    queued.obstacles.note(
        NewObstacle(
            "w1",
            "host-1",
            "sales",
            "1.0.1",
            bundle,
            "environment_error",
            MESSAGE,
            "build it once with a network",
            60_000,
        )
    )
    return queued.add()


TEXTS = (
    "! sales 1.0.1 can't be run on host-1, its jobs wait: sales: its environment can't be built "
    "offline (tried just now, again in 1m",
    "try: build it once with a network",
)
COMMANDS = ("jobs", "stats", "parser list", "parser show sales", "job show")


def words(command: str, job_id: str) -> list[str]:
    return [*command.split(), *([job_id] if command == "job show" else [])]


@pytest.mark.parametrize("command", COMMANDS)
def test_people_see_why_jobs_wait_and_what_to_try(waiting: str, command: str) -> None:
    done = call(*words(command, waiting))
    shown = " ".join(done.stdout.split())
    assert all(text in shown.replace("59s", "1m") for text in TEXTS), done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_programs_do_as_well(waiting: str, command: str) -> None:
    told = json.loads(call(*words(command, waiting), "--json").stdout)
    if command.startswith("parser"):
        told = told.get("parser") or told["parsers"][0]
    [met] = told["obstacles"]
    assert (met["worker_id"], met["host"], met["error_class"]) == (
        "w1",
        "host-1",
        "environment_error",
    )
    assert met["message"] == MESSAGE
    assert met["next_try_at"] > met["tried_at"] >= met["since"]


def test_a_job_that_waits_points_to_it_and_other_parsers_jobs_do_not(
    queued: Queued, waiting: str
) -> None:
    queued.register("bank")
    other = queued.add("/data/b.csv", parser="bank")
    lines = call("jobs").stdout.splitlines()
    [ours] = [line for line in lines if waiting[:8] in line]
    assert "can't be run: see below" in ours
    [theirs] = [line for line in lines if other[:8] in line]
    assert "can't" not in theirs
    assert "can't" not in call("jobs", "--parser", "bank").stdout


def test_a_newer_version_of_the_parser_is_not_said_to_wait(queued: Queued, waiting: str) -> None:
    queued.register(version="1.0.2")
    newer = queued.add("/data/b.csv")
    lines = call("jobs").stdout.splitlines()
    [line] = [line for line in lines if newer[:8] in line]
    assert "can't" not in line
    assert "can't" not in call("job", "show", newer).stdout
    listed = call("parser", "list").stdout
    assert "! sales 1.0.1 can't be run on host-1" in listed
    assert "CAN'T BE RUN" not in listed
    assert "CAN'T BE RUN" in call("parser", "list", "--all").stdout


def test_nothing_is_said_once_nothing_waits(queued: Queued, waiting: str) -> None:
    queued.finish(queued.claim())
    for command in COMMANDS:
        assert "can't be run" not in call(*words(command, waiting)).stdout


def test_what_is_piped_has_one_line_for_each_parser(queued: Queued) -> None:
    topics = tuple(f"a-topic-with-a-long-name-{number}" for number in range(9))
    queued.register("a_parser_with_a_very_long_name_that_says_it_all", topics=topics)
    lines = call("parser", "list", env={"COLUMNS": "80"}).stdout.splitlines()
    [line] = [line for line in lines if "a_parser_with" in line]
    assert ", ".join(topics) in line
    assert [word for line in lines for word in line.split()[:1]][2:] == [
        "a_parser_with_a_very_long_name_that_says_it_all",
        "sales",
    ]

"""With ``--json`` there is exactly one JSON object on stdout, also when a command fails."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from casparian.app.cli import casparian

FAILURES = [
    ["contract", "show", "nope.toml"],
    ["contract", "show", "broken.py"],
    ["contract", "check", "nope.toml"],
    ["contract", "check", "c.toml", "nope.csv"],
    ["contract", "check", "c.toml", "a.csv", "--output", "x"],
    ["contract", "infer", "empty.csv"],
    ["contract", "infer", "a.csv", "-o", "c.toml"],
    ["contract", "infer", "a.csv", "-o", "no/c.toml"],
    ["contract", "diff", "c.toml", "nope.toml"],
    ["new", "Bad Name", "--sample", "a.csv"],
    ["new", "p", "--sample", "empty.csv"],
    ["scaffold", "nope.py"],
    ["scaffold", "broken.py"],
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("a\n1\n")
    Path("c.toml").write_text('[outputs.o.columns]\na = "int64"\n')
    Path("empty.csv").write_text("")
    Path("broken.py").write_text("def parse(:\n")


@pytest.mark.parametrize("words", FAILURES, ids=" ".join)
def test_a_failure_is_one_json_object_too(words: list[str]) -> None:
    done = CliRunner().invoke(casparian, [*words, "--json"], standalone_mode=False)
    assert done.exception is None
    assert done.return_value == 1
    error = json.loads(done.stdout)["error"]
    assert error["message"]
    assert error["message"] in done.stderr


def test_usage_that_only_the_command_knows_to_be_wrong() -> None:
    words = ["contract", "infer", "a.csv", "--output", "x", "--json"]
    done = CliRunner().invoke(casparian, words, standalone_mode=False)
    assert done.return_value == 2
    assert json.loads(done.stdout)["error"]["type"] == "UsageError"


@pytest.mark.parametrize(
    "words",
    [["jobs", "--status", "nope"], ["process", "--limit", "-1"], ["job", "show"]],
)
def test_words_that_no_command_can_read_are_one_json_object_too(words: list[str]) -> None:
    done = CliRunner().invoke(casparian, [*words, "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["message"] in done.stderr


def test_a_parser_that_can_not_be_loaded_says_with_which_traceback() -> None:
    Path("p.py").write_text("1 / 0\n")
    done = CliRunner().invoke(casparian, ["contract", "show", "p.py", "--json"])
    assert "ZeroDivisionError" in json.loads(done.stdout)["error"]["traceback"]


def test_an_interrupt_is_told_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("casparian.core.data_files.data_file.DataFile.tables", interrupted)
    words = ["contract", "infer", "a.csv", "--json"]
    done = CliRunner().invoke(casparian, words, standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)["error"]["type"]) == (130, "Interrupted")


def test_every_command_that_has_json_keeps_to_it() -> None:
    from casparian.app.json_command import JsonCommand

    def commands(group: click.Group) -> list[click.Command]:
        context = click.Context(group)
        found = []
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found += commands(command) if isinstance(command, click.Group) else [command]
        return found

    for command in commands(casparian):
        has_json = any(param.name == "as_json" for param in command.params)
        # `run` has a report for every end of its own.
        assert isinstance(command, JsonCommand) == has_json or command.name == "run"

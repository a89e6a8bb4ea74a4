"""`casparian tui` begins with what it is given, or what was worked on last."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from casparian.app import tui_command
from casparian.app.cli import casparian
from casparian.app.tui.app import CasparianApp
from casparian.core.dev_session.request import SessionRequest

PARSER = 'class Parser:\n    name = "p"\n    def parse(self, ctx): ...\n'


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name in ("shop/samples/a.csv", "data/one.csv", "data/two.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n")
    (tmp_path / "shop/parser.py").write_text(PARSER)
    return tmp_path


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[SessionRequest]:
    """What the sessions were asked, without a terminal."""
    requests: list[SessionRequest] = []
    monkeypatch.setattr(tui_command, "is_terminal", lambda: True)

    def run(app: CasparianApp) -> None:
        host: Any = app._dev
        requests.append(host._request)

    monkeypatch.setattr(CasparianApp, "run", run)
    return requests


def tui(*words: str) -> Result:
    return CliRunner().invoke(casparian, ["tui", *words], standalone_mode=False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--web", "--allow-actions", "shop/parsr.py"], "no parser at shop/parsr.py"),
        (["shop/parsr.py"], "no parser at shop/parsr.py\n  try: did you mean shop/parser.py?"),
        (["."], "the folder . has no parser.py\n  try: one of its parsers: shop\n"),
        (
            ["shop", "--samples", "dta"],
            "no samples at dta\n  try: did you mean data?",
        ),
        (["shop", "--python", "nosuch"], "--python nosuch: there is no Python interpreter\n  try:"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_try(words: list[str], said: str) -> None:
    done = tui(*words)
    assert done.return_value == 2
    assert f"error: {said}" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--web", "shop"], "--web only looks at the queue: a parser is worked on with"),
        (["--port", "8000"], "--port and --allow-actions go with --web"),
        (["--allow-actions"], "--port and --allow-actions go with --web"),
    ],
)
def test_what_makes_no_sense_in_a_browser_is_told(words: list[str], said: str) -> None:
    error = tui(*words).exception
    assert isinstance(error, click.UsageError)
    assert said in error.message


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = tui("--web", "--port", str(taken.getsockname()[1]))
    assert done.return_value == 1
    assert "can't be had" in done.output


def test_without_a_terminal_it_says_so() -> None:
    done = tui("shop")
    assert done.return_value == 1
    assert "the terminal app needs a terminal\n  try: casparian run" in done.output


def test_samples_are_those_given_then_those_of_the_last_time_then_the_parsers_own(
    begun: list[SessionRequest], place: Path
) -> None:
    tui("shop")
    (place / "shop/samples/b.csv").write_text("a\n")
    tui()  # what came into its own folder is seen
    tui("shop", "--samples", "data")
    tui("shop")
    tui()
    own, given = place / "shop/samples", place / "data"
    assert {request.parser for request in begun} == {place / "shop/parser.py"}
    assert [request.samples for request in begun] == [
        (own / "a.csv",),
        (own / "a.csv", own / "b.csv"),
        *[(given / "one.csv", given / "two.csv")] * 3,
    ]

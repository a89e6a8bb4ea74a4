"""A copy arrives through whatever stands between the app and the terminal."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.clipboard import MOST_BYTES, capped, sequences, tell_tmux

from .fed_dev import FedHost

TEXT = "Zürich\n" * 200
OSC = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\a")


def decoded(written: str) -> list[str]:
    return [base64.b64decode(part).decode() for part in OSC.findall(written)]


def test_a_terminal_gets_it_once() -> None:
    assert decoded(sequences(TEXT, {"TERM": "xterm-256color"})) == [TEXT]


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "screen", "TMUX": "/tmp/tmux-0/default,1,0"}, {"TERM": "tmux-256color"}],
)
def test_tmux_gets_it_as_it_is_and_wrapped(environment: dict[str, str]) -> None:
    written = sequences(TEXT, environment)
    plain, wrapped, end = re.split(r"\x1bPtmux;(.*?)\x1b\\", written, flags=re.DOTALL)
    assert decoded(plain) == [TEXT]
    # Within, each escape is doubled: so the first single one is the end.
    assert "\x1b" not in wrapped.replace("\x1b\x1b", "")
    assert decoded(wrapped.replace("\x1b\x1b", "\x1b")) == [TEXT]
    assert end == ""


@pytest.mark.parametrize("environment", [{"TERM": "screen.xterm"}, {"STY": "1.pts", "TERM": "vt"}])
def test_screen_gets_it_in_pieces_that_it_passes_on(environment: dict[str, str]) -> None:
    written = sequences(TEXT, environment)
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", written, flags=re.DOTALL)
    assert max(map(len, pieces)) < 256, "longer ones are dropped"
    assert decoded("".join(pieces)) == [TEXT]


def test_no_more_than_terminals_take_and_no_half_characters() -> None:
    assert capped("ü" * 10) == "ü" * 10
    cut = capped("x" + "ü" * MOST_BYTES)
    assert cut == "x" + "ü" * ((MOST_BYTES - 1) // 2)
    assert len(sequences(cut, {})) < 100_100


def test_half_a_surrogate_is_no_reason_to_fail() -> None:
    assert decoded(sequences("a\udc80b", {})) == ["a?b"]


def test_tmux_is_told_too(tmp_path: Path) -> None:
    program, told = tmp_path / "tmux", tmp_path / "told"
    program.write_text(f'#!/bin/sh\necho "$@" > {told}\n/bin/cat >> {told}\n')
    program.chmod(0o755)
    tell_tmux(TEXT, {"PATH": str(tmp_path)})
    assert not told.exists(), "there is no tmux around us"
    tell_tmux(TEXT, {"PATH": str(tmp_path), "TMUX": "x"})
    assert told.read_text() == f"load-buffer -w -\n{TEXT}"
    program.unlink()
    tell_tmux(TEXT, {"PATH": str(tmp_path), "TMUX": "x"})


@pytest.mark.asyncio
async def test_of_too_much_the_beginning_is_copied_and_that_is_said() -> None:
    app = CasparianApp(FedHost())
    async with app.run_test() as pilot:
        app.copy_to_clipboard("x" * 100_000)
        await pilot.pause()
        assert app.clipboard == "x" * 75_000
        [note] = app._notifications
        assert note.message == "only the first 75,000 of 100,000 characters were copied"

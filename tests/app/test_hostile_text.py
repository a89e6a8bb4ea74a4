"""What others wrote can't steer the terminal that it is shown on."""

from __future__ import annotations

import io

import pytest

from casparian.app.cli import main, show_error
from casparian.core.errors import CasparianError

from .queued import Queued, call


def test_a_file_name_is_one_harmless_line_wherever_jobs_are_shown(queued: Queued) -> None:
    queued.register()
    job = queued.add("/data/\x1b[31mred\n.csv")
    queued.fail(queued.claim(), message="\x1b]0;title\x07 no such column")
    for words in (["jobs"], ["job", "show", job], ["stats"]):
        shown = call(*words).stdout
        assert "\x1b" not in shown
        assert "\x07" not in shown
        assert "red\n" not in shown
    assert r"\x1b[31mred\n.csv" in call("jobs").stdout


class _Terminal(io.StringIO):
    """To one that is no terminal, no escape sequence would come anyway."""

    def isatty(self) -> bool:
        return True


def test_an_error_says_a_name_without_what_steers_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr", terminal := _Terminal())
    show_error(CasparianError("no file x\x1b]0;title\x07.csv", hint="is it y\x1b[2J.csv?"))
    monkeypatch.setattr("sys.argv", ["casparian", "start", "--watch", "in\x1b[2Jbox"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = terminal.getvalue()
    assert r"x\x1b]0;title\x07.csv" in said
    assert r"is it y\x1b[2J.csv?" in said
    assert r"in\x1b[2Jbox" in said
    assert "\x1b[2J" not in said
    assert "\x07" not in said

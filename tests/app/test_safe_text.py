"""What others wrote can't steer the terminal that it is shown on."""

from __future__ import annotations

import os

from casparian.app.safe_text import one_line, safe

from .queued import Queued, call


def test_control_characters_are_spelled_out() -> None:
    name = os.fsdecode(b"a\x1b[31m\n\xff\xc3\xa9.csv")
    assert one_line(name) == r"a\x1b[31m\n\udcffé.csv"
    assert safe("two\n\tlines\r\x07") == "two\n\tlines\\r\\x07"


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

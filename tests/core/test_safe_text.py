"""Control characters in texts that others wrote are spelled out."""

from __future__ import annotations

import os

from casparian.core.safe_text import one_line, safe


def test_control_characters_are_spelled_out() -> None:
    name = os.fsdecode(b"a\x1b[31m\n\xff\xc3\xa9.csv")
    assert one_line(name) == r"a\x1b[31m\n\udcffé.csv"
    assert safe("two\n\tlines\r\x07") == "two\n\tlines\\r\\x07"

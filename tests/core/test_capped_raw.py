"""A raw row is cut within its cap, and its size and hash are those of the whole."""

from __future__ import annotations

import hashlib

from casparian.core.capped_raw import cap_raw


def test_capped_raw_ends_within_no_character() -> None:
    raw = "é" * 3000
    capped = cap_raw(raw, 4095)
    assert capped.text == "é" * 2047
    assert capped.bytes == 6000
    assert capped.sha256 == hashlib.sha256(raw.encode()).hexdigest()
    assert cap_raw("abc").text == "abc"

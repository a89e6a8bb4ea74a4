"""The beginning of a quarantined row's raw text, with what tells the whole: its size and hash."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

RAW_CAP: Final = 4096
"""Bytes of a raw row that reports and stores keep; the file of quarantined rows keeps all."""


class CappedRaw(NamedTuple):
    """The beginning of a raw row, and the size in bytes and hex sha256 of all of it."""

    text: str
    bytes: int
    sha256: str


def cap_raw(raw: str, limit: int = RAW_CAP) -> CappedRaw:
    """Cut a raw row to at most ``limit`` bytes of UTF-8, never within a character."""
    encoded = raw.encode()
    text = raw if len(encoded) <= limit else encoded[:limit].decode(errors="ignore")
    return CappedRaw(text, len(encoded), hashlib.sha256(encoded).hexdigest())

"""Paths that come as text with each job, and are the same for many."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=64)
def known_path(text: str) -> Path:
    """Return a path; for a text that came lately the same one, taken to its parts already."""
    return Path(text)

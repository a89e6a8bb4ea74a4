"""Libraries that import heavy ones only to ask whether they are there need not find them."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Meanwhile, for this thread, these top-level modules are not installed.

    Those that are loaded already stay.
    """
    blind = _Blind(frozenset(names))
    sys.meta_path.insert(0, blind)
    try:
        yield
    finally:
        sys.meta_path.remove(blind)


class _Blind:
    """A finder to which some modules are not installed."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in self._names and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

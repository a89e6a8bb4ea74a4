"""Every promise of the stores is held against every implementation there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from casparian.core.stores.sqlite.store import SqliteStore
from casparian.core.stores.store import Store

from .clock import Clock

Opener = Callable[[], Store]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Opener]:
    """Opens further connections to one and the same store."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(SqliteStore(tmp_path / "casparian.db", clock=clock))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> Store:
    return opener()

"""What tests of the worker share."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.stores.store import open_store

from ...workshop import READ, Workshop

__all__ = ["READ", "Workshop"]


@pytest.fixture
def workshop(tmp_path: Path):
    with open_store(tmp_path / "casparian.db") as store:
        yield Workshop(tmp_path, store)

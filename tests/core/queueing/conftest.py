"""A store with two parsers, and files to be queued for them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casparian.core.stores.parsers import NewParser, StoredParser
from casparian.core.stores.sqlite.store import SqliteStore

LONG_AGO_S = 1_700_000_000


def register(store: SqliteStore, name: str = "sales", **other: Any) -> StoredParser:
    content = f"{name} {other}".encode()
    made: dict[str, Any] = {
        "version": "1.0.0",
        "source_hash": hashlib.sha256(content).hexdigest(),
        "lockfile_hash": "l" * 64,
        "entrypoint": "parser.py",
        "topics": (),
        "contract": None,
        "contract_hash": None,
        "archive": content,
    }
    store.parsers.insert(NewParser(name=name, **{**made, **other}))
    found = store.parsers.latest(name)
    assert found is not None
    return found


def write(path: Path, text: str = "") -> Path:
    """Write a file with content of its own, as if that had been done long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text or path.name)
    os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "home" / "casparian.db") as store:
        yield store


@pytest.fixture
def sales(store: SqliteStore) -> StoredParser:
    return register(store)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder

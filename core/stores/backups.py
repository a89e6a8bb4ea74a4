"""Backups of a store: made while it is in use, and put in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made: of which store, where, its bytes, and its version."""

    store: str
    backup: str
    bytes: int
    version: int


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was a backup.

    ``kept`` is what had its name before, if there was one; ``applied`` names the migrations that
    brought a backup of an earlier version up to date.
    """

    store: str
    backup: str
    kept: str | None
    applied: Sequence[str]


def back_up_store(url: str, to: Path) -> Backup:
    """Copy a store as it is now, to a new file or into a folder. Raises StoreError."""
    from casparian.core.stores.maintenance import existing_path
    from casparian.core.stores.sqlite import backups

    return backups.back_up(existing_path(url).absolute(), to.absolute())


def restore_store(url: str, backup: Path) -> Restored:
    """Put a backup in a store's place, which nobody may be using. Raises StoreError."""
    from casparian.core.stores.sqlite import backups
    from casparian.core.stores.store import sqlite_path

    return backups.restore(sqlite_path(url).absolute(), backup.absolute())

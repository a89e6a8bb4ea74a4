"""Backups of a store, made while it is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made: of which store, where, its bytes, and its version."""

    store: str
    backup: str
    bytes: int
    version: int


def back_up_store(url: str, to: Path) -> Backup:
    """Copy a store as it is now, to a new file or into a folder. Raises StoreError."""
    from casparian.core.stores.maintenance import existing_path
    from casparian.core.stores.sqlite import backups

    return backups.back_up(existing_path(url).absolute(), to.absolute())

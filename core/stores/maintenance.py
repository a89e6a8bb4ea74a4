"""What can be said of a store as a whole, and how it is brought up to date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.stores.errors import StoreUnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store: where it is, its size, its version, and that which this program makes.

    ``jobs`` counts jobs by state, ``rows`` the rows of each table; both are empty for a store of
    another version.
    """

    where: str
    bytes: int
    version: int
    latest: int
    jobs: Mapping[str, int]
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a store: what, how often, and the first of it."""

    name: str
    sentence: str
    examples: tuple[str, ...]
    count: int


def store_status(url: str) -> StoreStatus:
    """Look at a store without changing it. Raises StoreError."""
    from casparian.core.stores.sqlite import maintenance

    return maintenance.status(existing_path(url))


def check_store(url: str) -> list[Problem]:
    """Look for damage, and for what should agree and doesn't. Raises StoreError."""
    from casparian.core.stores.sqlite import maintenance

    return maintenance.check(existing_path(url))


def migrate_store(url: str) -> list[str]:
    """Bring a store up to date, or make it; returns what was applied. Raises StoreError."""
    from casparian.core.stores.place import check_place
    from casparian.core.stores.sqlite import maintenance
    from casparian.core.stores.store import sqlite_path

    path = sqlite_path(url)
    check_place(path)
    return maintenance.bring_up_to_date(path)


def existing_path(url: str) -> Path:
    """Return the file of a store. Raises StoreUnreachableError if there is none yet."""
    from casparian.core.stores.place import check_place
    from casparian.core.stores.store import sqlite_path

    path = sqlite_path(url)
    check_place(path)
    if not path.exists():
        raise StoreUnreachableError(
            f"{path}: there is no store yet",
            hint="make it: casparian db migrate; or name another: --store, $CASPARIAN_STORE",
        )
    return path

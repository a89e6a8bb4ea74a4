"""Where a store may be: only the one in the home is made together with its folder.

A name that was mistyped must not become a new and empty store, in which nothing is to be done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.settings import home
from casparian.core.stores.errors import StoreUnreachableError

if TYPE_CHECKING:
    from pathlib import Path


def check_place(path: Path) -> None:
    """Refuse a file that no store can be. Raises StoreUnreachableError."""
    if path.is_dir():
        raise StoreUnreachableError(
            f"{path}: this is a folder, and a store is a file",
            hint=f"name a file in it: --store {path / 'casparian.db'}",
        )
    folder = path.absolute().parent
    if not folder.exists() and folder != home().absolute():
        raise StoreUnreachableError(
            f"{path}: there is no folder {folder}",
            hint=f"mkdir -p {folder}; or name another store: --store, $CASPARIAN_STORE",
        )

"""The store that a command is about: it must be there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .db_command import chosen_store

if TYPE_CHECKING:
    from casparian.core.stores.store import Store


def opened_store(given: str | None, *, read_only: bool = False) -> Store:
    """Open the store that ``--store`` or the settings name.

    Raises StoreUnreachableError if it isn't there: a command that looks makes none.
    """
    from casparian.core.stores.maintenance import existing_path
    from casparian.core.stores.store import open_store

    return open_store(existing_path(chosen_store(given)), read_only=read_only)

"""What casparian writes here, by the settings: none of it is queued with a folder."""

from __future__ import annotations

from casparian.core.queueing.own_files import OwnFiles
from casparian.core.settings import home, resolve
from casparian.core.stores.store import sqlite_path
from casparian.core.worker.options import output_root


def own_files(store: str) -> OwnFiles:
    """Return casparian's own files, with those of this store. Raises StoreError."""
    _, database = output_root(resolve()["output"].value)
    databases = [sqlite_path(store)]
    return OwnFiles(home(), databases if database is None else [*databases, database])

"""How a store's file of an earlier version becomes one of this.

Forward only: each migration is applied once, in order.
``PRAGMA user_version`` counts those applied, so that a current file costs one look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from casparian.core.hidden_modules import hidden
from casparian.core.stores.errors import StoreError, StoreNewerError
from casparian.core.stores.sqlite.schema import MIGRATIONS

if TYPE_CHECKING:
    import sqlite3

    from casparian.core.stores.sqlite.connection import Connection

APPLICATION_ID: Final = 0x43464C57  # "CFLW"
"""Marks a SQLite file as Casparian's."""


def version_of(connection: Connection) -> int:
    """Return how many migrations the file has."""
    return int(connection.read("PRAGMA user_version")[0][0])


def check_version(connection: Connection) -> bool:
    """Say whether the file is of this version; False if it is of an earlier one, or empty.

    Raises:
        StoreNewerError: a newer casparian made it.
        StoreError: it is another program's.
    """
    version = version_of(connection)
    owner = int(connection.read("PRAGMA application_id")[0][0])
    if owner != APPLICATION_ID and connection.read("SELECT 1 FROM sqlite_schema LIMIT 1"):
        raise StoreError(
            f"{connection.path}: this SQLite file is another program's, and no store",
            hint="name a file of its own for the store",
        )
    if version > len(MIGRATIONS):
        raise StoreNewerError(
            f"{connection.path}: a newer casparian made this store: its version is {version}, "
            f"and this program knows up to {len(MIGRATIONS)}",
            hint="upgrade casparian, or name another store",
        )
    return version == len(MIGRATIONS)


def migrate(connection: Connection, *, upto: int = len(MIGRATIONS)) -> list[str]:
    """Apply what is missing, all in one transaction; returns the names of what was applied."""
    sqlite_utils = _sqlite_utils()
    migrations = sqlite_utils.Migrations("casparian")
    for name, statements in MIGRATIONS[:upto]:
        migrations(name=name)(_run(statements))

    def work(raw: sqlite3.Connection, _now: int) -> list[str]:
        database = sqlite_utils.Database(raw)
        names = [migration.name for migration in migrations.pending(database)]
        migrations.apply(database)
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        raw.execute(f"PRAGMA user_version = {upto}")
        return names

    # sqlite-utils takes rows as tuples or mappings of its own making.
    row_factory, connection.raw.row_factory = connection.raw.row_factory, None
    try:
        return connection.write(work)
    finally:
        connection.raw.row_factory = row_factory


def _run(statements: tuple[str, ...]) -> Any:
    def apply(database: Any) -> None:
        for statement in statements:
            database.execute(statement)

    return apply


def _sqlite_utils() -> Any:
    """Import sqlite-utils: only a file to be changed needs it, and without what it has for rows."""
    with hidden("pandas", "numpy"):
        import sqlite_utils

    return sqlite_utils

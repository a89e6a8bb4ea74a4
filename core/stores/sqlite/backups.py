"""Backups of a store's file, made while others write.

What was done last lies in a file beside the store's (``-wal``): ``cp`` would leave that out.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.stores.backups import Backup
from casparian.core.stores.errors import StoreError
from casparian.core.stores.sqlite.connection import PATIENCE_S, Connection
from casparian.core.stores.sqlite.migrations import check_version, version_of
from casparian.core.stores.sqlite.store import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where a database says if others may look for a ``-wal`` beside it, and how it says they need not;
#: see SQLite's "Database File Format", 1.3.3.
_FORMAT_AT, _ROLLBACK_FORMAT = 18, b"\x01\x01"
_UNNAMED: Final = ".backing-up"
"""How the file of a backup under way ends: one that nobody holds a lock on was left by a kill."""
_LEFT_AFTER_S: Final = 60.0
#: What SQLite answers if the copy can't be written, as distinct from the store being busy.
_OF_THE_COPY: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)


def back_up(path: Path, to: Path) -> Backup:
    """Copy a store as it is at one moment; a copy that is not sound is not kept.

    Args:
        path: the store's file, which others may go on to write.
        to: a file that is not there yet, or a folder, in which the copy is named after the time.

    Raises:
        StoreError: it can't be read, or is damaged; the copy can't be written, or is there already.
    """
    if to.is_dir():
        to = to / f"{path.stem}-{_stamp()}{path.suffix}"
    if os.path.lexists(to):
        raise StoreError(f"{to} is there already", hint="give another name for the backup")
    if not to.parent.is_dir():
        raise StoreError(f"there is no folder {to.parent}", hint=f"mkdir -p {to.parent}")
    opened = Connection(path, read_only=True, clock=wall_clock, patience_s=PATIENCE_S)
    with (
        closing(opened) as source,
        _temporary(to, mode=path.stat().st_mode) as copy,
    ):
        check_version(source)
        version = version_of(source)
        source.look(lambda raw: _copy(raw, copy, to))
        _give_name(copy, to)
    return Backup(str(path), str(to), to.stat().st_size, version)


def _copy(raw: sqlite3.Connection, copy: Path, named: Path) -> None:
    """Copy a database in a read transaction: writers go on, and nothing of them is seen."""
    # Nobody else knows of the copy, and where it lies locks may not be had.
    try:
        with closing(sqlite3.connect(f"{copy.as_uri()}?nolock=1", uri=True)) as target:
            raw.backup(target)
        with copy.open("r+b") as file:
            file.seek(_FORMAT_AT)
            file.write(_ROLLBACK_FORMAT)
        with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as made:
            sound = _said_of(made)
    except OSError as error:
        raise _unwritable(named, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _OF_THE_COPY:
            raise _unwritable(named, str(error)) from error
        raise
    if sound != "ok":
        raise StoreError(
            f"the store is damaged, and no backup was made: {sound}",
            hint="see what is wrong: casparian db check; what can be read of a damaged file, "
            "sqlite3's .recover tells",
        )


def _unwritable(named: Path, why: str) -> StoreError:
    return StoreError(
        f"{named}: the backup can't be written: {why}",
        hint="is there room on its disk, and may you write there?",
    )


def _said_of(raw: sqlite3.Connection) -> str:
    """Return ``ok``, or the first thing that is wrong."""
    return str(raw.execute("PRAGMA integrity_check(1)").fetchone()[0])


@contextmanager
def _temporary(place: Path, *, mode: int) -> Iterator[Path]:
    """A new file beside the one that it is to become; gone in the end if it hasn't."""
    _sweep(place.parent)
    try:
        descriptor, name = tempfile.mkstemp(_UNNAMED, f".{place.name[:100]}.", place.parent)
    except OSError as error:
        raise StoreError(
            f"{place}: it can't be written: {error.strerror}",
            hint="may you write in that folder?",
        ) from error
    try:
        _lock(descriptor)
        os.fchmod(descriptor, mode & 0o777)
        yield Path(name)
    finally:
        _remove(Path(name))
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Remove what backups that were killed have left in a folder: each is as large as a store."""
    for left in folder.glob(f".*{_UNNAMED}"):
        with suppress(OSError), left.open("rb") as file:  # gone by now, or another user's
            age = time.time() - os.fstat(file.fileno()).st_mtime
            if age > _LEFT_AFTER_S and _lock(file.fileno()):
                _remove(left)


def _lock(descriptor: int) -> bool:
    """Say of a backup that it is under way; False if one is, or if locks can't be had there."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(copy: Path) -> None:
    for ending in ("", "-journal"):
        Path(f"{copy}{ending}").unlink(missing_ok=True)


def _give_name(copy: Path, to: Path) -> None:
    """Name a copy once it is on the disk, unless something has that name by now."""
    _sync(copy)
    try:
        os.link(copy, to)
    except FileExistsError as error:
        raise StoreError(f"{to} is there already", hint="give another name") from error
    except OSError:
        copy.replace(to)  # a file system without links
    _sync(to.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():  # some file systems can't do that for a folder
            raise
    finally:
        os.close(descriptor)


def _stamp() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())

"""Backups of a store's file: one is made while others write, and one is put in the store's place.

What was done last lies in a file beside the store's (``-wal``), and a file that was left there is
taken for a part of whatever has the store's name: so neither way is a matter of ``cp``.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.stores.backups import Backup, Restored
from casparian.core.stores.errors import StoreError, StoreUnreachableError
from casparian.core.stores.sqlite.connection import PATIENCE_S, Connection
from casparian.core.stores.sqlite.migrations import (
    APPLICATION_ID,
    check_version,
    migrate,
    version_of,
)
from casparian.core.stores.sqlite.store import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

_BESIDE: Final = ("-wal", "-shm")
#: Where a database says if others may look for a ``-wal`` beside it, and how it says they need not;
#: see SQLite's "Database File Format", 1.3.3.
_FORMAT_AT, _ROLLBACK_FORMAT = 18, b"\x01\x01"
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
    with (
        closing(_opened(path, read_only=True)) as source,
        _temporary(to, mode=path.stat().st_mode) as copy,
    ):
        check_version(source)
        version = version_of(source)
        source.look(lambda raw: _copy(raw, copy, to))
        _give_name(copy, to)
    return Backup(str(path), str(to), to.stat().st_size, version)


def restore(path: Path, backup: Path) -> Restored:
    """Put a backup in a store's place; what was there is kept beside it, under another name.

    Raises:
        StoreError: the backup is no sound store, or the store is in use.
    """
    if not backup.is_file():
        raise StoreError(f"{backup}: there is no such file", hint="name a backup")
    if os.path.lexists(path) and path.samefile(backup):
        raise StoreError(f"{backup} is the store itself", hint="name a backup of it")
    wal = backup.with_name(backup.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise StoreError(
            f"{backup} is a store that is in use, or was copied by hand: a part of it is in {wal}",
            hint=f"make a backup of it first: casparian db backup NEW --store {backup}",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode if path.exists() else backup.stat().st_mode
    with _temporary(path, mode=mode) as copy:
        try:
            shutil.copyfile(backup, copy)
        except OSError as error:
            raise StoreError(f"{backup}: it can't be copied: {error.strerror}") from error
        applied = _made_sound(copy, backup)
        _sync(copy)
        kept = _kept(path) if os.path.lexists(path) else None
        copy.replace(path)
        _sync(path.parent)
    return Restored(str(path), str(backup), None if kept is None else str(kept), applied)


def _opened(path: Path, *, read_only: bool) -> Connection:
    return Connection(path, read_only=read_only, clock=wall_clock, patience_s=PATIENCE_S)


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


def _make_one_file(raw: sqlite3.Connection) -> None:
    raw.execute("PRAGMA journal_mode = DELETE").fetchall()


def _said_of(raw: sqlite3.Connection) -> str:
    """Return ``ok``, or the first thing that is wrong."""
    return str(raw.execute("PRAGMA integrity_check(1)").fetchone()[0])


def _made_sound(copy: Path, backup: Path) -> list[str]:
    """See that a copy of a backup is a sound store, and bring it up to date."""
    try:
        with closing(_opened(copy, read_only=False)) as connection:
            current = check_version(connection)
            if connection.read("PRAGMA application_id")[0][0] != APPLICATION_ID:
                raise StoreError("this is an empty file, and no store", hint="name a backup")
            sound = _said_of(connection.raw)
            if sound != "ok":
                raise StoreError(f"it is damaged: {sound}", hint="name an older backup")
            applied = [] if current else migrate(connection)
            _make_one_file(connection.raw)
            return applied
    except StoreError as error:
        # The copy's own name says nothing to anybody.
        said = error.message.removeprefix(f"{copy}: ")
        raise type(error)(f"{backup}: {said}", hint=error.hint) from error


def _kept(path: Path) -> Path:
    """Give the store another name, beside its own until that is taken; it must not be in use."""
    _let_go_of(path)
    first = f"{path.name}.before-{_stamp()}"
    names = itertools.chain([first], (f"{first}-{number}" for number in itertools.count(2)))
    kept = next(path.with_name(name) for name in names if not os.path.lexists(path.parent / name))
    # A damaged one may still have a part beside it, which must not come to the new one.
    for ending in _BESIDE:
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(kept.with_name(kept.name + ending))
    try:
        os.link(path, kept)
    except OSError:
        path.rename(kept)  # a file system without links
    return kept


def _let_go_of(path: Path) -> None:
    """See that nobody has the store open, and take what is beside its file into it."""
    users = _users(path)
    if not users:
        try:
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as raw:
                _make_one_file(raw)
            return
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) not in (
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
            ):
                return  # damaged: that is why another is to take its place
        except sqlite3.DatabaseError:
            return
    who = ", ".join(users) or "another process"
    raise StoreUnreachableError(
        f"{path}: the store is in use by {who}: what they did in it from now on would be lost",
        hint="end the workers and the terminal app first; a worker ends by Ctrl-C, or kill PID",
    )


def _users(path: Path) -> list[str]:
    """Return the processes that have a file open, as far as they can be seen."""
    import psutil

    name = str(path.resolve())
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if any(file.path == name for file in process.open_files()):
                found.append(f"process {process.pid} ({' '.join(process.cmdline())[:80]})")
        except (psutil.Error, OSError):
            continue  # another user's, or it has just ended
    return found


@contextmanager
def _temporary(place: Path, *, mode: int) -> Iterator[Path]:
    """A new file beside the one that it is to become; gone in the end if it hasn't."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:100]}.", dir=place.parent)
    except OSError as error:
        raise StoreError(
            f"{place}: it can't be written: {error.strerror}",
            hint="may you write in that folder?",
        ) from error
    os.fchmod(descriptor, mode & 0o777)
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for ending in ("", *_BESIDE, "-journal"):
            Path(name + ending).unlink(missing_ok=True)


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

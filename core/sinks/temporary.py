"""Files that nobody should read yet: their names, their removal, and what makes them last."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import socket
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SYNC_FILE_RANGE_WRITE: Final = 2  # of sync_file_range(2)
_SETTLED_NS: Final = 2_000_000_000  # no clock of a file system is coarser
_synced: dict[str, tuple[int, int, int]] = {}
_FOREIGN_AGE = 24 * 3600.0  # seconds after which another machine's leftovers are swept as well


def temporary_path(folder: Path, stem: str, ending: str) -> Path:
    """A new hidden file in ``folder``."""
    return folder / temporary_name(stem, ending)


def temporary_name(stem: str, ending: str) -> str:
    """A new hidden name: ``.{stem}.{ending}.{pid}-{host}{random}.tmp``."""
    return f".{stem}.{ending}.{os.getpid()}-{_host()}{secrets.token_hex(4)}.tmp"


def sweep(folder: Path, stem: str) -> None:
    """Remove what dead processes left in ``folder`` for the same target; living ones' files stay.

    A process of another machine or container cannot be asked: its files go after a day.
    """
    pattern = re.compile(rf"\.{re.escape(stem)}\.[a-z.]+\.(\d+)-([0-9a-f]{{4}})[0-9a-f]{{8}}\.tmp")
    try:
        entries = [
            (e.name, e.stat(follow_symlinks=False).st_mtime)
            for e in os.scandir(folder)
            if e.name.endswith(".tmp")
        ]
    except OSError:
        return
    for name, modified in entries:
        found = pattern.fullmatch(name)
        if found is None:
            continue
        here = found[2] == _host()
        stale = not _alive(int(found[1])) if here else time.time() - modified > _FOREIGN_AGE
        if stale:
            discard(folder / name)


def discard(path: Path | str) -> None:
    """Remove a file if it is there; never complain."""
    try:
        os.unlink(path)  # noqa: PTH108 - for each job
    except OSError:
        pass


def sync_file(path: Path | str) -> None:
    """Wait until the file's bytes are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def start_writing_back(descriptor: int) -> None:
    """Let the system begin with what a file has so far, so that `sync_file` waits for the rest.

    Only Linux can; elsewhere all is left to `sync_file`.
    """
    if sys.platform == "linux":
        import ctypes

        sync_file_range = ctypes.CDLL(None).sync_file_range
        sync_file_range.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
        sync_file_range(descriptor, 0, 0, _SYNC_FILE_RANGE_WRITE)


def sync_folder(folder: Path | str) -> None:
    """Wait until the folder's names are on the disk, where the file system can do that."""
    try:
        sync_file(folder)
    except OSError:
        pass


def sync_changed_folder(folder: Path | str) -> None:
    """`sync_folder`, unless this process has done so since the folder's names last changed.

    That is told by the time of its last change, which no program can set. Two changes within one
    tick of the clock can't be told apart, so a folder that has just changed is not remembered.
    """
    name = str(folder)
    try:
        found = os.stat(name)  # noqa: PTH116 - for each job
    except OSError:
        return
    look = (found.st_dev, found.st_ino, found.st_ctime_ns)
    if _synced.get(name) == look:
        return
    sync_folder(folder)
    if time.time_ns() - found.st_ctime_ns > _SETTLED_NS:
        _synced[name] = look


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _host() -> str:
    """Four hex digits for the machine and its namespace of process ids (a container's own)."""
    global _host_tag
    if not _host_tag:
        try:
            namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path, only its text
        except OSError:
            namespace = ""
        _host_tag = hashlib.sha256(f"{socket.gethostname()} {namespace}".encode()).hexdigest()[:4]
    return _host_tag


_host_tag = ""


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the ones that were not there, outermost first."""
    if folder.is_dir():
        return []
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def remove_empty(folders: list[Path]) -> None:
    """Remove folders that were made in vain; one that holds anything stays."""
    for folder in reversed(folders):
        try:
            folder.rmdir()
        except OSError:
            return  # it is in use, and so are those above it

"""What an input is: the sha256 of its bytes, and by what one sees that they may have changed."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.problems import FileProblem, from_error, wrong_kind
from casparian.core.stores.files import FileIdentity

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_BLOCK: Final = 1 << 20
_63_BITS: Final = (1 << 63) - 1

#: A file that changed so recently may change again within the same tick of the file system's
#: clock, and look the same: it is read again the next time. Nanoseconds; FAT counts two seconds.
_TOO_YOUNG_NS: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file whose bytes were read, and whether its identity will tell if they change."""

    path: str
    identity: FileIdentity
    sha256: str
    settled: bool


class Stopped(Exception):
    """Reading was to stop."""


def identity_of(status: os.stat_result) -> FileIdentity:
    """Return what a file's status says of it."""
    return FileIdentity(
        status.st_size,
        status.st_mtime_ns & _63_BITS,
        status.st_ctime_ns & _63_BITS,
        status.st_ino & _63_BITS,
    )


def look_at(path: str) -> FileIdentity | FileProblem:
    """Return a file's identity, or why it is none that can be queued."""
    try:
        path.encode()
        status = os.stat(path)  # noqa: PTH116 - a million of them
    except UnicodeEncodeError:
        return FileProblem(path, "name", "its name is not valid Unicode: rename it")
    except ValueError:
        return FileProblem(path, "name", "no file can have such a name")
    except OSError as error:
        return from_error(path, error)
    return wrong_kind(path, status.st_mode) or identity_of(status)


def hash_file(
    path: str, stop: threading.Event, on_bytes: Callable[[int], None]
) -> HashedFile | FileProblem:
    """Read a file; a problem if it can't be read, or changes meanwhile. Raises Stopped."""
    begun = time.time_ns()
    digest = hashlib.sha256()
    try:
        # Should it have become a pipe, opening it must not wait for somebody who writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return wrong_kind(path, before.st_mode) or _changed(path)
            left = before.st_size
            while block := file.read(_BLOCK):
                if stop.is_set():
                    raise Stopped
                left -= len(block)
                if left < 0:
                    return _changed(path)  # one that keeps growing would never end
                digest.update(block)
                on_bytes(len(block))
            after = os.fstat(descriptor)
        now = os.stat(path)  # noqa: PTH116 - another file may have its name by now
    except OSError as error:
        return from_error(path, error)
    identity = identity_of(before)
    if not identity == identity_of(after) == identity_of(now):
        return _changed(path)
    youngest = max(before.st_mtime_ns, before.st_ctime_ns)
    return HashedFile(path, identity, digest.hexdigest(), youngest < begun - _TOO_YOUNG_NS)


def _changed(path: str) -> FileProblem:
    return FileProblem(
        path, "changed", "it changed while it was read: queue it again once it is complete"
    )

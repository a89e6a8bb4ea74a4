"""Which kind of file system a path is on: SQLite's locks don't hold on those of a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mounts")
NETWORK: Final = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "davfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "smb3",
        "smbfs",
    }
)
"""Kinds whose locks several machines may not agree upon, or that can't share memory (WAL)."""


def network_kind(path: Path) -> str | None:
    """Return the kind of a network's file system that a path is on, None if it is a local one.

    Only Linux tells; elsewhere it is None. The path need not exist.
    """
    try:
        mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return kind_by(mounts, path.resolve())


def kind_by(mounts: str, path: Path) -> str | None:
    """Return the same by the content of ``/proc/self/mounts`` (see fstab(5) for its form)."""
    found, longest = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1]))
        # Of two mounts at one place, the later hides the earlier.
        if (path == point or point in path.parents) and len(point.parts) >= longest:
            found, longest = fields[2], len(point.parts)
    return found if found in NETWORK else None

"""What a bundle's archive may hold: the bundler keeps to it, and whoever unpacks one looks.

Host and guest share these rules, so they need nothing but the standard library.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zipfile import ZipInfo

#: What a bundle may unpack to. The bundler refuses more, so only a tampered archive meets it.
MAX_BYTES = 512 * 1024 * 1024
MAX_FILES = 10_000


def reason_against(entries: Sequence[ZipInfo]) -> str | None:
    """Why an archive with these entries must not be unpacked; None if it may be."""
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_FILES or total > MAX_BYTES:
        return f"it would unpack to {len(entries)} files of {total} bytes"
    seen = set()
    for entry in entries:
        if leaves_folder(entry.filename):
            return f"the entry {entry.filename!r} leaves the bundle's folder"
        if stat.S_ISLNK(entry.external_attr >> 16):
            return f"the entry {entry.filename!r} is a link"
        if entry.filename in seen:
            return f"there are two entries {entry.filename!r}"
        seen.add(entry.filename)
    return None


def leaves_folder(name: str) -> bool:
    """Whether a name is, on any system, one of a file outside the folder it is unpacked in."""
    parts = name.split("/")
    return name.startswith("/") or "\\" in name or ".." in parts or ":" in parts[0]

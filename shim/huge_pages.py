"""Huge pages for a process that will fork often (Linux 6.1 and newer; elsewhere nothing is done).

A fork copies an entry for each page that its parent has in use, and gives as many back when it
ends. Where the parent's memory lies in huge pages, that is one entry for 512 of the small ones; the
page that a fork writes to is still copied alone.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALL = mmap.PAGESIZE
_HUGE = 2 << 20
_IN_HUGE = _HUGE // _SMALL
#: A huge page is made of the place of so many small ones in use, or more; the others it adds.
_WORTH = _IN_HUGE // 2
_MADV_COLLAPSE = 25
#: What the system answers where it can't, or may not: for this range only, or for none.
_NOT_HERE = {errno.EAGAIN, errno.EBUSY, errno.ENOMEM}


def collapse() -> int:
    """Put this process's own memory into huge pages where it nearly fills them.

    Returns:
        How many there are now that were not before.
    """
    made = 0
    madvise = ctypes.CDLL(None, use_errno=True).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    try:
        addresses = list(_nearly_full())
    except OSError:
        return 0  # a sandbox that doesn't show a process its pages
    for address in addresses:
        if madvise(address, _HUGE, _MADV_COLLAPSE) == 0:
            made += 1
        elif ctypes.get_errno() not in _NOT_HERE:
            break  # an older Linux, or one that is told to have none
    return made


def _nearly_full() -> Iterator[int]:
    """Addresses at which memory for a huge page is in use, in small ones."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        areas = [line.split() for line in maps]
    with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
        for where, access, _, _, inode, *_ in areas:
            start, end = (int(address, 16) for address in where.split("-"))
            if access != "rw-p" or inode != "0":
                continue
            for address in range(-(-start // _HUGE) * _HUGE, end - _HUGE + 1, _HUGE):
                pagemap.seek(address // _SMALL * 8)
                entries = pagemap.read(_IN_HUGE * 8)
                # The highest bit of an entry: there is such a page.
                if sum(byte >> 7 for byte in entries[7::8]) >= _WORTH:
                    yield address

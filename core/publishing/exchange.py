"""Two folders change places at once, as far as the system can."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
"""``renameat2(2)`` of Linux."""
_RENAME_SWAP: Final = 2
"""``renamex_np(2)`` of macOS."""

_UNSUPPORTED: Final = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


class ExchangeUnsupported(OSError):
    """This system, or this file system, can't exchange two names at once."""


def exchange(one: Path | str, other: Path | str) -> None:
    """Let two paths change places, in one step.

    Raises:
        ExchangeUnsupported: it can't be done here.
        OSError: one of them isn't there, or it isn't allowed.
    """
    library: Any = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform.startswith("linux") and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    elif sys.platform == "darwin":
        failed = library.renamex_np(*names, _RENAME_SWAP)
    else:
        raise ExchangeUnsupported(errno.ENOSYS, "no exchange of names here", str(one))
    if failed:
        number = ctypes.get_errno()
        kind = ExchangeUnsupported if number in _UNSUPPORTED else OSError
        raise kind(number, os.strerror(number), str(one))

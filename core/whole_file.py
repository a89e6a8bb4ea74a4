"""Files that commands write beside those of a person: each is there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import CasparianError


class CannotWrite(CasparianError):
    """A file that can't be written; what was there is as it was."""


def write_whole(place: Path, content: bytes, *, replace: bool, mode: int | None = None) -> None:
    """Write a file under another name, and give it its own when all of it is there.

    Args:
        place: the file.
        content: what it is to hold.
        replace: whether a file that is there already is replaced.
        mode: its permissions; None: as of any new file.

    Raises:
        CannotWrite: it can't be written, or something is there that is not to be replaced.
    """
    if os.path.lexists(place) and not (replace and place.is_file()):
        what = "there already" if place.is_file() else "no plain file"
        raise CannotWrite(f"{place} is {what}", hint="give another name")
    if not place.parent.is_dir():
        raise CannotWrite(f"there is no folder {place.parent}")
    try:
        _write(place, content, replace, _mode_of_new_files() if mode is None else mode)
    except OSError as error:
        raise CannotWrite(f"{place}: it can't be written: {error.strerror}") from error


def _write(place: Path, content: bytes, replace: bool, mode: int) -> None:
    fd, name = tempfile.mkstemp(prefix=f".{place.name[:100]}.", dir=place.parent)
    temporary = Path(name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        if replace or not _linked(temporary, place):
            temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _linked(temporary: Path, place: Path) -> bool:
    """Give the file its name if that is free still; False where there are no links."""
    try:
        os.link(temporary, place)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _mode_of_new_files() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask

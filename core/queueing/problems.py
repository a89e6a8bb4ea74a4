"""Why a file couldn't be queued."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Literal

ProblemKind = Literal["missing", "folder", "not_a_file", "unreadable", "changed", "name", "nothing"]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A file, or a word that should name some, and why it is passed over."""

    path: str
    kind: ProblemKind
    message: str


_SPECIAL = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def wrong_kind(path: str, mode: int) -> FileProblem | None:
    """Say what is there instead of a plain file; None if it is one."""
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISDIR(mode):
        return FileProblem(
            path, "folder", "it is a folder: give it as an argument to queue the files in it"
        )
    what = next((name for is_it, name in _SPECIAL if is_it(mode)), "something else")
    return FileProblem(path, "not_a_file", f"it is {what}, and no plain file")


def from_error(path: str, error: OSError) -> FileProblem:
    """Say what stopped somebody who wanted to read a file."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        try:
            target = os.readlink(path)  # noqa: PTH115 - as it is written, not as a path
        except OSError:
            return FileProblem(path, "missing", "there is no such file")
        return FileProblem(path, "missing", f"it is a link to {target}, which is not there")
    return FileProblem(path, "unreadable", f"it can't be read: {error.strerror or error}")

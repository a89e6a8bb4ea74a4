"""What can go wrong with a sink, and how an error of the disk becomes a sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from types import TracebackType

DISK_FULL: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""What the system answers where nothing more can be stored: later there may be room."""
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_BLOCKED = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


class SinkError(CasparianError):
    """An output could not be written.

    ``path`` is the place it was meant for, if there is one. ``retryable`` is true where the same
    run may succeed later without anybody changing the parser or the sink: a full disk, a database
    that is busy.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        path: Path | str | None = None,
        retryable: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = None if path is None else Path(path)
        self.retryable = retryable


class storing:  # noqa: N801 - used as a function is; a generator takes ten times the steps
    """Turn an error of the disk or of Arrow, met while writing for ``path``, into a `SinkError`."""

    __slots__ = ("_path",)

    def __init__(self, path: Path | str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        import pyarrow as pa

        path = Path(self._path)
        if isinstance(error, OSError):
            raise disk_error(path, error) from error
        if isinstance(error, pa.ArrowInvalid | pa.ArrowNotImplementedError | pa.ArrowTypeError):
            raise SinkError(
                f"cannot write {path}: {error}",
                hint="give the column another type in the parser",
                path=path,
            ) from error


def disk_error(path: Path, error: OSError) -> SinkError:
    """Say what an `OSError`, met while writing for ``path``, means and what to try."""
    elsewhere = "choose another place: run --sink parquet://DIR, worker --output DIR"
    if error.errno in DISK_FULL:
        return SinkError(
            f"cannot write {path}: the disk is full, or a file-size limit or quota was reached",
            hint=f"free some space, or {elsewhere}",
            path=path,
            retryable=True,
        )
    if error.errno in _DENIED:
        return SinkError(
            f"cannot write {path}: no permission to write there",
            hint=f"make {_standing_folder(path)} writable, or {elsewhere}",
            path=path,
        )
    if error.errno in _BLOCKED:
        blocker = next((p for p in path.parents if _there(p) and not p.is_dir()), None)
        if blocker is not None:
            return SinkError(
                f"cannot write {path}: {blocker} is a file, not a folder",
                hint=f"move that file away, or {elsewhere}",
                path=path,
            )
        if _there(path) and path.is_dir():
            return SinkError(
                f"cannot write {path}: it is a folder, not a file",
                hint=f"move that folder away, or {elsewhere}",
                path=path,
            )
    if error.errno == errno.ENAMETOOLONG:
        return SinkError(
            f"cannot write {path}: the name is too long for this file system",
            hint="give the output or the input file a shorter name",
            path=path,
        )
    reason = error.strerror or str(error)
    return SinkError(f"cannot write {path}: {reason}", hint=elsewhere, path=path)


def _standing_folder(path: Path) -> Path:
    """The nearest folder above ``path`` that exists."""
    return next((p for p in path.parents if _there(p)), path.parent)


def _there(path: Path) -> bool:
    """Whether it exists and can be seen; unlike `Path.exists`, never an error."""
    return os.access(path, os.F_OK)

"""What casparian writes itself, and whoever queues a folder doesn't mean."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from casparian.core.publishing.manifest import MANIFEST, Manifest, ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: What SQLite puts beside a database.
_BESIDE: Final = ("", "-wal", "-shm", "-journal")


def files_of(database: Path) -> list[Path]:
    """Return the files that a SQLite database may consist of, absolute."""
    database = database.absolute()
    return [database.with_name(database.name + ending) for ending in _BESIDE]


class OwnFiles:
    """Tells casparian's own files from those of others, and counts those it was asked for.

    They are what lies in the home, the files of the store and of a database that rows go to, and
    published sets, wherever they are. What is named itself, or lies in what is named, is meant.
    """

    def __init__(self, home: Path, databases: Iterable[Path]) -> None:
        self._home = os.path.realpath(home)
        files = [file for database in databases for file in files_of(database)]
        self._names = {file.name for file in files}
        self._files = {os.path.realpath(file) for file in files}
        self._looked_at: tuple[Path, bool] | None = None
        self.passed_over = 0

    def pass_over(self, file: Path, named: Path) -> bool:
        """Say whether a file that was found below the folder that was named is casparian's own."""
        folder = file.parent
        if self._looked_at is None or self._looked_at[0] != folder:
            self._looked_at = folder, self._is_own(folder, named)
        # Only a file with the name of one can be one: for all others the system isn't asked.
        is_own = self._looked_at[1] or (
            file.name in self._names and os.path.realpath(file) in self._files
        )
        self.passed_over += is_own
        return is_own

    def _is_own(self, folder: Path, named: Path) -> bool:
        in_home = _is_within(os.path.realpath(folder), self._home)
        if in_home and not _is_within(os.path.realpath(named), self._home):
            return True
        return folder != named and _is_set(folder)


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_set(folder: Path) -> bool:
    """Whether a folder is a published set: it has the name of the job that its manifest is of."""
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ManifestError):
        return False  # somebody else's file of that name, or none: it is an input like another
    return manifest.job_id == folder.name

"""Bundles as files, for guests: each is verified when it leaves the store, and kept."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import BundleCorruptError, verify

if TYPE_CHECKING:
    from collections.abc import Callable

_FOLDER: Final = "bundles"
_ARCHIVE: Final = "bundle.zip"
_PROJECT: Final = "project"
#: What an environment is built from.
_PROJECT_FILES: Final = ("pyproject.toml", "uv.lock")
#: Older than this many seconds, what is half unpacked has been left.
_UNFINISHED_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class CachedBundle:
    """A bundle on the disk, and the folder with its project's files."""

    archive: Path
    project: Path


def sweep_unfinished(home: Path, *, now_s: float) -> None:
    """Remove what was being unpacked when its worker was killed; ``now_s`` is seconds since 1970.

    It takes no worker more than moments, so what is old is nobody's.
    """
    for folder in (home / _FOLDER).glob(".*"):
        try:
            age = now_s - folder.stat().st_mtime
        except FileNotFoundError:
            continue  # it has just been finished
        if age > _UNFINISHED_S:
            shutil.rmtree(folder, ignore_errors=True)


class BundleCache:
    """The bundles in ``CASPARIAN_HOME/bundles``, by their hash; any number of workers share them.

    Args:
        home: where it lies.
        fetch: gives a bundle's bytes from the store, None if it isn't there.
    """

    def __init__(self, home: Path, fetch: Callable[[str], bytes | None]) -> None:
        self._folder = home / _FOLDER
        self._fetch = fetch
        self._bundles: dict[str, CachedBundle] = {}
        self._looked: dict[str, tuple[int, int, int]] = {}

    def get(self, source_hash: str) -> CachedBundle:
        """Return a bundle, from the store if it isn't here, or isn't what it was.

        Raises:
            BundleCorruptError: what the store has is not what the hash says, or isn't there.
            OSError: it can't be written.
            StoreError: the store can't be asked.
        """
        bundle = self._bundles.get(source_hash)
        if bundle is None:
            place = self._folder / source_hash
            bundle = CachedBundle(place / _ARCHIVE, place / _PROJECT)
            self._bundles[source_hash] = bundle
        if not self._is_whole(source_hash, bundle.archive):
            self._put(source_hash, bundle.archive.parent)
        return bundle

    def _is_whole(self, source_hash: str, archive: Path) -> bool:
        try:
            status = os.stat(archive)  # noqa: PTH116 - for each job
            look = (status.st_size, status.st_mtime_ns, status.st_ino)
            if self._looked.get(source_hash) == look:
                return True
            verify(archive.read_bytes(), source_hash)
        except (OSError, BundleCorruptError):
            return False
        self._looked[source_hash] = look
        return True

    def _put(self, source_hash: str, place: Path) -> None:
        archive = self._fetch(source_hash)
        if archive is None:
            raise BundleCorruptError(
                f"the bundle {source_hash[:12]} is not in the store any more",
                hint="register the parser again, and enqueue",
            )
        verify(archive, source_hash)
        self._folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{source_hash[:12]}.", dir=self._folder))
        try:
            (made / _ARCHIVE).write_bytes(archive)
            (made / _PROJECT).mkdir()
            with zipfile.ZipFile(made / _ARCHIVE) as bundle:
                for name in _PROJECT_FILES:
                    (made / _PROJECT / name).write_bytes(bundle.read(name))
            try:
                made.rename(place)
            except OSError:
                if not self._is_whole(source_hash, place / _ARCHIVE):  # or else another was quicker
                    place.rename(made / "damaged")
                    (made / "damaged").rename(damaged := made.with_name(f"{made.name}.damaged"))
                    shutil.rmtree(damaged, ignore_errors=True)
                    made.rename(place)
        finally:
            shutil.rmtree(made, ignore_errors=True)

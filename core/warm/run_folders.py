"""The folders that the runs of one warm guest find: the same paths each time, and as if new."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import extract
from casparian.core.guest import private_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BUNDLE: Final = "bundle"

_Stamp = tuple[int, int, int, int]


class RunFolders:
    """The unpacked bundle, and the folders that a run has for itself.

    What was loaded ahead may remember a path, so that the next run has the same ones. What a run
    has changed is made anew; that is told by the times of the files' last changes, which no program
    can set.

    Args:
        place: is made here.
        archive: the bundle.
        private: whether runs have a working folder, a home and one for temporary files.

    Raises:
        OSError, BundleCorruptError: it can't be made; nothing of it is there then.
    """

    def __init__(self, place: Path, archive: Path, *, private: bool) -> None:
        self._place, self._archive = place, archive
        self.bundle = place / _BUNDLE
        """Where the bundle is unpacked."""
        self._names: tuple[str, ...] = ()
        self.private: list[Path] = []
        """The folders that a run has for itself, besides the bundle."""
        self.variables: dict[str, str] = {}
        """What a run's environment says of them."""
        self.work: Path | None = None
        """Where a run works, if it has folders of its own."""
        self._stamps: Mapping[str, _Stamp] | None = None
        place.mkdir(mode=0o700)
        try:
            if private:
                self.work = private_folders(place, self.variables)
                self.private = list(place.iterdir())
                self._names = tuple(folder.name for folder in self.private)
            self._unpack()
        except BaseException:
            self.remove()
            raise

    def settle(self) -> None:
        """Trust that the bundle is as it was unpacked. No run may have begun.

        Call it a moment later: two changes within one tick of the clock can't be told apart.
        """
        self._stamps = self._look()

    def renew(self) -> None:
        """Make them as if new. No run may be under way. Raises OSError, BundleCorruptError."""
        self.empty()
        if not self.has_bundle_as_unpacked():
            self._stamps = None  # a parser that writes beside itself does so again
            _remove(self.bundle)
            self._unpack()

    def has_bundle_as_unpacked(self) -> bool:
        """Whether no run has changed the unpacked bundle."""
        return self._stamps is not None and self._look() == self._stamps

    def empty(self) -> None:
        """Make what a run has for itself as if new, but for the bundle."""
        for name in os.listdir(self._place):  # noqa: PTH208 - for each run
            if name != _BUNDLE and name not in self._names:
                _remove(self._place / name)
        for folder in self.private:
            mode = _mode(folder)
            if mode is None or not stat.S_ISDIR(mode):
                _remove(folder)
                folder.mkdir(mode=0o700)
                continue
            if stat.S_IMODE(mode) != 0o700:
                folder.chmod(0o700)
            for name in os.listdir(folder):  # noqa: PTH208 - for each run
                _remove(folder / name)

    def remove(self) -> None:
        """Remove them all."""
        shutil.rmtree(self._place, ignore_errors=True)

    def _unpack(self) -> None:
        self.bundle.mkdir(mode=0o700)
        extract(self._archive.read_bytes(), self.bundle)

    def _look(self) -> Mapping[str, _Stamp]:
        return dict(_stamps(str(self.bundle)))


def _stamps(place: str) -> Iterator[tuple[str, _Stamp]]:
    found = os.lstat(place)
    yield place, (found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        with os.scandir(place) as entries:
            paths = sorted(entry.path for entry in entries)
        for path in paths:
            yield from _stamps(path)


def _mode(path: Path) -> int | None:
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return None


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        path.chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

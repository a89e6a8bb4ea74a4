"""The folders that the runs of one warm guest find: the same paths each time, and as if new."""

from __future__ import annotations

import os
import shutil
import stat
import time
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import extract
from casparian.core.guest import private_folders

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BUNDLE: Final = "bundle"

#: The file systems with the coarsest clocks count by two seconds.
_TICK_NS: Final = 2_000_000_000

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
        self._stamps_tell_all = False
        self._clean: Mapping[str, _Stamp | None] = {}
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
        if self._stamps is None:
            return False
        if self._stamps_tell_all:
            return _are_unchanged(self._stamps)
        same = self._look() == self._stamps
        self._stamps_tell_all = same and _are_old(self._stamps)
        return same

    def empty(self) -> None:
        """Make what a run has for itself as if new, but for the bundle."""
        if self._clean and _are_unchanged(self._clean):
            return
        seen = {path: _stamp(path) for path in (str(self._place), *map(str, self.private))}
        was_clean = not self._make_as_new()
        self._clean = seen if was_clean and _are_old(seen) else {}

    def _make_as_new(self) -> bool:
        """See :meth:`empty`; returns whether there was anything to be done."""
        changed = False
        for name in os.listdir(self._place):  # noqa: PTH208 - for each run
            if name != _BUNDLE and name not in self._names:
                _remove(self._place / name)
                changed = True
        for folder in self.private:
            stamp = _stamp(str(folder))
            if stamp is None or not stat.S_ISDIR(stamp[-1]):
                _remove(folder)
                folder.mkdir(mode=0o700)
                changed = True
                continue
            if stat.S_IMODE(stamp[-1]) != 0o700:
                folder.chmod(0o700)
                changed = True
            for name in os.listdir(folder):  # noqa: PTH208 - for each run
                _remove(folder / name)
                changed = True
        return changed

    def remove(self) -> None:
        """Remove them all."""
        shutil.rmtree(self._place, ignore_errors=True)

    def _unpack(self) -> None:
        self.bundle.mkdir(mode=0o700)
        extract(self._archive.read_bytes(), self.bundle)

    def _look(self) -> Mapping[str, _Stamp]:
        return dict(_stamps(str(self.bundle)))


def _stamps(place: str) -> Iterator[tuple[str, _Stamp]]:
    stamp = _stamp(place)
    if stamp is None:
        return
    yield place, stamp
    if stat.S_ISDIR(stamp[-1]):
        with os.scandir(place) as entries:
            paths = sorted(entry.path for entry in entries)
        for path in paths:
            yield from _stamps(path)


def _stamp(path: str) -> _Stamp | None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return found.st_ctime_ns, found.st_ino, found.st_size, found.st_mode


def _are_old(stamps: Mapping[str, _Stamp | None]) -> bool:
    """Whether nothing has changed for so long that whatever changes from now on has another time.

    That of a folder changes when something comes or goes in it: it need not be read any more.
    """
    latest = max(stamp[0] for stamp in stamps.values() if stamp is not None)
    return time.time_ns() - latest > _TICK_NS


def _are_unchanged(stamps: Mapping[str, _Stamp | None]) -> bool:
    return [_stamp(path) for path in stamps] == list(stamps.values())


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        path.chmod(0o700)
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

"""The environments that are there, and taking away those that nobody needs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.environments.cache import EnvironmentCache
from casparian.core.environments.environment import (
    MARKER,
    BrokenError,
    Marker,
    check_whole,
    read_marker,
)

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kept:
    """An environment as it lies on the disk; times are seconds since 1970.

    Attributes:
        python_version: None if it can't be told.
        bytes: of its files. What uv could link from its cache takes its room only once.
        built_at: None if it never was complete.
        last_used_at: when a job, or a command, last asked for it.
        flaw: what is missing in it; empty if it is whole.
        in_use: whether a running job uses it, or it is being built.
        lockfile_hashes: of the locks that it was asked for with.
    """

    key: str
    folder: Path
    python_version: str | None
    bytes: int
    built_at: float | None
    last_used_at: float | None
    flaw: str
    in_use: bool
    lockfile_hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was taken away, and what stayed, with the reason."""

    removed: tuple[Kept, ...]
    kept: tuple[tuple[Kept, str], ...]


def list_environments(home: Path) -> list[Kept]:
    """Return what is in ``CASPARIAN_HOME``, the one that was used last first.

    Raises OSError.
    """
    cache = EnvironmentCache(home)
    hashes: dict[str, set[str]] = {}
    for project in cache.projects():
        hashes.setdefault(project.key, set()).add(project.lockfile_hash)
    found = []
    for key in cache.all_keys():
        with cache.unused(key) as free:
            in_use = not free
        found.append(_look_at(cache, key, in_use, frozenset(hashes.get(key, ()))))
    return sorted(found, key=lambda one: -(one.last_used_at or 0))


def _look_at(cache: EnvironmentCache, key: str, in_use: bool, hashes: frozenset[str]) -> Kept:
    folder = cache.folder(key)
    marker, used_at, flaw = _state(folder)
    version = None if marker is None else marker.python_version
    built_at = None if marker is None else marker.built_at
    return Kept(key, folder, version, _size(folder), built_at, used_at, flaw, in_use, hashes)


def _state(folder: Path) -> tuple[Marker | None, float | None, str]:
    """Return what an environment was, when it was used last, and what is wrong with it now."""
    marker, used_at = None, None
    try:
        marker = read_marker(folder)
        used_at = (folder / MARKER).stat().st_mtime
        check_whole(folder, marker)
    except (BrokenError, FileNotFoundError) as error:  # it may go while it is looked at
        return marker, used_at, str(error)
    return marker, used_at, ""


def _size(folder: Path) -> int:
    size = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(root, name)).st_size  # noqa: PTH118 - there are many
            except FileNotFoundError:
                continue  # it was taken away meanwhile
    return size


def prune_environments(home: Path, *, unused_for: float) -> Pruned:
    """Take away what is broken, and what was not used for so long; never what is in use.

    Args:
        home: ``CASPARIAN_HOME``.
        unused_for: seconds; 0: all that is not in use.

    Raises:
        OSError: something can't be taken away.
    """
    cache = EnvironmentCache(home)
    removed, kept = [], []
    before = time.time() - unused_for
    for one in list_environments(home):
        with cache.unused(one.key) as free:
            # Somebody may have used, mended or removed it since it was listed.
            _, used_at, flaw = _state(one.folder)
            if not free:
                kept.append((one, "in use"))
            elif flaw or used_at is None or used_at <= before:
                cache.remove(one.key)
                cache.forget(one.key)
                removed.append(one)
            else:
                kept.append((one, "used lately"))
    _clear_up(cache)
    return Pruned(tuple(removed), tuple(kept))


def _clear_up(cache: EnvironmentCache) -> None:
    """Remove what killed builders have left, and what is known of environments that are gone."""
    there = set(cache.all_keys())
    gone = {project.key for project in cache.projects()} - there
    for key in gone | cache.unfinished():
        with cache.unused(key) as free:
            if free:
                cache.clean(key)
                if not cache.folder(key).exists():
                    cache.forget(key)

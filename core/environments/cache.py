"""The environments in ``CASPARIAN_HOME/venvs``, which all processes of a machine share.

``{key}/`` is an environment; a folder gets that name only when it is complete. ``.building/``
holds what is being built, or thrown away. ``.locks/{key}.build`` is held by who builds it, and
``{key}.use``, shared, by those whose guests run in it; neither is ever deleted, or two processes
could hold "the" lock. ``.known/`` tells which key a project has, so that uv need not be asked.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.environments.environment import (
    MARKER,
    PYTHON,
    BrokenError,
    Environment,
    check_whole,
    read_marker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BUILDING: Final = ".building"
_KNOWN: Final = ".known"
_LOCKS: Final = ".locks"


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project whose environment was asked for: its ``uv.lock``'s sha256, and the key."""

    fingerprint: str
    lockfile_hash: str
    key: str


class EnvironmentCache:
    """Where environments lie, who holds them, and which project has which.

    Args:
        home: ``CASPARIAN_HOME``; what is missing in it is made.

    Raises:
        OSError: from all methods that write, if they can't.
    """

    def __init__(self, home: Path) -> None:
        self.root = home.absolute() / "venvs"

    def folder(self, key: str) -> Path:
        """Return where an environment lies, if it is there."""
        return self.root / key

    def find(self, key: str) -> Environment | None:
        """Return a whole environment, and note that it is used; None if there is none.

        Raises:
            BrokenError: there is one, and it isn't whole.
        """
        folder = self.folder(key)
        try:
            marker = read_marker(folder)
        except BrokenError:
            if not folder.exists():
                return None
            raise
        check_whole(folder, marker)
        try:
            os.utime(folder / MARKER)
        except PermissionError:
            pass  # it is another user's: it can be used, and its owner sees to its age
        return Environment(key, folder, folder / PYTHON, built=False)

    def all_keys(self) -> list[str]:
        """Return the keys of all that is there, whole or not."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))

    # ------------------------------------------------------------- known projects

    def known(self, fingerprint: str) -> str | None:
        """Return the key of a project that was here before."""
        found = _read_known(self.root / _KNOWN / fingerprint)
        return None if found is None else found.key

    def remember(self, project: KnownProject) -> None:
        """Note a project's key."""
        place = self.root / _KNOWN / project.fingerprint
        if _read_known(place) == project:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        new = place.with_name(f".{project.fingerprint}.{uuid.uuid4().hex[:8]}")
        content = {"lockfile_hash": project.lockfile_hash, "key": project.key}
        new.write_text(json.dumps(content), "utf-8")
        new.replace(place)

    def projects(self) -> list[KnownProject]:
        """Return all projects that are known."""
        folder = self.root / _KNOWN
        if not folder.is_dir():
            return []
        found = [_read_known(path) for path in folder.iterdir() if path.name[0] != "."]
        return [project for project in found if project is not None]

    def forget(self, key: str) -> None:
        """Forget the projects of an environment that is gone."""
        for project in self.projects():
            if project.key == key:
                (self.root / _KNOWN / project.fingerprint).unlink(missing_ok=True)

    # ---------------------------------------------------------------------- locks

    @contextmanager
    def building(self, key: str, on_wait: Callable[[], None]) -> Iterator[None]:
        """Be the only one that builds an environment; ``on_wait`` is called if another does."""
        with self._locked(f"{key}.build") as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextmanager
    def using(self, key: str) -> Iterator[None]:
        """Keep an environment from being pruned; it may be gone by the time this is had."""
        with self._locked(f"{key}.use") as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    @contextmanager
    def unused(self, key: str) -> Iterator[bool]:
        """Be the only one that has to do with an environment; False if somebody builds or uses it.

        Nobody is waited for.
        """
        with self._locked(f"{key}.build") as build, self._locked(f"{key}.use") as use:
            try:
                fcntl.flock(build, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    @contextmanager
    def _locked(self, name: str) -> Iterator[int]:
        """Open a lock's file; whatever lock is taken on it ends with this, or the process."""
        folder = self.root / _LOCKS
        folder.mkdir(parents=True, exist_ok=True)
        # Not inherited: a guest or uv that outlived this process would go on holding it.
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    # ------------------------------------------- coming and going, under their lock

    @contextmanager
    def workshop(self, key: str) -> Iterator[Path]:
        """Give a new name to build at; whatever is left there in the end is removed."""
        self.clean(key)
        place = self._aside(key)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def put(self, place: Path, key: str) -> None:
        """Let a complete environment be *the* one; a broken one that is in its place goes."""
        self.remove(key)
        place.rename(self.folder(key))

    def remove(self, key: str) -> None:
        """Take an environment away: nobody sees half of it."""
        aside = self._aside(key)
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.folder(key).rename(aside)
        except FileNotFoundError:
            return
        # A uv whose builder was killed may still be writing for a moment: the next one cleans.
        shutil.rmtree(aside, ignore_errors=True)

    def clean(self, key: str) -> None:
        """Remove what builders of this environment have left that were killed."""
        for path in (self.root / _BUILDING).glob(f"{key}.*"):
            shutil.rmtree(path, ignore_errors=True)

    def unfinished(self) -> set[str]:
        """Return the keys of which something is being built, or was left."""
        return {path.name.partition(".")[0] for path in (self.root / _BUILDING).glob("*.*")}

    def _aside(self, key: str) -> Path:
        return self.root / _BUILDING / f"{key}.{uuid.uuid4().hex[:8]}"


def _read_known(place: Path) -> KnownProject | None:
    """Read what is known; what can't be read is not known, and uv is asked again."""
    try:
        content = json.loads(place.read_bytes())
        return KnownProject(place.name, content["lockfile_hash"], content["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return None

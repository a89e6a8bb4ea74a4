"""Folders watched for files that have stopped growing.

The system tells what changes (watchfiles); what it may have missed, and what was there before, is
found by looking through the folders at the beginning, once a minute, and whenever a folder was
away. A file is handed over once its size and time have not changed for a while, and again only
if its content may have.
"""

from __future__ import annotations

import fnmatch
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchfiles import Change, watch

from casparian.core.queueing.inputs import find_inputs
from casparian.core.queueing.problems import FileProblem

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Sequence

STABLE_S: Final = 2.0
_LOOK_EVERY_S: Final = 60.0
_STEP_MS: Final = 200
#: Names that programs give to files which aren't complete yet.
_UNFINISHED: Final = (
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".crdownload",
    ".download",
    ".filepart",
    ".swp",
    "~",
)


@dataclass(slots=True)
class _Seen:
    """A file that may still grow: how it was, and since when it has been so."""

    identity: tuple[int, int, int]
    since: float


class FolderWatch:
    """Hands over files that appear below folders.

    Args:
        folders: are looked through with all that is below them.
        hand_over: takes files that are complete. It returns those that it could not take, which
            are handed over again after the next look through the folders.
        pattern: a glob that the names of files must match.
        stable_s: seconds for which a file's size and time must stay as they are.
        excluded: folders and files that are passed over: what casparian writes is no input.
        on_problem: is told of folders that can't be looked at, once each, and whenever a watched
            one goes away.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        hand_over: Callable[[list[Path]], Iterable[Path]],
        *,
        pattern: str = "*",
        stable_s: float = STABLE_S,
        excluded: Sequence[Path] = (),
        on_problem: Callable[[FileProblem], None] = lambda _: None,
    ) -> None:
        self._folders = [folder.absolute() for folder in folders]
        self._hand_over = hand_over
        self._pattern = pattern
        self._stable_s = stable_s
        self._excluded = [own.absolute() for own in excluded]
        self._on_problem = on_problem
        self._growing: dict[Path, _Seen] = {}
        self._handed: dict[Path, tuple[int, int, int]] = {}
        self._told: set[str] = set()
        self._looked = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Watch until ``stop`` is set, which ends it within a moment."""
        while not stop.is_set():
            there = [folder for folder in self._folders if folder.is_dir()]
            for folder in self._folders:
                if folder in there:
                    self._told.discard(str(folder))  # it may go away again
                else:
                    sentence = "the folder is gone, or was never there; it is looked for again"
                    self._tell(FileProblem(str(folder), "missing", sentence))
            if not there:
                stop.wait(self._stable_s)
                continue
            self._looked = float("-inf")  # what came while nobody watched is found by looking
            self._watch(there, stop)

    def _watch(self, folders: list[Path], stop: threading.Event) -> None:
        watched = [_folder_identity(folder) for folder in self._folders]
        changes = watch(
            *folders,
            watch_filter=None,
            debounce=_STEP_MS,
            step=_STEP_MS // 4,
            rust_timeout=_STEP_MS,
            yield_on_timeout=True,
            stop_event=stop,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        while True:
            try:
                changed = next(changes)
            except (StopIteration, FileNotFoundError):
                return  # it is to stop, or a folder went away before it could be watched
            except RuntimeError:
                # What the system told can't be said in Python, such as a name that is no Unicode:
                # the watch begins anew, and looks through the folders.
                stop.wait(self._stable_s)
                return
            if time.monotonic() - self._looked > _LOOK_EVERY_S:
                self._look_through(folders)
            for change, name in changed:
                if change is Change.added and os.path.isdir(name):  # noqa: PTH112
                    # What came with it, or before it was watched, is told by nobody.
                    self._look_into([name])
                else:
                    self._note(Path(name))
            self._hand_over_complete()
            if [_folder_identity(folder) for folder in self._folders] != watched:
                return  # of one that went away, or came, the system tells nothing

    def _look_through(self, folders: list[Path]) -> None:
        self._looked = time.monotonic()
        self._look_into(map(str, folders))
        for path in [path for path in self._handed if not path.exists()]:
            del self._handed[path]

    def _look_into(self, folders: Iterable[str]) -> None:
        for found in find_inputs(folders):
            if isinstance(found, Path):
                self._note(found)
            elif found.kind != "nothing":
                self._tell(found)

    def _note(self, path: Path) -> None:
        """Take note of a file that is new or has changed, if it is one that is wanted."""
        if not self._is_wanted(path):
            return
        identity = _identity(path)
        if identity is None or self._handed.get(path) == identity:
            self._growing.pop(path, None)
            return
        seen = self._growing.get(path)
        if seen is None or seen.identity != identity:
            self._growing[path] = _Seen(identity, time.monotonic())

    def _hand_over_complete(self) -> None:
        now = time.monotonic()
        complete: list[Path] = []
        for path, seen in list(self._growing.items()):
            if now - seen.since < self._stable_s:
                continue
            identity = _identity(path)
            if identity is None:
                del self._growing[path]
            elif identity != seen.identity:
                self._growing[path] = _Seen(identity, now)
            else:
                del self._growing[path]
                self._handed[path] = identity
                complete.append(path)
        if not complete:
            return
        left: Iterable[Path] = complete
        try:
            left = self._hand_over(sorted(complete))
        finally:
            for path in left:
                self._handed.pop(path, None)

    def _is_wanted(self, path: Path) -> bool:
        name = path.name
        if not fnmatch.fnmatchcase(name, self._pattern) or name.lower().endswith(_UNFINISHED):
            return False
        if any(own == path or own in path.parents for own in self._excluded):
            return False
        root = next((folder for folder in self._folders if folder in path.parents), path.parent)
        return not any(part.startswith(".") for part in path.relative_to(root).parts)

    def _tell(self, problem: FileProblem) -> None:
        if problem.path not in self._told:
            self._told.add(problem.path)
            self._on_problem(problem)


def _folder_identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another one at its place; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Return a plain file's size, time and inode; None if it is none, or not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not os.path.isfile(path):  # noqa: PTH113 - what may not be looked at is none
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino

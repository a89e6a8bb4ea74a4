"""Tells that something was written in some folders, and nothing else about it.

Folders are watched, not files: an editor that saves by renaming puts another file in the place of
the one that was watched. Who is told looks for himself; so nothing depends on how exactly the
system describes a change.
"""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Final

from casparian.core.dev_session.folder_events import folder_events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

#: How often it is seen whether a folder was replaced by another of the same name (milliseconds).
_LOOK_MS: Final = 1_000
#: When it is tried again to watch folders of which one is missing (seconds).
_AGAIN_S: Final = 0.1


class FolderNotices:
    """Watches folders, without those below them, on a thread of its own.

    Args:
        tell: is called with the paths that something happened to; None: it isn't known what, look
            at all of them.
        matters: whether it is worth telling of a path; asked by the thread.
        on_problem: is told why folders can't be watched but only looked at once a second; "" if
            they can again.
    """

    def __init__(
        self,
        tell: Callable[[frozenset[Path] | None], None],
        matters: Callable[[Path], bool],
        on_problem: Callable[[str], None],
    ) -> None:
        self._tell = tell
        self._matters = matters
        self._on_problem = on_problem
        self._folders: tuple[Path, ...] = ()
        self._changed = threading.Condition()
        self._wake, self._woken = socket.socketpair()
        self._round = 0
        self._closed = False
        self._problem = ""
        self._thread = threading.Thread(target=self._keep_watching, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def watch(self, folders: Iterable[Path]) -> None:
        """Watch these folders from now on; all of them are to be looked at once that is so."""
        with self._changed:
            self._folders = tuple(folders)
            self._round += 1
            self._changed.notify()
            self._wake.send(b"x")

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify()
            self._wake.send(b"x")
        if self._thread.ident is not None:
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def _keep_watching(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._folders or self._closed)
                if self._closed:
                    return
                folders, turn = self._folders, self._round
            there = {folder: identity(folder) for folder in folders}
            try:
                if None in there.values():
                    raise FileNotFoundError
                self._watch(there, turn)
            except FileNotFoundError:
                # One went away before it could be watched; who looks now names others.
                self._tell(None)
                self._pause(turn, _AGAIN_S)
            except OSError as error:
                self._say(f"{_reason(error)}: changes are looked for once a second")
                self._poll(turn)

    def _watch(self, there: dict[Path, tuple[int, int] | None], turn: int) -> None:
        for paths in folder_events(
            there,
            wake=self._woken,
            is_over=lambda: self._closed or self._round != turn,
            begun=self._begun,
            matters=self._matters,
            patience_ms=_LOOK_MS,
        ):
            if paths:
                self._tell(paths)
            if any(identity(folder) != known for folder, known in there.items()):
                break  # of one that was replaced the system tells nothing any more
        else:
            return
        self._tell(None)

    def _begun(self) -> None:
        """The folders are watched now: what was written before is told by nobody."""
        self._say("")
        self._tell(None)

    def _poll(self, turn: int) -> None:
        self._tell(None)
        while not self._pause(turn, _LOOK_MS / 1000):
            self._tell(None)

    def _pause(self, turn: int, seconds: float) -> bool:
        """Wait a while, or until other folders are to be watched; says whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._round != turn, seconds)

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._on_problem(problem)


def identity(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another of the same name; None if it isn't there."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _reason(error: OSError) -> str:
    text = str(error)
    if "limit" in text or "No space" in text:
        return "the system watches no more files (fs.inotify.max_user_watches)"
    return f"the folders can't be watched ({text})"

"""What happens in folders, as the system tells it: on Linux at once, elsewhere a little later.

Linux says when a file that was written has been closed, and when one was renamed to its name. Then
it is whole, and is told of without waiting whether more comes. The other systems are asked by
watchfiles, which looks every few milliseconds and waits for a pause.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator


#: What belongs together comes with shorter pauses than this, a checkout of many files, say (ms).
_PAUSE_MS: Final = 3
#: Where a pause has to do, because nobody says when a file is whole (ms).
_LONG_PAUSE_MS: Final = 15
#: A file that is not whole, or gone, is told of after so long; it was renamed away, and another is
#: to take its place, or it is written little by little (ms).
_BURST_MS: Final = 45

logging.getLogger("watchfiles").addHandler(logging.NullHandler())


def folder_events(
    folders: Iterable[Path],
    *,
    wake: socket.socket,
    is_over: Callable[[], bool],
    begun: Callable[[], None],
    matters: Callable[[Path], bool],
    patience_ms: int,
) -> Iterator[frozenset[Path]]:
    """Yield the paths in folders that something happened to; none after a while without anything.

    Args:
        folders: without those below them.
        wake: is readable when it is to be asked whether it is over.
        is_over: ends it.
        begun: is called once what happens from now on is told.
        matters: whether it is worth telling that something happened to a path.
        patience_ms: a while.

    Raises:
        FileNotFoundError: a folder is not there.
        OSError: the system watches no more.
    """
    if sys.platform.startswith("linux") and not os.environ.get("WATCHFILES_FORCE_POLLING"):
        yield from _by_inotify(folders, wake, is_over, begun, matters, patience_ms)
    else:
        yield from _by_watchfiles(folders, is_over, begun, matters, patience_ms)


@dataclass(slots=True)
class Burst:
    """Events that belong together. Times are in seconds, of any clock."""

    paths: set[Path] = field(default_factory=set)
    _unsettled: set[Path] = field(default_factory=set)
    """Those that aren't whole, or are gone."""
    _new: set[Path] = field(default_factory=set)
    _first: float = 0.0
    _last: float = 0.0

    def settled(self, path: Path, now: float) -> None:
        """A file is whole: written and closed, or given its name."""
        self._note(path, now)
        self._unsettled.discard(path)

    def begun(self, path: Path, now: float) -> None:
        """A file is there, and about to be written."""
        if path not in self.paths:
            self._new.add(path)
        self.written(path, now)

    def written(self, path: Path, now: float) -> None:
        """A file is being written to."""
        self._note(path, now)
        self._unsettled.add(path)

    def gone(self, path: Path, now: float) -> None:
        """A file was removed, or renamed: another may take its place, unless it was a new one."""
        self._note(path, now)
        if path in self._new:
            self._unsettled.discard(path)
        else:
            self._unsettled.add(path)

    def due(self) -> float | None:
        """Return when they are to be told; None if there are none."""
        if not self.paths:
            return None
        end = self._first + _BURST_MS / 1000
        return end if self._unsettled else min(self._last + _PAUSE_MS / 1000, end)

    def take(self) -> frozenset[Path]:
        """Return them, and begin anew."""
        paths = frozenset(self.paths)
        for each in (self.paths, self._unsettled, self._new):
            each.clear()
        return paths

    def _note(self, path: Path, now: float) -> None:
        if not self.paths:
            self._first = now
        self.paths.add(path)
        self._last = now


def _by_inotify(
    folders: Iterable[Path],
    wake: socket.socket,
    is_over: Callable[[], bool],
    begun: Callable[[], None],
    matters: Callable[[Path], bool],
    patience_ms: int,
) -> Iterator[frozenset[Path]]:
    import select

    from inotify_simple import INotify, flags

    itself = flags.DELETE_SELF | flags.MOVE_SELF
    whole = flags.CLOSE_WRITE | flags.MOVED_TO | flags.ATTRIB
    wanted = itself | whole | flags.MODIFY | flags.CREATE | flags.DELETE | flags.MOVED_FROM
    unclear = itself | flags.Q_OVERFLOW | flags.IGNORED
    with INotify(nonblocking=True) as system:
        places: dict[int, list[Path]] = {}  # one folder may have several names
        for folder in folders:
            try:
                watch = system.add_watch(folder, wanted | flags.ONLYDIR)
            except NotADirectoryError as error:
                raise FileNotFoundError from error
            except PermissionError:
                continue  # nothing in it can be read either
            places.setdefault(watch, []).append(folder)
        begun()
        burst = Burst()
        poller = select.poll()
        poller.register(system, select.POLLIN)
        poller.register(wake, select.POLLIN)
        look_at = time.monotonic() + patience_ms / 1000
        while True:
            due = look_at if burst.due() is None else burst.due()
            assert due is not None
            ready = poller.poll(1000 * max(due - time.monotonic(), 0))
            if is_over():
                return
            if any(descriptor == wake.fileno() for descriptor, _ in ready):
                wake.recv(4096)
            now, unknown = time.monotonic(), False
            for event in system.read(timeout=0):
                unknown = unknown or bool(event.mask & unclear)
                for folder in places.get(event.wd, ()):
                    if matters(path := folder / event.name):
                        _note(burst, path, event.mask, now)
            due = burst.due()
            if unknown:
                yield frozenset(
                    [*burst.take(), *(path for each in places.values() for path in each)]
                )
            elif due is not None and due <= now:
                yield burst.take()
            elif due is None and look_at <= now:
                yield frozenset()
                look_at = now + patience_ms / 1000


def _note(burst: Burst, path: Path, mask: int, now: float) -> None:
    from inotify_simple import flags

    if mask & (flags.DELETE | flags.MOVED_FROM):
        burst.gone(path, now)
    elif mask & flags.MODIFY:
        burst.written(path, now)
    elif mask & flags.CREATE and not mask & flags.ISDIR:
        burst.begun(path, now)
    else:
        burst.settled(path, now)


def _by_watchfiles(
    folders: Iterable[Path],
    is_over: Callable[[], bool],
    begun: Callable[[], None],
    matters: Callable[[Path], bool],
    patience_ms: int,
) -> Iterator[frozenset[Path]]:
    from watchfiles import watch

    for changes in watch(
        *folders,
        watch_filter=None,
        debounce=_BURST_MS,
        step=_LONG_PAUSE_MS,
        rust_timeout=patience_ms,
        yield_on_timeout=True,
        stop_event=_Stop(is_over, begun),
        raise_interrupt=False,
        recursive=False,
        ignore_permission_denied=True,
    ):
        paths = frozenset(path for _, name in changes if matters(path := Path(name)))
        if paths or not changes:
            yield paths


class _Stop:
    """What the watch asks every few milliseconds whether it is to end; first when it has begun."""

    def __init__(self, is_over: Callable[[], bool], on_begun: Callable[[], None]) -> None:
        self._is_over = is_over
        self._on_begun: Callable[[], None] | None = on_begun

    def is_set(self) -> bool:
        """Whether it is to end."""
        if self._on_begun is not None:
            begun, self._on_begun = self._on_begun, None
            begun()
        return self._is_over()

"""A source of guests that are forked from warm ones, and are cold where that can't be."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import BundleCorruptError
from casparian.core.guest import ColdGuests
from casparian.core.warm.imports import guess
from casparian.core.warm.warm_guest import WarmGuest, WarmGuestError

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.guest import Guest, GuestSource, GuestSpec
    from casparian.core.warm.imports import Imports, ImportsMemory

#: Modules that may prove unfit, one after the other, before nothing is loaded ahead but Arrow.
_MOST_UNFIT: Final = 12
#: A few modules of the standard library cost less than a new start.
_MANY: Final = 20
#: A warm guest is started anew so often because its parser was seen to import more.
_MOST_LEARNED: Final = 3


def can_fork() -> bool:
    """Whether this platform has what warm guests need: Linux, with pidfds."""
    return sys.platform.startswith("linux") and hasattr(os, "pidfd_open")


@dataclass(slots=True)
class _Kept:
    key: tuple[object, ...]
    guest: WarmGuest
    spec: GuestSpec
    is_outdated: bool = False
    """Whether another one would load more."""


class WarmGuests:
    """Keeps a bounded number of warm guests; the one that was used least recently goes first.

    Not for several threads at once, and one run of each warm guest at a time.

    Args:
        imports: remembers what parsers import.
        most: as many are kept.
        patience: a run waits so many seconds for one that still loads; then it starts cold. 0: it
            doesn't wait, and starts none to load: `prepare` does.
        idle: one that was not used for so many seconds is retired.
        memory_limit: one that holds more bytes is not used; None: no limit.
        watch: installed packages are looked at for changes at most every so many seconds;
            None: they don't change.
        runs: as many runs of the same parser one fork may serve; 1: each has its own.
    """

    def __init__(
        self,
        imports: ImportsMemory,
        *,
        most: int = 1,
        patience: float = 0.0,
        idle: float = 600.0,
        memory_limit: int | None = None,
        watch: float | None = 0.0,
        runs: int = 1,
        cold: GuestSource | None = None,
    ) -> None:
        self._most = most
        self._patience = patience
        self._idle = idle
        self._memory_limit = memory_limit
        self._watch = watch
        self._runs = runs
        self._imports = imports
        self._cold = cold or ColdGuests()
        self._kept: list[_Kept] = []
        self._unfit_of: dict[tuple[object, ...], dict[str, str]] = {}
        self._hopeless: dict[tuple[object, ...], str] = {}
        self._learned: dict[tuple[object, ...], int] = {}
        self._notices: list[str] = []
        self._told_of_platform = False

    def start(self, spec: GuestSpec) -> Guest:
        """Start a guest, warm if that can be; see :class:`casparian.core.guest.GuestSource`."""
        self._notices = []
        if not can_fork() and not self._told_of_platform:
            self._told_of_platform = True
            self._notices.append("nothing is loaded ahead: only Linux lets a process fork for that")
        guest = self._start_warm(spec) if _is_for_warm(spec) else None
        if guest is None:
            guest = self._cold.start(spec)
        guest.notices = tuple(self._notices)
        guest.learn = partial(self._learn, spec)
        return guest

    def prepare(self, spec: GuestSpec) -> None:
        """Have a warm guest start to load, for the next run of this spec. Returns at once."""
        self._notices = []
        if not _is_for_warm(spec):
            return
        key = _key(spec)
        if key not in self._hopeless and self._find(key) is None:
            self._begin(key, spec)

    def attend(self) -> None:
        """Retire what was idle for too long."""
        now = time.monotonic()
        for kept in [kept for kept in self._kept if now - kept.guest.used_at > self._idle]:
            self._retire(kept)

    def close(self) -> None:
        """Retire all."""
        while self._kept:
            self._retire(self._kept[0])

    def processes(self) -> tuple[int, ...]:
        """Return the process ids of the warm guests."""
        return tuple(kept.guest.pid for kept in self._kept)

    # ------------------------------------------------------------------ within

    def _start_warm(self, spec: GuestSpec) -> Guest | None:
        key = _key(spec)
        while key not in self._hopeless:
            kept = self._find(key)
            if kept is None and self._patience:
                kept = self._begin(key, spec)
            if kept is None or not (self._patience or kept.guest.is_ready()):
                return None
            try:
                kept.guest.await_ready(self._patience)
                if self._is_too_large(kept):
                    return None
                return kept.guest.fork(spec, runs=self._runs)
            except TimeoutError:
                self._retire(kept)
                self._unfit(key, spec, "", f"it took more than {self._patience:g} s")
            except WarmGuestError as error:
                self._retire(kept)
                if error.module is None:  # it is stale: what changed is loaded for the next run
                    self._notices.append(f"this run starts cold: {error.why}")
                    return None
                self._unfit(key, spec, error.module, error.why)
        return None

    def _learn(self, spec: GuestSpec, installed: tuple[str, ...]) -> None:
        """Take note of what a run imported beside what was loaded ahead.

        The warm guest that hadn't loaded it is replaced before the next run.
        """
        if not installed:
            return  # as nearly always, once all of it is loaded ahead
        known = self._known(spec)
        better = known.with_names(installed)
        if better == known or not _is_for_warm(spec):
            return
        self._imports.put(spec, better)
        key = _key(spec)
        kept = next((kept for kept in self._kept if kept.key == key), None)
        if kept is None or not _worth_it(set(better.wanted()).difference(kept.guest.preload)):
            return
        if self._learned.get(key, 0) < _MOST_LEARNED:
            self._learned[key] = self._learned.get(key, 0) + 1
            kept.is_outdated = True

    def _is_too_large(self, kept: _Kept) -> bool:
        if self._memory_limit is None or kept.guest.memory() <= self._memory_limit:
            return False
        self._retire(kept)
        self._hopeless[kept.key] = "memory"
        self._notices.append(
            f"nothing is loaded ahead: it takes more than {self._memory_limit:,} bytes"
        )
        return True

    def _unfit(self, key: tuple[object, ...], spec: GuestSpec, module: str, why: str) -> None:
        known = self._known(spec)
        if module and len(known.unfit) < _MOST_UNFIT:
            self._notices.append(f"{module} is not loaded ahead: {why}")
            self._unfit_of.setdefault(_parser(spec), {})[module] = why
        elif known.wanted():
            self._notices.append(f"only pyarrow is loaded ahead: {why}")
            self._unfit_of.setdefault(_parser(spec), {})[""] = why
        else:
            self._notices.append(f"nothing is loaded ahead: {why}")
            self._hopeless[key] = why

    def _known(self, spec: GuestSpec) -> Imports:
        known = self._imports.get(spec) or guess(spec)
        for module, why in self._unfit_of.get(_parser(spec), {}).items():
            known = known.without(module, why)
        return known

    def _find(self, key: tuple[object, ...]) -> _Kept | None:
        found = next((kept for kept in self._kept if kept.key == key), None)
        if found is not None and found.is_outdated:
            self._retire(found)
            return None
        if found is not None and found is not self._kept[-1]:
            self._kept.remove(found)
            self._kept.append(found)
        return found

    def _begin(self, key: tuple[object, ...], spec: GuestSpec) -> _Kept | None:
        known = self._known(spec)
        for other in [kept for kept in self._kept if _parser(kept.spec) == _parser(spec)]:
            self._retire(other)  # its interpreter has changed, or its environment
        while len(self._kept) >= self._most:
            self._retire(self._kept[0])
        try:
            guest = WarmGuest(spec, known.wanted(), watch=self._watch)
        except (OSError, BundleCorruptError) as error:
            self._notices.append(f"this run starts cold: {error}")
            return None  # should the cold one fail as well, that is what is wrong
        kept = _Kept(key, guest, spec)
        self._kept.append(kept)
        return kept

    def _retire(self, kept: _Kept) -> None:
        self._kept.remove(kept)
        kept.guest.retire()


def _worth_it(names: set[str]) -> bool:
    """Whether it is worth a new start to have these loaded ahead, too."""
    standard = [name for name in names if name.partition(".")[0] in sys.stdlib_module_names]
    return len(standard) < len(names) or len(standard) >= _MANY


def _is_for_warm(spec: GuestSpec) -> bool:
    return can_fork() and not spec.terminal and not spec.load_only


def _parser(spec: GuestSpec) -> tuple[object, ...]:
    return spec.python, spec.parser_path, spec.archive


def _key(spec: GuestSpec) -> tuple[object, ...]:
    """What one warm guest serves: while this stays the same, it may be used again."""
    env = os.environ if spec.env is None else spec.env
    which = (*_parser(spec), spec.entrypoint, spec.private)
    today = date.today()  # noqa: DTZ011 - a package may have asked for it when it was loaded
    return today, *which, tuple(sorted(env.items())), *map(_stamp, _interpreter(spec.python))


@cache
def _interpreter(python: Path) -> list[str]:
    """The files that say which interpreter and environment this is."""
    return [str(python), str(python.parent.parent / "pyvenv.cfg")]


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - for each run
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino

"""Sees that something belonging to the parser has other content than when it was last run."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from casparian.core.bundles.kinds import SUFFIXES
from casparian.core.dev_session.belongings import Look, Subject, look, watched_folders
from casparian.core.dev_session.events import SamplesChanged, Watching
from casparian.core.dev_session.folder_notices import FolderNotices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from casparian.core.dev_session.events import SessionEvent

#: A data file that alone has started so many runs in succession, each while a run went on, is
#: taken for one that the parser writes itself.
_RESTLESS: Final = 20
#: A save lies at most so long before it is noticed (seconds); else its file's time says nothing.
_NOTICED: Final = 10.0

Identity = tuple[int, int] | None


class Watcher:
    """Compares what there is with what was there when the last run began.

    All of it is done by the loop's thread; another one only says that something was written.

    Args:
        post: has something done by the loop's thread.
        on_change: takes the files that have other content, and when they were saved (seconds since
            the epoch).
        tell: takes events.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        on_change: Callable[[tuple[Path, ...], float], None],
        tell: Callable[[SessionEvent], None],
    ) -> None:
        self._on_change = on_change
        self._tell = tell
        self._post = post
        self._notices = FolderNotices(
            lambda paths: post(lambda: self._look(paths)),
            self._concerns,
            lambda problem: post(lambda: self._say_system(problem)),
        )
        self._base = Look(Subject(None, None, None), {}, ())
        self._last = self._base
        self._names: frozenset[str] = frozenset()
        self._inside: frozenset[str] = frozenset()
        self._folders: tuple[Path, ...] = ()
        self._samples: dict[Path, Identity] = {}
        self._paused = False
        self._pending = False
        self._system_problem = ""
        self._restless: Counter[Path] = Counter()
        self._passed_over: dict[Path, None] = {}
        self._is_running = False
        self._run_ended_at = 0.0
        self._told: Watching | None = None

    def start(self, *, paused: bool) -> None:
        """Begin."""
        self._paused = paused
        self._notices.start()
        self._tell_watching()

    def close(self) -> None:
        """End."""
        self._notices.close()

    def set_subject(self, subject: Subject) -> None:
        """Watch other files; what is new among them counts as seen."""
        self._base = self._base.about(subject)
        self._last = self._base
        known = self._samples
        self._samples = {path: known.get(path, _identity(path)) for path in subject.samples}
        self._watch()

    def pause(self, paused: bool) -> None:
        """Let changes start nothing, or look what has changed in the meantime."""
        self._paused = paused
        self._pending = False
        self._tell_watching()
        if not paused:
            self._look(None)

    def take_in_changes(self) -> bool:
        """A run is to begin: what there is now counts as seen. Says whether that is a change."""
        now = look(self._base.subject, self._last, frozenset(self._base.sources))
        changed = bool(now.changes_since(self._base))
        self._take_in(now)
        self._restless.clear()
        self._passed_over.clear()
        self._pending = False
        self._tell_watching()
        return changed

    def run_began(self) -> None:
        """A run goes on: what changes now may be written by the parser itself."""
        self._is_running = True

    def run_ended(self) -> None:
        """No run goes on any more."""
        self._is_running = False
        self._run_ended_at = time.time()

    def _look(self, named: frozenset[Path] | None) -> None:
        now = look(self._base.subject, self._last, named)
        self._last = now
        self._watch()
        self._look_at_samples()
        changed = now.changes_since(self._base)
        if not changed:
            if self._pending:
                self._pending = False
                self._tell_watching()
            return
        if self._paused:
            self._pending = True
            self._tell_watching()
            return
        self._take_in(now)
        if self._is_passed_over(changed, now):
            return
        self._on_change(changed, _saved_at(changed, now))

    def _take_in(self, now: Look) -> None:
        self._base = self._last = now
        self._watch()

    def _is_passed_over(self, changed: tuple[Path, ...], now: Look) -> bool:
        """Whether these are files that change whenever the parser runs: it would never end."""
        if now.sources.intersection(changed):
            self._restless.clear()
            self._passed_over.clear()
            self._tell_watching()
            return False
        saved_at = _saved_at(changed, now)
        if not self._is_running and saved_at > self._run_ended_at:
            return False
        self._restless.update(changed)
        if any(self._restless[path] < _RESTLESS for path in changed):
            return False
        self._passed_over |= dict.fromkeys(changed)
        self._tell_watching()
        return True

    def _look_at_samples(self) -> None:
        """See which samples that aren't shown have changed."""
        changed: list[Path] = []
        missing: list[Path] = []
        for path, known in self._samples.items():
            found = _identity(path)
            if found == known:
                continue
            self._samples[path] = found
            if path != self._base.subject.shown:
                (missing if found is None else changed).append(path)
        if changed or missing:
            self._tell(SamplesChanged(tuple(changed), tuple(missing)))

    def _concerns(self, path: Path) -> bool:
        """Whether something that happened to a path may matter; by names, for the system may spell
        the folders in another way. Asked by another thread."""
        name = path.name
        if name in self._names:
            return True
        if name.startswith(".") or name == "__pycache__" or path.parent.name not in self._inside:
            return False  # above and beside the parser's folder others may write all the time
        return path.suffix.lower() in SUFFIXES or not path.suffix or path.is_dir()

    def _watch(self) -> None:
        """Watch the folders in which a change can be seen now."""
        seen = self._last
        folders = watched_folders(seen)
        subject = seen.subject
        given = (subject.parser, *subject.contracts, subject.shown)
        above = (folder for path in given if path is not None for folder in path.parents)
        parents = (folder.parent for folder in folders)
        named = [*seen.prints, *self._samples, *folders, *parents, *above]
        names = frozenset(path.name for path in named)
        inside = frozenset(folder.name for folder in seen.folders)
        if not (names <= self._names and inside <= self._inside):
            # What happened to them until now may have been taken for nothing that matters.
            self._post(lambda: self._look(None))
        self._names, self._inside = names, inside
        if folders != self._folders:
            self._folders = folders
            self._notices.watch(folders)

    def _say_system(self, problem: str) -> None:
        self._system_problem = problem
        self._tell_watching()

    def _tell_watching(self) -> None:
        problems = [self._system_problem]
        if not self._last.is_whole:
            problems.append("the parser's folder holds too much: what lies deepest isn't watched")
        problems += [
            f"{path.name} changes whenever the parser runs: it is passed over"
            for path in self._passed_over
        ]
        said = Watching(self._paused, "; ".join(filter(None, problems)), self._pending)
        if said != self._told:
            self._told = said
            self._tell(said)


def _saved_at(changed: tuple[Path, ...], now: Look) -> float:
    """When the newest of some files was saved, as far as their times can be believed."""
    at = time.time()
    times = [now.prints[path].modified / 1e9 for path in changed if path in now.prints]
    newest = max(times, default=at)
    return newest if at - _NOTICED < newest <= at else at


def _identity(path: Path) -> Identity:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns

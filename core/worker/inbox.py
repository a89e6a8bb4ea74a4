"""The inbox of ``casparian start``: files of watched folders become jobs, by their topic."""

from __future__ import annotations

import threading
import time
import traceback
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.queueing.enqueue import enqueue
from casparian.core.queueing.watching import STABLE_S, FolderWatch
from casparian.core.safe_text import one_line
from casparian.core.stores.errors import StoreError
from casparian.core.stores.store import open_store
from casparian.core.worker.reports import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from casparian.core.queueing.problems import FileProblem
    from casparian.core.stores.store import Store
    from casparian.core.worker.reports import Report

#: How long it waits after a fault of its own, twice as long after each (seconds).
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0


class Inbox:
    """Watches folders on a thread of its own, with a connection to the store of its own.

    Args:
        store: the store's URL.
        folders: are watched.
        topics: each file goes to every parser that subscribes to one of these. Without any, a
            file's topic is the first folder below the watched one, or that one's own name.
        pattern: a glob that the names of files must match.
        excluded: folders and files that are passed over.
        on_report: is told of what is queued, and of what can't be.
        stable_s: seconds for which a file must stay as it is.
        on_failure: is called, on the inbox's thread, if it has to give up; ``failure`` says why.
    """

    def __init__(
        self,
        store: str,
        folders: Sequence[Path],
        *,
        topics: Sequence[str],
        pattern: str,
        excluded: Sequence[Path],
        on_report: Callable[[Report], None],
        stable_s: float = STABLE_S,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self.failure: Exception | None = None
        self._url = store
        self._on_failure = on_failure
        self._folders = [folder.absolute() for folder in folders]
        self._topics = tuple(topics)
        self._on_report = on_report
        self._watch = FolderWatch(
            self._folders,
            self._take,
            pattern=pattern,
            stable_s=stable_s,
            excluded=excluded,
            on_problem=self._problem,
        )
        self._store: Store | None = None
        self._unknown: set[str] = set()
        self._refused: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox")

    def __enter__(self) -> Inbox:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._watch_on()
        except Exception as error:  # noqa: BLE001 - the main thread says it, by its exit code
            self.failure = error
            self._on_failure()
        finally:
            self._forget_store()

    def _watch_on(self) -> None:
        """Watch until it is to stop, whatever goes wrong; raises only what can't even be told."""
        wait = _FIRST_WAIT_S
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self._watch.run(self._stop)
            except Exception as error:  # noqa: BLE001 - files come for weeks: one fault ends nothing
                if time.monotonic() - begun > _LONGEST_WAIT_S:
                    wait = _FIRST_WAIT_S
                place = traceback.extract_tb(error.__traceback__)[-1]
                self._say(
                    f"the watch failed: {type(error).__name__}: {error} (in {place.name}, "
                    f"{Path(place.filename).name}:{place.lineno}); trying again in {wait:g} s",
                    warning=True,
                )
                self._forget_store()
                self._stop.wait(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)

    def _forget_store(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def _take(self, paths: list[Path]) -> Iterable[Path]:
        """Queue files; those of a topic that nobody subscribes to are asked for again later."""
        by_topics: dict[tuple[str, ...], list[Path]] = defaultdict(list)
        for path in paths:
            by_topics[self._topics or (self._topic_of(path),)].append(path)
        left: list[Path] = []
        for topics, files in by_topics.items():
            try:
                left += self._queue(topics, files)
            except StoreError as error:
                self._say(f"{error.message}; {len(files)} files are queued later", warning=True)
                left += files
        return left

    def _queue(self, topics: tuple[str, ...], files: list[Path]) -> list[Path]:
        if self._store is None:
            self._store = open_store(self._url)
        store = self._store
        parsers = {
            parser.name: parser for topic in topics for parser in store.parsers.find_by_topic(topic)
        }
        named = ", ".join(map(repr, topics))
        if not parsers:
            if named not in self._unknown:
                self._unknown.add(named)
                self._say(
                    f"{one_line(str(files[0]))}: no parser subscribes to the topic {named}; its "
                    "files wait where they are until one is registered",
                    warning=True,
                )
            return files
        self._unknown.discard(named)
        report = enqueue(store, files, list(parsers.values()))
        for job in report.jobs:
            if job.outcome == "queued":
                self._say(f"queued {one_line(job.path)} for {job.parser} {job.parser_version}")
            self._refused.pop(job.path, None)
        for problem in report.problems:
            # It is asked for again once a minute, for what is wrong may be mended.
            if self._refused.get(problem.path) != problem.message:
                self._refused[problem.path] = problem.message
                self._problem(problem)
        return [Path(problem.path) for problem in report.problems]

    def _topic_of(self, path: Path) -> str:
        root = next(folder for folder in self._folders if folder in path.parents)
        inside = path.relative_to(root).parts
        return inside[0] if len(inside) > 1 else root.name

    def _problem(self, problem: FileProblem) -> None:
        self._say(f"{one_line(problem.path)}: {problem.message}", warning=True)

    def _say(self, sentence: str, *, warning: bool = False) -> None:
        self._on_report(Notice(sentence, warning=warning))

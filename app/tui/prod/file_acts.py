"""Files into the queue from the pane: what that would do, and doing it as ``casparian enqueue``."""

from __future__ import annotations

import copy
import os
import threading
import time
from typing import TYPE_CHECKING, Final

from casparian.app.own_files import own_files
from casparian.app.tui.prod.host import PathsFound, Previewed, Queueing
from casparian.app.tui.prod.store_acts import said
from casparian.core.errors import CasparianError
from casparian.core.queueing.enqueue import EnqueueReport, enqueue
from casparian.core.queueing.enqueue_preview import EnqueuePreview, Preview
from casparian.core.queueing.inputs import find_inputs
from casparian.core.queueing.path_completion import path_completions
from casparian.core.registry.known import find_registered
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from casparian.app.tui.prod.host import FilesWanted, HostEvent
    from casparian.core.queueing.inputs import Found

#: Seconds: for which what is typed must stay as it is, and between two words on how far it is.
_STAY: Final = 0.15
_TELL_EVERY: Final = 0.1


class FileActs:
    """Has a thread for the newest preview, and one that queues.

    Args:
        where: the store.
        tell: is told what was done.
        answer: is told what would be.
    """

    def __init__(
        self,
        where: str,
        tell: Callable[[HostEvent], None],
        answer: Callable[[HostEvent], None],
    ) -> None:
        self._where = where
        self._tell = tell
        self._answer = answer
        self._asked = threading.Event()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def preview(self, wanted: FilesWanted | None) -> None:
        """Tell what queueing files would do; what was asked before is asked no more."""
        self._asked.set()
        if wanted is not None:
            self._asked = stop = threading.Event()
            self._begin(lambda: self._preview(wanted, stop))

    def enqueue(self, wanted: FilesWanted) -> None:
        """Queue files, and tell how far it is."""
        self.preview(None)
        self._stop.clear()
        self._begin(lambda: self._enqueue(wanted))

    def stop(self) -> None:
        """Queue no more of them."""
        self._stop.set()

    def close(self) -> None:
        """Stop, and wait until it has."""
        self._asked.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _begin(self, work: Callable[[], None]) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, name="files-into-queue")
        self._threads.append(thread)
        thread.start()

    def _preview(self, wanted: FilesWanted, stop: threading.Event) -> None:
        if stop.wait(_STAY):
            return

        def told(preview: EnqueuePreview) -> None:
            if not stop.is_set():
                self._answer(Previewed(wanted, preview))

        try:
            self._answer(PathsFound(wanted.text, path_completions(wanted.text)))
            if not wanted.text.strip():
                return
            with open_store(existing_path(self._where), read_only=True) as store:
                parser = find_registered(store, wanted.parser)
                Preview(store, parser, stop=stop, told=told).look(self._found(wanted, stop))
        except CasparianError as error:
            self._answer(Previewed(wanted, EnqueuePreview(is_over=True), said(error)))

    def _enqueue(self, wanted: FilesWanted) -> None:
        report, told_at = EnqueueReport(), 0.0

        def files() -> Iterator[Found]:
            nonlocal told_at
            for found in self._found(wanted, self._stop):
                yield found
                if time.monotonic() - told_at >= _TELL_EVERY:
                    told_at = time.monotonic()
                    self._tell(Queueing(wanted, copy.copy(report)))

        problem = ""
        try:
            with open_store(existing_path(self._where)) as store:
                parser = find_registered(store, wanted.parser)
                enqueue(store, files(), [parser], report=report)
        except CasparianError as error:
            problem = said(error)
        stopped = self._stop.is_set()
        self._tell(Queueing(wanted, report, is_over=True, was_stopped=stopped, problem=problem))

    def _found(self, wanted: FilesWanted, stop: threading.Event) -> Iterator[Found]:
        """Yield the files, until it is to stop."""
        word = os.path.expanduser(wanted.text.strip())  # noqa: PTH111 - it never fails
        for found in find_inputs([word], own_files(self._where)):
            if stop.is_set():
                return
            yield found

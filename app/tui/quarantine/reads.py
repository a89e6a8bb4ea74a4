"""Reads quarantined rows for the screen: a thread with a connection of its own, so that neither the
queue nor the screen waits. It does what was asked last; what was asked before is given up.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from casparian.app.tui.prod.store_acts import said
from casparian.app.tui.quarantine.events import QuarantineTrouble, ReasonsSeen, RowsSeen
from casparian.core.queueing.quarantine_reasons import ReasonCounts
from casparian.core.queueing.reason_rows import page_table, rows_with
from casparian.core.stores.errors import StoreError
from casparian.core.stores.maintenance import existing_path
from casparian.core.stores.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.app.tui.quarantine.events import QuarantineEvent, RowsWanted
    from casparian.core.queueing.reason_rows import RowInJob
    from casparian.core.stores.jobs import JobFilter
    from casparian.core.stores.store import Store

PAGE: Final = 1_000
"""Rows of a page: at most 4 MB of them, as the store keeps 4 KiB of each."""
#: Seconds: between two words on how far it is, and between two tries to reach the store.
_TELL_EVERY: Final = 0.2
_AGAIN: Final = 2.0
#: The store is counted anew once it has changed, not more often than so (seconds), and so that no
#: more than this share of the time goes into it.
_COUNT_EVERY: Final = 1.0
_SHARE: Final = 0.1


class QuarantineReads:
    """Begins with the first question."""

    def __init__(self, where: str, tell: Callable[[QuarantineEvent], None]) -> None:
        self._where = where
        self._tell = tell
        self._wake = threading.Condition()
        self._wanted: JobFilter | None = None
        self._asked = 0
        self._rows: RowsWanted | None = None
        self._ended = False
        self._thread: threading.Thread | None = None

    def browse(self, wanted: JobFilter | None) -> None:
        """Count the reasons of the jobs that pass, and again when the store changes; None: none."""
        with self._wake:
            self._wanted = wanted
            self._asked += 1
            self._begin()

    def read_rows(self, wanted: RowsWanted) -> None:
        """Read a page of rows."""
        with self._wake:
            self._rows = wanted
            self._begin()

    def close(self) -> None:
        """End."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="look-at-quarantine")
            self._thread.start()
        self._wake.notify()

    def _run(self) -> None:
        while not self._ended:
            try:
                path = existing_path(self._where)
                with open_store(path, read_only=True, patience_s=_AGAIN) as store:
                    self._serve(store)
            except StoreError as error:
                self._tell(QuarantineTrouble(said(error)))
                with self._wake:
                    self._wake.wait_for(lambda: self._ended, _AGAIN)

    def _serve(self, store: Store) -> None:
        """Answer until it ends."""
        counting: _Counting | None = None
        counted, due = 0, 0.0
        while True:
            with self._wake:
                if counting is None:
                    left = None if self._wanted is None else max(0.0, due - time.monotonic())
                    self._wake.wait_for(lambda: self._is_asked(counted), left)  # noqa: B023
                if self._ended:
                    return
                wanted, asked, rows = self._wanted, self._asked, self._rows
            if rows is not None:
                self._read(store, rows)
            if wanted is None:
                counting, counted = None, asked
            elif asked != counted:
                store.changed()
                counting, counted = _Counting(store, wanted, is_first=True), asked
            elif counting is None and time.monotonic() >= due:
                due = time.monotonic() + _COUNT_EVERY
                if store.changed():
                    counting = _Counting(store, wanted, is_first=False)
            if counting is not None and counting.step(self._tell):
                took = time.monotonic() - counting.began
                due = time.monotonic() + max(_COUNT_EVERY, took / _SHARE)
                counting = None

    def _is_asked(self, counted: int) -> bool:
        return self._ended or self._rows is not None or self._asked != counted

    def _read(self, store: Store, wanted: RowsWanted) -> None:
        """Read a page, and tell it as it grows; leave off when another one is wanted."""
        found: list[RowInJob] = []
        after = wanted.after
        while True:
            until = time.monotonic() + _TELL_EVERY
            page = rows_with(
                store,
                wanted.wanted,
                wanted.reason,
                after=after,
                limit=PAGE - len(found),
                stop=lambda: time.monotonic() > until or not self._is_wanted(wanted),  # noqa: B023
            )
            found += page.rows
            after = page.after
            if not self._is_wanted(wanted):
                return
            is_over = after is None or len(found) >= PAGE
            self._tell(RowsSeen(wanted, tuple(found), *page_table(found), after, is_over))
            if is_over:
                break
        with self._wake:
            if self._rows is wanted:
                self._rows = None

    def _is_wanted(self, wanted: RowsWanted) -> bool:
        return self._rows is wanted and not self._ended


class _Counting:
    """One count; the first of a filter is told as it grows, later ones once they are over."""

    def __init__(self, store: Store, wanted: JobFilter, *, is_first: bool) -> None:
        self.began = time.monotonic()
        self._counts = ReasonCounts(store, wanted)
        self._is_first = is_first
        self._told = 0.0

    def step(self, tell: Callable[[QuarantineEvent], None]) -> bool:
        """Count some more; whether that is all."""
        counts = self._counts
        counts.step()
        now = time.monotonic()
        if counts.is_over or (self._is_first and now - self._told >= _TELL_EVERY):
            self._told = now
            tell(ReasonsSeen(counts.wanted, counts.counts(), counts.is_over))
        return counts.is_over

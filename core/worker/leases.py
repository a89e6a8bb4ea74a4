"""Keeps a worker's leases: beats on a thread of its own, and ends what it can't keep.

The thread has its own connection to the store, so that nothing else the supervisor does makes a
heartbeat late. A lease is trusted from the moment *before* its beat was sent, by the monotonic
clock: a worker that can't reach the store ends its jobs before others may take them.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.stores.errors import StoreError
from casparian.core.worker.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.jobs import Lease
    from casparian.core.stores.store import Store

#: Share of the lease that is left when jobs are ended for want of a beat.
_MARGIN: Final = 0.1


@dataclass(slots=True)
class _Kept:
    trusted_from: float
    end: Callable[[], None]


class LeaseKeeper:
    """Beats for all jobs that are held.

    Args:
        open_store: opens a connection for the thread, whose calls don't take long to give up. It
            must make no store where there is none: the one that was there may be missing just now.
        worker_id: beats as well, so that people see it.
        lease_s: how long a lease lasts, in seconds.
        interval_s: seconds between two beats.
        on_problem: is told what goes wrong, and every half minute that it still does.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        worker_id: str,
        *,
        lease_s: float,
        interval_s: float,
        on_problem: Callable[[str], None],
    ) -> None:
        self._open_store = open_store
        self._worker_id = worker_id
        self._lease_s = lease_s
        self._interval_s = interval_s
        self._troubles = Troubles(on_problem)
        self._lock = threading.Lock()
        self._kept: dict[Lease, _Kept] = {}
        self._lost: set[Lease] = set()
        self._store: Store | None = None
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def keep(self, lease: Lease, *, trusted_from: float, end: Callable[[], None]) -> None:
        """Keep a lease from now on.

        Args:
            lease: was given, or prolonged.
            trusted_from: when that was asked for (monotonic clock).
            end: ends the work on it, at once and from any thread.
        """
        with self._lock:
            self._kept[lease] = _Kept(trusted_from, end)

    def drop(self, lease: Lease) -> None:
        """Keep a lease no more."""
        with self._lock:
            self._kept.pop(lease, None)
            self._lost.discard(lease)

    def is_lost(self, lease: Lease) -> bool:
        """Whether a lease was lost, and its work ended."""
        with self._lock:
            return lease in self._lost

    def _run(self) -> None:
        beaten = time.monotonic()
        while not self._stopping:
            now = time.monotonic()
            if now - beaten >= self._interval_s or self._in_danger(now):
                beaten = now
                self._beat(now)
            self._end_expired()
            self._wake.wait(min(self._interval_s / 4, self._lease_s / 20, 1.0))
        if self._store is not None:
            self._store.close()

    def _in_danger(self, now: float) -> bool:
        """Whether a beat was missed, so that the next one is due at once."""
        with self._lock:
            late = now - 2 * self._interval_s
            return any(kept.trusted_from < late for kept in self._kept.values())

    def _beat(self, now: float) -> None:
        with self._lock:
            leases = list(self._kept)
        try:
            if self._store is None:
                self._store = self._open_store()
            beats = self._store.jobs.heartbeat(leases, lease_ms=round(self._lease_s * 1000))
            self._store.workers.beat(self._worker_id)
        except StoreError as error:
            self._troubles.met(f"no heartbeat: {error.message}")
            return
        except Exception as error:  # noqa: BLE001 - this thread must live to end what isn't kept
            self._troubles.met(f"no heartbeat: {type(error).__name__}: {error}")
            return
        with self._lock:
            for beat in beats:
                kept = self._kept.get(beat.lease)
                if kept is None:
                    continue
                if beat.held:
                    kept.trusted_from = now
                else:
                    self._lose(beat.lease, kept)

    def _end_expired(self) -> None:
        expired = time.monotonic() - self._lease_s * (1 - _MARGIN)
        with self._lock:
            for lease, kept in list(self._kept.items()):
                if kept.trusted_from < expired:
                    self._lose(lease, kept)

    def _lose(self, lease: Lease, kept: _Kept) -> None:
        self._lost.add(lease)
        del self._kept[lease]
        kept.end()

"""What the tests of the Prod pane share: the app over a store, or over views that a test makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from casparian.app.tui.app import CasparianApp, Pane
from casparian.app.tui.prod.host import FilesWanted, HostEvent
from casparian.app.tui.prod.jobs_table import JobsTable
from casparian.app.tui.prod.pane import ProdScreen
from casparian.app.tui.prod.store_host import StoreHost
from casparian.app.tui.quarantine.events import RowsWanted
from casparian.core.queueing.bulk import Order
from casparian.core.queueing.queue_view import Look
from casparian.core.queueing.verbs import JobVerb
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.quarantine import Reason
from casparian.core.stores.workers import Worker

from ..queued import Queued
from .cheap_apps import until

_FRAME = dict.fromkeys(map(ord, "│╭╮╰╯─"), " ")


class NoDev:
    """A Dev pane without anything in it."""

    read_only = False

    def __init__(self) -> None:
        self.chosen: list[tuple[Path | None, tuple[Path, ...]]] = []

    def choose(self, parser: Path | None, samples: Any) -> None:
        self.chosen.append((parser, tuple(samples)))

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class GivenViews:
    """A host that shows what a test gives it, and notes what it is asked."""

    where, read_only = "casparian.db", False

    def __init__(self, home: Path) -> None:
        self.home = home
        self.looks: list[Look] = []
        self.orders: list[Order] = []
        self.browsed: list[JobFilter | None] = []
        self.rows_wanted: list[RowsWanted] = []
        self.exports: list[tuple[str, Path]] = []
        self.replays: list[str] = []
        self.tell: Callable[[HostEvent], None] = lambda _: None

    def start(self, on_event: Callable[[HostEvent], None]) -> None:
        self.tell = on_event

    def look(self, look: Look) -> None:
        self.looks.append(look)

    def look_at_job(self, beginning: str | None) -> None:
        pass

    def rest(self, resting: bool) -> None:
        pass

    def every(self, seconds: float) -> None:
        pass

    def count(self, matching: JobFilter, verb: JobVerb) -> None:
        pass

    def act(self, order: Order) -> None:
        self.orders.append(order)

    def stop_acting(self) -> None:
        pass

    def pause_parser(self, name: str, paused: bool) -> None:
        pass

    def start_worker(self) -> None:
        pass

    def stop_worker(self, worker: Worker) -> None:
        pass

    def preview(self, wanted: FilesWanted | None) -> None:
        pass

    def enqueue(self, wanted: FilesWanted) -> None:
        pass

    def stop_enqueueing(self) -> None:
        pass

    def browse(self, wanted: JobFilter | None) -> None:
        self.browsed.append(wanted)

    def read_rows(self, wanted: RowsWanted) -> None:
        self.rows_wanted.append(wanted)

    def export_rows(self, job_id: str, path: Path) -> None:
        self.exports.append((job_id, path))

    def replay_rows(self, job_id: str) -> None:
        self.replays.append(job_id)

    def replay_all_rows(self, wanted: JobFilter, reason: Reason) -> None:
        pass

    def stop_replaying(self) -> None:
        pass

    def close(self) -> None:
        pass


def prod_app(store: Queued, *, first: Pane = "prod", **options: Any) -> CasparianApp:
    home = store.connection.path.parent
    host = StoreHost(str(store.connection.path), home, **options)
    host.every(0.1)
    return CasparianApp(NoDev(), lambda: host, first=first)


def pane_of(app: Any) -> ProdScreen:
    return next(screen for screen in app.screen_stack if isinstance(screen, ProdScreen))


def table_of(app: Any) -> JobsTable:
    return pane_of(app).query_one(JobsTable)


async def looked(pilot: Pilot[None]) -> ProdScreen:
    """Wait until the pane has seen the store, and return it."""
    await until(pilot, lambda: pane_of(pilot.app).state.view is not None)
    await pilot.pause()
    return pane_of(pilot.app)


def lines_of(app: Any) -> list[str]:
    """The lines of the screen."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in line).rstrip() for line in strips]


def shown(app: Any, *parts: str) -> bool:
    """Whether the screen says all of these, wherever its lines end."""
    text = " ".join("\n".join(lines_of(app)).translate(_FRAME).split())
    return all(" ".join(part.split()) in text for part in parts)

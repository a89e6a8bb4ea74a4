"""What a worker is told to do, from the command line and the settings."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casparian.core.publishing.manifest import STAGING
from casparian.core.settings import home
from casparian.core.sinks.errors import SinkError, disk_error
from casparian.core.sinks.uri import SinkKind, parse_sink
from casparian.core.worker.guest_world import resource_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from casparian.core.settings import Value


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works. Times are seconds; a timeout of None is no limit.

    ``root`` is the folder that sets are published below, and staged in; with a ``database`` rows go
    there instead, and ``root`` is its folder. ``parser`` limits the worker to one parser's jobs;
    with ``drain`` it ends once there is nothing left to do, after ``max_jobs`` in any case. Each
    slot keeps ``warm_guests`` parsers loaded, and a fork of one serves up to ``reuse`` jobs.
    """

    store: str
    root: Path
    database: Path | None = None
    home: Path = field(default_factory=home)
    concurrency: int = 1
    python: Path | None = None
    offline: bool = False
    parser: str | None = None
    drain: bool = False
    max_jobs: int | None = None
    heartbeat_interval: float = 60.0
    stale_after: float = 300.0
    job_timeout: float | None = None
    drain_timeout: float = 30.0
    quarantine_threshold: float = 0.5
    max_quarantine_rows: int = 10_000
    lineage: bool = True
    pass_env: tuple[str, ...] = ()
    resource_limits: Mapping[str, int] = field(default_factory=dict)
    warm_guests: int = 0
    warm_memory_limit: int | None = None
    reuse: int = 1

    @property
    def lease_ms(self) -> int:
        """How long a lease lasts without a heartbeat."""
        return round(self.stale_after * 1000)


def options_of(settings: Mapping[str, Value], *, cold: bool = False, **given: Any) -> WorkerOptions:
    """Return the options that the settings say; ``given`` are those that have no setting.

    ``cold``: no parser is kept loaded.

    Raises SinkError if the output root makes no sense.
    """
    values = {key: setting.value for key, setting in settings.items()}
    root, database = output_root(values["output"])
    if values["heartbeat_interval"] >= values["stale_after"]:
        raise SinkError(
            f"a heartbeat every {values['heartbeat_interval']:g} s can't keep a job that is stale "
            f"after {values['stale_after']:g} s",
            hint="set heartbeat_interval to a third of stale_after, or less",
        )
    return WorkerOptions(
        store=str(values["store"]),
        root=root,
        database=database,
        concurrency=values["concurrency"],
        offline=values["offline"],
        heartbeat_interval=values["heartbeat_interval"],
        stale_after=values["stale_after"],
        job_timeout=values["job_timeout"] or None,
        drain_timeout=values["drain_timeout"],
        quarantine_threshold=values["quarantine_threshold"],
        max_quarantine_rows=values["max_quarantine_rows"],
        lineage=values["lineage"],
        pass_env=values["pass_env"],
        resource_limits=resource_limits(values),
        warm_guests=0 if cold else values["warm_guests"],
        warm_memory_limit=values["warm_memory_limit"] or None,
        **given,
    )


def check_root(root: Path, *, is_used: Callable[[Path], bool]) -> None:
    """Make an output root, and see whether one may write there, before jobs fail for want of it.

    One that ``is_used`` and has nothing in it is not made anew: what is there is the folder on
    which its disk is to be mounted. Raises SinkError.
    """
    staging = root / STAGING
    try:
        if not (root.is_dir() and any(root.iterdir())) and is_used(root):
            raise SinkError(
                f"the output root {root} is not there now, or empty, though sets of jobs are in it",
                hint="bring it back (is its disk mounted?); if it is gone for good: "
                f"mkdir -p {staging}",
                path=root,
            )
        staging.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=staging):
            pass
    except OSError as error:
        raise disk_error(staging, error) from error


def output_root(text: str) -> tuple[Path, Path | None]:
    """Return the folder of an output root, and its database if it is one.

    Raises SinkError.
    """
    if "://" not in text:
        return Path(text).expanduser().absolute(), None
    uri = parse_sink(text, default_dir=home() / "outputs")
    if uri.kind is SinkKind.SQLITE:
        return uri.location.parent, uri.location
    if uri.kind is SinkKind.PARQUET:
        return uri.location, None
    raise SinkError(
        f"the output root can't be {text!r}",
        hint="name a folder, or a database: sqlite:///path; the parser chooses csv or jsonl",
    )

"""Claimed jobs as tasks for runners."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from casparian.core.bundles import BundleCorruptError
from casparian.core.publishing.manifest import place_text
from casparian.core.publishing.replaced import check_reach, database_place
from casparian.core.sinks.errors import DISK_FULL, SinkError
from casparian.core.worker.failures import failed
from casparian.core.worker.job_logs import log_name
from casparian.core.worker.messages import Task

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.parsers import ToRun
    from casparian.core.stores.store import Store
    from casparian.core.worker.bundle_cache import BundleCache, CachedBundle
    from casparian.core.worker.messages import JobFailed
    from casparian.core.worker.options import WorkerOptions

#: Bundles of which a task is kept that lacks but its job.
_KNOWN: Final = 64
_HINTS: Final = {
    "disk_full": "free some space where $CASPARIAN_HOME is",
    "environment_error": "is $CASPARIAN_HOME there, and may the worker write in it?",
}


class Tasks:
    """Makes tasks; what is the same for all jobs of a bundle is put together once.

    Whether the bundle is still what it was is asked for each job all the same: its parser may be
    removed meanwhile, and registered again, and its files be swept.
    """

    def __init__(self, store: Store, bundles: BundleCache, options: WorkerOptions) -> None:
        self._store = store
        self._bundles = bundles
        self._options = options
        self._of_bundle = lru_cache(maxsize=_KNOWN)(self._put_together)

    def make(self, job: Job) -> Task | JobFailed:
        """Return what a runner is to do for a claimed job, or why it can't be done.

        Its bundle may be gone, or a set out of reach that it is to replace.

        Raises StoreUnreachableError.
        """
        options = self._options
        try:
            parser = self._store.parsers.to_run(job.source_hash)
            if parser is None:
                raise BundleCorruptError(
                    f"the bundle of {job.parser} {job.parser_version} is not in the store any more",
                    hint="register the parser again, and enqueue",
                )
            bundle = self._bundles.get(job.source_hash)
        except BundleCorruptError as error:
            return failed("bundle_corrupt", error.message, hint=error.hint)
        except OSError as error:
            # Its disk may be full, or not be there: another worker's isn't the same.
            kind = "disk_full" if error.errno in DISK_FULL else "environment_error"
            return failed(kind, f"the bundle can't be unpacked: {error}", hint=_HINTS[kind])
        try:
            place = place_of_job(job, options)
            check_reach(self._store.jobs.would_replace(job.job_id, place))
        except SinkError as error:
            return failed("sink_error", error.message, hint=error.hint)
        known = self._of_bundle(job.source_hash, job.parser, job.parser_version, parser, bundle)
        return known._replace(
            job_id=job.job_id,
            fence=job.fence,
            input_path=job.input_path,
            input_hash=job.input_hash,
            log=log_name(options.home, job),
        )

    def _put_together(
        self, source_hash: str, name: str, version: str, parser: ToRun, bundle: CachedBundle
    ) -> Task:
        """Return all that a runner needs to know of a bundle's jobs: a task without its job."""
        options = self._options
        return Task(
            job_id="",
            fence=0,
            parser=name,
            parser_version=version,
            source_hash=source_hash,
            entrypoint=parser.entrypoint,
            contract=parser.contract,
            contract_hash=parser.contract_hash,
            input_path="",
            input_hash="",
            bundle=str(bundle.archive),
            project=str(bundle.project),
            log="",
            root=str(options.root),
            database=None if options.database is None else str(options.database),
            python=None if options.python is None else str(options.python),
            home=str(options.home),
            offline=options.offline,
            timeout=options.job_timeout,
            quarantine_threshold=options.quarantine_threshold,
            max_quarantine_rows=options.max_quarantine_rows,
            lineage=options.lineage,
            pass_env=options.pass_env,
            resource_limits=options.resource_limits,
            warm_guests=options.warm_guests,
            warm_memory_limit=options.warm_memory_limit,
            reuse=options.reuse,
        )


def place_of_job(job: Job, options: WorkerOptions) -> str:
    """Return where a job's set is to be, as the store has it."""
    if options.database is not None:
        return database_place(options.database)
    return place_text(options.root, job.parser, job.parser_version, job.job_id)

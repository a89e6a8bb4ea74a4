"""A claimed job as a task for a runner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.bundles import BundleCorruptError
from casparian.core.publishing.manifest import published_place
from casparian.core.publishing.replaced import check_reach, database_place
from casparian.core.sinks.errors import SinkError
from casparian.core.worker.failures import failed
from casparian.core.worker.job_logs import log_path
from casparian.core.worker.messages import Task

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.parsers import StoredParser
    from casparian.core.stores.store import Store
    from casparian.core.worker.bundle_cache import BundleCache, CachedBundle
    from casparian.core.worker.messages import JobFailed
    from casparian.core.worker.options import WorkerOptions


def make_task(
    job: Job, store: Store, bundles: BundleCache, options: WorkerOptions
) -> Task | JobFailed:
    """Return what a runner is to do for a claimed job, or why it can't be done.

    Its bundle may be gone, or a set out of reach that it is to replace.

    Raises StoreUnreachableError.
    """
    try:
        parser = store.parsers.get(job.source_hash)
        if parser is None:
            raise BundleCorruptError(
                f"the bundle of {job.parser} {job.parser_version} is not in the store any more",
                hint="register the parser again, and enqueue",
            )
        bundle = bundles.get(job.source_hash)
    except BundleCorruptError as error:
        return failed("bundle_corrupt", error.message, hint=error.hint)
    except OSError as error:
        return failed("disk_full", f"the bundle can't be unpacked: {error}")
    try:
        check_reach(store.jobs.would_replace(job.job_id, place_of_job(job, options)))
    except SinkError as error:
        return failed("sink_error", error.message, hint=error.hint)
    return _task_of(job, parser, bundle, options)


def _task_of(
    job: Job,
    parser: StoredParser,
    bundle: CachedBundle,
    options: WorkerOptions,
) -> Task:
    """Return all that a runner needs to know of a job."""
    return Task(
        job_id=job.job_id,
        fence=job.fence,
        parser=job.parser,
        parser_version=job.parser_version,
        source_hash=job.source_hash,
        entrypoint=parser.entrypoint,
        contract=parser.contract,
        contract_hash=parser.contract_hash,
        input_path=job.input_path,
        input_hash=job.input_hash,
        bundle=str(bundle.archive),
        project=str(bundle.project),
        log=str(log_path(options.home, job)),
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
    return str(published_place(options.root, job.parser, job.parser_version, job.job_id))

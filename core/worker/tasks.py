"""A claimed job as a task for a runner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from casparian.core.bundles import BundleCorruptError
from casparian.core.publishing.manifest import published_place
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
    """Return what a runner is to do for a claimed job, or why its bundle can't be had.

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
    replaced = None if job.replaces is None else store.jobs.get(job.replaces)
    return _task_of(job, parser, bundle, options, replaced=replaced)


def _task_of(
    job: Job,
    parser: StoredParser,
    bundle: CachedBundle,
    options: WorkerOptions,
    *,
    replaced: Job | None,
) -> Task:
    """Return all that a runner needs to know of a job, and of the job whose set it replaces."""
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
        replaces=None if replaced is None else replaced.job_id,
        replaces_place=None if replaced is None else _place(replaced),
    )


def _place(job: Job) -> str:
    """Return where a job's set is, relative to the output root."""
    return str(published_place(Path(), job.parser, job.parser_version, job.job_id))

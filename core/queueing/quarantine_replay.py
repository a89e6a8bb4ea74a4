"""Quarantined rows get another chance: their input is parsed anew by the current bundle."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.queueing.hashing import hash_file
from casparian.core.queueing.problems import FileProblem
from casparian.core.stores.errors import StoreError, UnknownParserError
from casparian.core.stores.states import why_not

if TYPE_CHECKING:
    from casparian.core.stores.jobs import Job
    from casparian.core.stores.store import Store


@dataclass(frozen=True, slots=True)
class Replayed:
    """A new job was queued, whose set is to replace that of ``replaces``.

    That is the job that was asked for, or the one that has replaced it since.
    """

    job_id: str
    replaces: str
    parser_version: str
    same_bundle: bool
    same_input: bool


def replay_quarantine(store: Store, job: Job) -> Replayed:
    """Queue a job's input again, as it is now, for the parser's current bundle.

    Raises:
        StoreError: the job, or its replacement, has not ended, or has nothing in quarantine.
        UnknownParserError: the parser is not registered any more.
    """
    standing = job
    while standing.replaced_by is not None:
        newer = store.jobs.get(standing.replaced_by)
        if newer is None:
            break  # the store says what that means
        standing = newer
    if reason := why_not("replace", standing.status):
        raise StoreError(f"job {standing.job_id} can't be replayed: {reason}")
    if not store.quarantine.counts([standing.job_id])[standing.job_id]:
        replaced = "" if standing is job else f" (it has replaced job {job.job_id})"
        raise StoreError(
            f"job {standing.job_id}{replaced} has no rows in quarantine: there is nothing to "
            "recover",
            hint=f"to run it again anyway: casparian job requeue {standing.job_id}",
        )
    parser = store.parsers.latest(job.parser)
    if parser is None:
        raise UnknownParserError(
            f"the parser {job.parser!r} is not registered any more",
            hint="casparian parser register FOLDER",
        )
    found = hash_file(job.input_path, threading.Event(), lambda _: None)
    if isinstance(found, FileProblem):
        raise StoreError(
            f"{job.input_path}: {found.message}", hint="put it back, and replay once more"
        )
    new = store.jobs.replace(
        job.job_id,
        source_hash=parser.source_hash,
        parser_version=parser.version,
        input_hash=found.sha256,
        input_size=found.identity.size,
    )
    made = None if new is None else store.jobs.get(new)
    if made is None or made.replaces is None:
        raise StoreError(f"job {job.job_id} has been changed by somebody else meanwhile")
    return Replayed(
        job_id=made.job_id,
        replaces=made.replaces,
        parser_version=parser.version,
        same_bundle=parser.source_hash == standing.source_hash,
        same_input=found.sha256 == standing.input_hash,
    )

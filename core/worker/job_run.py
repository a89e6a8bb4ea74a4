"""One job in its runner: from the bundle and the input to a staged set, or a failure."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.contract.parse import parse_outputs
from casparian.core.errors import CasparianError
from casparian.core.events import Batch, Hello, Log, Progress
from casparian.core.execution import Execution
from casparian.core.guest import ColdGuests, GuestSpec
from casparian.core.known_paths import known_path
from casparian.core.lineage import Lineage
from casparian.core.logs import Callback, File, open_destination
from casparian.core.outputs import OutputSet
from casparian.core.publishing.fault_points import reached
from casparian.core.publishing.manifest import (
    MANIFEST,
    REASONS,
    SET,
    STAGING,
    Manifest,
    StagedOutput,
    staging_text,
)
from casparian.core.publishing.publish import database_loads
from casparian.core.sinks.errors import DISK_FULL, SinkError, storing
from casparian.core.sinks.staged import StagedSinks
from casparian.core.sinks.temporary import sync_changed_folder, sync_file, sync_folder
from casparian.core.small_files import read_small, write_small
from casparian.core.validation import QuarantineLimits
from casparian.core.worker import messages
from casparian.core.worker.failures import MORE_TIME, failed, failure_of
from casparian.core.worker.guest_world import own_guest_environment
from casparian.core.worker.input_check import InputCheck, NoPlainFileError
from casparian.core.worker.memory import check_memory
from casparian.core.worker.messages import JobFailed, Staged, Stopped
from casparian.core.worker.rejected_rows import RejectedRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.cancel import CancelToken
    from casparian.core.contract.model import Contract
    from casparian.core.events import Event
    from casparian.core.guest import GuestSource
    from casparian.core.worker.messages import Task

#: Progress is told at most this often (seconds).
_PROGRESS_EVERY: Final = 1.0


@lru_cache(maxsize=16)
def _contract(text: str, parser: str) -> Contract:
    """Read a contract: the same one for each job of a bundle."""
    return parse_outputs(json.loads(text)["outputs"], parser_name=parser, where="contract")


class JobRun:
    """Runs one task to its end; nothing of it is visible before it is promoted and published.

    Args:
        task: the job.
        cancel: ends it.
        on_progress: is told how far it is, at most once a second.
        python_of: gives the interpreter; told of uv's lines by its argument.
        guests: where the guest comes from.
    """

    def __init__(
        self,
        task: Task,
        cancel: CancelToken,
        *,
        on_progress: Callable[[messages.Progress], None],
        python_of: Callable[[Task, Callable[[str], None]], Path],
        guests: GuestSource | None = None,
    ) -> None:
        self._task = task
        self._cancel = cancel
        self._on_progress = on_progress
        self._python_of = python_of
        self._guests = guests or ColdGuests()
        self._root = known_path(task.root)
        self._staging = staging_text(self._root, task.job_id, task.fence)
        self._set = f"{self._staging}/{SET}"
        self._write_log: Callable[[Log], None] = lambda _: None
        self._told_at = 0.0

    def run(self) -> Staged | JobFailed | Stopped:
        """Run the job; whatever goes wrong is the answer, too."""
        try:
            with open_destination(File(self._task.log)) as self._write_log:
                return self._logged(self._guarded())
        except OSError as error:
            return failed(
                "disk_full" if error.errno in DISK_FULL else "log_unwritable",
                f"{self._task.log}: the log can't be written: {error.strerror}",
                hint="free some space there, or make it writable; $CASPARIAN_HOME says where it is",
            )

    def _guarded(self) -> Staged | JobFailed | Stopped:
        try:
            return self._run()
        except SinkError as error:
            kind = "disk_full" if error.retryable else "sink_error"
            return failed(kind, error.message, hint=error.hint)
        except MemoryError as error:
            return failed("memory_limit", f"the runner is out of memory: {error}")
        except CasparianError as error:
            return failed("internal_error", error.message, hint=error.hint)

    def _run(self) -> Staged | JobFailed | Stopped:
        task = self._task
        self._say(f"job {task.job_id}.{task.fence}: {task.parser} {task.parser_version}")
        self._say(f"input {task.input_path}")
        if (corrupt := self._corrupt_bundle()) is not None:
            return corrupt
        try:
            check = InputCheck(task.input_path, task.input_hash)
        except OSError as error:
            return failed(
                "input_missing",
                f"{task.input_path}: it can't be read: {error.strerror}",
                hint="put it back, or make it readable, and requeue the job",
            )
        except NoPlainFileError as error:
            return failed(
                "input_replaced",
                f"{task.input_path}: it is not what was queued: {error}",
                hint="put the file back, and requeue the job",
            )
        try:
            python = self._python()
            if isinstance(python, JobFailed):
                return python
            return self._execute(python, check)
        finally:
            check.stop()

    def _corrupt_bundle(self) -> JobFailed | None:
        task = self._task
        try:
            found = hashlib.sha256(read_small(task.bundle)).hexdigest()
        except OSError as error:
            found = f"unreadable: {error.strerror}"
        if found == task.source_hash:
            return None
        return failed(
            "bundle_corrupt",
            f"the bundle of {task.parser} {task.parser_version} is not what its hash says",
            hint=f"register it again: casparian parser register … --force ({found[:12]})",
        )

    def _python(self) -> Path | JobFailed:
        if self._task.python is not None:
            return known_path(self._task.python)
        from casparian.core.environments import EnvironmentFailedError

        try:
            return self._python_of(self._task, self._say)
        except EnvironmentFailedError as error:
            kind = "network_error" if error.transient else "environment_error"
            return failed(kind, error.message, hint=error.hint)

    def _execute(self, python: Path, check: InputCheck) -> Staged | JobFailed | Stopped:
        task = self._task
        self._say(f"python {python}")
        with storing(self._staging):
            try:
                self._make_staging()
            except FileNotFoundError:
                # Its worker has made the root's staging folder: the root has gone since.
                return failed(
                    "output_missing",
                    f"the output root {self._root} is not there now, or empty",
                    hint="bring it back (is its disk mounted?); if it is gone for good: "
                    f"mkdir -p {self._root}/{STAGING}",
                )
            os.mkdir(self._set)  # noqa: PTH102 - for each job
        spec = GuestSpec(
            python=python,
            input_path=Path(task.input_path),
            archive=known_path(task.bundle),
            entrypoint=task.entrypoint,
            job_id=task.job_id,
            env=own_guest_environment(task.pass_env),
            private=True,
            resource_limits=task.resource_limits,
        )
        config = BridgeConfig(
            spec,
            Callback(self._write_log),
            source=self._guests,
            timeout=task.timeout,
            timeout_hint=MORE_TIME,
            cancel=self._cancel,
        )
        rejected = RejectedRows(f"{self._staging}/{REASONS}")
        try:
            events = execute_bridge(config)
        except OSError as problem:
            if problem.errno in DISK_FULL:
                return failed("disk_full", f"the parser's Python has no room to start: {problem}")
            return failed("environment_error", f"{python} can't be started: {problem}")
        with (
            closing(events),
            OutputSet(
                open_sinks=self._open_sinks,
                limits=QuarantineLimits(task.quarantine_threshold, task.max_quarantine_rows),
                lineage=self._lineage(),
                on_rejected=rejected.add,
            ) as outputs,
        ):
            execution = Execution(outputs, self._contract, on_event=self._take)
            error, status = execution.run(events)
            if status == "cancelled" or self._cancel.cancelled:
                return Stopped()
            outputs.discard(keep_quarantine=False)
            changed = check.problem()  # what a parser says of a file that changed means nothing
            if changed is not None:
                return changed
            if error is not None:
                failure = failure_of(error, broken=execution.broken, exit_code=execution.exit_code)
                return replace(failure, quarantined=outputs.rows_quarantined)
            return self._stage(outputs.counts())

    def _make_staging(self) -> None:
        try:
            os.mkdir(self._staging)  # noqa: PTH102 - for each job
        except FileExistsError:
            shutil.rmtree(self._staging, ignore_errors=True)
            os.mkdir(self._staging)  # noqa: PTH102 - as above

    def _open_sinks(self, hello: Hello) -> StagedSinks:
        self._sinks = StagedSinks(
            self._set,
            default=hello.sink,
            into_database=self._task.database is not None,
        )
        return self._sinks

    def _lineage(self) -> Lineage:
        task = self._task
        return Lineage(
            task.job_id,
            task.source_hash,
            task.parser_version,
            columns=task.lineage,
            metadata={
                "casparian.job_id": task.job_id,
                "casparian.source_hash": task.source_hash,
                "casparian.input": task.input_path,
                "casparian.input_hash": task.input_hash,
            },
        )

    def _contract(self, hello: Hello) -> Contract | None:
        if self._task.contract is None:
            return None
        return _contract(self._task.contract, hello.parser)

    def _take(self, event: Event) -> None:
        if isinstance(event, Batch):
            check_memory(event.nbytes)
        elif isinstance(event, Progress):
            now = time.monotonic()
            if now - self._told_at >= _PROGRESS_EVERY:
                self._told_at = now
                total = None if event.total is None else round(event.total)
                self._on_progress(messages.Progress(round(event.done), total))

    def _stage(self, counts: list[tuple[str, int, int]]) -> Staged:
        """Write the manifest, and see to it that the whole set is on the disk."""
        reached("rows staged")
        folder = self._set
        manifest = self._manifest(counts)
        if manifest.database is not None:
            from casparian.core.sinks.promotions import check_loads

            check_loads(Path(manifest.database), database_loads(manifest))
        for note in self._sinks.notes:
            self._write_log(Log("warning", note))
        text = manifest.as_json()
        with storing(self._staging):
            write_small(f"{folder}/{MANIFEST}", text.encode())
            reached("manifest written")
            # All at once, when nothing more is to be written: a file system that keeps a journal
            # commits all of it with the first.
            for file in self._sinks.published:
                sync_file(file)
            sync_file(f"{folder}/{MANIFEST}")
            if manifest.quarantined:
                sync_file(f"{self._staging}/{REASONS}")
        for place in (folder, self._staging, f"{self._root}/{STAGING}"):
            sync_folder(place)
        sync_changed_folder(self._root)
        reached("set synced")
        self._say(f"staged {manifest.rows:,} rows, {manifest.quarantined:,} quarantined")
        return Staged(text, manifest.rows, manifest.quarantined)

    def _manifest(self, counts: list[tuple[str, int, int]]) -> Manifest:
        task = self._task
        staged = []
        for name, rows, quarantined in counts:
            target = self._sinks.writers[name].target
            staged.append(
                StagedOutput(
                    name,
                    rows,
                    quarantined,
                    self._file(target.place),
                    self._file(target.quarantine_place),
                    self._sinks.tables.get(name),
                )
            )
        return Manifest(
            task.job_id,
            task.fence,
            task.parser,
            task.parser_version,
            task.source_hash,
            task.contract_hash,
            task.input_path,
            task.input_hash,
            task.root,
            tuple(staged),
            task.database,
        )

    def _file(self, place: str | None) -> str | None:
        """Return the name of a staged file; None if it is not there."""
        if place is None or place not in self._sinks.published:
            return None
        return place.removeprefix(f"{self._set}/")

    def _say(self, line: str) -> None:
        self._write_log(Log("info", f"casparian: {line}"))

    def _logged(self, answer: Staged | JobFailed | Stopped) -> Staged | JobFailed | Stopped:
        if isinstance(answer, JobFailed):
            text = str(answer.details.get("text", ""))
            for line in text.splitlines():
                self._write_log(Log("error", line))
            self._write_log(Log("error", f"{answer.error_class}: {answer.message}"))
            if answer.hint:
                self._write_log(Log("error", f"try: {answer.hint}"))
        elif isinstance(answer, Stopped):
            self._say("ended, because it was asked for")
        return answer

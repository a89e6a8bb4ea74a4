"""The moment a run becomes visible: databases loaded, files renamed, or everything as it was.

Publishers into the same folder take turns, by a lock on the folder itself, so that the output of
one run never stands beside the quarantine of another. A file that is replaced stays under a hidden
name until all is done, and comes back if a later step fails. What cannot be had without a journal:
a machine that dies between two renames leaves some outputs of the run new and some old, each of
them whole.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.sinks.errors import SinkError, disk_error
from casparian.core.sinks.sqlite import Load, Transaction
from casparian.core.sinks.temporary import discard, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

LOCK_SECONDS = 60.0
"""How long to wait for another run that publishes into the same folder."""


@dataclass(frozen=True, slots=True)
class Change:
    """``target`` becomes the file now at ``new``, or goes away if that is None.

    ``free_name`` is one in the same folder, for the file that was there.
    """

    target: Path
    new: Path | None
    free_name: str

    @property
    def backup(self) -> Path:
        """Where the file that was there is, until all is done."""
        return self.target.with_name(self.free_name)


@dataclass(frozen=True, slots=True)
class Ready:
    """All that one output has to do to become visible."""

    changes: tuple[Change, ...] = ()
    database: Path | None = None
    loads: tuple[Load, ...] = ()


def publish(outputs: Sequence[Ready]) -> None:
    """Make all outputs visible, or none of them."""
    # Whether there is something to remove is asked again once the folder is locked.
    changes = [
        change
        for output in outputs
        for change in output.changes
        if change.new is not None or change.target.parent.is_dir()
    ]
    databases = {
        output.database: None
        for output in outputs
        if output.database is not None
        and (
            os.access(output.database, os.F_OK)
            or any(load.schema is not None for load in output.loads)
        )
    }
    folders = {change.target.parent for change in changes}
    for database in databases:
        if not database.parent.is_dir():
            try:
                database.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise disk_error(database, error) from error
        folders.add(database.parent)
    with _locked(sorted(folders)) as alone:
        transactions: list[Transaction] = []
        renames = _Renames()
        try:
            for database in databases:
                transaction = Transaction(database)
                transactions.append(transaction)
                for output in outputs:
                    if output.database == database:
                        for load in output.loads:
                            transaction.load(load)
            for change in changes:
                renames.apply(change)
            while transactions:
                transactions[0].commit()
                transactions.pop(0)
        except BaseException:
            renames.undo()
            for transaction in transactions:
                transaction.roll_back(alone=alone)
            raise
        for folder in folders:
            sync_folder(folder)
        renames.forget()


class _Renames:
    """Renames that can be undone until they are forgotten."""

    def __init__(self) -> None:
        self._done: list[tuple[Change, bool]] = []  # with whether there was a file before

    def apply(self, change: Change) -> None:
        try:
            before = os.path.lexists(change.target)
            if before:
                self._keep(change)
            self._done.append((change, before))
            if change.new is not None:
                change.new.replace(change.target)
        except OSError as error:
            raise disk_error(change.target, error) from error

    def undo(self) -> None:
        """Put everything back, new files under their temporary names."""
        for change, before in reversed(self._done):
            try:
                if change.new is not None and not change.new.exists():
                    change.target.rename(change.new)
                if before:
                    change.backup.replace(change.target)
                    discard(change.backup)  # two names of one file: replacing did nothing
            except OSError:
                pass  # the error that led here is the one to report
        self._done.clear()

    def forget(self) -> None:
        """It is done: the old files go."""
        for change, _ in self._done:
            discard(change.backup)
        self._done.clear()

    def _keep(self, change: Change) -> None:
        if change.new is not None and not change.target.is_symlink():
            try:
                # A second name, so that readers find the old file until the very moment of the new
                # one.
                os.link(change.target, change.backup)
                return
            except OSError:
                pass  # a file system without hard links
        change.target.rename(change.backup)


@contextmanager
def _locked(folders: Sequence[Path]) -> Iterator[bool]:
    """Hold the folders' locks; gives whether all could be had (some network folders have none)."""
    import fcntl

    held: list[int] = []
    alone = True
    deadline = time.monotonic() + LOCK_SECONDS
    try:
        for folder in folders:
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            held.append(descriptor)
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise SinkError(
                            f"another run has been publishing into {folder} for "
                            f"{LOCK_SECONDS:.0f} s",
                            hint="wait for it to end, and run again",
                            path=folder,
                            retryable=True,
                        ) from None
                    time.sleep(0.01)
                except OSError:
                    alone = False
                    break
        yield alone
    except OSError as error:
        raise disk_error(folders[0], error) from error
    finally:
        for descriptor in held:
            os.close(descriptor)

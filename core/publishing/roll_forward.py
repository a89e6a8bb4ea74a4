"""Publishing on the disk: look, decide, do one step, until the set is at its place.

May be called again after a crash at any moment, and by several processes at once.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError
from casparian.core.publishing.exchange import ExchangeUnsupported, exchange
from casparian.core.publishing.manifest import MANIFEST, SET, Manifest, ManifestError
from casparian.core.publishing.steps import (
    Claim,
    OnDisk,
    Published,
    Put,
    Step,
    Superseded,
    TakeOut,
    Vanished,
    next_step,
)
from casparian.core.sinks.errors import SinkError, disk_error
from casparian.core.sinks.temporary import sync_folder

from .fault_points import reached

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Others who publish the same set take a step each time this one finds its own undone.
_MOST_STEPS: Final = 1_000
_REPLACED: Final = "replaced"


class SetVanished(CasparianError):
    """A staged set that is to be published is not there any more."""


def roll_forward(manifest: Manifest) -> bool:
    """Publish a staged set; False if a newer set of the same job is there already.

    Raises:
        SetVanished: somebody removed it.
        SinkError: the disk refuses; nothing is lost, and it may be tried again.
    """
    publisher = Publisher(manifest)
    try:
        for _ in range(_MOST_STEPS):
            step = publisher.decide(publisher.look())
            if isinstance(step, Published | Superseded):
                return isinstance(step, Published)
            if isinstance(step, Vanished):
                raise SetVanished(
                    f"the staged set of job {manifest.job_id} is gone: {manifest.staging}",
                    hint=f"requeue the job: casparian job requeue {manifest.job_id}",
                )
            publisher.do(step)
    except OSError as error:
        raise disk_error(manifest.place, error) from error
    raise SinkError(
        f"{manifest.place}: others keep moving what is to be published",
        path=manifest.place,
        retryable=True,
    )


class Publisher:
    """One who publishes a set: what it sees, decides, and does."""

    def __init__(self, manifest: Manifest, *, name: str | None = None) -> None:
        self._manifest = manifest
        self._own_name = f"{SET}.{name or secrets.token_hex(4)}"
        root = manifest.staging.parent.parent
        self._replaced = None if manifest.replaces_place is None else root / manifest.replaces_place

    def look(self) -> OnDisk:
        """See what is on the disk now."""
        manifest = self._manifest
        staged: dict[str, int] = {}
        try:
            names = os.listdir(manifest.staging)  # noqa: PTH208 - names are what is wanted
        except FileNotFoundError:
            names = []
        for name in names:
            if name == SET or name.startswith(f"{SET}."):
                fence = fence_of(manifest.staging / name, manifest.job_id)
                if fence is not None:
                    staged[name] = fence
        replaced = self._replaced is not None and self._replaced.is_dir()
        return OnDisk(staged, fence_of(manifest.place, manifest.job_id), replaced)

    def decide(self, disk: OnDisk) -> Step:
        """Say what is to be done next."""
        return next_step(self._manifest.fence, disk, own_name=self._own_name)

    def do(self, step: Step) -> None:
        """Do one step; that somebody else was quicker is no error."""
        try:
            if isinstance(step, TakeOut):
                self._take_out()
            elif isinstance(step, Claim):
                self._claim(step.name)
            elif isinstance(step, Put):
                self._put(exchanging=step.exchange)
        except FileNotFoundError:
            # Whoever was quicker moved it; looking again tells where it is.
            return

    def _take_out(self) -> None:
        assert self._replaced is not None
        self._replaced.rename(self._manifest.staging / f"{_REPLACED}.{self._own_name}")
        sync_folder(self._replaced.parent)
        reached("replaced set taken out")

    def _claim(self, name: str) -> None:
        staging = self._manifest.staging
        (staging / name).rename(staging / self._own_name)
        reached("staged set claimed")

    def _put(self, *, exchanging: bool) -> None:
        place = self._manifest.place
        claimed = self._manifest.staging / self._own_name
        place.parent.mkdir(parents=True, exist_ok=True)
        if exchanging:
            try:
                exchange(claimed, place)
            except ExchangeUnsupported:
                self._change_places(claimed)
        else:
            try:
                claimed.rename(place)
            except OSError:
                if place.is_dir():
                    return  # another set came there meanwhile: look again
                raise
        reached("set put at its place")
        for folder in (place.parent, place.parent.parent, place.parent.parent.parent):
            sync_folder(folder)
        sync_folder(self._manifest.staging)
        reached("place synced")

    def _change_places(self, claimed: Path) -> None:
        """Two renames for one, with nobody else between them; readers may find nothing there."""
        with self._alone():
            manifest = self._manifest
            older = fence_of(manifest.place, manifest.job_id)
            if older is None or older >= manifest.fence or not claimed.is_dir():
                return
            aside = manifest.staging / f"old.{self._own_name}"
            manifest.place.rename(aside)
            reached("older set moved aside")
            claimed.rename(manifest.place)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self._manifest.staging.parent / ".lock"
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def fence_of(folder: Path, job_id: str) -> int | None:
    """Return the fence of a job's set in a folder; None if there is no set of that job."""
    try:
        manifest = Manifest.from_json((folder / MANIFEST).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ManifestError):
        return None
    return manifest.fence if manifest.job_id == job_id else None


def sweep_staging(manifest: Manifest) -> None:
    """Remove what is left of a set's staging folder, once its job is done."""
    shutil.rmtree(manifest.staging, ignore_errors=True)
    reached("staging swept")

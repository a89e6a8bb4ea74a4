"""Publishing on the disk: look, decide, do one step, until the set is at its place.

May be called again after a crash at any moment, and by several processes at once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError
from casparian.core.known_paths import known_path
from casparian.core.publishing.exchange import ExchangeUnsupported, exchange
from casparian.core.publishing.manifest import SET, STAGING, UnpublishableError
from casparian.core.publishing.replaced import (
    fence_of,
    is_there,
    make_room,
    sweep_replaced,
    take_out,
)
from casparian.core.publishing.steps import (
    Claim,
    OnDisk,
    Published,
    Put,
    Step,
    Superseded,
    TakeOut,
    Vanished,
    after,
    next_step,
)
from casparian.core.sinks.errors import SinkError, disk_error
from casparian.core.sinks.temporary import sync_changed_folder, sync_folder

from .fault_points import reached

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from casparian.core.publishing.manifest import Manifest
    from casparian.core.stores.standing_sets import StandingSet

#: Others who publish the same set take a step each time this one finds its own undone.
_MOST_STEPS: Final = 1_000


class SetVanished(CasparianError):
    """A staged set that is to be published is not there any more."""


def roll_forward(manifest: Manifest, replaced: Sequence[StandingSet] = ()) -> bool:
    """Publish a staged set in place of others; False if a newer one of the job is there already.

    Raises:
        SetVanished: somebody removed it.
        UnpublishableError: its place can't be; it may not be tried again.
        SinkError: the disk refuses, or the output root, or that of a replaced set, isn't there;
            nothing is lost, and it may be tried again.
    """
    publisher = Publisher(manifest, replaced)
    try:
        publisher.make_room()
        disk = publisher.look()
        for _ in range(_MOST_STEPS):
            step = publisher.decide(disk)
            if isinstance(step, Published | Superseded):
                sweep_replaced(replaced, manifest)
                return isinstance(step, Published)
            if isinstance(step, Vanished):
                raise SetVanished(
                    f"the staged set of job {manifest.job_id} is gone: {manifest.staging}",
                    hint=f"requeue the job: casparian job requeue {manifest.job_id}",
                )
            known = publisher.after(step, disk) if publisher.do(step) else None
            disk = publisher.look() if known is None else known
    except OSError as error:
        raise _refusal(manifest, error) from error
    raise SinkError(
        f"{manifest.place}: others keep moving what is to be published",
        path=manifest.place,
        retryable=True,
    )


class Publisher:
    """One who publishes a set: what it sees, decides, and does."""

    def __init__(
        self,
        manifest: Manifest,
        replaced: Sequence[StandingSet] = (),
        *,
        name: str | None = None,
    ) -> None:
        self._manifest = manifest
        self._place, self._staging = manifest.place_text, manifest.staging_text
        self._replaced = replaced
        self._own_name = f"{SET}.{name or secrets.token_hex(4)}"

    def make_room(self) -> None:
        """Make the folders that replaced sets are moved to, if there is anything to publish.

        And that which the set is put in: if it can't be made, nothing is to give way.
        """
        if self._replaced and Path(self._staging).is_dir():
            for one in self._replaced:
                if is_there(one):
                    if self._manifest.database is None:
                        self._make_version()
                    make_room(one, self._manifest)

    def look(self) -> OnDisk:
        """See what is on the disk now."""
        manifest = self._manifest
        staged: dict[str, int] = {}
        if fence_of(f"{self._staging}/{SET}", manifest.job_id) == manifest.fence:
            staged[SET] = manifest.fence  # nobody has claimed it: no other name matters
        else:
            staged = self._claimed()
        published = fence_of(self._place, manifest.job_id)
        if not staged and published is None:
            check_own_root(manifest)
        replaced = any(is_there(one) for one in self._replaced)
        return OnDisk(staged, published, replaced)

    def _claimed(self) -> dict[str, int]:
        try:
            names = os.listdir(self._staging)  # noqa: PTH208 - names are what is wanted
        except FileNotFoundError:
            return {}
        fences = {
            name: fence_of(f"{self._staging}/{name}", self._manifest.job_id)
            for name in names
            if name == SET or name.startswith(f"{SET}.")
        }
        return {name: fence for name, fence in fences.items() if fence is not None}

    def decide(self, disk: OnDisk) -> Step:
        """Say what is to be done next."""
        return next_step(self._manifest.fence, disk, own_name=self._own_name)

    def after(self, step: Step, disk: OnDisk) -> OnDisk | None:
        """Say what is on the disk after a step that was done; None if only a look can tell."""
        if self._replaced:
            return None
        return after(step, disk, self._manifest.fence, own_name=self._own_name)

    def do(self, step: Step) -> bool:
        """Do one step; False if somebody else was quicker, which is no error."""
        try:
            if isinstance(step, TakeOut):
                self._take_out()
            elif isinstance(step, Claim):
                self._claim(step.name)
            elif isinstance(step, Put):
                return self._put(exchanging=step.exchange)
        except FileNotFoundError:
            # Whoever was quicker moved it; looking again tells where it is.
            return False
        return True

    def _take_out(self) -> None:
        for one in self._replaced:
            if is_there(one):
                take_out(one, self._manifest, self._own_name)

    def _claim(self, name: str) -> None:
        os.rename(  # noqa: PTH104 - for each job
            f"{self._staging}/{name}", f"{self._staging}/{self._own_name}"
        )
        reached("staged set claimed")

    def _put(self, *, exchanging: bool) -> bool:
        place = self._place
        claimed = f"{self._staging}/{self._own_name}"
        if exchanging:
            try:
                exchange(claimed, place)
            except ExchangeUnsupported:
                self._change_places(claimed)
        else:
            try:
                self._rename(claimed)
            except OSError:
                if Path(place).is_dir():
                    return False  # another set came there meanwhile: look again
                raise
        reached("set put at its place")
        # One rename is whole or not at all, also after a crash: where it came from needs no sync.
        version = place.rpartition("/")[0]
        parser = version.rpartition("/")[0]
        sync_folder(version)
        for folder in (parser, known_path(self._manifest.root)):
            sync_changed_folder(folder)
        reached("place synced")
        return True

    def _rename(self, claimed: str) -> None:
        """Put a set where nothing is."""
        try:
            os.rename(claimed, self._place)  # noqa: PTH104 - for each job
        except FileNotFoundError:
            if not Path(claimed).is_dir():
                raise  # somebody else has it by now
            self._make_version()  # it is the first of its parser and version
            os.rename(claimed, self._place)  # noqa: PTH104 - as above

    def _make_version(self) -> None:
        Path(self._place).parent.mkdir(parents=True, exist_ok=True)

    def _change_places(self, claimed: str) -> None:
        """Two renames for one, with nobody else between them; readers may find nothing there."""
        with self._alone():
            manifest = self._manifest
            older = fence_of(manifest.place, manifest.job_id)
            if older is None or older >= manifest.fence or not Path(claimed).is_dir():
                return
            aside = manifest.staging / f"old.{self._own_name}"
            manifest.place.rename(aside)
            reached("older set moved aside")
            Path(claimed).rename(manifest.place)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self._manifest.staging.parent / ".lock"
        with lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _refusal(manifest: Manifest, error: OSError) -> SinkError:
    """Say what an error of the disk means for a set: most pass, once somebody has seen to them."""
    told = disk_error(manifest.place, error)
    if error.errno == errno.ENAMETOOLONG:
        return UnpublishableError(told.message, hint=told.hint, path=told.path)
    return told


def check_own_root(manifest: Manifest) -> None:
    """Refuse to say that a set is gone if its whole output root is: a disk may not be mounted.

    Every root that a worker has used has a staging folder. Raises SinkError.
    """
    staging = Path(manifest.root) / STAGING
    if not staging.is_dir():
        raise SinkError(
            f"the output root {manifest.root}, where the set of job {manifest.job_id} is staged, "
            "is not there now, or empty",
            hint="bring it back (is its disk mounted?), and the job goes on by itself; if it is "
            f"gone for good: mkdir -p {staging}; then the job fails, and can be requeued",
            path=Path(manifest.root),
            retryable=True,
        )


def take_out_all(sets: Sequence[StandingSet], manifest: Manifest) -> None:
    """Take out sets for one that is still staged, and is not published by `roll_forward`.

    Raises SinkError.
    """
    publisher = Publisher(manifest, sets)
    try:
        for _ in range(_MOST_STEPS):
            if not any(is_there(one) for one in sets):
                sweep_replaced(sets, manifest)
                return
            publisher.make_room()
            publisher.do(TakeOut())
    except OSError as error:
        raise disk_error(manifest.place, error) from error
    raise SinkError(
        f"{manifest.place}: others keep moving the sets that are to be replaced",
        path=manifest.place,
        retryable=True,
    )


def sweep_staging(staging: str) -> None:
    """Remove what is left of a set's staging folder, once its job is done."""
    try:
        os.rmdir(staging)  # noqa: PTH106 - for each job; as nearly always, nothing is left in it
    except OSError:
        shutil.rmtree(staging, ignore_errors=True)
    reached("staging swept")

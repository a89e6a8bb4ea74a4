"""The steps from a staged set to a published one, decided from what is on the disk alone.

Any number of processes may take them at once, be killed between any two, or sleep through what the
others do. Each step is one rename (or exchange) whose loser finds nothing to rename:

- A set is *claimed* by giving it a name of one's own. Whoever wakes late with an old claim finds
  that name gone.
- It is *put* where it belongs: by a rename if nothing is there, which fails once something is; by
  an exchange if an older set of the same job is there. After an exchange the old set has the
  claimed name. It tells by its manifest that it isn't the one to be put.
- The sets that it replaces are taken out first: readers may miss their rows for a moment, and never
  count them twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.publishing.manifest import SET

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What was found: fences by their manifests.

    ``staged`` maps names in the staging folder to the fence of the set there: all of them, or only
    the one that the next step needs. ``published`` is the fence of the set at its place, None if
    there is none. ``replaced`` says whether a set that is to be replaced is still there.
    """

    staged: Mapping[str, int]
    published: int | None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Move the replaced sets into the staging folder of their root."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Give the staged set a name of one's own."""

    name: str


@dataclass(frozen=True, slots=True)
class Put:
    """Move the claimed set to its place; ``exchange`` if an older one is there."""

    exchange: bool


@dataclass(frozen=True, slots=True)
class Published:
    """Nothing is left to do: the set is at its place."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer set of the same job is there: this one is nobody's any more."""


@dataclass(frozen=True, slots=True)
class Vanished:
    """The set is neither staged nor published: somebody removed it."""


Step = TakeOut | Claim | Put | Published | Superseded | Vanished


def next_step(fence: int, disk: OnDisk, *, own_name: str) -> Step:
    """Return what is to be done next for the set of this fence.

    ``own_name`` is the name by which the one who asks claims.
    """
    if disk.published is not None and disk.published > fence:
        return Superseded()
    if disk.published == fence:
        return TakeOut() if disk.replaced else Published()
    ours = [name for name, found in sorted(disk.staged.items()) if found == fence]
    if not ours:
        return Vanished()
    if disk.replaced:
        return TakeOut()
    if own_name not in ours:
        return Claim(ours[0])
    return Put(exchange=disk.published is not None)


def after(step: Step, disk: OnDisk, fence: int, *, own_name: str) -> OnDisk | None:
    """Return what is on the disk after a step that was done, as far as the next one needs it.

    None if only a look can tell. Where nothing older is, nothing is exchanged: what was claimed by
    the name that it was staged by is that set, and a rename that was done has put it at its place.
    What others do meanwhile the next step finds out, as it does after a look.
    """
    if disk.published is not None:
        return None
    if isinstance(step, Claim) and step.name == SET:
        return OnDisk({own_name: fence}, None)
    if isinstance(step, Put):
        return OnDisk({}, fence)
    return None

"""What a check of ``casparian doctor`` comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, what was found, and how to mend it.

    ``mend`` is empty exactly if the status is ``ok``.
    """

    id: str
    status: Status
    found: str
    mend: str = ""


def size(count: int) -> str:
    """A number of bytes as people read it."""
    for unit, scale in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count // 1024} KiB"

"""The one error of this package: a contract that can't be read, and where it goes wrong."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class ContractError(CasparianError):
    """A contract is wrong. The message begins with where: ``outputs.sales.total: …``.

    Of one that stands in a file, ``file`` and ``line`` are where, and ``source`` is that line.
    """

    file: Path | None = None
    line: int = 0
    source: str = ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?`` for the nearest known word, or an empty string."""
    spelled = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), spelled, n=1, cutoff=0.6)
    return f"did you mean {spelled[near[0]]!r}?" if near else ""

"""What a dev session is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """A parser that is being written, the files it is tried on, and how."""

    parser: Path | None = None
    """The parser's file; None: it is chosen later."""
    samples: tuple[Path, ...] = ()
    """The first one is shown, and run at the start."""
    python: Path | None = None
    """As ``--python``; None: chosen as ``casparian run`` does."""
    contract: Path | None = None
    """As ``--contract``; None: the parser's own."""
    timeout: float | None = None
    """Seconds that a run may take; None: no limit."""
    quarantine_threshold: float = 0.5
    max_quarantine_rows: int = 10_000
    is_cold: bool = False
    """Whether each run starts its Python anew; nothing is kept loaded."""
    watching: bool = True
    """Whether a save starts a run."""
    kept_runs: int = 50
    """Runs whose rows are kept, beside the newest of each sample."""
    kept_bytes: int = 4 * 10**9
    """Bytes that the kept runs may take together before the older ones go."""
    folder: Path | None = None
    """Where the session's private folder is made; None: where temporary files go."""


def plain(path: Path) -> Path:
    """Make a path absolute, without following links: it stays the name that a person knows."""
    import os

    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def each_once(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Make paths absolute; each is taken once, in the order given."""
    return tuple(dict.fromkeys(map(plain, paths)))

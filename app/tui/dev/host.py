"""What the Dev pane asks of whoever runs parsers: the session, or a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.core.dev_session.events import SessionEvent


class DevHost(Protocol):
    """Runs parsers, and tells of it; every call returns at once."""

    @property
    def store(self) -> str:
        """Where parsers are registered."""
        ...

    @property
    def read_only(self) -> bool:
        """Whether nothing may be registered there."""
        ...

    def start(self, on_event: Callable[[SessionEvent], None]) -> None:
        """Begin; ``on_event`` is called from other threads."""
        ...

    def show(self, sample: Path) -> None:
        """Say which sample is looked at: a save runs this one."""
        ...

    def run(self, sample: Path | None = None, *, first_rows: int | None = None) -> None:
        """Run a sample, by default the one that is looked at, or only its first rows."""
        ...

    def run_all(self) -> None:
        """Run every sample."""
        ...

    def cancel(self) -> None:
        """End what runs."""
        ...

    def pause_watching(self, paused: bool) -> None:
        """Let saves start no runs, or let them again."""
        ...

    def compare(self, before: int, after: int) -> None:
        """Ask what changed between two runs; the answer is an event."""
        ...

    def run_registered(self, name: str, sample: Path) -> None:
        """Run what is registered under a parser's name; its result is an event.

        Unlike the others this reads the store: it is called on a thread that may wait.

        Raises:
            CasparianError: nothing is registered under that name, or it can't be unpacked.
        """
        ...

    def choose(self, parser: Path | None, samples: Sequence[Path]) -> None:
        """Take another parser, or other samples."""
        ...

    def remember(self, parser: Path, samples: Sequence[Path]) -> None:
        """Keep what was chosen for the next start; called on a thread that may wait.

        Raises:
            OSError: it can't be written.
        """
        ...

    def close(self) -> None:
        """End everything."""
        ...

"""The Dev pane's host in earnest: a `DevSession`, which runs parsers in children."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from casparian.core.dev_session.events import SessionEvent
    from casparian.core.dev_session.request import SessionRequest
    from casparian.core.dev_session.session import DevSession


class SessionHost:
    """See ``DevHost``; a session needs to know from its beginning who is told."""

    def __init__(self, request: SessionRequest, store: str, *, read_only: bool = False) -> None:
        self._request = request
        self._store = store
        self._read_only = read_only
        self._session: DevSession | None = None

    @property
    def store(self) -> str:
        """Where parsers are registered."""
        return self._store

    @property
    def read_only(self) -> bool:
        """Whether nothing may be registered there."""
        return self._read_only

    @property
    def session(self) -> DevSession:
        """The session, once it has begun."""
        assert self._session is not None, "start() comes first"
        return self._session

    def start(self, on_event: Callable[[SessionEvent], None]) -> None:
        """Begin."""
        from casparian.core.dev_session.session import DevSession  # it comes after the first paint

        self._session = DevSession(self._request, on_event)
        self._session.start()

    def show(self, sample: Path) -> None:
        """Say which sample is looked at."""
        self.session.show(sample)

    def run(self, sample: Path | None = None, *, first_rows: int | None = None) -> None:
        """Run a sample, or only its first rows."""
        self.session.run(sample, first_rows=first_rows)

    def run_all(self) -> None:
        """Run every sample."""
        self.session.run_all()

    def cancel(self) -> None:
        """End what runs."""
        self.session.cancel()

    def pause_watching(self, paused: bool) -> None:
        """Let saves start no runs, or let them again."""
        self.session.pause_watching(paused)

    def compare(self, before: int, after: int) -> None:
        """Ask what changed between two runs."""
        self.session.compare(before, after)

    def run_registered(self, name: str, sample: Path) -> None:
        """Run what is registered under a parser's name."""
        from casparian.core.bundles import extract  # most sessions don't ask for it
        from casparian.core.registry.known import Known, find_registered

        with Known(self._store) as known:
            found = find_registered(known.store, name)
            assert known.store is not None
            archive = known.store.parsers.archive(found.source_hash) or b""
        place = self.session.folder / f"registered-{found.source_hash}"
        if not place.exists():
            extract(archive, place)
        self.session.run_registered(place / found.entrypoint, sample)

    def choose(self, parser: Path | None, samples: Sequence[Path]) -> None:
        """Take another parser, or other samples."""
        if self._session is None:
            self._request = replace(self._request, parser=parser, samples=tuple(samples))
        else:
            self._session.choose(parser, tuple(samples))

    def remember(self, parser: Path, samples: Sequence[Path]) -> None:
        """Keep what was chosen for the next start."""
        from casparian.core.dev_session.remembered import remember

        remember(parser, tuple(samples))

    def close(self) -> None:
        """End everything."""
        if self._session is not None:
            self._session.close()

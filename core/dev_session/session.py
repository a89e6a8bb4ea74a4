"""A dev session as others see it: asked by method calls, answered by events."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from casparian.core.dev_session.loop import SessionLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from casparian.core.dev_session.events import SessionEvent
    from casparian.core.dev_session.history import History
    from casparian.core.dev_session.request import SessionRequest


class DevSession:
    """Runs a parser on samples while both are being worked on: any save starts a run.

    Every run is done by a child process and writes to the session's private folder, never where
    ``casparian run`` writes. The newest save wins: an older run is ended at once. No method waits
    for a run; what becomes of it is told by events.

    Args:
        request: what to work on.
        on_event: takes the events, one after the other, always in the same thread, which isn't the
            caller's. It must not block, and must not call :meth:`close`.

    Usable as a context manager, which starts and closes it.
    """

    def __init__(self, request: SessionRequest, on_event: Callable[[SessionEvent], None]) -> None:
        self._loop = SessionLoop(request, on_event)
        self._thread = threading.Thread(target=self._loop.run, name="dev-session", daemon=True)
        self._is_started = False

    def __enter__(self) -> DevSession:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def history(self) -> History:
        """The results that are kept. They are there before they are told of."""
        return self._loop.history

    @property
    def folder(self) -> Path:
        """The private folder; what is put there goes with the session."""
        return self._loop.folder

    def start(self) -> None:
        """Begin to watch, and run the first sample.

        Raises:
            SessionError: there is no room for the session's files.
        """
        try:
            self._loop.open()
        except BaseException:
            self._loop.close()
            raise
        self._is_started = True
        self._thread.start()

    def close(self) -> None:
        """End everything: when it returns, no process, thread or file of the session is left, and
        nothing more is told."""
        if self._is_started:
            self._loop.post(self._loop.end)
            self._thread.join()
        else:
            self._loop.close()

    def run(self, sample: Path | None = None, *, first_rows: int | None = None) -> None:
        """Run a sample now (None: the one that is shown), and show it: a change starts a run of
        the sample that is shown.

        After ``first_rows`` rows the parser is stopped; None: it runs to its end."""
        self._loop.post(lambda: self._loop.ask(sample, first_rows))

    def run_all(self) -> None:
        """Run all samples, one after the other, the one that is shown first."""
        self._loop.post(self._loop.ask_all)

    def run_registered(self, parser: Path, sample: Path) -> None:
        """Run another version of the parser, unpacked somewhere, to compare with.

        It is run by the session's interpreter, once nothing else is to be run. Its result is never
        the newest one.
        """
        self._loop.post(lambda: self._loop.ask_registered(parser, sample))

    def show(self, sample: Path) -> None:
        """Show a sample without running it."""
        self._loop.post(lambda: self._loop.show(sample))

    def cancel(self) -> None:
        """End what runs, and start nothing of what waits."""
        self._loop.post(self._loop.cancel)

    def pause_watching(self, paused: bool) -> None:
        """Let saves start no run; if ``paused`` is False, run what was saved in the meantime."""
        self._loop.post(lambda: self._loop.pause(paused))

    def set_parser(self, parser: Path, contract: Path | None = None) -> None:
        """Work on another parser, and run it on the sample that is shown."""
        self._loop.post(lambda: self._loop.choose(parser, None, contract))

    def choose(
        self, parser: Path | None, samples: Iterable[Path], contract: Path | None = None
    ) -> None:
        """Work on another parser and other samples, and run the first one."""
        given = tuple(samples)
        self._loop.post(lambda: self._loop.choose(parser, given, contract))

    def add_samples(self, samples: Iterable[Path]) -> None:
        """Add samples to the list; if it was empty, the first one is run."""
        given = tuple(samples)
        self._loop.post(lambda: self._loop.add_samples(given))

    def remove_samples(self, samples: Iterable[Path]) -> None:
        """Take samples from the list."""
        given = tuple(samples)
        self._loop.post(lambda: self._loop.remove_samples(given))

    def compare(self, before: int, after: int) -> None:
        """Find out what changed between two runs, by their numbers; a ``Compared`` tells.

        A newer question takes the place of one that waits.
        """
        self._loop.post(lambda: self._loop.compare(before, after))

"""The runs that have ended: those that are kept, to step through and to compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.dev_session.results import RunResult


class History:
    """Results in the order of their runs. It may be read from any thread.

    The newest result of each sample is kept, and its newest good one, so that it can be shown
    while a new one fails. Of the others the last few are kept.
    """

    def __init__(self, kept_runs: int, kept_bytes: int) -> None:
        self._kept_runs = kept_runs
        self._kept_bytes = kept_bytes
        self._results: tuple[RunResult, ...] = ()

    @property
    def results(self) -> tuple[RunResult, ...]:
        """All that are kept, the oldest first."""
        return self._results

    def get(self, run: int) -> RunResult | None:
        """Return a run's result; None if it isn't kept any more."""
        return next((result for result in self._results if result.run == run), None)

    def newest(self, sample: Path) -> RunResult | None:
        """Return a sample's newest result, well or not."""
        return next((r for r in reversed(self.of(sample)) if r.reason != "registered"), None)

    def last_good(self, sample: Path) -> RunResult | None:
        """Return a sample's newest result that finished."""
        own = (r for r in reversed(self.of(sample)) if r.reason != "registered")
        return next((r for r in own if r.is_good), None)

    def registered(self, sample: Path) -> RunResult | None:
        """Return the newest result of a registered version on a sample."""
        return next((r for r in reversed(self.of(sample)) if r.reason == "registered"), None)

    def of(self, sample: Path) -> tuple[RunResult, ...]:
        """Return all results of a sample that are kept, the oldest first."""
        return tuple(result for result in self._results if result.sample == sample)

    def step(self, run: int, by: int, *, sample: Path | None = None) -> RunResult | None:
        """Return the result so many steps after a run (before it if negative), of one sample or of
        all; the first or last one if there are fewer. None if there is none at all."""
        results = self._results if sample is None else self.of(sample)
        if not results:
            return None
        at = sum(result.run < run for result in results)
        if by > 0 and (at == len(results) or results[at].run != run):
            at -= 1  # the run itself is gone: the next one after it is one step away
        return results[min(max(at + by, 0), len(results) - 1)]

    def previous_good(self, result: RunResult) -> RunResult | None:
        """Return the newest good result of the same sample before this one, to compare it with."""
        own = [r for r in self.of(result.sample) if r.run < result.run and r.is_good]
        return next((r for r in reversed(own) if r.reason != "registered"), None)

    def add(self, result: RunResult) -> tuple[RunResult, ...]:
        """Add a result; return those that aren't kept any more."""
        results = (*self._results, result)
        latest: set[int] = set()
        for sample in {r.sample for r in results}:
            own = [r for r in results if r.sample == sample]
            mine = [r for r in own if r.reason != "registered"]
            good = [r for r in mine if r.is_good]
            # The one before is what the newest is compared with.
            for kept in (mine[-1:], good[-2:], [r for r in own if r.reason == "registered"][-1:]):
                latest.update(r.run for r in kept)
        others = [r for r in results if r.run not in latest]
        room = self._kept_bytes - sum(r.size for r in results if r.run in latest)
        for count, old in enumerate(reversed(others)):
            room -= old.size
            if count < self._kept_runs and room >= 0:
                latest.add(old.run)
            else:
                break
        self._results = tuple(r for r in results if r.run in latest)
        return tuple(r for r in results if r.run not in latest)

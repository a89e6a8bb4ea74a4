"""Two things measured in turn, A B A B …, so that a machine's changing speed hits both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def paired(
    a: Callable[[], object], b: Callable[[], object], *, runs: int
) -> tuple[float, float, float]:
    """Median seconds of ``a`` and of ``b``, and the median of the ratios a/b, pair by pair.

    One pair beforehand is not counted.
    """
    times = [(_seconds(a), _seconds(b)) for _ in range(runs + 1)]
    counted = times[1:]
    return (
        statistics.median(first for first, _ in counted),
        statistics.median(second for _, second in counted),
        statistics.median(first / second for first, second in counted),
    )


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def report(name: str, value: float, target: str) -> None:
    """One line: the ratio, and what it must reach."""
    print(f"  {name}: {value:.2f}   (must reach: {target})")

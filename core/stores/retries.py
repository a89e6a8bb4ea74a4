"""When a job that failed or crashed runs again, and when it doesn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from casparian.core.stores.states import JobStatus

MAX_ATTEMPTS: Final = 4
MAX_CRASHES: Final = 3
BREAKER_FAILURES: Final = 5
"""Final failures in a row, by the parser's own fault, that pause it."""

_DELAYS_MS: Final = (1_000, 4_000, 16_000)


def delay_ms(times: int, uniform: Callable[[float, float], float]) -> int:
    """Return how long to wait after the ``times``-th failure: 1, 4, 16 s, less up to a half."""
    longest = _DELAYS_MS[min(times, len(_DELAYS_MS)) - 1]
    return round(longest * uniform(0.5, 1.0))


def after_failure(
    *, permanent: bool, attempt: int, max_attempts: int, cancel_requested: bool
) -> JobStatus:
    """Return what becomes of a running job whose parser failed."""
    if cancel_requested:
        return "cancelled"
    if permanent:
        return "failed"
    return "dead_letter" if attempt >= max_attempts else "scheduled"


def after_crash(*, crashes: int, max_crashes: int, cancel_requested: bool) -> JobStatus:
    """Return what becomes of a running job whose process died; ``crashes`` counts this one."""
    if cancel_requested:
        return "cancelled"
    if crashes >= max_crashes:
        return "dead_letter"
    return "pending" if crashes == 1 else "scheduled"

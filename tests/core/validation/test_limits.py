"""When an output has too many bad rows."""

from __future__ import annotations

import pytest

from casparian.core.validation import LimitJudge, OutputFailed, QuarantineLimits


@pytest.mark.parametrize(
    ("received", "rejected", "words"),
    [
        (0, 0, None),
        (10, 0, None),
        (10, 3, None),
        (100, 50, None),
        (100, 51, "51.0%"),
        (1, 1, "its only row"),
        (5, 5, "all 5 rows"),
        (1_000_000, 10_000, None),
        (1_000_000, 10_001, "10,000"),
    ],
)
def test_at_the_end(received: int, rejected: int, words: str | None) -> None:
    judge = LimitJudge("sales")
    if words is None:
        judge.check_final(received, rejected)
        return
    with pytest.raises(OutputFailed, match=words) as caught:
        judge.check_final(received, rejected)
    assert caught.value.error_type == "quarantine_limit_exceeded"


def test_while_it_runs_only_the_number_counts() -> None:
    judge = LimitJudge("sales", QuarantineLimits(max_rows=5))
    judge.check_running(5, 5)
    with pytest.raises(OutputFailed, match="6 of the first 6"):
        judge.check_running(6, 6)


def test_limits_are_settings() -> None:
    LimitJudge("o", QuarantineLimits(threshold=0.9)).check_final(10, 9)
    with pytest.raises(OutputFailed):
        LimitJudge("o", QuarantineLimits(threshold=1.0)).check_final(10, 10)
    with pytest.raises(OutputFailed):
        LimitJudge("o", QuarantineLimits(threshold=0.0)).check_final(10, 1)
    for percent in range(1, 100):
        exactly = LimitJudge("o", QuarantineLimits(threshold=percent / 100))
        exactly.check_final(100, percent)
        exactly.check_final(3_000, percent * 30)
        with pytest.raises(OutputFailed):
            exactly.check_final(3_000, percent * 30 + 1)
    for wrong in ({"threshold": 50}, {"max_rows": -1}):
        with pytest.raises(ValueError, match=r"share|negative"):
            QuarantineLimits(**wrong)

"""How many bad rows an output may have before it fails."""

from __future__ import annotations

from dataclasses import dataclass

from casparian.core.validation.verdict import OutputFailed


@dataclass(frozen=True, slots=True)
class QuarantineLimits:
    """``threshold`` is a share, 0 to 1; an output fails above it, or above ``max_rows`` rows."""

    threshold: float = 0.5
    max_rows: int = 10_000

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is a share from 0 to 1, not {self.threshold}")
        if self.max_rows < 0:
            raise ValueError(f"max_rows can't be negative: {self.max_rows}")


@dataclass(frozen=True, slots=True)
class LimitJudge:
    """Judges the counts of one output, while it runs and at its end."""

    output: str
    limits: QuarantineLimits = QuarantineLimits()

    def check_running(self, received: int, rejected: int) -> None:
        """Raise OutputFailed (quarantine_limit_exceeded) once there are more than max_rows."""
        if rejected > self.limits.max_rows:
            raise self._failed(
                f"{rejected:,} of the first {received:,} rows are bad, "
                f"more than the limit of {self.limits.max_rows:,}"
            )

    def check_final(self, received: int, rejected: int) -> None:
        """Raise OutputFailed if too many rows, too large a share, or all rows are bad."""
        if rejected > self.limits.max_rows:
            raise self._failed(
                f"{rejected:,} of {received:,} rows are bad, "
                f"more than the limit of {self.limits.max_rows:,}"
            )
        if rejected and rejected == received:
            raise self._failed(
                f"all {received:,} rows are bad" if received > 1 else "its only row is bad"
            )
        # Divided, not multiplied: 29 of 100 rows are 0.29, but 0.29 * 100 is less than 29.
        if rejected and rejected / received > self.limits.threshold:
            raise self._failed(
                f"{rejected:,} of {received:,} rows ({rejected / received:.1%}) are bad, "
                f"more than the limit of {self.limits.threshold:.1%}"
            )

    def _failed(self, what: str) -> OutputFailed:
        return OutputFailed(
            f"output {self.output!r} failed: {what}",
            error_type="quarantine_limit_exceeded",
            hint="look at the reasons: the contract or the parser may be wrong for this input; "
            "the limits are --quarantine-threshold and --max-quarantine-rows",
        )

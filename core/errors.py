"""The root of Casparian's named errors: what happened, where, and what to try."""

from __future__ import annotations


class CasparianError(Exception):
    """An error a person can act on.

    ``message`` says what happened and where; ``hint`` says what to try, and may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  try: {self.hint}" if self.hint else self.message


class SpillError(CasparianError):
    """The keys of an output need more room than memory has, and the disk has none either."""

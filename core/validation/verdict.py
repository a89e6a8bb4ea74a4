"""What validation says: good rows, bad rows with their reasons, or that the output failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    import pyarrow as pa

    from casparian.core.contract.error_types import OutputErrorType
    from casparian.core.validation.rejections import Rejections


class Reason(NamedTuple):
    """Why one cell is bad. ``error_type`` is an ErrorType of ``core.contract.error_types``.

    ``message`` is a whole sentence, rows one-based: ``row 1000: age: 'Unknown' is not an int64``.
    ``hint`` names the relaxation that would have accepted the value, or is empty.
    """

    column: str
    error_type: str
    message: str
    hint: str = ""


class RejectedRow(NamedTuple):
    """A bad row: its zero-based number in the whole output, all reasons, itself as JSON."""

    row_number: int
    reasons: tuple[Reason, ...]
    raw: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The split of what was received: ``valid`` has the target schema, order kept."""

    valid: pa.Table
    rejected: Rejections
    received: int

    def __post_init__(self) -> None:
        if len(self.valid) + len(self.rejected) != self.received:
            raise AssertionError(
                f"{len(self.valid)} valid + {len(self.rejected)} rejected rows "
                f"!= {self.received} received"
            )


class OutputFailed(CasparianError):
    """A whole output violates its contract: nothing of it may be published.

    If it is one column that does, ``about`` is the output's name and the column's.
    """

    about: tuple[str, str] | None = None

    def __init__(self, message: str, *, error_type: OutputErrorType, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.error_type = error_type


class ValidatorDisagreement(CasparianError):
    """The fast and the plain judgement of a cell differ: a bug of casparian, never guessed away."""

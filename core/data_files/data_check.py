"""Holds data files against a contract, without any parser: which rows would be quarantined."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.contract.errors import did_you_mean
from casparian.core.errors import CasparianError
from casparian.core.quarantine import Summary
from casparian.core.validation import LimitJudge, OutputValidator, QuarantineLimits

from .data_file import DataFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from casparian.core.contract.model import Contract, OutputContract
    from casparian.core.quarantine import ReasonGroup


class OutputUnknown(CasparianError):
    """The contract has no such output, or it isn't said which of several is meant."""


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What holding a file against an output came to.

    ``broken`` records are no rows at all. ``error`` is why none of it would be published, such as
    a missing column: then ``received`` counts the rows that were looked at before.
    """

    path: Path
    received: int
    rejected: int
    broken: int
    groups: tuple[ReasonGroup, ...]
    error: CasparianError | None = None

    @property
    def holds(self) -> bool:
        """Whether every record is a row that passes."""
        return not (self.rejected or self.broken or self.error)


def chosen_output(contract: Contract, name: str | None) -> OutputContract:
    """Return the output that files are held against. Raises OutputUnknown."""
    names = [output.name for output in contract.outputs]
    if name is None:
        if len(names) == 1:
            return contract.outputs[0]
        raise OutputUnknown(
            f"the contract has {len(names)} outputs: {', '.join(names)}",
            hint=f"say which the files are of: --output {names[0]}",
        )
    found = contract.output(name)
    if found is None:
        hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
        raise OutputUnknown(f"the contract has no output {name!r}", hint=hint)
    return found


def check_file(
    path: Path, output: OutputContract, limits: QuarantineLimits | None = None
) -> FileCheck:
    """Hold the rows of a file against an output, in bounded memory.

    The limits end nothing, but a file that breaks them has an ``error``.
    """
    received = 0
    summary = Summary()
    error: CasparianError | None = None
    broken = 0
    try:
        file = DataFile(path)
        names = [column.name for column in output.columns]
        with closing(OutputValidator(output)) as validator:
            try:
                for table in file.tables(names):
                    for verdict in validator.verdicts(table, first_row=received):
                        received += verdict.received
                        summary.add(output.name, verdict.rejected)
            finally:
                broken = file.broken
        LimitJudge(output.name, limits or QuarantineLimits()).check_final(received, summary.rows)
    except CasparianError as failed:
        error = failed
    return FileCheck(path, received, summary.rows, broken, summary.groups(), error)


def all_hold(checks: Sequence[FileCheck]) -> bool:
    """Whether every row of every file passes."""
    return all(check.holds for check in checks)

"""What changed from one contract to another, with a verdict for each change."""

from casparian.core.contract_diff.diff import (
    VERDICTS,
    Change,
    ContractDiff,
    diff_contracts,
    named_alike,
)

__all__ = ["VERDICTS", "Change", "ContractDiff", "diff_contracts", "named_alike"]

"""Holds rows against a contract: lossless, or quarantined with every reason."""

from casparian.core.validation.limits import LimitJudge, QuarantineLimits
from casparian.core.validation.output import OutputValidator, Settled
from casparian.core.validation.raw import raw_json
from casparian.core.validation.tags import strip_tags
from casparian.core.validation.verdict import (
    OutputFailed,
    Reason,
    RejectedRow,
    ValidatorDisagreement,
    Verdict,
)

__all__ = [
    "LimitJudge",
    "OutputFailed",
    "OutputValidator",
    "QuarantineLimits",
    "Reason",
    "RejectedRow",
    "Settled",
    "ValidatorDisagreement",
    "Verdict",
    "raw_json",
    "strip_tags",
]

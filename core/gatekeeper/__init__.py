"""The gatekeeper: what a parser's code reaches for beyond files and rows."""

from casparian.core.gatekeeper.gatekeeper import Finding, look_at
from casparian.core.gatekeeper.imports import Missing, missing_imports, modules_reached
from casparian.core.gatekeeper.watched import UnknownNameError, check_allowed, is_allowed

__all__ = [
    "Finding",
    "Missing",
    "UnknownNameError",
    "check_allowed",
    "is_allowed",
    "look_at",
    "missing_imports",
    "modules_reached",
]

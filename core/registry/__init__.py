"""The registry: a parser's folder becomes a bundle in the store."""

from casparian.core.registry.candidates import Candidate, Candidates, Skipped, find_candidates
from casparian.core.registry.errors import RegistrationError
from casparian.core.registry.known import Known, find_registered, split_name
from casparian.core.registry.registrar import (
    Registrar,
    Registration,
    Rules,
    Step,
    Surroundings,
    stored_contract,
)
from casparian.core.registry.unpacked import Conditions, Unpacked, conditions_of, unpacked

__all__ = [
    "Candidate",
    "Candidates",
    "Conditions",
    "Known",
    "Registrar",
    "Registration",
    "RegistrationError",
    "Rules",
    "Skipped",
    "Step",
    "Surroundings",
    "Unpacked",
    "conditions_of",
    "find_candidates",
    "find_registered",
    "split_name",
    "stored_contract",
    "unpacked",
]

"""The environments of registered parsers: built by uv from their locks, once, and kept."""

from casparian.core.environments.build import held_environment, prepare_environment
from casparian.core.environments.environment import Environment
from casparian.core.environments.errors import EnvironmentFailedError
from casparian.core.environments.inventory import (
    Kept,
    Pruned,
    list_environments,
    prune_environments,
)

__all__ = [
    "Environment",
    "EnvironmentFailedError",
    "Kept",
    "Pruned",
    "held_environment",
    "list_environments",
    "prepare_environment",
    "prune_environments",
]

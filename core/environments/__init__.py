"""The environments of registered parsers: built by uv from their locks, once, and kept."""

from casparian.core.environments.build import held_environment, prepare_environment
from casparian.core.environments.environment import Environment
from casparian.core.environments.errors import EnvironmentFailedError

__all__ = ["Environment", "EnvironmentFailedError", "held_environment", "prepare_environment"]

"""``casparian doctor``: everything that a run needs, looked at without changing anything."""

from .check import Check
from .diagnosis import diagnose

__all__ = ["Check", "diagnose"]

"""Why a parser is not registered."""

from __future__ import annotations

from casparian.core.errors import CasparianError


class RegistrationError(CasparianError):
    """A parser is refused; nothing in the store has changed."""

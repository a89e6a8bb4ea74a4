"""Why a parser is not registered."""

from __future__ import annotations

from casparian.core.errors import CasparianError


class RegistrationError(CasparianError):
    """A parser is refused; nothing in the store has changed."""


class NoRoomError(CasparianError):
    """A bundle can't be unpacked to be tried: that says nothing of the parser."""

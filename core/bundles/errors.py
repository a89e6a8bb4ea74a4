"""What can be wrong with a folder to be bundled, and with a bundle."""

from __future__ import annotations

from casparian.core.errors import CasparianError


class BundleError(CasparianError):
    """No bundle can be made of this folder."""


class BundleCorruptError(CasparianError):
    """An archive is not what was registered, or holds what no bundle may."""

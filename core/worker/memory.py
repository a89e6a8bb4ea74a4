"""Whether this machine has memory left for what a guest sends."""

from __future__ import annotations

from typing import Final

from casparian.core.errors import CasparianError

_LARGE: Final = 8 * 2**20
_TIMES: Final = 3
"""Judging and writing a batch takes about so many times its size."""


class OomRisk(CasparianError):
    """There is too little memory left: going on would bring down more than this job."""


def check_memory(size: int) -> None:
    """Refuse a batch of ``size`` bytes that this machine may not have the memory for.

    Raises OomRisk.
    """
    if size < _LARGE:
        return
    available = available_memory()
    if available < _TIMES * size:
        raise OomRisk(
            f"OOM_RISK: a batch of {size:,} bytes came, and only {available:,} bytes of memory "
            "are left on this machine",
            hint="yield smaller frames, or run fewer jobs at once (--concurrency)",
        )


def available_memory() -> int:
    """Return the bytes that can be had without swapping."""
    import psutil

    return int(psutil.virtual_memory().available)

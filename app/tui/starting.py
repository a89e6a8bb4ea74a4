"""Until the app is painted, nothing is done that can wait."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Look for no garbage until `collect_again`: what a start imports and builds is there to stay.

    Looking for it takes a tenth of the time until the first paint.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            collect_again()


def collect_again() -> None:
    """Look for garbage again, but not among what the start has left."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()

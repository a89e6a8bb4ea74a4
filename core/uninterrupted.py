"""Steps that a Ctrl-C must not cut in two: what is started must be known, to be ended."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back the handlers of Ctrl-C and its like until the block has ended.

    For starting a process: an exception between its start and the note of it would leave it running
    with nobody to end it. Handlers run in the main thread only, so elsewhere nothing is held; a
    signal without a handler ends this process as ever, which the guardians see.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    handlers = {}
    try:
        for number in _HELD:
            if callable(handler := signal.getsignal(number)):
                handlers[number] = handler
                signal.signal(number, lambda number, frame: came.append((number, frame)))
        yield
    finally:
        for held, handler in handlers.items():
            signal.signal(held, handler)
        for late, frame in came:
            handlers[signal.Signals(late)](late, frame)

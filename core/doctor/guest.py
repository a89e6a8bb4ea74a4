"""A guest that only says hello: whether one can be started, and what a parser says of itself."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from casparian.core.events import Ended, GuestError, Hello
from casparian.core.guest import GuestSpec
from casparian.core.logs import Callback

from .check import Check

_LOADING: Final = 10.0
"""Seconds that a parser has to load."""


def check_guest() -> Check:
    """Start a real guest in casparian's own Python, and time its hello."""
    with tempfile.TemporaryDirectory(prefix="casparian-doctor-") as folder:
        parser = Path(folder) / "hello.py"
        parser.write_text("def parse(path):\n    return []\n")
        started = time.monotonic()
        told = say_hello(parser, Path(sys.executable))
        spent = 1000 * (time.monotonic() - started)
    if isinstance(told, Hello):
        return Check("guest", "ok", f"starts, says hello and ends in {spent:.0f} ms")
    mend = told.hint or "allow processes, process groups and AF_UNIX sockets where this runs"
    return Check("guest", "problem", f"{told.type}: {told.message}", mend)


def say_hello(parser: Path, python: Path) -> Hello | GuestError:
    """Load a parser, without running it, and return what it says of itself, or why it can't."""
    from casparian.core.bridge import BridgeConfig, execute_bridge

    spec = GuestSpec(python, Path(os.devnull), parser_path=parser, load_only=True)
    logs = Callback(lambda _: None)
    found: Hello | GuestError | None = None
    try:
        with closing(execute_bridge(BridgeConfig(spec, logs, startup_timeout=_LOADING))) as events:
            for event in events:
                if isinstance(event, Hello):
                    found = event
                elif isinstance(event, Ended) and event.result.error is not None:
                    found = event.result.error
    except OSError as error:
        found = GuestError("environment", type(error).__name__, str(error), "start")
    return found or GuestError("protocol", "Silence", "the guest ended without a word", "load")

"""What the tests of several folders share."""

from __future__ import annotations

import time

import pytest
from hypothesis import settings

# Times on a loaded machine say nothing about the code.
settings.register_profile("casparian", deadline=None)
settings.load_profile("casparian")


@pytest.fixture(scope="session")
def eventually():
    """Wait, with a deadline, for what another process does."""

    def wait(condition, within: float = 10.0):
        deadline = time.monotonic() + within
        while not (result := condition()):
            assert time.monotonic() < deadline, f"not within {within:g} s"
            time.sleep(0.01)
        return result

    return wait

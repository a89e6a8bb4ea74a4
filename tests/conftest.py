"""What the tests of several folders share."""

from __future__ import annotations

import gc
import os
import signal
import sys
import textwrap
import time
from dataclasses import dataclass

import psutil
import pytest
from hypothesis import HealthCheck, settings

from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.events import Batch, BridgeResult, Event, Log
from casparian.core.guest import GuestSpec
from casparian.core.logs import Callback

from .guest_python import GUEST_PYTHON

# Hundreds of processes are started: without byte code each would compile all modules anew.
# And nobody here multiplies matrices: threads for that, which numpy starts with every process, only
# keep the processors from others.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.dont_write_bytecode = False
# Whoever starts the tests in the background of a shell has Ctrl-C ignored, in all they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Times on a loaded machine say nothing about the code; and CI tries the same examples each time,
# so that it is red for a change and not for a number that nobody had drawn before.
settings.register_profile(
    "casparian",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
settings.load_profile("casparian")


def pytest_collection_finish() -> None:
    """Keep the collector from looking at all modules and tests again and again.

    It does so once in a while, hundreds of thousands of objects that stay to the end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


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


@pytest.fixture(scope="session")
def running():
    """Whether a process runs; one that has ended may stay a zombie until init looks."""

    def look(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return look


@dataclass
class Run:
    """All that a guest told."""

    events: list[Event]

    @property
    def result(self) -> BridgeResult:
        return self.events[-1].result

    @property
    def error(self):
        return self.result.error

    def of(self, kind) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def rows(self) -> list[dict]:
        return [row for batch in self.of(Batch) for row in batch.table.to_pylist()]

    def lines(self, *levels: str) -> list[str]:
        return [log.message for log in self.of(Log) if not levels or log.level in levels]


@pytest.fixture
def configure(tmp_path):
    """The BridgeConfig of a parser whose source is given, or of an archive."""

    def make(source: str | None = None, *, name: str = "parser.py", **options) -> BridgeConfig:
        (tmp_path / "input.txt").write_text("one\ntwo\n")
        spec = {"python": GUEST_PYTHON, "input_path": tmp_path / "input.txt"}
        if source is not None:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(source))
            spec["parser_path"] = file
        fields = GuestSpec.__dataclass_fields__
        spec |= {key: options.pop(key) for key in list(options) if key in fields}
        options.setdefault("logs", Callback(lambda _: None))
        if "guests" in options:
            options["source"] = options.pop("guests")
        return BridgeConfig(GuestSpec(**spec), **options)

    return make


@pytest.fixture
def run_parser(configure):
    """Run a parser whose source is given, to its end."""

    def run(source: str | None = None, **options) -> Run:
        return Run(list(execute_bridge(configure(source, **options))))

    return run

"""A warm guest beside a cold one: a demo parser over a small file, end to end, and its memory.

The bridge alone: no validation, no output. Memory is what a fork has for itself (USS), seen while
its rows are taken: what it shares with the warm guest is counted once, there.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import psutil

from benchmarks.paired import report
from casparian.core.bridge import BridgeConfig, execute_bridge
from casparian.core.events import Batch, Ended
from casparian.core.guest import ColdGuests, GuestSpec
from casparian.core.logs import Callback
from casparian.core.processes import become_subreaper
from casparian.core.warm import ImportsInFile, WarmGuests, in_folder

if TYPE_CHECKING:
    from casparian.core.guest import Guest, GuestSource

_DEMO = Path(__file__).parent.parent / "demo"
_PARSERS = {
    "sales (pandas)": ("sales/parser.py", "sales_2024_01.csv"),
    "fix": ("fix_parser.py", "fix_good.log"),
    "events": ("events_parser.py", "events.jsonl"),
}
_TIMES = 30


class _Seen:
    """A source that keeps hold of the guest, to look at it."""

    def __init__(self, source: GuestSource) -> None:
        self._source = source
        self.guest: Guest | None = None

    def start(self, spec: GuestSpec) -> Guest:
        self.guest = self._source.start(spec)
        return self.guest


def _run(spec: GuestSpec, source: GuestSource, *, weigh: bool = False) -> float:
    """Run once; returns milliseconds, or the largest USS in MB."""
    seen, largest = _Seen(source), 0.0
    began = perf_counter()
    config = BridgeConfig(spec, Callback(lambda _: None), source=seen)
    with closing(execute_bridge(config)) as events:
        for event in events:
            if weigh and isinstance(event, Batch) and seen.guest is not None:
                uss = psutil.Process(seen.guest.pid).memory_full_info().uss
                largest = max(largest, uss / 1e6)
            if isinstance(event, Ended) and event.result.status != "completed":
                sys.exit(f"the run failed: {event.result.error}")
    return largest if weigh else 1000 * (perf_counter() - began)


def main() -> None:
    become_subreaper()
    with tempfile.TemporaryDirectory() as name:
        memory = ImportsInFile(partial(in_folder, Path(name)))
        for label, (parser, data) in _PARSERS.items():
            spec = GuestSpec(
                Path(sys.executable), _DEMO / "data" / data, _DEMO / "parsers" / parser
            )
            with closing(WarmGuests(memory, patience=60)) as warm:
                for _ in range(2):  # the second has loaded what the first was seen to import
                    _run(spec, warm)
                cold_ms, warm_ms = [], []
                for number in range(_TIMES):
                    warm_ms.append(_run(spec, warm))
                    if number % 3 == 0:
                        cold_ms.append(_run(spec, ColdGuests()))
                own = max(_run(spec, warm, weigh=True) for _ in range(5))
            cold, hot = statistics.median(cold_ms), statistics.median(warm_ms)
            print(f"  {label}: cold {cold:.0f} ms, warm {hot:.0f} ms, own memory {own:.0f} MB")
            report(f"{label}: cold / warm", cold / hot, "told")
            report(f"{label}: own memory of a fork, MB", own, "at most 30")


if __name__ == "__main__":
    main()

"""Run every benchmark, or those that are named: ``python -m benchmarks start_up transfer``."""

from __future__ import annotations

import importlib
import sys

ALL = (
    "start_up",
    "transfer",
    "warm_guests",
    "conversion",
    "stream_memory",
    "validation",
    "uniqueness",
    "guest_to_parquet",
    "queue_noop",
    "queue_history",
    "queue_files",
    "queue_enqueue",
    "tui_table",
    "tui_app",
    "save_to_screen",
)
#: Takes minutes, and measures nothing: only by name.
LONG = ("crash",)


def main() -> None:
    for name in sys.argv[1:] or ALL:
        if name not in (*ALL, *LONG):
            sys.exit(f"no benchmark {name!r}; there are: {', '.join((*ALL, *LONG))}")
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}")
        module.main()


main()

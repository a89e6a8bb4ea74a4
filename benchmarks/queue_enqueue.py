"""``casparian enqueue`` of many files: how fast, and that its memory doesn't grow with them.

``python -m benchmarks.queue_enqueue --files 1000000`` is the whole of it; the default is a part.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.paired import report
from casparian.core.stores.store import open_store
from tests.workshop import READ, Workshop

_PER_FOLDER = 1_000
_MIB = 1 << 20


def main(words: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--files", type=int, default=20_000)
    files = options.parse_args(words or []).files
    few = max(1, files // 10)
    _, less = _enqueue(few)
    seconds, more = _enqueue(files)
    print(f"  {files:,} new files in {seconds:.1f} s: {files / seconds:,.0f} files/s")
    print(f"  peak memory: {more / _MIB:.0f} MiB; with {few:,} files {less / _MIB:.0f} MiB")
    report("peak memory, all files / a tenth of them", more / less, "at most 1.3")


def _enqueue(files: int) -> tuple[float, int]:
    """Return seconds, and the peak of resident memory in bytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = folder / "inputs"
        for number in range(files):
            if number % _PER_FOLDER == 0:
                (place := inputs / f"{number // _PER_FOLDER:04d}").mkdir(parents=True)
            (place / f"{number}.csv").write_text(f"name,age\nn{number},{number}\n")
        store = folder / "casparian.db"
        with open_store(store) as opened:
            Workshop(folder, opened).parser(READ)
        command = [sys.executable, "-m", "casparian.app", "enqueue", "people", str(inputs)]
        began = time.perf_counter()
        process = subprocess.Popen([*command, "--store", str(store)], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        with open_store(store) as opened:
            queued = opened.jobs.counts()
        if process.returncode != 0 or queued != {"pending": files}:
            sys.exit(f"enqueue ended with {process.returncode}, and jobs are {queued}")
        # Linux counts in KiB, macOS in bytes.
        return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Ten million keys, one in a thousand of them twice: against polars and a Python set."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from benchmarks.paired import report

ROWS, BATCH_ROWS = 10_000_000, 65_536
PAIRS = 3


def _keys(kind: str) -> pa.Array:
    random = np.random.default_rng(3)
    numbers = random.permutation(ROWS)
    again, before = random.integers(0, ROWS, (2, ROWS // 1000))
    numbers[again] = numbers[before]
    keys = pa.array(numbers)
    return (
        keys
        if kind == "int"
        else pa.compute.binary_join_element_wise(
            "order-", pa.compute.utf8_lpad(keys.cast(pa.string()), 14, "0"), ""
        )
    )


def _ours(keys: pa.Array) -> int:
    from casparian.core.validation.uniqueness import KeyRule, Uniqueness

    unique = Uniqueness([KeyRule(("id",), nulls_equal=False)])
    return sum(
        len(unique.judge({"id": keys.slice(start, BATCH_ROWS)}, {}, None, first_row=start))
        for start in range(0, ROWS, BATCH_ROWS)
    )


def _set(keys: pa.Array) -> int:
    seen: dict[Any, int] = {}
    repeated = 0
    for start in range(0, ROWS, BATCH_ROWS):
        for row, key in enumerate(keys.slice(start, BATCH_ROWS).to_pylist(), start):
            repeated += seen.setdefault(key, row) != row
    return repeated


def _polars(keys: pa.Array) -> int:
    import polars as pl

    return int((~pl.Series(keys).is_first_distinct()).sum())


def _peak_mb() -> float:
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def _child(engine: str, kind: str) -> None:
    keys = _keys(kind)
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_mb()
    started = time.perf_counter()
    repeated = {"ours": _ours, "set": _set, "polars": _polars}[engine](keys)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "mb": _peak_mb() - before, "repeated": repeated}))


def _run(engine: str, kind: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.uniqueness", engine, kind],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    for kind in ("int", "text"):
        rounds = [{e: _run(e, kind) for e in ("ours", "set", "polars")} for _ in range(PAIRS)]
        if any(len({result["repeated"] for result in r.values()}) > 1 for r in rounds):
            sys.exit(f"{kind}: they find different numbers of repetitions: {rounds[0]}")
        print(f"  {ROWS:,} {kind} keys, {rounds[0]['ours']['repeated']:,} repeated")
        for engine in ("ours", "set", "polars"):
            seconds = statistics.median(r[engine]["seconds"] for r in rounds)
            mb = statistics.median(r[engine]["mb"] for r in rounds)
            print(f"    {engine}: {seconds:.1f} s, {mb:.0f} MB more")
        ratio = statistics.median(r["ours"]["seconds"] / r["set"]["seconds"] for r in rounds)
        report(f"time, ours / Python set ({kind})", ratio, "at most 1.5")
        report(
            f"memory, ours / Python set ({kind})",
            statistics.median(r["ours"]["mb"] / r["set"]["mb"] for r in rounds),
            "at most 0.33",
        )


if __name__ == "__main__":
    _child(*sys.argv[1:])

"""Validation of ten million rows: every verdict right, and how fast, against four others."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.dirty_rows import make
from benchmarks.paired import report

ROWS = 10_000_000
PYDANTIC_ROWS, PANDERA_ROWS = 300_000, 30_000
PAIRS = 5
LABELS = ("ours", "polars", "with split", "clean")


def _run(engine: str, folder: Path, rows: int | None = None) -> dict[str, Any]:
    limit = [] if rows is None else [str(rows)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.validation_engines", engine, str(folder), *limit],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    if engine.startswith("ours") and result["wrong"]:
        sys.exit(f"{engine}: {result['wrong']} verdicts or error types differ from the truth")
    return result


def _speed(results: list[dict[str, Any]]) -> float:
    """Median rows per second."""
    return statistics.median(result["rows"] / result["seconds"] for result in results)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        dirty, clean = Path(name, "dirty"), Path(name, "clean")
        make(dirty, ROWS, 0.001)
        make(clean, ROWS, 0.0)
        rounds = [
            (
                _run("ours", dirty),
                _run("polars_guarded", dirty),
                _run("ours_split", dirty),
                _run("ours", clean),
            )
            for _ in range(PAIRS)
        ]
        pydantic = _run("pydantic_rows", dirty, PYDANTIC_ROWS)
        pandera = _run("pandera_pandas", dirty, PANDERA_ROWS)
    ours, polars, split, spotless = (list(column) for column in zip(*rounds, strict=True))

    def ratio(a: int, b: int) -> float:
        return statistics.median(r[b]["seconds"] / r[a]["seconds"] for r in rounds)

    memory = [statistics.median(r[i]["extra_mb"] for r in rounds) for i in range(4)]
    print(f"  {ROWS:,} rows x 6 columns; every verdict and every error type as the truth says")
    print("  million rows/s:")
    for label, results in (
        ("ours, verdicts alone", ours),
        ("ours, with split, reasons and quarantine", split),
        ("ours, on clean data", spotless),
        ("polars, regex guard and cast", polars),
        (f"pydantic per row, {PYDANTIC_ROWS:,} rows", [pydantic]),
        (f"pandera on pandas, {PANDERA_ROWS:,} rows", [pandera]),
    ):
        wrong = results[0]["wrong"]
        print(f"    {label}: {_speed(results) / 1e6:.3f}, {wrong:,} verdicts wrong")
    extra = [f"{name} {mb:.0f}" for name, mb in zip(LABELS, memory, strict=True)]
    print(f"  extra memory in MB: {', '.join(extra)}")
    report("ours / polars", ratio(0, 1), "at least 0.75")
    report("ours / pydantic per row", _speed(ours) / _speed([pydantic]), "at least 10")
    report("ours / pandera on pandas", _speed(ours) / _speed([pandera]), "at least 100")
    report("extra memory, ours / polars", memory[0] / memory[1], "at most 0.33")
    report("clean / dirty", ratio(3, 0), "at least 1.3")
    report("with split, reasons and quarantine / verdicts alone", ratio(2, 0), "at least 0.6")


if __name__ == "__main__":
    main()

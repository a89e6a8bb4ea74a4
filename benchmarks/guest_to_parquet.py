"""Guest to validated Parquet, the whole command, against writing the typed table alone."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.dirty_rows import CONTRACT, make
from benchmarks.paired import report

ROWS = 10_000_000
PAIRS = 3

_PARSER = f"""\
import pyarrow as pa

class Parser:
    name, version = "rows", "1.0"
    outputs = {{"rows": {{"columns": {CONTRACT!r}}}}}

    def parse(self, ctx):
        with pa.memory_map(str(ctx.input_path)) as file:
            reader = pa.ipc.open_file(file)
            for index in range(0, reader.num_record_batches, 10):
                last = min(index + 10, reader.num_record_batches)
                yield pa.Table.from_batches([reader.get_batch(i) for i in range(index, last)])
"""

_WRITE = """\
import sys, time
import pyarrow as pa
import pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
started = time.perf_counter()
pq.write_table(table, sys.argv[2], compression="zstd", row_group_size=1_000_000)
print(time.perf_counter() - started)
"""


def _command(parser: Path, data: Path, output: Path) -> tuple[float, Path, int]:
    """Seconds of the whole command, start-up included, the file that it made, and its rows."""
    started = time.perf_counter()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "casparian.app", "run", str(parser), str(data)),
            *("--sink", f"parquet://{output}", "--json"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds = time.perf_counter() - started
    result = json.loads(done.stdout)
    made = result["outputs"][0]
    if made["rows"] + result["quarantine_total"] != ROWS:
        sys.exit(f"the run went wrong: {result['status']}, {result['error']}")
    return seconds, Path(made["uri"].removeprefix("parquet://")), made["rows"]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, ROWS, 0.00015)  # under 10,000 bad rows, where an output fails
        parser = folder / "parser.py"
        parser.write_text(_PARSER)
        pairs: list[tuple[float, float]] = []
        for _ in range(PAIRS):
            ours, made, rows = _command(parser, folder / "rows.arrow", folder / "output")
            done = subprocess.run(
                [sys.executable, "-c", _WRITE, str(made), str(folder / "alone.parquet")],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            pairs.append((ours, float(done.stdout)))
    ours, alone = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"  {rows:,} valid of {ROWS:,} rows: {ours:.1f} s, write_table alone {alone:.1f} s")
    report("the command / write_table", statistics.median(b / a for a, b in pairs), "at least 0.7")


if __name__ == "__main__":
    main()

"""Memory: a 5 GB stream through the host, whose own memory stays under 400 MB."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.paired import report

_FRAMES, _ROWS = 160, 1_300_000
_GIGABYTES = _FRAMES * _ROWS * 24 / 1e9

_PARSER = f"""\
import numpy as np
import pyarrow as pa

class Parser:
    name, version = "stream", "1.0"
    outputs = {{"a": "int64", "b": "float64", "c": "int64"}}

    def parse(self, ctx):
        n = np.arange({_ROWS})
        table = pa.table({{"a": n, "b": n * 0.5, "c": n[::-1].copy()}})
        for _ in range({_FRAMES}):
            yield table
"""

_HOST = """\
import json, sys
from pathlib import Path
from casparian.core.dev_runner import RunRequest, run_parser
from casparian.core.interpreter import Interpreter
parser = Path(sys.argv[1])
whatif = sys.argv[2] == "whatif"
request = RunRequest(parser, parser, Interpreter(Path(sys.executable), "benchmark"),
                     output_dir=parser.parent / "output", whatif=whatif)
report = run_parser(request)
# (What getrusage says begins with the peak of the process that started this one.)
peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"status": report.status, "rows": report.rows, "peak_mb": peak}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parser = Path(folder) / "parser.py"
        parser.write_text(_PARSER)
        for mode in ("whatif", "write"):
            done = subprocess.run(
                [sys.executable, "-c", _HOST, str(parser), mode],
                check=True,
                capture_output=True,
                text=True,
            )
            result = json.loads(done.stdout)
            if result["status"] != "completed" or result["rows"] != _FRAMES * _ROWS:
                sys.exit(f"the run went wrong: {result}")
            print(f"  {_GIGABYTES:.1f} GB, {result['rows']:,} rows, validated ({mode})")
            report("host's peak memory in MB", result["peak_mb"], "under 400")


if __name__ == "__main__":
    main()

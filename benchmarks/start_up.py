"""Start-up: ``--help`` against importing click, and a small run against a script by hand."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.paired import paired, report

_BIN = Path(sys.executable).parent

_PARSER = """\
import pandas as pd

def parse(path):
    return pd.read_csv(path)
"""

# What a person would write without casparian: the same imports, the same file out.
_SCRIPT = """\
import sys
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

frame = pd.read_csv(sys.argv[1])
pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sys.argv[2])
print(len(frame), "rows")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _help(folder)
        _small_run(folder)


def _run(arguments: list[object], folder: Path) -> None:
    subprocess.run(
        [str(a) for a in arguments],
        cwd=folder,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _help(folder: Path) -> None:
    a, b, ratio = paired(
        lambda: _run([_BIN / "casparian", "--help"], folder),
        lambda: _run([sys.executable, "-c", "import click"], folder),
        runs=25,
    )
    print(f"  casparian --help {1000 * a:.0f} ms, python -c 'import click' {1000 * b:.0f} ms")
    report("help / import click", ratio, "at most 1.5")


def _small_run(folder: Path) -> None:
    (folder / "parser.py").write_text(_PARSER)
    (folder / "script.py").write_text(_SCRIPT)
    rows = "".join(f"{i},name {i},{i * 0.25},2024-01-{i % 28 + 1:02d}\n" for i in range(1000))
    (folder / "input.csv").write_text("id,name,amount,day\n" + rows)
    casparian = [_BIN / "casparian", "run", "parser.py", "input.csv", "--python", sys.executable]
    a, b, ratio = paired(
        lambda: _run(casparian, folder),
        lambda: _run([sys.executable, "script.py", "input.csv", "out.parquet"], folder),
        runs=11,
    )
    [ours] = (folder / "output").rglob("*.parquet")
    same = pq.read_table(ours).to_pylist() == pq.read_table(folder / "out.parquet").to_pylist()
    if not same:
        sys.exit("the two outputs differ")
    print(f"  casparian run {1000 * a:.0f} ms, plain script {1000 * b:.0f} ms, outputs equal")
    report("run / plain script", ratio, "at most 1.6")


if __name__ == "__main__":
    main()

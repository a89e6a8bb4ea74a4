"""Many small files: ``casparian worker`` beside a pool without isolation, and a process per file.

Each file has 1,000 rows. All run the same parser and leave one Parquet file per input; only the
worker holds the rows against a contract, knows what it has done, and survives what the parser does.
It runs a fork per job, forks that serve up to 16 jobs, and a new Python per job.

``python -m benchmarks.queue_files --files 10000`` is the whole of it; the default is a part. Ways
that take a second per file or so do fewer of them: a file costs the same, however many there are.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from benchmarks.paired import report
from casparian.core.stores.store import open_store
from tests.workshop import Workshop

_ROWS = 1_000
_COLUMNS = {"id": "int64", "name": "string", "amount": "float64", "day": "date"}
_PARSE = "import pyarrow.csv\nyield pyarrow.csv.read_csv(ctx.input_path)"

# The same, by hand; also what each process of the third way runs.
_SCRIPT = """\
import sys
import pyarrow.csv
import pyarrow.parquet

def convert(path, out):
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), out)

if __name__ == "__main__":
    convert(sys.argv[1], sys.argv[2])
"""


def main(words: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--files", type=int, default=1_000)
    options.add_argument("--slow-files", type=int, default=60)
    options.add_argument("--concurrency", type=int, default=os.cpu_count() or 1)
    given = options.parse_args(words or [])
    many, few, at_once = given.files, min(given.slow_files, given.files), given.concurrency
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "by_hand.py").write_text(_SCRIPT)
        rates = {
            "pool": 0.0,
            "worker": _worker(folder / "warm", many, at_once),
            "--reuse 16": _worker(folder / "reused", many, at_once, "--reuse", "16"),
            "--cold": _worker(folder / "cold", few, at_once, "--cold"),
        }
        inputs = sorted((folder / "warm").glob("input_*.csv"))
        rates["pool"] = _pool(folder, inputs, at_once)
        rates["a process each"] = _process_each(folder, inputs[:few], at_once)
    print(
        f"  {many:,} files of {_ROWS:,} rows ({few} the slow ways), {at_once} at once, files/s: "
        + ", ".join(f"{way} {rate:.1f}" for way, rate in rates.items())
    )
    pool = rates["pool"]
    report("files/s, worker / pool without isolation", rates["worker"] / pool, "at least 0.10")
    report("files/s, worker / a process per file", rates["worker"] / rates["a process each"], "15")
    report("files/s, worker / worker --cold", rates["worker"] / rates["--cold"], "told")
    report("files/s, --reuse 16 / pool", rates["--reuse 16"] / pool, "at least 0.4")


def _text(number: int) -> str:
    lines = [f"{n},name {n},{n * 0.25},2024-01-{n % 28 + 1:02d}\n" for n in range(_ROWS)]
    return f"id,name,amount,day\n{number},first,0.5,2024-02-29\n" + "".join(lines[1:])


def _worker(folder: Path, files: int, concurrency: int, *more: str) -> float:
    folder.mkdir()
    with open_store(folder / "casparian.db") as store:
        workshop = Workshop(folder, store)
        workshop.parser(_PARSE, outputs=_COLUMNS)
        for number in range(files):
            workshop.job(_text(number))
        began = time.perf_counter()
        worker = workshop.worker(
            "--drain", "--quiet", "--concurrency", concurrency, *more, stderr=subprocess.DEVNULL
        )
        code = worker.wait()
        seconds = time.perf_counter() - began
        counts = store.jobs.counts()
    if code != 0 or counts != {"completed": files}:
        sys.exit(f"the worker ended with {code}, and jobs are {counts}")
    return files / seconds


def _pool(folder: Path, inputs: list[Path], concurrency: int) -> float:
    sys.path.insert(0, str(folder))
    import by_hand  # type: ignore[import-not-found]

    (folder / "pool").mkdir()
    outs = [folder / "pool" / f"{path.stem}.parquet" for path in inputs]
    began = time.perf_counter()
    with ProcessPoolExecutor(concurrency) as pool:
        list(pool.map(by_hand.convert, inputs, outs))
    seconds = time.perf_counter() - began
    sys.path.remove(str(folder))
    return len(inputs) / seconds


def _process_each(folder: Path, inputs: list[Path], concurrency: int) -> float:
    (folder / "each").mkdir()

    def run(path: Path) -> None:
        out = folder / "each" / f"{path.stem}.parquet"
        subprocess.run([sys.executable, folder / "by_hand.py", path, out], check=True)

    began = time.perf_counter()
    with ThreadPoolExecutor(concurrency) as threads:
        list(threads.map(run, inputs))
    return len(inputs) / (time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Many small files: ``casparian worker`` beside a pool without isolation, and a process per file.

Each file has 1,000 rows. All run the same parser and leave one Parquet file per input; only the
worker holds the rows against a contract, knows what it has done, and survives what the parser does.
It runs a fork per job, forks that serve up to 16 jobs, and a new Python per job.

``python -m benchmarks.queue_files --files 10000`` is the whole of it; the default is a part. Ways
that take a second per file or so do fewer of them: a file costs the same, however many there are.

A rate is files by seconds from the start of the command to its end. What starting costs once (the
worker, a runner for each processor, the first imports) weighs less the more files there are; so the
worker's rate between its first and its last completed job is told beside it, as ``in full swing``.
As many files are done at once as each way does by itself: a worker one more than there are
processors, the others as many; ``--concurrency`` has it the same for all. ``--reader`` chooses what
all ways read with: pandas, as most parsers do, or pyarrow, which leaves nearly nothing to do but
what the worker adds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.paired import report
from casparian.core.processors import processors
from casparian.core.settings import SETTINGS
from casparian.core.stores.store import open_store
from tests.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from casparian.core.stores.store import Store

_ROWS = 1_000
_COLUMNS = {"id": "int64", "name": "string", "amount": "float64", "day": "date"}
_PARSES = {
    "pandas": "import pandas\nyield pandas.read_csv(ctx.input_path)",
    "pyarrow": "import pyarrow.csv\nyield pyarrow.csv.read_csv(ctx.input_path)",
}
# The same, by hand; also what each process of the third way runs.
_CONVERTS = {
    "pandas": "pandas.read_csv(path).to_parquet(out)",
    "pyarrow": "pyarrow.parquet.write_table(pyarrow.csv.read_csv(path), out)",
}
_IMPORTS = {"pandas": "import pandas", "pyarrow": "import pyarrow.csv, pyarrow.parquet"}
_SCRIPT = """\
import sys
{imports}

def convert(path, out):
    {convert}

if __name__ == "__main__":
    convert(sys.argv[1], sys.argv[2])
"""


class _Rate(NamedTuple):
    """Files per second: of the whole command, and between its first and its last file."""

    whole: float
    in_full_swing: float


def main(words: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--files", type=int, default=1_000)
    options.add_argument("--slow-files", type=int, default=60)
    options.add_argument("--concurrency", type=int)
    options.add_argument("--reader", choices=sorted(_PARSES), default="pandas")
    given = options.parse_args(words or [])
    many, few = given.files, min(given.slow_files, given.files)
    at_once = given.concurrency or processors()
    slots = given.concurrency or SETTINGS["concurrency"].default
    reader = given.reader
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = _SCRIPT.format(imports=_IMPORTS[reader], convert=_CONVERTS[reader])
        (folder / "by_hand.py").write_text(script)
        workers = {
            "worker": _worker(folder / "warm", many, slots, reader),
            "--reuse 16": _worker(folder / "reused", many, slots, reader, "--reuse", "16"),
            "--cold": _worker(folder / "cold", few, slots, reader, "--cold"),
        }
        rates = {"pool": 0.0} | {way: rate.whole for way, rate in workers.items()}
        inputs = sorted((folder / "warm").glob("input_*.csv"))
        rates["pool"] = _pool(folder, inputs, at_once)
        rates["a process each"] = _process_each(folder, inputs[:few], at_once)
    print(
        f"  {many:,} files of {_ROWS:,} rows ({few} the slow ways), {at_once} at once "
        f"({slots} in a worker), read with {reader}, files/s: "
        + ", ".join(f"{way} {rate:.1f}" for way, rate in rates.items())
    )
    swing = ", ".join(f"{way} {rate.in_full_swing:.1f}" for way, rate in workers.items())
    print(f"  in full swing, without start and end, files/s: {swing}")
    pool = rates["pool"]
    report("files/s, worker / pool without isolation", rates["worker"] / pool, "at least 0.10")
    report("files/s, worker / a process per file", rates["worker"] / rates["a process each"], "15")
    report("files/s, worker / worker --cold", rates["worker"] / rates["--cold"], "told")
    report("files/s, --reuse 16 / pool", rates["--reuse 16"] / pool, "at least 0.4")
    report("in full swing, worker / pool", workers["worker"].in_full_swing / pool, "told")
    report("in full swing, --reuse 16 / pool", workers["--reuse 16"].in_full_swing / pool, "told")


def _text(number: int) -> str:
    lines = [f"{n},name {n},{n * 0.25},2024-01-{n % 28 + 1:02d}\n" for n in range(_ROWS)]
    return f"id,name,amount,day\n{number},first,0.5,2024-02-29\n" + "".join(lines[1:])


def _worker(folder: Path, files: int, concurrency: int, reader: str, *more: str) -> _Rate:
    folder.mkdir()
    with open_store(folder / "casparian.db") as store:
        workshop = Workshop(folder, store)
        workshop.parser(_PARSES[reader], outputs=_COLUMNS)
        for number in range(files):
            workshop.job(_text(number))
        began = time.perf_counter()
        worker = workshop.worker(
            *(
                "--python",
                sys.executable,
                "--drain",
                "--quiet",
                "--concurrency",
                concurrency,
                *more,
            ),
            stderr=subprocess.DEVNULL,
        )
        code = worker.wait()
        seconds = time.perf_counter() - began
        counts = store.jobs.counts()
        ended = sorted(_ended(store))
    if code != 0 or counts != {"completed": files}:
        sys.exit(f"the worker ended with {code}, and jobs are {counts}")
    between = (ended[-1] - ended[0]) / 1000
    return _Rate(files / seconds, (files - 1) / between if between else 0.0)


def _ended(store: Store) -> Iterator[int]:
    """When each job ended, in milliseconds."""
    after: int | None = None
    while True:
        page = store.jobs.list(after=after, limit=1_000)
        yield from (job.finished_at for job in page.jobs if job.finished_at is not None)
        after = page.after
        if after is None:
            return


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

"""Crashes: minutes of kills, cuts and freezes; every job's rows are there once, or not at all.

``python -m benchmarks.crash --jobs 2000 --seconds 600 --workers 4 --seed 7``; it is the test of
``tests/crash``, only longer. The folder of a run in which a promise was broken stays.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from casparian.core.stores.states import ENDED
from casparian.core.stores.store import open_store
from tests.crash.chaos import DATABASE_POINTS, FOLDER_POINTS, PATIENCE_S, Chaos, Plan, left_over
from tests.crash.verdict import summary, violations
from tests.workshop import Workshop

#: Folders of guests go with their guardians, which take a moment (seconds).
_LEAVING = 15.0


def main(words: list[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--jobs", type=int, default=600)
    options.add_argument("--seconds", type=float, default=180, help="how long chaos reigns")
    options.add_argument("--workers", type=int, default=4)
    options.add_argument("--concurrency", type=int, default=2)
    options.add_argument("--seed", type=int, default=random.randrange(10**6))
    options.add_argument("--leave", type=int, help="jobs done afterwards; the others are cancelled")
    options.add_argument("--database", action="store_true", help="sets go to a database")
    given = options.parse_args(words or [])
    plan = Plan(
        given.seed,
        given.jobs,
        given.seconds,
        workers=given.workers,
        concurrency=given.concurrency,
        points=DATABASE_POINTS if given.database else FOLDER_POINTS,
        database=given.database,
        leave=given.leave,
    )
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    print(
        f"  {plan.jobs:,} jobs, {plan.workers} workers, seed {plan.seed}, in {folder}", flush=True
    )
    with open_store(folder / "casparian.db", patience_s=PATIENCE_S) as store:
        chaos = Chaos(Workshop(folder, store), plan)
        chaos.run()
        deadline = time.monotonic() + _LEAVING
        while (left := left_over(folder)) and time.monotonic() < deadline:
            time.sleep(0.1)
        wrong = [*violations(chaos), *left]
        ended = sum(count for status, count in store.jobs.counts().items() if status in ENDED)
        print(f"  {summary(chaos)}")
    if chaos.uncut:
        wrong.append(f"nothing died at {', '.join(chaos.uncut)}: give it more time")
    print(f"  promises broken: {len(wrong)}, with {ended:,} jobs ended   (must reach: 0)")
    for what in wrong:
        print(f"    {what}")
    if wrong:
        sys.exit(f"the run is kept in {folder}")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])

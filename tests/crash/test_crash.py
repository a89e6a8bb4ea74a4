"""Whatever is killed, cut or frozen: each input's rows are published once, and nothing else is."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from casparian.core.stores.store import open_store

from ..workshop import Workshop
from .chaos import DATABASE_POINTS, PATIENCE_S, Chaos, Plan, left_over
from .verdict import summary, violations


def seed() -> int:
    """Another one each time; CRASH_SEED repeats the choices of an earlier run."""
    return int(os.environ.get("CRASH_SEED") or random.randrange(10**6))


# A slow machine takes longer until everything was cut, and no promise depends on how long.
pytestmark = pytest.mark.timeout(240)


def chaos_of(folder: Path, plan: Plan, eventually) -> Chaos:
    with open_store(folder / "casparian.db", patience_s=PATIENCE_S) as store:
        chaos = Chaos(Workshop(folder, store), plan)
        chaos.run()
        eventually(lambda: not left_over(folder), 15)
        wrong = sorted(set(violations(chaos)))
        told = summary(chaos)
    print(told)
    log = chaos.told_by_workers
    assert not wrong, f"CRASH_SEED={plan.seed}\n" + "\n".join(wrong) + f"\n{told}\n{log}"
    assert not chaos.uncut, f"CRASH_SEED={plan.seed}: nothing died at {chaos.uncut}; {told}"
    assert plan.database or chaos.other_root_used, f"CRASH_SEED={plan.seed}: one root alone; {told}"
    return chaos


def test_nothing_is_lost_or_doubled_whatever_is_killed_or_frozen(tmp_path: Path, eventually):
    chaos_of(tmp_path, Plan(seed(), jobs=120, seconds=11, leave=7), eventually)


def test_a_database_has_each_row_once_whatever_is_killed(tmp_path: Path, eventually):
    plan = Plan(
        seed(), jobs=16, seconds=3, points=DATABASE_POINTS, database=True, workers=2, leave=4
    )
    chaos_of(tmp_path, plan, eventually)

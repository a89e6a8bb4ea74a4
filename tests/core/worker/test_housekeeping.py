"""What a worker keeps in order: logs, staging, bundles on the disk, and who is alive."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from casparian.core.bundles import BundleCorruptError, build_bundle
from casparian.core.stores.jobs import Promotion
from casparian.core.worker.bundle_cache import BundleCache, sweep_unfinished
from casparian.core.worker.job_logs import log_path, sweep_logs
from casparian.core.worker.presence import Presence, dead_workers, new_worker
from casparian.core.worker.staging_sweep import sweep_dead_staging

from .conftest import READ, Workshop

NOW = 1_800_000_000.0


def log(home: Path, name: str, *, days: float, size: int = 10) -> Path:
    path = home / "logs" / "2026-11-25" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - days * 86_400,) * 2)
    return path


def test_old_logs_go_and_then_the_oldest_until_the_rest_fits(tmp_path: Path) -> None:
    old = log(tmp_path, "a1.1.log", days=8)
    first = log(tmp_path, "a2.1.log", days=3, size=600)
    second = log(tmp_path, "a3.1.log", days=2, size=600)
    tail = log(tmp_path, "a4.1.log.2", days=1, size=300)
    assert sweep_logs(tmp_path, now_s=NOW, running=(), most_bytes=1_000) == 2
    assert [path.exists() for path in (old, first, second, tail)] == [False, False, True, True]


def test_the_log_of_a_running_job_is_never_removed(tmp_path: Path) -> None:
    path = log(tmp_path, "a1.1.log", days=30, size=5_000)
    assert sweep_logs(tmp_path, now_s=NOW, running={"a1"}, most_bytes=1_000) == 0
    assert path.exists()


def test_a_folder_of_logs_goes_with_its_last_one(tmp_path: Path) -> None:
    path = log(tmp_path, "a1.1.log", days=30)
    sweep_logs(tmp_path, now_s=NOW, running=())
    assert not path.parent.exists()


def test_a_log_is_named_after_the_job_its_claim_and_the_day_it_was_queued(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    job = workshop.get(workshop.job())
    path = log_path(workshop.home, job, fence=3)
    assert path.name == f"{job.job_id}.3.log"
    assert path.parent.parent == workshop.home / "logs"
    assert len(path.parent.name) == len("2026-11-25")


def test_what_dead_claims_staged_is_removed_and_what_others_stage_is_not(
    workshop: Workshop,
) -> None:
    workshop.parser(READ)
    running, promoting, again = (workshop.job(f"{n}\n") for n in range(3))
    claimed = workshop.store.jobs.claim_next("w", limit=3, lease_ms=60_000)
    leases = {job.job_id: job.lease for job in claimed}
    workshop.store.jobs.promote([Promotion(leases[promoting], "{}")], lease_ms=60_000)
    workshop.store.jobs.release(leases[again])
    staging = workshop.root / ".staging"
    for name in (f"{running}.1", f"{promoting}.1", f"{again}.1", "ffff000000000000.1", "notes"):
        (staging / name / "set").mkdir(parents=True)
    assert sweep_dead_staging(workshop.root, workshop.store.jobs) == [f"{again}.1"]
    [job] = workshop.store.jobs.claim_next("w", limit=1, lease_ms=60_000)
    (staging / f"{again}.1").mkdir()
    (staging / f"{again}.2").mkdir()
    assert sweep_dead_staging(workshop.root, workshop.store.jobs) == [f"{again}.1"]
    assert job.fence == 2


def test_a_bundle_is_taken_from_the_store_once_and_again_if_it_was_touched(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "parser.py").write_text("x = 1\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "p"\n')
    (folder / "uv.lock").write_text("version = 1\n")
    bundle = build_bundle(folder)
    fetched: list[str] = []

    def fetch(source_hash: str) -> bytes:
        fetched.append(source_hash)
        return bundle.archive

    for cache in (BundleCache(tmp_path / "home", fetch), BundleCache(tmp_path / "home", fetch)):
        found = cache.get(bundle.source_hash)
        assert found.archive.read_bytes() == bundle.archive
        assert (found.project / "uv.lock").read_text() == "version = 1\n"
        assert cache.get(bundle.source_hash) == found
    assert len(fetched) == 1
    found.archive.write_bytes(b"damaged")
    assert cache.get(bundle.source_hash).archive.read_bytes() == bundle.archive
    assert len(fetched) == 2
    shutil.rmtree(tmp_path / "home")
    with pytest.raises(BundleCorruptError, match="not in the store"):
        BundleCache(tmp_path / "home", lambda _: None).get(bundle.source_hash)


HOLDS = """
import sys
from pathlib import Path
from casparian.core.worker.presence import Presence
held = Presence(Path(sys.argv[1]), sys.argv[2])
print("there", flush=True)
sys.stdin.read()
"""


def test_a_worker_that_was_killed_is_known_to_be_dead_at_once(workshop: Workshop) -> None:
    for worker_id in ("dead", "alive", "elsewhere"):
        workshop.store.workers.announce(new_worker(worker_id, slots=1))
    alive = Presence(workshop.home, "alive")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(workshop.home), "dead"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert dead_workers(workshop.home, workshop.store.workers.list()) == []
    holder.kill()
    holder.communicate()
    assert dead_workers(workshop.home, workshop.store.workers.list()) == ["dead"]
    alive.end()
    assert dead_workers(workshop.home, workshop.store.workers.list()) == ["dead"], (
        "a lock that isn't there tells nothing: its home may be another"
    )


def test_a_worker_that_could_not_say_that_it_ends_is_known_to_be_dead_at_once(
    workshop: Workshop,
) -> None:
    workshop.store.workers.announce(new_worker("gone", slots=1))
    Presence(workshop.home, "gone").end(is_retired=False)
    assert dead_workers(workshop.home, workshop.store.workers.list()) == ["gone"]


def test_a_bundle_that_was_half_unpacked_by_a_killed_worker_is_removed_in_time(
    tmp_path: Path,
) -> None:
    left, unpacking, bundle = (
        tmp_path / "bundles" / name for name in (".0123.left", ".0123.now", "0123")
    )
    for folder in (left, unpacking, bundle):
        folder.mkdir(parents=True)
        (folder / "bundle.zip").touch()
    now = time.time()
    for folder in (left, bundle):
        os.utime(folder, (now - 4_000, now - 4_000))
    sweep_unfinished(tmp_path, now_s=now)
    assert sorted((tmp_path / "bundles").iterdir()) == [unpacking, bundle]

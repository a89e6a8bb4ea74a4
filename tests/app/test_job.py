"""``casparian job``: what a person is told of one job, and what became of what they asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casparian.core.stores.errors import AmbiguousJobError, StoreError, UnknownJobError
from casparian.core.worker.job_logs import log_path

from .queued import Queued, bad_row, call


def shown(job_id: str, *words: str) -> str:
    done = call("job", "show", job_id, *words)
    assert done.return_value == 0, done.exception
    return done.stdout


def test_a_job_is_shown_with_its_attempts_error_traceback_and_log(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add("/data/a.csv", priority=3)
    queued.fail(queued.claim("worker-1"), "ConnectionError: reset", permanent=False)
    queued.jobs.retry(job_id)
    text = "Traceback (most recent call last):\n  File \"parser.py\", line 7\nKeyError: 'total'"
    queued.fail(queued.claim("worker-2"), "KeyError: 'total'", details={"text": text})
    told = shown(job_id[:6])
    job = queued.jobs.get(job_id)
    assert job is not None
    for part in (
        f"job {job_id}  ✗ failed",
        f"parser      sales 1.0.0  (bundle {job.source_hash[:12]})",
        "input       /data/a.csv",
        "priority    3",
        f"log         {log_path(tmp_path / 'home', job)}",
        "worker-1  scheduled after",
        "parser: ConnectionError: reset",
        "worker-2  failed after",
        "  parser: KeyError: 'total'",
        "  try: look at the file",
        '    File "parser.py", line 7',
    ):
        assert part in told


def test_a_running_job_shows_its_worker_and_progress(queued: Queued) -> None:
    job_id = queued.add()
    lease = queued.claim("worker-1", lease_ms=-1)
    queued.jobs.progress(lease, 5, 10)
    told = shown(job_id)
    assert "worker      worker-1  (last heard of now ago, LATE: its lease has run out)" in told
    assert "progress    5 of 10" in told
    queued.jobs.cancel(job_id)
    assert "it is to be cancelled" in shown(job_id)


def test_the_kinds_of_quarantined_rows_are_shown(queued: Queued) -> None:
    job_id = queued.add()
    rows = [bad_row(1), bad_row(4, ("age", "type_mismatch"), ("name", "too_long"))]
    queued.finish(queued.claim(), rows=10, quarantined=2, quarantine=rows)
    told = shown(job_id)
    assert "rows        10, 2 quarantined" in told
    assert "quarantine: 2 rows" in told
    assert "sales.age  type_mismatch  2 cells: row 2: age: 'x' is type_mismatch" in told
    assert "sales.name  too_long  1 cell:" in told


def test_json_holds_all_of_it(queued: Queued) -> None:
    job_id = queued.add()
    queued.fail(queued.claim(), "no", details={"text": "trace"})
    told = json.loads(shown(job_id, "--json"))
    assert told["job"]["job_id"] == job_id
    assert told["job"]["error"]["details"] == {"text": "trace"}
    [attempt] = told["attempts"]
    assert (attempt["attempt"], attempt["outcome"]) == (1, "failed")
    assert told["quarantine"] == {"rows": 0, "groups": []}
    assert told["published"] is None
    assert told["log"].endswith(f"{job_id}.1.log")


def test_a_job_that_is_not_there_or_not_the_only_one_is_told(queued: Queued) -> None:
    assert isinstance(call("job", "show", "zzz").exception, UnknownJobError)
    ids = [queued.add(f"/data/{number}.csv") for number in range(17)]
    twice = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    assert isinstance(call("job", "show", twice).exception, AmbiguousJobError)


# ------------------------------------------------------------------------------- verbs


def test_verbs_are_done_to_each_job_and_refusals_are_the_exit_code(queued: Queued) -> None:
    pending, failed = queued.add("/data/a.csv"), queued.add("/data/b.csv")
    queued.claim()
    queued.fail(queued.claim())
    done = call("job", "cancel", pending, failed)
    assert done.return_value == 1
    assert f"✓ {pending} is being ended by its worker" in done.stdout
    assert f"✗ {failed}: the job is failed: a job that is publishing" in done.stderr
    done = call("job", "requeue", failed[:8], failed)
    assert done.return_value == 0
    assert done.stdout == f"✓ {failed} is pending again\n"
    assert f"✓ {failed} is cancelled" in call("job", "cancel", failed).stdout
    assert "only a scheduled job can be retried now" in call("job", "retry", failed).stderr


def test_an_id_that_means_no_job_or_several_is_refused_and_all_else_is_done(
    queued: Queued,
) -> None:
    ids = [queued.add(f"/data/{number}.csv") for number in range(17)]
    several = next(one[0] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    done = call("job", "cancel", "zzz", ids[0], several)
    assert done.return_value == 1
    assert done.stdout == f"✓ {ids[0]} is cancelled\n"
    assert "✗ there is no job 'zzz'\n  try: casparian jobs lists" in done.stderr
    assert f"✗ several jobs' ids begin with '{several}'" in done.stderr
    assert queued.jobs.counts() == {"pending": 16, "cancelled": 1}
    [told, unknown] = json.loads(call("job", "delete", ids[0], "zzz", "--json").stdout)["jobs"]
    assert (told["job_id"], told["done"]) == (ids[0], True)
    assert (unknown["job_id"], unknown["done"], unknown["status"]) == ("zzz", False, None)


def test_a_dead_letter_is_replayed_with_the_parsers_current_bundle(queued: Queued) -> None:
    dead = queued.dead_letter()
    queued.register(version="1.1.0")
    told = json.loads(call("job", "replay", dead, "--json").stdout)
    [result] = told["jobs"]
    new = queued.jobs.get(result["new_job_id"])
    assert new is not None
    assert (new.parser_version, new.replay_of) == ("1.1.0", dead)
    assert (result["done"], result["status"], result["why_not"]) == (True, "dead_letter", "")
    assert f"replay of   {dead}" in shown(new.job_id)
    assert "has a replacement under way" in call("job", "replay", dead).stderr


def test_that_a_replaced_job_can_not_be_requeued_is_said_with_what_to_do(queued: Queued) -> None:
    dead = queued.dead_letter()
    new = json.loads(call("job", "replay", dead, "--json").stdout)["jobs"][0]["new_job_id"]
    queued.finish(queued.claim())
    done = call("job", "requeue", dead)
    assert done.return_value == 1
    assert f"the set of job {new} has taken its place" in done.stderr
    assert f"try: requeue that one: casparian job requeue {new}" in done.stderr


# -------------------------------------------------------------------------------- logs


def test_the_log_of_the_newest_attempt_is_printed_or_that_of_another(
    queued: Queued, tmp_path: Path
) -> None:
    job_id = queued.add()
    assert "has no log" in call("job", "logs", job_id).stderr
    for attempt in (1, 2):
        lease = queued.claim()
        job = queued.jobs.get(job_id)
        assert job is not None
        path = log_path(tmp_path / "home", job)
        assert call("job", "logs", job_id).return_value == 1
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"attempt %d \xff\n" % attempt)
        queued.fail(lease, permanent=attempt == 2)
        queued.jobs.retry(job_id)
    done = call("job", "logs", job_id)
    assert (done.return_value, done.stdout_bytes) == (0, b"attempt 2 \xff\n")
    assert call("job", "logs", job_id, "--attempt", 1).stdout_bytes == b"attempt 1 \xff\n"
    assert call("job", "logs", job_id, "-f").stdout_bytes == b"attempt 2 \xff\n"
    error = call("job", "logs", job_id, "--attempt", 3).exception
    assert isinstance(error, StoreError)
    assert error.hint == "attempts so far: 1, 2"
    both = call("job", "logs", job_id, "--attempt", 1, "-f").exception
    assert getattr(both, "exit_code", None) == 2


@pytest.mark.parametrize("verb", ["cancel", "retry", "requeue", "replay"])
def test_a_verb_without_an_id_is_wrong_usage(verb: str, queued: Queued) -> None:
    assert getattr(call("job", verb).exception, "exit_code", None) == 2


def test_an_ended_job_is_deleted_and_one_that_is_not_says_why(queued: Queued) -> None:
    job_id = queued.add()
    refused = call("job", "delete", job_id)
    assert refused.return_value == 1
    assert "only an ended job can be deleted: cancel it first" in refused.stderr
    queued.jobs.cancel(job_id)
    done = call("job", "delete", job_id)
    assert done.return_value == 0
    assert f"{job_id} is forgotten" in done.stdout
    assert queued.jobs.get(job_id) is None

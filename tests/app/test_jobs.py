"""``casparian jobs``: what a person sees of the queue, and that it fits and is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from casparian.app.ages import iso, shown_age, shown_duration
from casparian.app.job_states import SHOWN
from casparian.app.jobs_table import JobsSnapshot, jobs_view, shortened
from casparian.core.stores.errors import StoreUnreachableError
from casparian.core.stores.jobs import Job, JobError
from casparian.core.stores.states import STATUSES

from .queued import Queued, bad_row, call

LONG = "/data/exports/2024/Übersicht/a folder with a long name/sales_of_the_year_2024.csv"
NOW = 1_710_000_000_000


@pytest.fixture
def job(queued: Queued) -> Job:
    found = queued.jobs.get(queued.add(LONG))
    assert found is not None
    return found._replace(job_id="0123456789abcdef", created_at=NOW - 7_200_000)


def drawn(*jobs: Job, width: int = 120, **other: object) -> list[str]:
    """The lines of the table alone, titles first."""
    snapshot = JobsSnapshot(jobs, more=False, total=len(jobs), counts={}, **other)  # type: ignore[arg-type]
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(jobs_view(snapshot, NOW, width=width, marks=True))
    return [line.rstrip() for line in capture.get().splitlines()[2:]]


# ------------------------------------------------------------------------------- table


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 240])
def test_the_table_fits_the_terminal_and_keeps_what_tells_most(job: Job, width: int) -> None:
    worker = "host-1234-worker-0001"
    busy = job._replace(
        status="running",
        attempt=2,
        worker_id=worker,
        started_at=NOW - 90_000,
        last_heartbeat_at=NOW - 12_000,
        lease_until=NOW + 1,
        progress_done=45,
        progress_total=100,
    )
    failed = job._replace(
        status="failed",
        error=JobError("parser", "KeyError: 'a very long column name'\nand more"),
        parser="a_parser_with_quite_a_name",
        finished_at=NOW,
        started_at=NOW - 1_000,
    )
    lines = drawn(busy, failed, width=width)
    assert max(map(cell_len, lines)) <= width
    assert "▶ running" in lines[1]
    assert "01234567" in lines[1]
    assert ".csv" in lines[1], "the end of a path is what tells files apart"
    if width >= 80:
        assert "♥ 12s" in lines[1]
        assert "parser: Ke" in lines[2]
    if width >= 140:
        for part in ("2/4", "45%", "1m 30s", "2h"):
            assert part in lines[1]


@pytest.mark.parametrize("status", STATUSES)
def test_a_state_is_a_mark_a_word_and_a_colour_each_of_its_own(job: Job, status: str) -> None:
    shown = SHOWN[status]  # type: ignore[index]
    others = [other for name, other in SHOWN.items() if name != status]
    assert cell_len(shown.mark) == cell_len(shown.plain) == 1
    assert shown.plain.isascii()
    assert shown.style
    assert shown.word not in [other.word for other in others]
    assert shown.mark not in [other.mark for other in others]


def test_a_job_whose_worker_is_not_heard_of_is_late(job: Job) -> None:
    held = job._replace(
        status="running",
        worker_id="w1",
        started_at=NOW - 900_000,
        lease_until=NOW - 1,
        last_heartbeat_at=NOW - 400_000,
    )
    assert "LATE: w1 last heard of 6m ago" in drawn(held)[1]
    assert "LATE" not in drawn(held._replace(lease_until=NOW))[1]
    assert "w1 ♥ 15m" in drawn(held._replace(lease_until=NOW, last_heartbeat_at=None))[1]
    cancelled = held._replace(lease_until=NOW, cancel_requested=True)
    assert "is being cancelled by w1" in drawn(cancelled)[1]


def test_a_waiting_job_says_what_it_waits_for(job: Job) -> None:
    later = job._replace(status="scheduled", run_at=NOW + 4_000, error=JobError("timeout", "long"))
    assert "runs in 4.0s, after: timeout: long" in drawn(later, width=200)[1]
    assert "its parser is paused" in drawn(job, paused=frozenset({"sales"}))[1]
    done = job._replace(status="completed", replaced_by="fedcba9876543210", finished_at=NOW)
    assert "replaced by fedcba98" in drawn(done)[1]


@pytest.mark.parametrize("width", range(40))
def test_a_long_text_is_cut_in_its_middle(width: int) -> None:
    for text in ("short", "/data/a/long/path/to/a_file_2024.csv", "漢字" * 12 + ".csv"):
        cut = shortened(text, width)
        assert cell_len(cut) <= width
        if cell_len(text) > width > 8:
            assert text.startswith(cut.split("…")[0])
            assert cut.endswith(".csv")


@pytest.mark.parametrize(
    ("milliseconds", "duration", "age"),
    [
        (0, "0ms", "now"),
        (850, "850ms", "now"),
        (1_500, "1.5s", "1s"),
        (59_600, "1m", "59s"),
        (185_000, "3m 05s", "3m"),
        (3_600_000, "1h", "1h"),
        (90_061_000, "1d 01h", "1d"),
    ],
)
def test_times_are_short(milliseconds: int, duration: str, age: str) -> None:
    assert (shown_duration(milliseconds), shown_age(milliseconds)) == (duration, age)


# ----------------------------------------------------------------------------- command


def test_an_empty_queue_says_how_jobs_come_into_it(queued: Queued) -> None:
    assert "no jobs: casparian enqueue PARSER FILE… queues some" in call("jobs").stdout
    queued.add()
    assert "no job matches" in call("jobs", "--status", "failed").stdout


def test_without_a_store_nothing_is_made() -> None:
    done = call("jobs", "--store", "none.db")
    assert isinstance(done.exception, StoreUnreachableError)
    assert not Path("none.db").exists()


def test_counts_are_honest(queued: Queued) -> None:
    for number in range(7):
        queued.add(f"/data/{number}.csv")
    queued.fail(queued.claim())
    assert "6 pending · 1 failed" in call("jobs").stdout
    assert "showing" not in call("jobs").stdout, "it is all"
    assert "showing 3 of 7 (--limit)" in call("jobs", "--limit", 3).stdout
    assert "showing 3 of 6" in call("jobs", "--limit", 3, "--status", "pending").stdout
    few = call("jobs", "--limit", 3, "--text", "/data").stdout
    assert "showing 3; there are more (--limit)" in few, "how many match, nobody has counted"


def listed(*words: object) -> list[str]:
    done = call("jobs", *words, "--json")
    assert done.return_value == 0, done.output
    return [Path(job["input_path"]).stem for job in json.loads(done.stdout)["jobs"]]


def test_jobs_are_chosen_by_state_parser_input_time_and_text(queued: Queued) -> None:
    queued.register("bank")
    queued.add("/data/sales_1.csv")
    queued.add("/data/bank_2.csv", parser="bank")
    queued.fail(queued.claim(parser="sales"), "KeyError: 'total'")
    queued.add("/data/sales_3.csv", max_attempts=1)
    queued.fail(queued.claim(parser="sales"), permanent=False)
    assert listed() == ["sales_3", "bank_2", "sales_1"]
    assert listed("--sort", "oldest", "--limit", 2) == ["sales_1", "bank_2"]
    assert listed("--status", "failed", "--status", "pending") == ["bank_2", "sales_1"]
    assert listed("--dead-letter") == listed("--status", "dead-letter") == ["sales_3"]
    assert listed("--parser", "bank") == ["bank_2"]
    assert listed("--input", "sales_*") == listed("--input", "/data/s*") == ["sales_3", "sales_1"]
    assert listed("--text", "total") == ["sales_1"]
    assert listed("--since", "1h") == ["sales_3", "bank_2", "sales_1"]
    assert listed("--since", "2999-01-01") == []


@pytest.mark.parametrize(
    "words",
    [["--status", "done"], ["--since", "soon"], ["--watch"], ["--limit", "0"]],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(words: list[str], queued: Queued) -> None:
    done = call("jobs", *words, "--json")
    if done.exception is not None:  # while the options are read
        assert getattr(done.exception, "exit_code", None) == 2
    else:
        assert done.return_value == 2


def test_json_has_times_in_iso_8601_utc(queued: Queued) -> None:
    job_id = queued.add()
    queued.finish(queued.claim(), rows=9, quarantined=1, quarantine=[bad_row(1)])
    job = queued.jobs.get(job_id)
    assert job is not None
    told = json.loads(call("jobs", "--json").stdout)
    assert (told["total"], told["more"]) == (1, False)
    assert told["counts"] == {"completed_with_warnings": 1}
    [shown] = told["jobs"]
    assert shown["created_at"] == iso(job.created_at)
    assert shown["created_at"].endswith("Z")
    assert (shown["rows"], shown["quarantined"], shown["run_at"]) == (9, 1, None)
    assert (shown["late"], shown["error"]) == (False, None)


def test_of_a_failed_job_it_is_seen_that_it_published_nothing_and_how_much_it_refused(
    queued: Queued, job: Job
) -> None:
    lease = queued.claim()
    queued.fail(lease, quarantine=[bad_row(1), bad_row(2)])
    failed = queued.jobs.get(lease.job_id)
    assert failed is not None
    done = job._replace(status="completed", rows=7, quarantined=0)
    titles, *lines = drawn(failed, failed._replace(quarantined=None), done, width=200)
    rows, bad = (titles.index(name) + len(name) for name in (" rows", " bad"))
    assert [(line[:rows].split()[-1], line[rows:bad].strip()) for line in lines] == [
        ("–", "2"),
        ("–", "–"),
        ("7", ""),
    ]
    titles, _ = drawn(failed._replace(quarantined=None))
    assert " rows" not in titles, "a column in which there is nothing takes no room"
    [shown] = json.loads(call("jobs", "--json").stdout)["jobs"]
    assert (shown["rows"], shown["quarantined"]) == (None, 2)
    assert "none published; 2 were refused" in call("job", "show", lease.job_id).stdout


# ------------------------------------------------------------------------------- prune


def test_jobs_that_ended_long_ago_are_forgotten(queued: Queued) -> None:
    for number in range(3):
        queued.add(f"/data/{number}.csv")
    queued.finish(queued.claim(), quarantined=1, quarantine=[bad_row(1)])
    queued.fail(queued.claim())
    assert "0 jobs forgotten" in call("jobs", "prune").stdout
    refused = call("jobs", "prune", "--older-than", "2999-01-01", "--json")
    assert refused.return_value == 2
    assert "2 jobs would be forgotten: say so with --yes" in refused.stderr
    some = call("jobs", "prune", "--older-than", "2999-01-01", "--status", "failed", "--yes")
    assert "1 jobs forgotten that ended before 2999-01-01" in some.stdout
    rest = call("jobs", "prune", "--older-than", "2999-01-01", "--yes", "--json")
    assert json.loads(rest.stdout) == {"pruned": 1, "before": "2999-01-01T00:00:00.000Z"}
    assert queued.jobs.counts() == {"pending": 1}


def test_the_lists_options_stand_behind_no_command(queued: Queued) -> None:
    done = call("jobs", "--parser", "sales", "prune", "--yes")
    assert getattr(done.exception, "exit_code", None) == 2


def test_jobs_are_chosen_by_the_words_of_the_terminal_app(queued: Queued) -> None:
    queued.register("shipments")
    queued.add("/data/a_2024.csv")
    queued.fail(queued.claim())
    queued.add("/data/b_2024.csv", parser="shipments")

    def shown(*words: str) -> list[str]:
        listed = json.loads(call("jobs", "--json", *words).output)
        return [job["input_path"] for job in listed["jobs"]]

    assert shown("--filter", "status:failed parser:sales input:*2024* since:1h a_") == [
        "/data/a_2024.csv"
    ]
    assert shown("--filter", "status:live", "--parser", "shipments") == ["/data/b_2024.csv"]
    twice = call("jobs", "--filter", "status:failed", "--status", "failed")
    assert "--status is in --filter, too" in str(twice.exception.format_message())  # type: ignore[union-attr]
    wrong = call("jobs", "--filter", "staus:failed")
    assert "did you mean status:?" in str(wrong.exception.hint)  # type: ignore[union-attr]

"""``casparian enqueue``: what a person is told of the files that were queued, and of those not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from casparian.core.publishing.manifest import Manifest
from casparian.core.stores.errors import StoreUnreachableError, UnknownParserError

from .queued import Queued, call


@pytest.fixture(autouse=True)
def _files(queued: Queued) -> None:
    for name in ("in/a.csv", "in/b.csv", "in/deep/c.csv"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


@pytest.mark.parametrize("command", ["enqueue", "process-job"])
def test_files_are_queued_for_the_latest_version_of_a_parser(
    command: str, queued: Queued, tmp_path: Path
) -> None:
    queued.register(version="1.1.0")
    done = call(command, "sales", "in/a.csv", "in/deep")
    assert done.return_value == 0
    assert "✓ 2 queued for sales 1.1.0" in done.stdout
    assert "casparian worker" in done.stdout
    jobs = queued.jobs.list(sort="oldest").jobs
    assert [job.input_path for job in jobs] == [
        str(tmp_path / "in/a.csv"),
        str(tmp_path / "in/deep/c.csv"),
    ]


def test_a_version_can_be_named(queued: Queued) -> None:
    queued.register(version="1.1.0")
    assert "for sales 1.0.0" in call("enqueue", "sales@1.0.0", "in/a.csv").stdout
    with pytest.raises(UnknownParserError, match=r"no version '2.0' of sales") as caught:
        raise call("enqueue", "sales@2.0", "in/a.csv").exception  # type: ignore[misc]
    assert caught.value.hint == "there are: 1.0.0, 1.1.0"


def test_a_parser_that_is_not_registered_is_told_with_the_nearest(queued: Queued) -> None:
    error = call("enqueue", "slaes", "in/a.csv").exception
    assert isinstance(error, UnknownParserError)
    assert error.hint == "did you mean sales?"
    assert not queued.jobs.counts()


def test_a_store_that_is_not_there_is_not_made() -> None:
    error = call("enqueue", "sales", "in/a.csv", "--store", "other.db").exception
    assert isinstance(error, UnknownParserError)
    assert error.hint == "casparian parser register FOLDER"
    error = call("enqueue", "--topic", "t", "in/a.csv", "--store", "other.db").exception
    assert isinstance(error, StoreUnreachableError)
    assert not Path("other.db").exists()


def test_what_was_processed_already_is_said_to_be(queued: Queued, tmp_path: Path) -> None:
    call("enqueue", "sales", "in/a.csv")
    queued.finish(lease := queued.claim())
    done = call("enqueue", "sales", "in/a.csv")
    assert done.return_value == 0
    assert f"Already processed: {tmp_path}/in/a.csv (job {lease.job_id[:8]})" in done.stdout
    assert "casparian worker" not in done.stdout, "there is nothing to be done"
    call("enqueue", "sales", "in/b.csv")
    done = call("enqueue", "sales", "in")
    assert "✓ 1 queued" in done.stdout
    assert "Already processed: " in done.stdout
    assert f"In the queue already: {tmp_path}/in/b.csv" in done.stdout
    assert "✓ 3 queued" in call("enqueue", "sales", "in", "--force").stdout


def test_a_job_that_was_pruned_since_is_not_named_as_if_it_were_there(
    queued: Queued, tmp_path: Path
) -> None:
    call("enqueue", "sales", "in/a.csv")
    queued.finish(lease := queued.claim())
    assert queued.jobs.delete(lease.job_id)
    done = call("enqueue", "sales", "in/a.csv")
    named = f"(job {lease.job_id[:8]}, which was pruned since)"
    assert f"Already processed: {tmp_path}/in/a.csv {named}" in done.stdout
    [job] = json.loads(call("enqueue", "sales", "in/a.csv", "--json").stdout)["jobs"]
    assert (job["outcome"], job["job_pruned"]) == ("already_processed", True)


def test_rows_that_stand_for_a_file_are_said_to_be_replaced_or_to_stay_beside(
    queued: Queued, tmp_path: Path
) -> None:
    call("enqueue", "sales", "in")
    assert "of them" not in call("enqueue", "sales", "in/a.csv", "--force").stdout
    while queued.jobs.counts().get("pending"):
        queued.finish(queued.claim())
    Path("in/a.csv").write_text("grown")
    done = call("enqueue", "sales", "in")
    assert "✓ 1 queued for sales 1.0.0" in done.stdout
    assert "· 1 of them to replace rows that stand, once they are published" in done.stdout
    queued.register(version="1.1.0")
    done = call("enqueue", "sales", "in")
    assert "✓ 3 queued for sales 1.1.0" in done.stdout
    assert "· 3 of them beside rows of another version, which stay: 1.0.0" in done.stdout
    assert "replace" not in done.stdout
    told = json.loads(call("enqueue", "sales@1.0.0", "in/b.csv", "--force", "--json").stdout)
    assert (told["replacing"], told["beside"]) == (1, 0), "1.1.0 has published nothing yet"
    [job] = told["jobs"]
    assert (job["replaces"], job["beside"]) == (True, [])
    told = json.loads(call("enqueue", "sales@1.1.0", "in/b.csv", "--force", "--json").stdout)
    assert (told["replacing"], told["beside"]) == (0, 1)
    assert (told["jobs"][0]["replaces"], told["jobs"][0]["beside"]) == (False, ["1.0.0"])


def test_files_that_can_not_be_queued_are_the_exit_code_and_the_others_are_queued(
    queued: Queued, tmp_path: Path
) -> None:
    os.mkfifo("pipe")
    done = call("enqueue", "sales", "in/a.csv", "none.csv", "pipe", "*.xml")
    assert done.return_value == 1
    assert "✓ 1 queued" in done.stdout
    assert f"✗ {tmp_path}/none.csv: there is no such file" in done.stderr
    assert f"✗ {tmp_path}/pipe: it is a named pipe, and no plain file" in done.stderr
    assert "✗ *.xml: no file matches" in done.stderr


def test_a_thousand_problems_are_not_a_thousand_lines(queued: Queued) -> None:
    done = call("enqueue", "sales", "-", input="".join(f"none{n}.csv\n" for n in range(1_234)))
    assert done.return_value == 1
    assert done.stderr.count("\n") == 21
    assert "… 1,214 more that could not be queued" in done.stderr


@pytest.mark.parametrize(
    "words", [["-"], ["--from-file", "-"], ["--from-file", "list.txt"], ["in/a.csv", "-"]]
)
def test_a_list_of_paths_is_read(words: list[str], queued: Queued) -> None:
    Path("list.txt").write_text("in/a.csv\nin/b.csv\n")
    done = call("enqueue", "sales", *words, input="in/a.csv\nin/b.csv\n")
    assert done.return_value == 0, done.output
    assert queued.jobs.counts() == {"pending": 2}


def test_a_topic_queues_for_every_parser_that_subscribes(queued: Queued) -> None:
    queued.register("one", topics=("money",))
    queued.register("two", topics=("money", "more"))
    done = call("enqueue", "--topic", "money", "in/a.csv", "in/b.csv")
    assert "✓ 4 queued for one 1.0.0, two 1.0.0" in done.stdout
    error = call("enqueue", "--topic", "mony", "in/a.csv").exception
    assert isinstance(error, UnknownParserError)
    assert (error.message, error.hint) == (
        "no parser subscribes to the topic 'mony'",
        "did you mean money?",
    )


def test_that_the_parser_is_paused_is_said(queued: Queued) -> None:
    queued.parsers.pause("sales", "5 consecutive failures")
    done = call("enqueue", "sales", "in/a.csv")
    assert "! sales is paused (5 consecutive failures): its jobs wait" in done.stderr
    assert "try: casparian parser resume sales" in done.stderr


def test_json_tells_all_of_it(queued: Queued, tmp_path: Path) -> None:
    done = call("enqueue", "sales", "in/a.csv", "none.csv", "--priority", "-5", "--json")
    assert done.return_value == 1
    told = json.loads(done.stdout)
    [job] = queued.jobs.list().jobs
    assert job.priority == -5
    assert told["jobs"] == [
        {
            "job_id": job.job_id,
            "outcome": "queued",
            "path": str(tmp_path / "in/a.csv"),
            "parser": "sales",
            "parser_version": "1.0.0",
            "job_pruned": False,
            "replaces": False,
            "beside": [],
        }
    ]
    assert told["problems"] == [
        {
            "path": str(tmp_path / "none.csv"),
            "kind": "missing",
            "message": "there is no such file",
        }
    ]
    assert (told["files"], told["queued"], told["problem_count"]) == (2, 1, 1)
    assert [parser["name"] for parser in told["parsers"]] == ["sales"]


def test_of_a_folder_what_casparian_writes_is_passed_over_and_it_is_said_how_many(
    queued: Queued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest("j1", 1, "sales", "1.0.0", "h", None, "a.csv", "h", str(tmp_path), ())
    published = tmp_path / "out" / "sales" / "1.0.0" / "j1"
    published.mkdir(parents=True)
    (published / "_manifest.json").write_text(manifest.as_json())
    (published / "sales.parquet").write_text("x")
    (tmp_path / "in" / "_manifest.json").write_text('{"job_id": "in"}')  # somebody else's
    monkeypatch.setenv("CASPARIAN_STORE", "s.db")
    monkeypatch.setenv("CASPARIAN_OUTPUT", "sqlite://rows.db")
    Path("rows.db").write_text("x")
    Path("home/rows.db").write_text("x")
    with Queued(tmp_path / "s.db") as store:
        store.register()
        own = {str(path) for path in tmp_path.glob("s.db*")}
        done = call("enqueue", "sales", ".")
        assert done.return_value == 0, done.output
        jobs = {job.input_path for job in store.jobs.list().jobs}
        names = ("in/a.csv", "in/b.csv", "in/deep/c.csv", "in/_manifest.json")
        assert jobs == {str(tmp_path / name) for name in names}
        home = [path for path in tmp_path.glob("home/**/*") if path.is_file()]
        count = len(own) + len(home) + 3
        assert f"Passed over, for casparian wrote them: {count} files\n" in done.stdout
        told = json.loads(call("enqueue", "sales", "out", "--json").stdout)
        assert (told["passed_over"], told["files"]) == (2, 0)
        assert told["problems"][0]["message"] == "it holds no files but what casparian wrote"
        for meant in (str(published), "out/**/*.parquet", "rows.db"):
            assert json.loads(call("enqueue", "sales", meant, "--json").stdout)["files"] > 0


def test_an_empty_name_is_not_the_current_folder(queued: Queued) -> None:
    done = call("enqueue", "sales", "", "in/a.csv")
    assert done.return_value == 1
    assert "✓ 1 queued" in done.stdout
    assert done.stderr == "✗ '': an empty name names no file\n"


@pytest.mark.parametrize("words", [[], ["sales"], ["--topic", "money"]])
def test_nothing_to_be_queued_is_wrong_usage(words: list[str]) -> None:
    done = call("enqueue", *words, "--json")
    assert done.return_value == 2
    assert json.loads(done.stdout)["error"]["type"] == "UsageError"

"""What ``casparian run`` promises, seen from outside: files, reports, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import CASPARIAN, NONE_ACTIVE, Workplace

#: A level 2 parser without pandas: rows of the CSV as texts.
PEOPLE = """\
import csv

class Parser:
    name = "people"
    version = "1.0.0"
    outputs = {"name": "string", "age": "int64"}

    def parse(self, ctx):
        with ctx.input_path.open() as file:
            yield list(csv.DictReader(file))
"""


def _table(report: dict, output: int = 0) -> list[dict]:
    uri = report["outputs"][output]["uri"]
    return pq.read_table(uri.removeprefix("parquet://")).to_pylist()


def test_a_level_1_parser_with_pandas_turns_a_csv_into_parquet(workplace: Workplace) -> None:
    workplace.write(
        "parser.py", "import pandas as pd\n\ndef parse(path):\n    return pd.read_csv(path)\n"
    )
    workplace.write("sales.csv", "date,sku,quantity,price,total\n" + "2024-01-01,a,1,2.5,2.5\n" * 5)
    done = workplace.run("parser.py", "sales.csv", **NONE_ACTIVE)
    assert done.returncode == 0, done.stderr
    assert "✓ 5 rows processed" in done.stdout
    assert done.stderr.count("cannot be registered") == 1
    [name] = [n for n in workplace.files() if n.startswith("output/")]
    table = pq.read_table(workplace.folder / name)
    assert (table.num_rows, table.num_columns) == (5, 5)


def test_bad_rows_go_to_quarantine_with_their_reasons_and_good_rows_to_the_output(
    workplace: Workplace,
) -> None:
    workplace.write("people.py", PEOPLE)
    report = workplace.json("people.py", "people.csv")
    assert report["status"] == "completed_with_warnings"
    assert report["parser"]["name"] == "people"
    assert _table(report) == [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]
    [output] = report["outputs"]
    assert (output["rows"], output["rows_quarantined"], report["quarantine_total"]) == (2, 1, 1)
    [row] = report["quarantine"]
    assert row["row_number"] == 2
    assert json.loads(row["raw"]) == {"name": "Grace", "age": "Unknown"}
    [reason] = row["reasons"]
    assert reason["column"] == "age"
    assert reason["error_type"] == "type_mismatch"
    assert "row 3: age: 'Unknown' is not an int64" in reason["message"]
    assert "null_tokens" in reason["hint"]
    rejected = pq.read_table(output["quarantine_uri"].removeprefix("parquet://")).to_pylist()
    assert [r["row_number"] for r in rejected] == [2]


def test_one_bad_cell_of_60_000_rows_quarantines_one_row_with_its_global_number(
    workplace: Workplace,
) -> None:
    workplace.write(
        "ages.py",
        "class Parser:\n"
        "    name, version, outputs = 'ages', '1', {'age': 'int64'}\n"
        "    def parse(self, ctx):\n"
        "        for start in range(0, 60_000, 10_000):\n"
        "            yield [{'age': 'Unknown' if i == 54_321 else i}\n"
        "                   for i in range(start, start + 10_000)]\n",
    )
    report = workplace.json("ages.py", "people.csv")
    assert report["outputs"][0]["rows"] == 59_999
    assert [row["row_number"] for row in report["quarantine"]] == [54_321]
    warnings = [line for line in report["logs"] if "mixed types" in line["message"]]
    assert len(warnings) == 1
    table = pq.read_table(report["outputs"][0]["uri"].removeprefix("parquet://"))
    assert str(table.schema.field("age").type) == "int64"


def test_a_null_is_never_the_text_none_and_is_good_only_if_nullable(workplace: Workplace) -> None:
    parser = (
        "class Parser:\n    name, version = 'p', '1'\n"
        "    outputs = {'a': {'type': 'string', 'nullable': NULLABLE}, 'b': 'int64'}\n"
        "    def parse(self, ctx):\n"
        "        cells = [None, 'x', 1, 'y']\n"
        "        yield [{'a': cell, 'b': i} for i, cell in enumerate(cells)]\n"
    )
    workplace.write("p.py", parser.replace("NULLABLE", "True"))
    report = workplace.json("p.py", "people.csv")
    assert [row["a"] for row in _table(report)] == [None, "x", "y"]
    workplace.write("p.py", parser.replace("NULLABLE", "False"))
    report = workplace.json("p.py", "people.csv")
    assert [row["a"] for row in _table(report)] == ["x", "y"]
    assert report["quarantine"][0]["reasons"][0]["error_type"] == "null_not_allowed"


def test_all_reasons_of_a_row_are_kept(workplace: Workplace) -> None:
    workplace.write(
        "p.py",
        "class Parser:\n    name, version = 'p', '1'\n"
        "    outputs = {'a': 'int64', 'b': 'date', 'c': 'decimal(5,2)'}\n"
        "    def parse(self, ctx):\n"
        "        good = {'a': '1', 'b': '2024-02-29', 'c': '1.50'}\n"
        "        yield [good, good, {'a': 'x', 'b': '2023-02-29', 'c': '1.505'}]\n",
    )
    report = workplace.json("p.py", "people.csv")
    [row] = report["quarantine"]
    assert [(r["column"], r["error_type"]) for r in row["reasons"]] == [
        ("a", "type_mismatch"),
        ("b", "invalid_date"),
        ("c", "precision_loss"),
    ]


def test_half_of_the_rows_may_be_bad_and_no_more(workplace: Workplace) -> None:
    parser = (
        "class Parser:\n    name, version, outputs = 'p', '1', {'a': 'int64'}\n"
        "    def parse(self, ctx):\n"
        "        yield [{'a': 'x' if i < BAD else str(i)} for i in range(100)]\n"
    )
    workplace.write("p.py", parser.replace("BAD", "50"))
    report = workplace.json("p.py", "people.csv")
    assert report["outputs"][0]["rows"] == 50
    published = workplace.files()
    before = pq.read_table(report["outputs"][0]["uri"].removeprefix("parquet://"))
    workplace.write("p.py", parser.replace("BAD", "51"))
    report = workplace.json("p.py", "people.csv", code=1)
    assert report["status"] == "failed"
    assert report["error"]["phase"] == "validate"
    assert "51 of 100 rows" in report["error"]["message"]
    # The run's rows and reasons are shown, the earlier output is untouched.
    assert report["quarantine_total"] == 51
    [failed] = set(workplace.files()) - set(published)
    assert failed.endswith(".quarantine.failed.parquet")
    uri = report["outputs"][0]["uri"]
    assert pq.read_table(uri.removeprefix("parquet://")).equals(before)


def test_missing_and_unexpected_columns_fail_the_output_and_name_both_lists(
    workplace: Workplace,
) -> None:
    workplace.write("people.py", PEOPLE.replace('"age": "int64"', '"years": "int64"'))
    report = workplace.json("people.py", "people.csv", code=1)
    assert "expected name, years" in report["error"]["message"]
    assert "got name, age" in report["error"]["message"]
    assert not any(n.startswith("output/") for n in workplace.files())


def test_two_outputs_to_one_sink_are_both_visible_or_neither(workplace: Workplace) -> None:
    parser = (
        "class Parser:\n    name, version = 'p', '1'\n"
        "    outputs = {'one': {'a': 'int64'}, 'two': {'b': 'int64'}}\n"
        "    def parse(self, ctx):\n"
        "        yield {'one': [{'a': 1}], 'two': [{'b': VALUE}]}\n"
    )
    workplace.write("p.py", parser.replace("VALUE", "'x'"))
    workplace.json("p.py", "people.csv", code=1)
    assert not any(n.endswith(".parquet") and "failed" not in n for n in workplace.files())
    workplace.write("p.py", parser.replace("VALUE", "7"))
    report = workplace.json("p.py", "people.csv")
    assert [_table(report, 0), _table(report, 1)] == [[{"a": 1}], [{"b": 7}]]


def test_an_exception_in_the_second_batch_leaves_no_output(workplace: Workplace) -> None:
    workplace.write(
        "p.py",
        "def parse(path):\n    yield [{'a': 1}]\n    raise ValueError('a connection timeout')\n",
    )
    before = workplace.files()
    report = workplace.json("p.py", "people.csv", code=1)
    error = report["error"]
    assert (error["type"], error["phase"], error["retryable"]) == ("ValueError", "parse", False)
    assert error["traceback"][-1]["file"].endswith("/p.py")
    assert error["traceback"][-1]["line"] == 3
    assert workplace.files() == before


def test_whatif_shows_everything_and_writes_nothing_at_all(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    before = workplace.files()
    done = workplace.run("people.py", "people.csv", "--whatif")
    assert done.returncode == 0
    assert "would go to" in done.stdout
    assert "'Unknown' is not an int64" in done.stdout
    assert workplace.files() == before
    assert not (workplace.folder / "output").exists()
    report = workplace.json("people.py", "people.csv", "--whatif")
    assert report["whatif"] is True
    assert report["outputs"][0]["rows"] == 2


def test_no_database_is_opened_and_the_home_is_not_touched(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    home = workplace.folder / "home"
    home.mkdir()
    database = workplace.write("home/casparian.db", "not a database")
    workplace.json("people.py", "people.csv", CASPARIAN_HOME=str(home), HOME=str(home))
    assert [p.name for p in home.iterdir()] == ["casparian.db"]
    assert database.read_text() == "not a database"


def test_running_twice_replaces_the_inputs_own_file(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    workplace.json("people.py", "people.csv")
    first = workplace.files()
    workplace.write("people.csv", "name,age\nAda,37\n")
    report = workplace.json("people.py", "people.csv")
    assert _table(report) == [{"name": "Ada", "age": 37}]
    # Nothing was quarantined this time, so the older quarantine is gone with the rows it was of.
    assert set(first) - set(workplace.files()) == {
        n for n in first if n.endswith(".quarantine.parquet")
    }


def test_a_limited_run_never_replaces_a_full_output(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    full = workplace.json("people.py", "people.csv")
    part = workplace.json("people.py", "people.csv", "--limit", 1)
    assert part["outputs"][0]["rows"] == 1
    assert part["outputs"][0]["uri"] != full["outputs"][0]["uri"]
    assert len(_table(full)) == 2
    assert any("--limit" in notice for notice in part["notices"])


def test_a_limit_stops_an_endless_parser(workplace: Workplace) -> None:
    workplace.write(
        "p.py", "def parse(path):\n    while True:\n        yield [{'a': i} for i in range(1000)]\n"
    )
    report = workplace.json("p.py", "people.csv", "--limit", 2500)
    assert report["outputs"][0]["rows"] == 2500


@pytest.mark.parametrize("kind", ["csv", "jsonl", "sqlite"])
def test_every_sink_holds_the_same_rows(workplace: Workplace, kind: str) -> None:
    workplace.write("people.py", PEOPLE)
    target = "out/people.db" if kind == "sqlite" else "out"
    report = workplace.json("people.py", "people.csv", "--sink", f"{kind}://{target}")
    place = report["outputs"][0]["uri"].partition("://")[2]
    if kind == "csv":
        assert Path(place).read_text().splitlines() == ["name,age", "Ada,36", "Alan,41"]
    elif kind == "jsonl":
        rows = [json.loads(line) for line in Path(place).read_text().splitlines()]
        assert rows == [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]
    else:
        import sqlite3

        with sqlite3.connect(place.partition("#")[0]) as database:
            rows = database.execute("SELECT name, age FROM people ORDER BY age").fetchall()
        database.close()
        assert rows == [("Ada", 36), ("Alan", 41)]


def test_several_inputs_give_a_list_of_runs_and_fail_if_one_does(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    workplace.write("in/a.csv", "name,age\nAda,36\n")
    workplace.write("in/b.csv", "name\nAda\n")
    workplace.write("in/c.csv", "name,age\nAlan,41\n")
    report = workplace.json("people.py", "in/*.csv", code=1)
    assert [run["status"] for run in report["runs"]] == ["completed", "failed", "completed"]
    done = workplace.run("people.py", "in")
    assert done.returncode == 1
    assert "3 of 3 files: 2 rows" in done.stdout


def test_an_empty_result_is_a_completed_run_of_no_rows(workplace: Workplace) -> None:
    workplace.write("p.py", "def parse(path):\n    return None\n")
    report = workplace.json("p.py", "people.csv")
    assert (report["status"], report["outputs"]) == ("completed", [])
    workplace.write("people.py", PEOPLE.replace("yield list(csv.DictReader(file))", "return []"))
    report = workplace.json("people.py", "people.csv")
    assert [(o["name"], o["rows"]) for o in report["outputs"]] == [("people", 0)]
    assert _table(report) == []


@pytest.mark.parametrize(
    ("name", "said"), [("My Topic!", "My Topic!"), ("café²", "café²"), ("Upper", "Upper")]
)
def test_a_bad_output_name_is_refused_before_any_data_is_written(
    workplace: Workplace, name: str, said: str
) -> None:
    workplace.write(
        "p.py",
        "from casparian_types import Output\n"
        "def parse(path):\n"
        f"    return [Output('good', [{{'a': 1}}]), Output({name!r}, [{{'a': 1}}])]\n",
    )
    report = workplace.json("p.py", "people.csv", code=1)
    assert said in report["error"]["message"]
    assert not any(n.startswith("output/") for n in workplace.files())


def test_the_old_positional_sink_of_output_still_works_and_warns(workplace: Workplace) -> None:
    workplace.write(
        "p.py",
        "from casparian_types import Output\n"
        "def parse(path):\n    return [Output('good', [{'a': 1}], 'csv')]\n",
    )
    report = workplace.json("p.py", "people.csv")
    assert report["outputs"][0]["uri"].startswith("csv://")
    assert any("sink='csv'" in line["message"] for line in report["logs"])


def test_a_contract_file_beside_the_parser_or_on_the_command_line_is_used(
    workplace: Workplace,
) -> None:
    workplace.write("people.py", PEOPLE.replace("    outputs = ", "    _unused = "))
    workplace.write("people.contract.toml", '[columns]\nname = "string"\nage = "string"\n')
    report = workplace.json("people.py", "people.csv")
    assert report["outputs"][0]["rows"] == 3
    workplace.write("strict.toml", '[columns]\nname = "string"\nage = "int64"\n')
    report = workplace.json("people.py", "people.csv", "--contract", "strict.toml")
    assert report["outputs"][0]["rows"] == 2


def test_a_contract_that_means_nothing_says_where_and_what_was_meant(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE.replace('"int64"', '"int46"'))
    report = workplace.json("people.py", "people.csv", code=1)
    assert report["error"]["phase"] == "load"
    assert "age" in report["error"]["message"]
    assert "int64" in report["error"]["message"] + report["error"]["hint"]


def test_an_interpreter_without_pyarrow_says_so_and_what_installs_it(
    workplace: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bare = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    workplace.write("people.py", PEOPLE)
    report = workplace.json("people.py", "people.csv", "--python", bare, code=1)
    assert report["error"]["type"] == "PyarrowMissing"
    assert report["error"]["hint"] == f"uv pip install --python {bare}/bin/python pyarrow"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["peple.py", "people.csv"], 2, "did you mean people.py?"),
        (["people.py", "peple.csv"], 2, "did you mean people.csv?"),
        (["people.py", "nothing/*.csv"], 2, "no file matches"),
        (["people.py", "people.csv", "--sink", "parket://out"], 2, "parquet"),
        (["people.py"], 2, "Missing argument"),
        (["people.py", "people.csv", "--limit", "0"], 2, "--limit"),
        (["people.py", "people.csv", "--python", "/nowhere"], 2, "/nowhere"),
        (["people.py", "people.csv", "--contract", "nowhere.toml"], 2, "nowhere.toml"),
    ],
)
def test_a_wrong_word_gets_a_clear_error_and_no_run(
    workplace: Workplace, arguments: list[str], code: int, said: str
) -> None:
    workplace.write("people.py", PEOPLE)
    done = workplace.run(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (workplace.folder / "output").exists()


def test_json_is_the_only_thing_on_stdout(workplace: Workplace) -> None:
    workplace.write(
        "people.py", PEOPLE.replace("        with", "        print('noise')\n        with")
    )
    done = workplace.run("people.py", "people.csv", "--json")
    report = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert {"level": "stdout", "message": "noise"} in report["logs"]
    assert "noise" in done.stderr


def test_a_timeout_ends_the_run_as_a_transient_failure(workplace: Workplace) -> None:
    workplace.write("p.py", "def parse(path):\n    while True: pass\n")
    report = workplace.json("p.py", "people.csv", "--timeout", 1, code=1)
    assert report["error"]["retryable"] is True
    assert "1 s" in report["error"]["message"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_to_a_captured_run_ends_it_cleanly(
    workplace: Workplace, number: signal.Signals, code: int
) -> None:
    workplace.write(
        "p.py",
        "def parse(path):\n    yield [{'a': 1}] * 1000\n    print('begun')\n    while True: pass\n",
    )
    before = workplace.files()
    with subprocess.Popen(
        [str(CASPARIAN), "run", "p.py", "people.csv"],
        cwd=workplace.folder,
        env=workplace.env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "begun" in process.stdout.readline()
        os.kill(process.pid, number)
        assert process.wait(10) == code
    assert workplace.files() == before


def test_two_runs_at_once_do_not_mix(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)
    workplace.write("other.csv", "name,age\nEdsger,72\n")
    command = [str(CASPARIAN), "run", "people.py", "--json"]
    running = [
        subprocess.Popen(
            [*command, name],
            cwd=workplace.folder,
            env=workplace.env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("people.csv", "other.csv")
    ]
    reports = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert [r["name"] for r in _table(reports[0])] == ["Ada", "Alan"]
    assert [r["name"] for r in _table(reports[1])] == ["Edsger"]


def test_a_file_limit_makes_the_run_fail_with_the_path_and_leaves_nothing(
    workplace: Workplace,
) -> None:
    workplace.write(
        "p.py",
        "import random\ndef parse(path):\n"
        "    r = random.Random(1)\n"
        "    yield [{'a': r.random(), 'b': str(r.random())} for i in range(40_000)]\n",
    )
    before = workplace.files()
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f"ulimit -f 100; trap '' XFSZ; exec {CASPARIAN} run p.py people.csv --json",
        ],
        cwd=workplace.folder,
        env=workplace.env(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["error"]["phase"] == "write"
    assert "output/p" in report["error"]["message"]
    assert workplace.files() == before


def test_how_many_bad_rows_an_output_may_have_is_a_setting(workplace: Workplace) -> None:
    workplace.write("people.py", PEOPLE)  # one of the three people has no age
    strict = workplace.json("people.py", "people.csv", "--max-quarantine-rows", "0", code=1)
    assert strict["error"]["error_type"] == "quarantine_limit_exceeded"
    assert "--max-quarantine-rows" in strict["error"]["hint"]
    workplace.write("casparian.toml", "quarantine_threshold = 0.1\n")
    by_file = workplace.json("people.py", "people.csv", code=1)
    assert "more than the limit of 10.0%" in by_file["error"]["message"]
    by_hand = workplace.json("people.py", "people.csv", "--quarantine-threshold", "0.4")
    assert by_hand["status"] == "completed_with_warnings"
    wrong = workplace.run("people.py", "people.csv", "--quarantine-threshold", "40")
    assert wrong.returncode == 2
    assert "a share from 0 to 1" in wrong.stderr

"""The demo through the real command: what is written, what is quarantined and why, and demo.sh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .. import warm_commands
from ..guest_python import GUEST_ENVIRONMENT

DEMO = Path(__file__).parents[2] / "demo"
CASPARIAN = Path(sys.executable).with_name("casparian")
ENVIRONMENT = {**os.environ, "VIRTUAL_ENV": sys.prefix}
WITHOUT_PANDAS = {**os.environ, "VIRTUAL_ENV": str(GUEST_ENVIRONMENT)}


def run(parser, file, sink):
    words = ["run", str(DEMO / "parsers" / parser), str(DEMO / "data" / file)]
    words += ["--json", "--sink", f"parquet://{sink}"]
    env = ENVIRONMENT if parser.startswith("sales") else WITHOUT_PANDAS
    done = warm_commands.run(words, cwd=Path.cwd(), env=env)
    return done.returncode, json.loads(done.stdout)


def numbers(report):
    """Output name -> (good rows, quarantined rows), of the outputs that got any."""
    rows = {one["name"]: (one["rows"], one["rows_quarantined"]) for one in report["outputs"]}
    return {name: pair for name, pair in rows.items() if any(pair)}


def reasons(report):
    """(output, zero-based row) -> its reasons, each `column: error_type`."""
    return {
        (row["output"], row["row_number"]): [
            f"{reason['column']}: {reason['error_type']}" for reason in row["reasons"]
        ]
        for row in report["quarantine"]
    }


@pytest.mark.parametrize(
    ("parser", "file", "expected"),
    [
        ("sales", "sales_2024_01.csv", {"sales": 5}),
        (
            "mcdata_parser.py",
            "mcdata_good.log",
            {"temperatures": 90, "counts": 88, "states": 10, "alarms": 4},
        ),
        ("mcdata_parser.py", "sales_2024_01.csv", {"records": 25}),
        (
            "fix_parser.py",
            "fix_soh.log",
            {"messages": 56, "fields": 975, "orders": 12, "executions": 30, "notes": 6},
        ),
        ("events_parser.py", "events.jsonl", {"events": 300}),
    ],
)
def test_good_files_pass_whole(parser, file, expected, tmp_path):
    code, report = run(parser, file, tmp_path)
    assert (code, report["status"]) == (0, "completed")
    assert numbers(report) == {name: (rows, 0) for name, rows in expected.items()}


def test_damaged_sales(tmp_path):
    code, report = run("sales", "sales_2024_02.csv", tmp_path)
    assert (code, report["status"]) == (0, "completed_with_warnings")
    assert numbers(report) == {"sales": (13, 7)}
    assert reasons(report) == {
        ("sales", 2): ["quantity: type_mismatch"],
        ("sales", 4): ["date: invalid_date"],
        ("sales", 5): ["total: not_canonical"],
        ("sales", 7): ["quantity: below_minimum"],
        ("sales", 8): ["quantity: empty_value"],
        ("sales", 9): ["unit_price: precision_loss"],
        ("sales", 11): ["date: invalid_date", "quantity: type_mismatch"],
    }


def test_hopeless_sales_publish_nothing(tmp_path):
    code, report = run("sales", "sales_2024_03.csv", tmp_path)
    assert (code, report["status"]) == (1, "failed")
    names = [file.name for file in (tmp_path / "sales").iterdir()]
    assert [name.partition(".")[2] for name in names] == ["quarantine.failed.parquet"]


def test_damaged_machine_log(tmp_path):
    code, report = run("mcdata_parser.py", "mcdata_damaged.log", tmp_path)
    assert code == 0
    assert numbers(report) == {
        "temperatures": (17, 4),
        "counts": (17, 4),
        "states": (7, 1),
        "alarms": (2, 1),
        "unrecognised": (7, 0),
    }
    assert reasons(report) == {
        ("temperatures", 0): ["reading: type_mismatch"],
        ("temperatures", 1): ["reading: precision_loss", "unit: not_in_enum"],
        ("temperatures", 4): ["time: missing_timezone"],
        ("temperatures", 6): ["machine: pattern_mismatch"],
        ("counts", 0): ["pieces: below_minimum"],
        ("counts", 1): ["pieces: empty_value"],
        ("counts", 2): ["pieces: not_canonical"],
        ("counts", 4): ["time: invalid_date"],
        ("states", 6): ["state: not_in_enum"],
        ("alarms", 0): ["code: pattern_mismatch", "severity: not_in_enum"],
    }


def test_damaged_fix_log(tmp_path):
    code, report = run("fix_parser.py", "fix_damaged.log", tmp_path)
    assert code == 0
    assert numbers(report) == {
        "messages": (48, 2),
        "fields": (860, 0),
        "orders": (7, 3),
        "executions": (25, 2),
        "damaged": (6, 0),
        "notes": (6, 0),
    }
    assert reasons(report) == {
        ("messages", 18): ["sequence: type_mismatch"],
        ("messages", 48): ["sent_at: invalid_date"],
        ("orders", 1): ["quantity: not_canonical"],
        ("orders", 2): ["time: invalid_time", "side: not_in_enum"],
        ("orders", 3): ["symbol: null_not_allowed"],
        ("executions", 2): ["last_price: type_mismatch"],
        ("executions", 6): ["status: not_in_enum"],
    }


def test_damaged_events(tmp_path):
    code, report = run("events_parser.py", "events_damaged.jsonl", tmp_path)
    assert code == 0
    assert numbers(report) == {"events": (47, 10), "broken_lines": (4, 0)}
    assert reasons(report) == {
        ("events", 2): ["amount: precision_loss"],
        ("events", 4): ["id: type_mismatch"],
        ("events", 6): ["amount: not_canonical"],
        ("events", 10): ["user: type_mismatch", "kind: not_in_enum"],
        ("events", 12): ["time: missing_timezone"],
        ("events", 15): ["amount: type_mismatch"],
        ("events", 17): ["user: null_not_allowed"],
        ("events", 21): ["id: precision_loss"],
        ("events", 29): [
            "time: null_not_allowed",
            "user: null_not_allowed",
            "kind: null_not_allowed",
        ],
        ("events", 36): ["id: out_of_range"],
    }


def demo_script(casparian, out):
    home = out.parent / "demo home"
    return subprocess.run(
        ["sh", DEMO / "demo.sh"],
        env={
            **ENVIRONMENT,
            "CASPARIAN": str(casparian),
            "DEMO_OUT": str(out),
            "DEMO_HOME": str(home),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_demo_runs_from_end_to_end(tmp_path):
    done = demo_script(CASPARIAN, tmp_path / "out put")
    assert done.returncode == 0, done.stderr
    assert "✓ 5 rows processed" in done.stdout
    assert "as it should" in done.stdout
    assert "Try next" in done.stdout


@pytest.mark.parametrize("casparian", ["true", "false", "no-such-program"])
def test_the_demo_fails_when_a_step_ends_unexpectedly(tmp_path, casparian):
    done = demo_script(casparian, tmp_path)
    assert done.returncode == 1
    assert "exit code" in done.stderr

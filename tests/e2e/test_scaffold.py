"""``casparian scaffold``: what it writes yields, to the cell, what the script yields."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import NONE_ACTIVE, Workplace

ROOT = Path(__file__).parents[2]


def scaffold(workplace: Workplace, *words: object, code: int = 0) -> str:
    done = workplace.casparian("scaffold", *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def tables(report: dict) -> dict[str, tuple[str, pa.Table, pa.Table | None]]:
    """Each output's place, rows and quarantine."""

    def read(uri: str | None) -> pa.Table | None:
        return None if uri is None else pq.read_table(uri.removeprefix("parquet://"))

    return {
        output["name"]: (
            output["uri"],
            read(output["uri"]).replace_schema_metadata(),
            read(output["quarantine_uri"]),
        )
        for output in report["outputs"]
    }


#: Scripts that are awkward to turn into classes, each run on people.csv; more in tests/core.
SCRIPTS = {
    "a topic with outputs by name": """
        TOPIC = "orders"

        def parse(path):
            return {"orders": [{"a": 1}], "lines": [{"b": "x"}]}
        """,
    "a sink for a generator": """
        SINK = "parquet://elsewhere"

        def parse(path):
            for i in range(3):
                yield [{"i": i}]
        """,
    "a sink and a topic for one frame": """
        SINK, TOPIC = "parquet://elsewhere", "orders"

        def parse(path):
            return [{"i": 1}, {"i": 2}]
        """,
    "a sink for a list of frames": """
        import pyarrow as pa
        SINK = "parquet://elsewhere"

        def parse(path):
            return [pa.table({"a": [1]}), pa.table({"a": [2]})]
        """,
    "a main block, tabs and a parse of its own data": """
        if True:
        \tdef parse(path):
        \t\treturn [{"tab": "\\t", "text": '''a
        b'''}]

        if __name__ == "__main__":
        \timport sys
        \tprint(parse(sys.argv[1]))
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_parser_yields_what_the_script_yields(workplace: Workplace, name: str) -> None:
    import textwrap

    workplace.write("my script.py", textwrap.dedent(SCRIPTS[name]))
    scaffold(workplace, "my script.py")
    before = workplace.json("my script.py", "people.csv")
    expected = tables(before)
    after = workplace.json("my script_parser.py", "people.csv")
    assert tables(after) == expected
    assert before["parser"]["version"] is None
    assert after["parser"]["version"] == "0.1.0"
    assert any("cannot be registered" in notice for notice in before["notices"])
    assert not after["notices"]


def test_the_demos_first_parser(workplace: Workplace) -> None:
    workplace.write("first_parser.py", (ROOT / "demo/first_parser.py").read_text())
    told = scaffold(workplace, "first_parser.py", "-o", "level2.py")
    assert "level2.py" in told
    assert "casparian run level2.py INPUT" in told
    data = ROOT / "demo/data/sales_2024_01.csv"
    expected = tables(workplace.json("first_parser.py", data, **NONE_ACTIVE))
    assert tables(workplace.json("level2.py", data, **NONE_ACTIVE)) == expected
    assert expected["first_parser"][1].num_rows > 0


def test_the_contract_beside_the_script_holds_for_the_parser(workplace: Workplace) -> None:
    workplace.write(
        "people.py", "import csv\ndef parse(path):\n    return list(csv.DictReader(open(path)))\n"
    )
    workplace.write("people.contract.toml", '[columns]\nname = "string"\nage = "int64"\n')
    told = scaffold(workplace, "people.py")
    assert "people_parser.contract.toml" in told
    expected = tables(workplace.json("people.py", "people.csv"))
    assert tables(workplace.json("people_parser.py", "people.csv")) == expected
    assert expected["people"][2].num_rows == 1


def test_a_sink_and_a_dict_of_outputs_fail_loudly_where_they_cannot_be_seen(
    workplace: Workplace,
) -> None:
    workplace.write(
        "p.py", "SINK = 'csv'\ndef parse(path):\n    found = {'a': [{'x': 1}]}\n    return found\n"
    )
    scaffold(workplace, "p.py")
    report = workplace.json("p_parser.py", "people.csv", code=1)
    assert "dict" in report["error"]["message"]


def test_the_note_of_a_run_names_the_command(workplace: Workplace) -> None:
    workplace.write("a b/p.py", "def parse(path): return [{'a': 1}]\n")
    [notice] = workplace.json("a b/p.py", "people.csv")["notices"]
    command = "casparian scaffold 'a b/p.py'"
    assert f"`{command}`" in notice
    scaffold(workplace, *shlex.split(command)[2:])
    assert workplace.json("a b/p_parser.py", "people.csv")["parser"]["name"] == "p"


def test_json_tells_what_was_written(workplace: Workplace) -> None:
    workplace.write("p.py", "TOPIC = 'orders'\ndef parse(path): return [{'a': 1}]\n")
    told = json.loads(scaffold(workplace, "p.py", "--json"))
    assert told == {
        "path": str(workplace.folder / "p_parser.py"),
        "script": str(workplace.folder / "p.py"),
        "contract": None,
        "parser": {"name": "orders", "version": "0.1.0"},
        "calls": "parse",
    }


def test_an_error_leaves_nothing_behind(workplace: Workplace) -> None:
    workplace.write("p.py", "def parse(path)\n    return []\n")
    before = workplace.files()
    assert "error: p.py, line 1: expected ':'" in scaffold(workplace, "p.py", code=1)
    assert "no parser at q.py" in scaffold(workplace, "q.py", code=1)
    assert workplace.files() == before

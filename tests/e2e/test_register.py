"""`casparian parser register`, as a person calls it; mostly without uv, which takes its time."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from .conftest import Workplace

DEMO = Path(__file__).parents[2] / "demo"
LOCK = 'version = 1\n[[package]]\nname = "pyarrow"\nversion = "20.0.0"\n'
PARSER = """
class Parser:
    name = "{name}"
    version = "{version}"
    outputs = {{"a": "{kind}"}}

    def parse(self, ctx):
        print("reading")
        return [{{"a": line}} for line in ctx.input_path.read_text().splitlines()]
"""


@pytest.fixture
def place(workplace: Workplace) -> Workplace:
    for name in ("a", "b"):
        workplace.write(f"all/{name}/parser.py", PARSER.format(name=name, version=1, kind="int64"))
    workplace.write("all/pyproject.toml", '[project]\nname = "all"\nversion = "1"\n')
    workplace.write("all/uv.lock", LOCK)
    workplace.write("in.txt", "1\n2\nx\n")
    return workplace


def parser(place: Workplace, *words: object, code: int = 0) -> dict[str, Any]:
    command = [*words, "--json"]
    if words[0] in ("register", "test"):
        command += ["--python", sys.executable]
    done = place.casparian("parser", *command, CASPARIAN_HOME=str(place.folder / "home"))
    assert done.returncode == code, done.stderr + done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_demo_is_registered_as_it_stands(workplace: Workplace) -> None:
    told = parser(workplace, "register", DEMO / "parsers")
    assert [(one["name"], one["status"]) for one in told["parsers"]] == [
        ("events", "registered"),
        ("fix", "registered"),
        ("mcdata", "registered"),
        ("sales", "registered"),
    ]
    assert told["skipped"] == []
    for one in told["parsers"]:
        assert len(one["source_hash"]) == len(one["lockfile_hash"]) == 64
        assert one["findings"] == []
    assert told["parsers"][3]["samples"][0]["rows"] > 0
    again = parser(workplace, "register", DEMO / "parsers")
    assert {one["status"] for one in again["parsers"]} == {"unchanged"}


def test_one_of_several_that_is_refused_keeps_no_other_out(place: Workplace) -> None:
    broken = "import no_such_package\n" + PARSER.format(name="c", version=1, kind="int64")
    place.write("all/c/parser.py", broken)
    place.write("all/tool.py", "")
    told = parser(place, "register", "all", code=1)
    assert [one["status"] for one in told["parsers"]] == ["registered", "registered", "refused"]
    assert "parser.py:1: import no_such_package" in told["parsers"][2]["error"]["message"]
    assert [Path(one["path"]).name for one in told["skipped"]] == ["tool.py"]
    listed = parser(place, "list")["parsers"]
    assert [one["name"] for one in listed] == ["a", "b"]


def test_without_a_terminal_a_contract_is_broken_only_with_yes(place: Workplace) -> None:
    parser(place, "register", "all")
    place.write("all/a/parser.py", PARSER.format(name="a", version=2, kind="string"))
    told = parser(place, "register", "all", code=1)
    assert "--yes" in told["parsers"][0]["error"]["hint"]
    assert told["parsers"][1]["status"] == "unchanged"
    told = parser(place, "register", "all", "--yes")
    assert told["parsers"][0]["changes"][0]["verdict"] == "breaking"


def test_a_registered_parser_is_tried_as_it_was_registered(place: Workplace) -> None:
    parser(place, "register", "all")
    place.write("all/a/parser.py", "1 / 0\n")
    told = parser(place, "test", "a@1", "in.txt")
    assert told["status"] == "completed_with_warnings"
    assert told["whatif"]
    assert told["parser"] == {"name": "a", "version": "1", "path": "parser.py"}
    assert (told["outputs"][0]["rows"], told["quarantine_total"]) == (2, 1)
    assert told["logs"] == [{"level": "stdout", "message": "reading"}]
    assert not (place.folder / "output").exists()


def test_a_lock_that_fits_is_made_an_environment_of_and_one_that_does_not_is_refused(
    workplace: Workplace,
) -> None:
    whole = (DEMO / "parsers/sales/uv.lock").read_text()
    packages = whole.split("[[package]]\n")[1:]
    pyarrow = next(text for text in packages if text.startswith('name = "pyarrow"'))
    own = """
        [[package]]
        name = "small"
        version = "1"
        source = { virtual = "." }
        dependencies = [{ name = "pyarrow" }]

        [package.metadata]
        requires-dist = [{ name = "pyarrow", specifier = ">=17" }]
        """
    head = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
    lock = f"{head}\n[[package]]\n{pyarrow.strip()}\n{textwrap.dedent(own)}"
    project = '[project]\nname = "small"\nversion = "1"\nrequires-python = ">=3.11"\n'
    workplace.write("p/uv.lock", lock)
    workplace.write("p/parser.py", PARSER.format(name="small", version=1, kind="int64"))
    workplace.write("in.txt", "1\n")
    home = {"CASPARIAN_HOME": str(workplace.folder / "home")}

    workplace.write("p/pyproject.toml", f"{project}dependencies = []\n")
    refused = workplace.casparian("parser", "register", "p", **home)
    assert refused.returncode == 1
    assert "`uv lock --check` in" in refused.stderr
    assert "try: pyproject.toml asks for something else" in refused.stderr
    assert not (workplace.folder / "home/casparian.db").exists()

    workplace.write("p/pyproject.toml", f'{project}dependencies = ["pyarrow>=17"]\n')
    done = workplace.casparian("parser", "register", "p", "--json", **home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parser"]["status"] == "registered"
    tried = workplace.casparian("parser", "test", "small", "in.txt", "--json", **home)
    report = json.loads(tried.stdout)
    assert report["outputs"][0]["rows"] == 1
    assert Path(report["python"]).is_relative_to(workplace.folder / "home/venvs")

"""``casparian doctor`` from outside: what is shown, the exit code, and that nothing is changed."""

from __future__ import annotations

import json
import subprocess

from .conftest import Workplace, plain

PARSER = "class Parser:\n    name, version = 'p', '1'\n    def parse(self, ctx): return []\n"


def doctor(workplace: Workplace, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return workplace.casparian("doctor", *words, CASPARIAN_HOME="home", COLUMNS="80", **env)


def test_without_a_problem_it_exits_with_0_and_changes_nothing(workplace: Workplace) -> None:
    workplace.write("parser.py", PARSER)
    before = workplace.files()
    done = doctor(workplace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert workplace.files() == before
    lines = plain(done.stdout).splitlines()
    assert any(line.startswith("✓ guest ") and "says hello" in line for line in lines)
    assert any(line.startswith("! lock ") for line in lines)
    assert lines[-1].startswith("no problems, ")
    # Only a command, which is to be copied, may be longer than the terminal is wide.
    assert all(len(line) <= 80 for line in lines if "mend: " not in line)


def test_a_problem_exits_with_1_and_says_how_to_mend_it(workplace: Workplace) -> None:
    workplace.write("parser.py", "import no_such_package\n" + PARSER)
    done = doctor(workplace)
    assert done.returncode == 1
    assert "✗ imports" in done.stdout
    assert "mend: uv pip install --python " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_json_is_a_list_of_checks(workplace: Workplace) -> None:
    done = doctor(workplace, "nowhere.py", "--json")
    assert done.returncode == 1
    checks = json.loads(done.stdout)["checks"]
    assert all(set(check) == {"id", "status", "found", "mend"} for check in checks)
    [problem] = [check for check in checks if check["status"] == "problem"]
    assert (problem["id"], "nowhere.py" in problem["found"]) == ("parser", True)


def test_what_is_no_utf_8_is_a_warning_and_no_traceback(workplace: Workplace) -> None:
    done = doctor(workplace, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert "Traceback" not in done.stderr
    assert "! terminal" in done.stdout
    assert "LC_ALL=C.UTF-8" in done.stdout
    assert "? " not in done.stdout


def test_the_words_of_a_broken_command_line_are_a_usage_error(workplace: Workplace) -> None:
    assert doctor(workplace, "--nothing").returncode == 2

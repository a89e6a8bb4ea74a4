"""``casparian doctor``: each thing that can be missing is found, named, and can be mended."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
import time
from collections import namedtuple
from pathlib import Path

import pytest

from casparian.core import programs
from casparian.core.doctor import Check, diagnose, guest, host, lock
from casparian.core.doctor import parser as parser_checks
from casparian.core.doctor.check import size
from casparian.core.doctor.lock import check_lock
from casparian.core.doctor.parser import ParserChecks
from casparian.core.programs import ask

ROOT = Path(__file__).parents[3]
GOOD = "class Parser:\n    name, version = 'p', '1'\n    def parse(self, ctx): return []\n"


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))


def write(path: Path, text: str, *, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def program(path: Path, body: str) -> Path:
    """A stand-in for an interpreter."""
    return write(path, f"#!/bin/sh\n{body}\n", mode=0o755)


def told_by(found: dict[str, object]) -> str:
    whole = {"python": [3, 12, 0], "packages": {"pyarrow": "26.0.0"}, "missing": [], **found}
    return f"echo 'PROBE{json.dumps(whole)}'"


def is_mended(check: Check) -> bool:
    return (check.status == "ok") == (check.mend == "")


# --------------------------------------------------------------------------- the machine


def test_on_this_machine_everything_is_well() -> None:
    found = diagnose()
    assert [c for c in found if c.status == "problem"] == []
    ids = [check.id for check in found]
    assert len(set(ids)) == len(ids)
    assert {"casparian", "python", "pyarrow", "uv", "home", "guest", "interpreter"} <= set(ids)
    assert all(is_mended(check) for check in found)
    assert not Path("home").exists()  # looked for, not made


def test_a_home_that_cannot_be_written_to_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("file"), "")
    monkeypatch.setenv("CASPARIAN_HOME", "file/below")
    found = host.check_home()
    assert (found.status, "CASPARIAN_HOME" in found.mend) == ("problem", True)
    monkeypatch.setenv("CASPARIAN_HOME", "file")
    assert "is no folder" in host.check_home().found


@pytest.mark.parametrize(
    ("free", "status"), [(10 << 30, "ok"), (100 << 20, "warning"), (1 << 20, "problem")]
)
def test_little_space_warns_and_none_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, free))
    assert host.check_home().status == status
    assert host.check_temporary().status == status
    assert size(free) in host.check_home().found


def test_a_tmpdir_that_is_not_used_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/nowhere/at/all")
    found = host.check_temporary()
    assert found.status == "warning"
    assert "/nowhere/at/all" in found.found


def test_without_any_temporary_folder_nothing_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    found = {check.id: check for check in diagnose()}
    assert found["temporary"].status == "problem"
    assert "guest" not in found


def test_a_setting_that_cannot_be_read_is_a_problem() -> None:
    write(Path("casparian.toml"), "quarantine_treshold = 0.1\n")
    found = host.check_settings()
    assert found.status == "problem"
    assert "quarantine_threshold" in found.mend


def test_a_broken_arrow_is_a_problem_and_no_guest_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    found = {check.id: check for check in diagnose()}
    assert found["pyarrow"].status == "problem"
    assert "pyarrow" in found["pyarrow"].mend
    assert "guest" not in found


def test_a_missing_uv_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    assert host.check_uv().status == "problem"
    found = {check.id: check for check in diagnose(ROOT / "demo/parsers/sales")}
    assert found["lock"].status == "warning"
    assert found["parser"].status == "ok"


def test_a_uv_that_does_not_work_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = program(tmp_path / "uv", "echo 'no such library' >&2; exit 127")
    monkeypatch.setattr(host, "uv_program", lambda: str(broken))
    found = host.check_uv()
    assert found.status == "problem"
    assert "no such library" in found.found


def test_too_few_open_files_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 1024))
    found = host.check_files()
    assert (found.status, found.mend) == ("warning", "ulimit -n 1024")


def test_missing_time_zones_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "_ZONE", "Nowhere/Atall")
    found = host.check_time_zones()
    assert (found.status, "tzdata" in found.mend) == ("problem", True)


def test_without_sockets_no_guest_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("socket.socketpair", refuse)
    found = {check.id: check for check in diagnose()}
    assert found["sockets"].status == "problem"
    assert "guest" not in found


# --------------------------------------------------------------------------- a parser


def test_a_parser_with_all_it_needs(tmp_path: Path) -> None:
    found = {check.id: check for check in diagnose(ROOT / "demo/parsers/sales")}
    assert {check.status for check in found.values()} <= {"ok", "warning"}
    assert "sales 1.0.0, level 2" in found["parser"].found
    assert "contract.toml: sales; 5 columns" in found["contract"].found
    assert found["lock"].status == "ok"


def test_the_parser_of_the_current_folder_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path / "parser.py", GOOD)
    found = {check.id: check for check in diagnose()}
    assert "p 1, level 2" in found["parser"].found
    assert found["contract"].status == "warning"
    assert found["lock"].status == "warning"


def test_a_parser_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "sales.py", GOOD)
    found = ParserChecks(Path("slaes.py"), None).interpreter()
    assert [(c.id, c.status, c.mend) for c in found] == [
        ("parser", "problem", "did you mean sales.py?")
    ]


def test_a_level_1_parser_is_told_how_to_become_one_of_level_2(tmp_path: Path) -> None:
    write(tmp_path / "my p.py", "def parse(path): return []\n")
    parser = ParserChecks(Path("my p.py"), Path(sys.executable))
    parser.interpreter()
    [level, contract] = parser.loaded()
    assert (level.status, level.mend) == ("warning", "casparian scaffold 'my p.py'")
    assert contract.status == "warning"


def test_a_parser_that_cannot_be_loaded_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "p.py", "raise ValueError('no luck')\n")
    parser = ParserChecks(Path("p.py"), Path(sys.executable))
    parser.interpreter()
    [found] = parser.loaded()
    assert found.status == "problem"
    assert "ValueError: no luck" in found.found


def test_a_parser_that_never_loads_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guest, "_LOADING", 0.5)
    write(tmp_path / "p.py", "import time\nwhile True: time.sleep(9)\n")
    parser = ParserChecks(Path("p.py"), Path(sys.executable))
    parser.interpreter()
    [found] = parser.loaded()
    assert found.status == "problem"
    assert found.mend


def test_a_wrong_contract_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "p.py", GOOD)
    write(tmp_path / "p.contract.toml", '[columns]\na = "itn64"\n')
    parser = ParserChecks(Path("p.py"), Path(sys.executable))
    parser.interpreter()
    found = parser.loaded()[1]
    assert (found.id, found.status) == ("contract", "problem")
    assert "int64" in found.mend


def test_what_the_parser_imports_and_its_python_has_not_is_named(tmp_path: Path) -> None:
    write(
        tmp_path / "p.py",
        "import csv, beside, not_there_a.x\n"
        "from casparian_types import Output\n"
        "from . import other\n"
        "try:\n    import optional_thing\nexcept ImportError:\n    optional_thing = None\n"
        "def parse(path):\n    from not_there_b import y\n",
    )
    write(tmp_path / "beside.py", "")
    found = ParserChecks(Path("p.py"), Path(sys.executable)).interpreter()
    missing = next(check for check in found if check.id == "imports")
    assert missing.status == "problem"
    assert missing.found.endswith(": not_there_a, not_there_b")
    assert missing.mend == f"uv pip install --python {sys.executable} not_there_a not_there_b"


def test_an_environment_that_was_passed_over_warns(tmp_path: Path) -> None:
    write(tmp_path / "a/p.py", GOOD)
    (tmp_path / "a/.venv").mkdir()
    found = ParserChecks(Path("a/p.py"), None).interpreter()[0]
    assert (found.id, found.status) == ("interpreter", "warning")
    assert "a/.venv: no Python in it" in found.found


INTERPRETERS = {
    "it ends": ("echo 'cannot execute' >&2; exit 126", "interpreter", "cannot execute"),
    "it says nothing": ("exit 0", "interpreter", "does not work"),
    "it hangs": ("sleep 60 & wait", "interpreter", "no answer within 0.3 s"),
    "it is old": (told_by({"python": [3, 8, 1]}), "interpreter", "Python 3.8.1 is too old"),
    "it has no pyarrow": (told_by({"packages": {}}), "guest_packages", "no pyarrow"),
    "its pyarrow is old": (
        told_by({"packages": {"pyarrow": "9.0.0"}}),
        "guest_packages",
        "pyarrow 9.0.0: older",
    ),
}


@pytest.mark.parametrize("name", INTERPRETERS)
def test_an_interpreter_that_cannot_run_it_is_found_and_nothing_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    body, id_, words = INTERPRETERS[name]
    monkeypatch.setattr(parser_checks, "_ANSWER", 0.3 if name == "it hangs" else 5.0)
    python = program(tmp_path / "python", body)
    write(tmp_path / "p.py", GOOD)
    started = time.monotonic()
    parser = ParserChecks(Path("p.py"), python)
    found = next(check for check in parser.interpreter() if check.status != "ok")
    assert (found.id, words in found.found) == (id_, True), found
    assert found.mend
    if "old" not in words or id_ == "interpreter":
        assert parser.loaded() == []
    assert time.monotonic() - started < 5


def test_a_script_with_pep_723_metadata_keeps_its_own_environment(tmp_path: Path) -> None:
    block = "# /// script\n# dependencies = ['pyarrow']\n# ///\n"
    write(tmp_path / "p.py", block + GOOD)
    parser = ParserChecks(Path("p.py"), None)
    [found] = parser.interpreter()
    assert (found.status, "uv makes its environment" in found.found) == ("ok", True)
    assert parser.folder_to_lock is None
    write(tmp_path / "p.py", "# /// script\n# dependencies = [\n# ///\n" + GOOD)
    [found] = ParserChecks(Path("p.py"), None).interpreter()
    assert (found.status, "PEP 723" in found.found) == ("problem", True)


# --------------------------------------------------------------------------- its lock


def locked(folder: Path) -> Path:
    for name in ("pyproject.toml", "uv.lock"):
        write(folder / name, (ROOT / "demo/parsers/sales" / name).read_text())
    return folder


def test_a_lock_in_date(tmp_path: Path) -> None:
    assert check_lock(locked(tmp_path / "p")).status == "ok"


def test_what_registering_needs_and_is_not_there_warns(tmp_path: Path) -> None:
    found = check_lock(tmp_path)
    assert (found.status, "uv init" in found.mend) == ("warning", True)
    folder = locked(tmp_path / "p")
    (folder / "uv.lock").unlink()
    found = check_lock(folder)
    assert (found.status, found.mend) == ("warning", "uv lock --project p")


def test_a_lock_out_of_date_warns(tmp_path: Path) -> None:
    folder = locked(tmp_path / "p")
    project = folder / "pyproject.toml"
    kept = [x for x in project.read_text().splitlines() if not x.startswith("dependencies")]
    project.write_text("\n".join(kept))  # what needs no index to be seen
    found = check_lock(folder)
    assert (found.status, "out of date" in found.found) == ("warning", True)


def test_a_lock_whose_state_needs_the_index_is_said_to_be_unknown(tmp_path: Path) -> None:
    folder = locked(tmp_path / "p")
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace('"pandas', '"no-such-thing-here", "pandas'))
    found = check_lock(folder)
    assert (found.status, "can't be told without the index" in found.found) == ("warning", True)


def test_a_lock_that_is_none_or_lacks_pyarrow(tmp_path: Path) -> None:
    folder = locked(tmp_path / "p")
    write(folder / "uv.lock", "version = 1\n")
    assert "uv add pyarrow" in check_lock(folder).mend
    write(folder / "uv.lock", "version = \n")
    assert check_lock(folder).status == "problem"


# --------------------------------------------------------------------------- programs that hang


def test_a_program_that_is_late_is_killed_with_its_children(
    tmp_path: Path, eventually, running
) -> None:
    script = program(tmp_path / "p", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    started = time.monotonic()
    answer = ask([script], within=0.5)
    assert (answer.code, answer.first_line) == (None, "no answer within 0.5 s")
    assert time.monotonic() - started < 5
    child = int((tmp_path / "pid").read_text())
    eventually(lambda: not running(child), within=2)  # a kill is not waited for


def test_one_that_left_its_group_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_DYING", 0.1)
    script = program(tmp_path / "p", f"setsid sh -c 'echo $$ > {tmp_path}/pid; sleep 60' & wait")
    answer = ask([script], within=0.5)
    assert answer.code is None
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_a_program_that_is_not_there_is_no_error() -> None:
    assert "can't be started" in ask(["/nowhere/python"], within=1).error


def test_uv_is_asked_without_the_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []
    real = lock.ask

    def watch(words, **options):
        asked.append(words)
        return real(words, **options)

    monkeypatch.setattr(lock, "ask", watch)
    check_lock(locked(tmp_path / "p"))
    assert all("--offline" in words for words in asked)
    assert asked

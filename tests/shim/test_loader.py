"""Loading a parser, from its file and from an archive: the same parser, the same events."""

from __future__ import annotations

import base64
import dataclasses
import os
import socket
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from casparian.core.events import Hello, Log, Metrics, Modules
from casparian.core.guest import SHIM
from casparian.core.messages import Translator
from casparian.core.wire import EndFrame, FrameDecoder, MetadataFrame, ProtocolError, WireLimits
from casparian.shim.failures import GuestFailure, describe
from casparian.shim.loader import extract, find_parser

from ..full_disk import disk_ends_at

FOLDER = {
    "parser.py": """
from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

import utils
from package.inner import PI


@dataclass
class Row:
    n: int
    text: str | None = None


class Parser:
    name = "whole"
    version = "1.0.0"
    outputs = {"n": "int64"}

    def parse(self, ctx):
        import late
        from json import loads

        data = loads((Path(__file__).parent / "data" / "mapping.json").read_text())
        row = pickle.loads(pickle.dumps(Row(utils.ONE)))
        print("parsing", ctx.input_path.name)
        yield [{"n": row.n, "pi": PI, "late": late.WORD, "data": data["key"]}]
""",
    "utils.py": "ONE = 1\n",
    "late.py": "WORD = 'late'\n",
    "package/__init__.py": "",
    "package/inner.py": "from .deep import PI\n",
    "package/deep.py": "PI = 3\n",
    "data/mapping.json": '{"key": "value"}',
    # Modules of a parser may have the names of the shim's own.
    "wire.py": "raise AssertionError('not asked for')\n",
    "logs.py": "raise AssertionError('not asked for')\n",
}
RELATIVE = {
    "parser.py": """
from .helpers import ONE
from . import helpers

def parse(path):
    from .helpers import late
    return [{"n": ONE, "late": late(), "same": helpers.ONE is ONE}]
""",
    "helpers.py": "ONE = 1\n\ndef late():\n    return __name__.rpartition('.')[2]\n",
}


def write_folder(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def write_archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return path


def told(run):
    """The events of a run, without its times, and what its environment gave to it.

    What is printed comes by a pipe of its own, a moment earlier or later than frames do.
    """
    events = [event for event in run.events[:-1] if not isinstance(event, Metrics)]
    events.sort(key=lambda event: isinstance(event, Log))
    events = [
        dataclasses.replace(event, installed=()) if isinstance(event, Modules) else event
        for event in events
    ]
    return [
        dataclasses.replace(event, table=event.table.to_pylist())
        if hasattr(event, "table") and hasattr(event.table, "to_pylist")
        else event
        for event in events
    ]


@pytest.mark.parametrize("files", [FOLDER, RELATIVE], ids=["absolute", "relative"])
def test_file_and_archive_give_the_same_events(run_parser, tmp_path, files):
    folder = write_folder(tmp_path / "bundle", files)
    from_file = run_parser(parser_path=folder / "parser.py")
    assert from_file.result.status == "completed", from_file.error
    archive = write_archive(tmp_path / "a.zip", files)
    from_archive = run_parser(archive=archive)
    assert from_archive.result.status == "completed", from_archive.error
    assert told(from_archive) == told(from_file)
    assert from_file.rows()[0]["n"] == 1


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("sales", "sales.py"),
        ("json", "parser.py"),
        ("sales", "json.py"),
        ("my-parsers v2", "parser.py"),
        ("class", "class.py"),
        ("1st", "1st.py"),
    ],
)
def test_relative_imports_work_whatever_the_names(run_parser, tmp_path, folder, name):
    files = {name if key == "parser.py" else key: text for key, text in RELATIVE.items()}
    parser = write_folder(tmp_path / folder, files) / name
    run = run_parser(parser_path=parser)
    assert run.result.status == "completed", run.error
    assert run.rows() == [{"n": 1, "late": "helpers", "same": True}]


def test_a_package_of_the_same_name_elsewhere_is_not_taken(run_parser, tmp_path, monkeypatch):
    write_folder(tmp_path / "elsewhere" / "sales", {"__init__.py": "", "parser.py": "x ="})
    parser = write_folder(tmp_path / "sales", RELATIVE) / "parser.py"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"))
    assert run_parser(parser_path=parser).rows()[0]["n"] == 1


def test_the_init_of_a_folder_runs_before_its_parser(run_parser, tmp_path):
    files = {**RELATIVE, "__init__.py": "from .helpers import ONE\nprint('init', __name__)\n"}
    parser = write_folder(tmp_path / "sales", files) / "parser.py"
    run = run_parser(parser_path=parser)
    assert run.lines("stdout") == ["init sales"]
    assert run.rows()[0]["n"] == 1


@pytest.mark.parametrize("name", ["json.py", "parser-2.py", "2024.py", "no_suffix"])
def test_any_file_can_be_a_parser(run_parser, name):
    run = run_parser("import json\n\ndef parse(path):\n    return [{'n': 1}]\n", name=name)
    if name != "json.py":  # a parser of that name hides the module from itself, as for a script
        assert run.rows() == [{"n": 1}], run.error


def by_hand(arguments, stdin: bytes = b"") -> list:
    """Run the shim as a person would, connected by --socket-fd; returns the frames."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, str(SHIM), *arguments, "--socket-fd", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        _, said = process.communicate(stdin, timeout=60)
        decoder, frames = FrameDecoder(), []
        while count := ours.recv_into(decoder.space()):
            frames += decoder.received(count)
    return frames or [said.decode()]


def test_an_archive_comes_as_a_file_as_base64_or_on_standard_input(tmp_path):
    archive = write_archive(tmp_path / "a.zip", FOLDER)
    data = archive.read_bytes()
    for source, stdin in [
        (f"@{archive}", b""),
        (base64.b64encode(data).decode(), b""),
        ("-", data),
    ]:
        frames = by_hand(["--parser-archive", source, "--input-path", "x"], stdin)
        assert frames[0].content["parser"] == "whole"
        assert frames[-1] == EndFrame()
    [said] = by_hand(["--parser-archive", "ü no base64", "--input-path", "x"])
    assert "not base64" in said
    assert "Traceback" not in said


def test_a_socket_path_will_do_too(tmp_path):
    parser = write_folder(tmp_path, {"p.py": "def parse(path):\n    return []\n"}) / "p.py"
    with socket.socket(socket.AF_UNIX) as listener:
        # A short path: the system allows about a hundred bytes.
        with tempfile.TemporaryDirectory() as folder:
            listener.bind(f"{folder}/s")
            listener.listen(1)
            process = subprocess.Popen(
                [
                    sys.executable,
                    str(SHIM),
                    "--socket-path",
                    f"{folder}/s",
                    "--parser-path",
                    str(parser),
                    "--input-path",
                    "x",
                ],
                stdout=subprocess.DEVNULL,
            )
            listener.settimeout(60)
            connection, _ = listener.accept()
            assert process.wait(60) == 0
        decoder, frames = FrameDecoder(), []
        with connection:
            while count := connection.recv_into(decoder.space()):
                frames += decoder.received(count)
    assert frames[-1] == EndFrame()


def linked() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("link.py")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "entry",
    ["../evil.py", "/tmp/evil.py", "a/../../evil.py", "..\\evil.py", "C:/evil.py", linked()],
    ids=str,
)
def test_entries_that_leave_the_folder_are_refused(run_parser, tmp_path, entry):
    archive = tmp_path / "inner" / "a.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("parser.py", "raise AssertionError('it ran')")
        bundle.writestr(entry, "../../outside.py")
    run = run_parser(archive=archive)
    assert (run.error.type, run.error.retryable, run.error.phase) == (
        "BundleCorrupt",
        False,
        "load",
    )
    assert "leaves the bundle's folder" in run.error.message or "is a link" in run.error.message
    assert not list(tmp_path.rglob("evil*"))
    assert not Path("/tmp/evil.py").exists()


def damaged(tmp_path: Path, damage: str) -> Path:
    archive = tmp_path / "a.zip"
    if damage == "missing":
        return archive
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("parser.py", "x = 1\n" * 1000)
    data = bytearray(archive.read_bytes())
    if damage == "cut":
        del data[-30:]
    elif damage == "stream":
        data[45:49] = b"\xff\xff\xff\xff"
    elif damage == "encrypted":
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
    elif damage == "method":
        data[8] = data[data.index(b"PK\1\2") + 10] = 99
    elif damage == "empty":
        data.clear()
    archive.write_bytes(data)
    return archive


@pytest.mark.parametrize("damage", ["missing", "cut", "stream", "encrypted", "method", "empty"])
def test_a_damaged_archive_is_said_to_be_one(run_parser, tmp_path, damage):
    run = run_parser(archive=damaged(tmp_path, damage))
    assert (run.error.type, run.error.retryable) == ("BundleCorrupt", False), run.error
    assert run.error.cause == "bundle_corrupt"
    assert run.error.hint == "register the parser again"


def test_a_bundle_that_a_full_disk_has_no_room_for_is_not_damaged(tmp_path):
    archive = write_archive(tmp_path / "a.zip", {"parser.py": "x = 1\n" * 1000})
    with (
        disk_ends_at(1_000),
        pytest.raises(GuestFailure, match="can't be unpacked") as met,
    ):
        extract(str(archive), str(tmp_path / "bundle"))
    told = describe(met.value, phase="load")
    assert (told["cause"], told["retryable"]) == ("disk_full", True)
    extract(str(archive), str(tmp_path / "later"))
    assert (tmp_path / "later" / "parser.py").read_text() == "x = 1\n" * 1000


def test_an_entrypoint_may_be_in_a_folder_of_the_archive_but_not_outside(run_parser, tmp_path):
    archive = write_archive(tmp_path / "a.zip", {f"in/{k}": v for k, v in RELATIVE.items()})
    assert run_parser(archive=archive, entrypoint="in/parser.py").rows()[0]["n"] == 1
    run = run_parser(archive=archive, entrypoint="../parser.py")
    assert run.error.kind == "crash"
    assert any("--entrypoint" in line for line in run.lines("stderr"))


@pytest.mark.parametrize("ending", ["return []", "os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_nothing_of_an_unpacked_archive_stays(run_parser, tmp_path, monkeypatch, ending):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "tmp").mkdir()
    parser = f"import os\nprint(__file__)\n\ndef parse(path):\n    {ending}\n"
    run = run_parser(archive=write_archive(tmp_path / "a.zip", {"parser.py": parser}))
    assert run.lines("stdout")[0].startswith(str(tmp_path / "tmp"))
    assert os.listdir(tmp_path / "tmp") == []


# ------------------------------------------------------------------- what a parser is


@pytest.mark.parametrize(
    ("source", "level"),
    [
        ("class Handler:\n    def execute(self, path):\n        yield [{'n': 1}]\n", "handler"),
        ("class Handler:\n    def parse(self, path):\n        return [{'n': 1}]\n", "handler"),
        ("def parse(path):\n    return [{'n': 1}]\n", "function"),
        (
            "from argparse import ArgumentParser as Parser\ndef parse(p):\n    return [{'n': 1}]\n",
            "function",
        ),
        ("from other import Parser\ndef parse(p):\n    return [{'n': 1}]\n", "function"),
    ],
)
def test_older_and_smaller_parsers_load(run_parser, tmp_path, source, level):
    write_folder(tmp_path, {"other.py": "class Parser:\n    def parse(self): pass\n"})
    run = run_parser(source)
    assert run.of(Hello)[0].level == level
    assert run.rows() == [{"n": 1}]


@pytest.mark.parametrize(
    ("source", "type_name", "words"),
    [
        (
            "x = 1\n",
            "ParserNotFound",
            "Parser must have Parser class, parse() function, or Handler",
        ),
        ("class Parser:\n    def parse(self, ctx): pass\n", "ParserInvalid", "`name` must be"),
        (
            "class Parser:\n    name = 'a'\n    def parse(self, ctx): pass\n",
            "ParserInvalid",
            "`version` must be",
        ),
        (
            "class Parser:\n    name, version, topics = 'a', '1', 5\n    def parse(self, c): ...\n",
            "ParserInvalid",
            "`topics` must be",
        ),
        (
            "class Parser:\n    name, version, outputs = 'a', '1', {'b': {1}}\n"
            "    def parse(self, c): pass\n",
            "ParserInvalid",
            "it holds a set",
        ),
    ],
)
def test_what_is_no_parser_is_told_what_is_missing(run_parser, source, type_name, words):
    run = run_parser(source)
    assert (run.error.type, run.error.phase, run.error.retryable) == (type_name, "load", False)
    assert words in run.error.message


def of_version(version: object) -> ModuleType:
    """A module with a parser, as if it had been imported."""
    module = ModuleType("sales")
    module.__file__ = "sales.py"
    members = {"name": "sales", "version": version, "parse": print, "__module__": "sales"}
    module.Parser = type("Parser", (), members)
    return module


@pytest.mark.parametrize(
    "version",
    [
        *("", " ", "1.0 ", "1 0", "1\n", ".", "..", ".staging", "../../x", "/etc", "v@1", "-rf"),
        *("1:0", "é", "x" * 65, 1.0),
    ],
)
def test_a_version_is_a_plain_name_of_at_most_64_characters(version):
    with pytest.raises(GuestFailure, match="`version` must be a text such as") as refused:
        find_parser(of_version(version))
    assert len(str(refused.value)) < 300
    if isinstance(version, str):
        hello = {"parser": "sales", "level": "parser", "version": version}
        frame = MetadataFrame("hello", hello)
        with pytest.raises(ProtocolError, match="hello frame is not well-formed"):
            Translator(WireLimits()).event(frame)


@pytest.mark.parametrize("version", ["1", "1.0.0", "2026-11-28", "1.0.0-rc.1+x86_64", "v" * 64])
def test_what_versions_usually_look_like_is_taken(version):
    assert find_parser(of_version(version)).version == version


def test_the_host_is_told_which_files_of_the_folder_were_imported(run_parser, tmp_path):
    folder = write_folder(tmp_path, {**FOLDER, "bad.py": "1 / 0"})
    (told,) = run_parser(parser_path=folder / "parser.py").of(Modules)
    package = tuple(f"package/{name}.py" for name in ("__init__", "deep", "inner"))
    assert told.files == ("late.py", *package, "parser.py", "utils.py")
    (folder / "parser.py").write_text("import late, bad")
    run = run_parser(parser_path=folder / "parser.py")
    assert run.result.status == "failed"
    assert run.of(Modules) == [Modules(("late.py",))]


def test_the_parser_s_files_are_told_although_it_imports_a_known_module_again(run_parser, tmp_path):
    (tmp_path / "helper.py").write_text("")
    run = run_parser(
        """
        import helper, sys

        def parse(path):
            del sys.modules["json"]
            import json
            return [{"n": 1}]
        """
    )
    assert run.result.status == "completed", run.error
    (modules,) = run.of(Modules)
    assert modules.files == ("helper.py", "parser.py")

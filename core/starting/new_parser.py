"""``casparian new``: a parser's folder from a sample, whole or not there at all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.contract.files import load_contract_file
from casparian.core.data_files.file_format import SampleError, look_at
from casparian.core.errors import CasparianError
from casparian.core.interpreter import choose_python
from casparian.core.processes import Guardian
from casparian.core.programs import ask, uv_program

from .parser_source import parser_source
from .sample_file import copy_cut, copy_rows, count
from .scaffold import FIRST_VERSION, parser_name

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pyarrow as pa

    from casparian.core.data_files.file_format import SampleFormat
    from casparian.core.interpreter import Interpreter
    from casparian.core.run_report import RunReport

    from .sample_file import Counted

_NAME: Final = re.compile("[a-z][a-z0-9_]{0,62}")
_VERSION: Final = re.compile(r"3(?:\.\d+){0,2}")
_OLDEST: Final = (3, 10)
_REQUIRES: Final = ">=3.10"
_LOCKING: Final = 300.0
"""Seconds that uv has to make a lock."""

_PROJECT = """\
# What the parser needs to run. After a change: uv lock
[project]
name = "{distribution}"
version = "{version}"
requires-python = "{python}"
dependencies = ["pyarrow>=17"]
"""


class NewParserError(CasparianError):
    """A parser's folder that can't be made; nothing of it is there."""


@dataclass(frozen=True, slots=True)
class NewParser:
    """What was made.

    ``read`` counts the records of the whole sample, ``report`` is a run over its copy in
    ``sample``, which is ``cut`` if the whole was too large. ``lock_error`` is why there is no
    ``uv.lock``, in uv's words; empty if there is one, or none was wanted.
    """

    folder: Path
    name: str
    format: SampleFormat
    sample: Path
    cut: bool
    read: Counted
    questions: int
    report: RunReport
    python: Interpreter
    lock_error: str = ""


def new_parser(
    name: str,
    sample: Path,
    *,
    folder: Path,
    requires_python: str | None = None,
    lock: bool = True,
    on_step: Callable[[str], None] = lambda _: None,
) -> NewParser:
    """Make a parser for files like a sample, with a contract that is proposed from all its rows.

    Args:
        name: the parser's name, and its folder's.
        sample: a file as the parser is to read.
        folder: where its folder is made.
        requires_python: a version (``3.12``) or what ``requires-python`` takes; None: any that runs
            a guest.
        lock: whether ``uv.lock`` is made.
        on_step: is told what is being done, for what takes its time.

    Raises:
        NewParserError: the name or the place can't be.
        SampleError: nothing can be made of the sample.
        InterpreterError: there is no Python to try the parser with.
    """
    _check_name(name)
    place = folder / name
    if os.path.lexists(place):
        raise NewParserError(f"{place} is there already", hint="give another name, or --dir")
    if not folder.is_dir():
        raise NewParserError(f"there is no folder {folder}", hint=f"mkdir -p {folder}")
    requires = _requires(requires_python)
    if not sample.is_file():
        raise SampleError(f"{sample} is no plain file", hint="give a file that can be read twice")
    try:
        found = look_at(sample)
        read = count(sample, found)
    except OSError as error:
        raise SampleError(f"{sample}: it can't be read: {error.strerror}") from error
    if read.records == read.broken:
        raise SampleError(
            f"{sample} has no rows ({found})", hint="give a sample with a few rows of each kind"
        )
    mark = uuid.uuid4().hex
    # Its name is known, and it has its guardian, before it is there: so it goes whenever this ends.
    work = folder / f".{name}-new-{mark[:8]}"
    guardian: Guardian | None = None
    try:
        guardian = Guardian(None, mark, work.absolute())
        _make_folder(work)
        made = _fill(work, name, sample, found, read, requires, lock, on_step)
        work.rename(place)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    finally:
        if guardian is not None:
            guardian.dismiss()
    return made(place)


def _make_folder(work: Path) -> None:
    try:
        work.mkdir()
    except OSError as error:
        what = f"{work.parent}: it can't be written to: {error.strerror}"
        raise NewParserError(what) from error


def _fill(
    work: Path,
    name: str,
    sample: Path,
    found: SampleFormat,
    read: Counted,
    requires: str,
    lock: bool,
    on_step: Callable[[str], None],
) -> Callable[[Path], NewParser]:
    """Write everything into a folder that gets its name later."""
    parser = work / "parser.py"
    parser.write_text(parser_source(name, found), "utf-8")
    (work / "samples").mkdir()
    copy = work / "samples" / sample.name
    cut = copy_cut(sample, found, copy)
    python = choose_python(parser)
    on_step(f"reading {sample.name} with the new parser")
    questions = _propose(work, name, sample, found, read, python)
    project = _PROJECT.format(
        distribution=name.strip("_").replace("_", "-"), version=FIRST_VERSION, python=requires
    )
    (work / "pyproject.toml").write_text(project, "utf-8")
    report = _try(parser, copy, python)
    lock_error = ""
    if lock:
        on_step("locking the packages (uv lock)")
        lock_error = _lock(work)

    def placed(place: Path) -> NewParser:
        copied = place / "samples" / sample.name
        return NewParser(
            place, name, found, copied, cut, read, questions, report, python, lock_error
        )

    return placed


def _propose(
    work: Path, name: str, sample: Path, found: SampleFormat, read: Counted, python: Interpreter
) -> int:
    """Write the contract that all rows of the sample propose; returns how many questions it has."""
    from casparian.core.lean_arrow import keep_pandas_out

    keep_pandas_out()
    from casparian.core.inference import infer_output, render_toml

    rows, note = sample, ""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        if read.broken:
            # What is no row says nothing of columns; the parser sends it to quarantine.
            rows = Path(folder) / sample.name
            copy_rows(sample, found, rows)
            note = _broken_note(found, read)
        with closing(_batches(work / "parser.py", rows, python)) as batches:
            output = infer_output(name, batches, renamed=found.renamed)
    text = note + render_toml([output], source=sample.name)
    (work / "contract.toml").write_text(text, "utf-8")
    load_contract_file(work / "contract.toml", parser_name=name)
    return int(output.questions)


def _broken_note(found: SampleFormat, read: Counted) -> str:
    are = "is" if read.broken == 1 else "are"
    what = (
        f"{'has' if read.broken == 1 else 'have'} more or fewer cells than the header"
        if found.kind == "csv"
        else f"{are} no JSON object"
    )
    counted = f"{read.broken:,} of {read.records:,} records"
    return f"# {counted} {what}: quarantined, and not counted below.\n"


def _batches(parser: Path, rows: Path, python: Interpreter) -> Generator[pa.Table]:
    """What the parser yields of the sample, in its own Python, batch by batch."""
    from casparian.core.bridge import BridgeConfig, execute_bridge
    from casparian.core.events import Batch, Ended
    from casparian.core.guest import GuestSpec
    from casparian.core.logs import Callback

    spec = GuestSpec(python.path, rows.absolute(), parser_path=parser.absolute())
    with closing(execute_bridge(BridgeConfig(spec, Callback(lambda _: None)))) as events:
        for event in events:
            if isinstance(event, Batch):
                yield event.table
            elif isinstance(event, Ended) and event.result.error is not None:
                error = event.result.error
                raise SampleError(
                    f"the new parser can't read {rows.name}: {error.type}: {error.message}",
                    hint=error.hint or "give a smaller or cleaner sample",
                )


def _try(parser: Path, sample: Path, python: Interpreter) -> RunReport:
    """Run the parser over its sample as ``casparian run`` does, without writing anything."""
    from casparian.core.dev_runner import RunRequest, run_parser

    request = RunRequest(parser.absolute(), sample.absolute(), python, whatif=True)
    return run_parser(request)


def _lock(work: Path) -> str:
    """Make ``uv.lock``; returns what uv said if it could not."""
    try:
        answer = ask([uv_program(), "lock", "--project", str(work)], within=_LOCKING)
    except FileNotFoundError as error:
        return f"uv is not there: {error}"
    if answer.code == 0:
        return ""
    (work / "uv.lock").unlink(missing_ok=True)
    return answer.error.strip() or "uv said nothing"


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) and name != "columns":
        return
    if "/" in name:
        folder, _, last = name.rstrip("/").rpartition("/")
        raise NewParserError(
            f"{name!r} is a path, not a name",
            hint=f"casparian new {parser_name(last)} --dir {folder or '/'} …",
        )
    better = parser_name(name) if name != "columns" else "column_list"
    raise NewParserError(
        f"{name!r} can't name a parser: lower-case letters, digits and underscores, "
        "a letter first, 63 characters at most",
        hint=f"casparian new {better} …",
    )


def _requires(given: str | None) -> str:
    if given is None:
        return _REQUIRES
    text = given.strip()
    if _VERSION.fullmatch(text):
        if tuple(map(int, text.split("."))) < _OLDEST:
            raise NewParserError(
                f"--python {given}: parsers run on Python 3.10 and newer", hint="leave it out"
            )
        return f">={text}"
    if re.fullmatch(r"(?:[<>=!~]=?=?\s*3[\w.*]*\s*,?\s*)+", text):
        return text
    raise NewParserError(
        f"--python {given}: this is no version of Python",
        hint="give 3.12 for 3.12 and newer, or a range such as '>=3.10,<3.14'",
    )

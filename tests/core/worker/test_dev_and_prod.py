"""Dev mode and prod mode never disagree about what a parser yields."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.core.bundles import build_bundle
from casparian.core.cancel import CancelToken
from casparian.core.contract.files import find_contract_file, resolve_contract
from casparian.core.declared import ask_parser
from casparian.core.dev_runner import RunRequest, run_parser
from casparian.core.guest import ColdGuests, Guest, GuestSource, GuestSpec
from casparian.core.interpreter import Interpreter
from casparian.core.logs import Callback
from casparian.core.publishing.manifest import STAGING, Manifest
from casparian.core.warm import ImportsInFile, WarmGuests, in_folder
from casparian.core.worker.job_run import JobRun
from casparian.core.worker.messages import JobFailed, Staged, Task

from ...guest_python import GUEST_PYTHON

DEMO = Path(__file__).parents[3] / "demo"

AWKWARD = """
import sys, logging
class Parser:
    name = "awkward"
    version = "1.0.0"
    outputs = {
        "one": {"columns": {"n": "int64", "t": "string"}, "key": ["n"]},
        "two": {"columns": {"when": {"type": "date", "formats": ["%d/%m/%Y"]}}},
        "none": {"columns": {"x": "decimal(9,2)"}},
    }
    def parse(self, ctx):
        print("out"); print("err", file=sys.stderr)
        logging.getLogger("mine").warning("warned %s", ctx.input_path.name)
        yield {"one": [dict(n=1, t="a"), dict(n="x", t=None), dict(n=1, t="again")],
               "two": [dict(when="31/05/2024"), dict(when="05/31/2024"), dict(when="01/01/2024")]}
        yield {"one": [dict(n=2**70, t=b"bytes"), dict(n=3, t="c"), dict(n=4, t="d")]}
"""
NO_CONTRACT = """
class Parser:
    name = "loose"
    version = "1.0.0"
    def parse(self, ctx):
        yield [dict(a=1, b="x")]
        yield [dict(a=2.5, c=[1, 2])]
"""
FAILS = """
class Parser:
    name = "fails"
    version = "1.0.0"
    outputs = {"n": "int64"}
    def parse(self, ctx):
        print("before")
        yield [dict(n=1)]
        raise LookupError(f"no such thing in {ctx.input_path.name}")
"""
SOURCES = {"awkward": AWKWARD, "loose": NO_CONTRACT, "fails": FAILS}
CORPUS = [
    ("sales/parser.py", "sales_2024_02.csv"),
    ("sales/parser.py", "sales_2024_03.csv"),
    ("fix_parser.py", "fix_good.log"),
    ("fix_parser.py", "fix_damaged.log"),
    ("mcdata_parser.py", "mcdata_damaged.log"),
    ("events_parser.py", "events_damaged.jsonl"),
    *((name, "sales_2024_01.csv") for name in SOURCES),
]


def interpreter(parser: Path) -> Interpreter:
    """The one of the tests' own environment for a parser that uses pandas."""
    uses_pandas = "pandas" in parser.read_text()
    return Interpreter(Path(sys.executable) if uses_pandas else GUEST_PYTHON, "the tests'")


@dataclass
class Outcome:
    """What one mode made of it."""

    tables: dict[str, pa.Table]
    quarantine: dict[str, pa.Table]
    logs: list[tuple[str, str]]
    error: tuple[str, str] | None


def plain(table: pa.Table) -> pa.Table:
    names = [name for name in table.column_names if not name.startswith("_cf_")]
    return table.select(names).replace_schema_metadata(None)


def dev(parser: Path, data: Path, folder: Path) -> Outcome:
    lines: list[tuple[str, str]] = []
    report = run_parser(
        RunRequest(
            parser,
            data,
            interpreter(parser),
            output_dir=folder / "dev",
            logs=Callback(lambda line: lines.append((line.level, line.message))),
        )
    )
    found = {
        path.parent.name: path
        for path in (folder / "dev").glob("*/*.parquet")
        if "quarantine" not in path.name
    }
    bad = {path.parent.name: path for path in (folder / "dev").glob("*/*.quarantine.parquet")}
    return Outcome(
        {name: plain(pq.read_table(path)) for name, path in found.items()},
        {name: pq.read_table(path) for name, path in bad.items()},
        lines,
        None if report.error is None else (report.error.type, report.error.message),
    )


def prod(parser: Path, data: Path, folder: Path, guests: GuestSource) -> Outcome:
    folder.mkdir()
    single = parser.name != "parser.py"
    made = folder / "bundled"
    if single:  # as `casparian parser register` bundles a file with a shared project
        made.mkdir()
        for file in (parser, *(parser.parent.glob("*.toml")), parser.parent / "uv.lock"):
            (made / file.name).write_bytes(file.read_bytes())
    bundle = build_bundle(made if single else parser.parent, entrypoint=parser.name)
    python = interpreter(parser)
    hello = ask_parser(parser, python)
    contract = resolve_contract(hello.outputs, find_contract_file(parser), parser_name=hello.parser)
    archive = folder.parent / "bundle.zip"  # of all runs: one warm guest serves an archive
    archive.write_bytes(bundle.archive)
    task = Task(
        job_id="ab12",
        fence=1,
        parser=hello.parser,
        parser_version="1.0.0",
        source_hash=bundle.source_hash,
        entrypoint=bundle.entrypoint,
        contract=None if contract is None else json.dumps(contract.canonical()),
        contract_hash=None,
        input_path=str(data),
        input_hash=hashlib.sha256(data.read_bytes()).hexdigest(),
        bundle=str(archive),
        project=str(folder),
        log=str(folder / "job.log"),
        root=str(folder / "prod"),
        database=None,
        python=str(python.path),
        home=str(folder / "home"),
        offline=True,
        timeout=60,
        quarantine_threshold=0.5,
        max_quarantine_rows=10_000,
        lineage=True,
        pass_env=(),
        resource_limits={},
    )
    (folder / "prod" / STAGING).mkdir(parents=True, exist_ok=True)  # as its worker has
    answer = JobRun(
        task,
        CancelToken(),
        on_progress=lambda _: None,
        python_of=lambda *_: python.path,
        guests=guests,
    ).run()
    tables, bad = {}, {}
    error = None
    if isinstance(answer, Staged):
        manifest = Manifest.from_json(answer.manifest)
        for output in manifest.outputs:
            if output.file:
                tables[output.name] = plain(pq.read_table(manifest.staging / "set" / output.file))
            if output.quarantine_file:
                path = manifest.staging / "set" / output.quarantine_file
                bad[output.name] = pq.read_table(path)
    elif isinstance(answer, JobFailed):
        kind = str(answer.details["type"])
        error = (kind, answer.message.removeprefix(f"{kind}: "))  # the queue shows one sentence
    return Outcome(tables, bad, lines_of(folder / "job.log"), error)


class Seen:
    """A source that keeps what it gave."""

    def __init__(self, source: WarmGuests) -> None:
        self.source = source
        self.seen: list[Guest] = []

    def start(self, spec: GuestSpec) -> Guest:
        self.seen.append(self.source.start(spec))
        return self.seen[-1]


def lines_of(log: Path) -> list[tuple[str, str]]:
    """What the guest said, without what the runner says of the job itself."""
    found = [re.fullmatch(r"\S+ (\w+) +(.*)", line) for line in log.read_text().splitlines()]
    lines = [(match[1], match[2]) for match in found if match]
    ours = next((i for i, (level, _) in enumerate(lines) if level == "error"), len(lines))
    return [line for line in lines[:ours] if not line[1].startswith("casparian: ")]


@pytest.mark.parametrize(("parser", "data"), CORPUS, ids=lambda name: name.replace("/", "-"))
def test_both_modes_yield_the_same_rows_quarantine_and_logs_cold_warm_and_reused(
    parser: str, data: str, tmp_path: Path
) -> None:
    path = DEMO / "parsers" / parser
    if parser in SOURCES:
        path = tmp_path / "made" / "parser.py"
        path.parent.mkdir()
        path.write_text(SOURCES[parser])
        (path.parent / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
        (path.parent / "uv.lock").write_text("version = 1\n")
    one = dev(path, DEMO / "data" / data, tmp_path)
    assert one.tables or one.error
    memory = ImportsInFile(lambda spec: in_folder(tmp_path, spec))
    guests = Seen(WarmGuests(memory, patience=60, runs=5))
    try:
        for number in range(4):  # before the second the guest loads what the first one imported
            other = prod(path, DEMO / "data" / data, tmp_path / str(number), guests)
            compare(one, other)
    finally:
        guests.source.close()
    assert all(guest.is_warm for guest in guests.seen)
    before_last, last = (guest.pid for guest in guests.seen[-2:])
    failed = one.error is not None and one.error[0] != "ContractViolated"  # its rows did
    assert (before_last != last) == failed, "a process that failed serves no other"
    if parser in SOURCES:
        compare(one, prod(path, DEMO / "data" / data, tmp_path / "cold", ColdGuests()))


def compare(one: Outcome, other: Outcome) -> None:
    assert one.error == other.error
    assert one.tables.keys() == other.tables.keys()
    for name, table in one.tables.items():
        assert table.schema.equals(other.tables[name].schema)
        assert table.equals(other.tables[name]), name
    if one.error is None:
        assert one.quarantine.keys() == other.quarantine.keys()
        for name, rows in one.quarantine.items():
            assert rows.equals(other.quarantine[name]), name
    assert sorted(one.logs) == sorted(other.logs), "order holds within each stream"
    for level in ("stdout", "stderr"):
        said: Any = [[line for line in run.logs if line[0] == level] for run in (one, other)]
        assert said[0] == said[1]

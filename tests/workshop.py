"""A store with parsers and jobs in it, and workers that do them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from casparian.core.bundles import build_bundle
from casparian.core.contract.parse import parse_outputs
from casparian.core.stores.jobs import Job, NewJob
from casparian.core.stores.parsers import NewParser
from casparian.core.stores.store import Store
from casparian.core.worker.options import WorkerOptions
from casparian.core.worker.reports import JobEnded, Report
from casparian.core.worker.supervisor import Supervisor

from .guest_python import GUEST_PYTHON
from .ready_processes import RUNNER, ready

COLUMNS = {"name": "string", "age": "int64"}


@dataclass
class Workshop:
    """A store, an output root and a home in one folder."""

    folder: Path
    store: Store
    reports: list[Report] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    stopped_by: int | None = None
    made: int = 0

    @property
    def root(self) -> Path:
        return self.folder / "out"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def parser(
        self,
        parse: str,
        *,
        name: str = "people",
        outputs: dict[str, Any] | None = COLUMNS,
        before: str = "",
        topics: tuple[str, ...] = (),
    ) -> str:
        """Register a parser whose ``parse(self, ctx)`` has this body; returns its hash."""
        made = self.folder / "parsers" / name
        made.mkdir(parents=True, exist_ok=True)
        source = f"{textwrap.dedent(before)}\n\nclass Parser:\n    name = {name!r}\n"
        source += f"    version = '1.0.0'\n    outputs = {outputs!r}\n\n    def parse(self, ctx):\n"
        (made / "parser.py").write_text(source + textwrap.indent(textwrap.dedent(parse), " " * 8))
        (made / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1.0.0"\n')
        (made / "uv.lock").write_text("version = 1\n")
        bundle = build_bundle(made)
        contract = None
        if outputs is not None:
            contract = parse_outputs(outputs, parser_name=name, where="outputs")
        self.store.parsers.insert(
            NewParser(
                name,
                "1.0.0",
                bundle.source_hash,
                bundle.lockfile_hash,
                bundle.entrypoint,
                topics,
                None if contract is None else json.dumps(contract.canonical()),
                None if contract is None else contract.hash,
                bundle.archive,
            ),
            force=True,
        )
        self.hashes[name] = bundle.source_hash
        return bundle.source_hash

    def job(self, text: str = "name,age\nAda,36\n", *, parser: str = "people", **more: Any) -> str:
        """Queue a new input with this content; returns the job's id."""
        path = self.folder / f"input_{self.made}.csv"
        self.made += 1
        path.write_text(text)
        content = hashlib.sha256(text.encode()).hexdigest()
        new = NewJob(parser, "1.0.0", self.hashes[parser], str(path), content, **more)
        done = self.store.jobs.insert(new)
        assert done.is_new
        return done.job_id

    def options(self, **more: Any) -> WorkerOptions:
        given = {"python": GUEST_PYTHON, "drain": True, "heartbeat_interval": 0.5}
        given["warm_guests"] = 1
        given.update(store=str(self.folder / "casparian.db"), root=self.root, home=self.home)
        return WorkerOptions(**{**given, **more})

    def drain(self, **options: Any) -> None:
        """Let a worker in this process do all there is to do."""
        supervisor = Supervisor(self.options(**options), self.reports.append)
        with ready(RUNNER):
            supervisor.run()
        self.stopped_by = supervisor.stopped_by

    def worker(
        self, *arguments: object, stderr: Any = subprocess.PIPE, **env: str
    ) -> subprocess.Popen[str]:
        """Start a worker in a process of its own."""
        command = [sys.executable, "-m", "casparian.app", "worker", "--python", GUEST_PYTHON]
        command += ["--store", str(self.folder / "casparian.db"), "--output", str(self.root)]
        return subprocess.Popen(
            [*command, *map(str, arguments)],
            env={**os.environ, "CASPARIAN_HOME": str(self.home), **env},
            stdin=subprocess.DEVNULL,
            stderr=stderr,
            text=True,
        )

    def get(self, job_id: str) -> Job:
        job = self.store.jobs.get(job_id)
        assert job is not None
        return job

    def error(self, job_id: str) -> tuple[str, str, str]:
        """The state of a job, and the class and message of its error."""
        job = self.get(job_id)
        assert job.error is not None, job
        return job.status, job.error.error_class, job.error.message

    def log(self, job_id: str) -> str:
        job = self.get(job_id)
        return next(self.home.glob(f"logs/*/{job_id}.{job.fence}.log")).read_text()

    def table(self, job_id: str, output: str = "people") -> pa.Table:
        return pq.read_table(self.root / "people" / "1.0.0" / job_id / f"{output}.parquet")

    def files(self) -> list[str]:
        """All files below the output root."""
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file())

    def ended(self) -> list[JobEnded]:
        return [report for report in self.reports if isinstance(report, JobEnded)]


READ = """
import csv
with open(ctx.input_path) as file:
    rows = list(csv.DictReader(file))
yield [{"name": row["name"], "age": row["age"]} for row in rows]
"""
"""The body of a parser that reads the input as it is."""

"""Workers that are killed, cut at fault points, frozen and woken again, while jobs run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from casparian.core.stores.errors import StoreError, StoreUnreachableError
from casparian.core.stores.jobs import Job, NewJob
from casparian.core.stores.states import LIVE, SUCCEEDED

from ..workshop import Workshop

#: In the environment of every process of a run: how those that are left over are found.
MARK = "CRASH_TEST_RUN"

FOLDER_POINTS = (
    "rows staged",
    "manifest written",
    "set synced",
    "promoted",
    "staged set claimed",
    "set put at its place",
    "place synced",
    "completed",
    "staging swept",
    "replaced set taken out",
    "older set moved aside",
)
"""Every named step of publishing to a folder."""
DATABASE_POINTS = (
    "rows staged",
    "manifest written",
    "set synced",
    "promoted",
    "set loaded",
    "completed",
    "staging swept",
)
"""Every named step of publishing to a database."""

PATIENCE_S = 1.0
"""How long the one who wakes workers waits for the store: a frozen one may be holding it."""
ROWS = 12
"""Rows of an input."""
#: These inputs are done first, and are those whose jobs are requeued and replaced.
FIRST = 16

COLUMNS = {"id": "string", "age": "int64"}
PARSE = """
import csv, subprocess
with open(ctx.input_path) as file:
    rows = list(csv.DictReader(file))
if rows[0]["id"].endswith("3-0"):
    subprocess.Popen(["sleep", "600"], start_new_session=True)
yield rows[:5]
yield rows[5:]
"""
"""Some leave a process behind that is in no group of theirs."""

# A system that can't exchange two names at once, for the workers that are started with it.
_NO_EXCHANGE = """
import casparian.core.publishing.exchange as module

def refuse(one, other):
    raise module.ExchangeUnsupported(38, "no exchange of names here", str(one))

module.exchange = refuse
"""


def good(number: int, row: int) -> bool:
    """Whether a row of an input is as its contract demands."""
    return number % 3 == 0 or row % 5 != 2


def has_input(number: int) -> bool:
    """Whether an input is still there when its job runs."""
    return number < FIRST or number % 7 != 6


@dataclass(frozen=True, slots=True)
class Plan:
    """How wild it gets. Times are seconds; ``leave`` is how many waiting jobs are done afterwards,
    the others being cancelled; None: all."""

    seed: int
    jobs: int
    seconds: float
    workers: int = 3
    concurrency: int = 2
    points: tuple[str, ...] = FOLDER_POINTS
    database: bool = False
    heartbeat: float = 0.5
    stale_after: float = 2.5
    between_blows: tuple[float, float] = (0.2, 1.2)
    leave: int | None = None
    patience: float = 60.0
    """How much longer it may take until every point was cut."""


@dataclass
class Worker:
    """A worker process, and what was done to it."""

    process: subprocess.Popen[str]
    log: Path
    points: tuple[str, ...] = ()
    """At which it, or a runner of it, is to die."""
    other_root: bool = False
    frozen: list[psutil.Process] = field(default_factory=list)
    wake_at: float = 0.0


class Chaos:
    """One run; ``told`` says what was done to whom."""

    def __init__(self, workshop: Workshop, plan: Plan) -> None:
        self.workshop = workshop
        self.plan = plan
        self.rng = random.Random(plan.seed)
        self.workers: list[Worker] = []
        self.inputs: dict[str, int] = {}
        """The number of the input of each job."""
        self.once_done: set[str] = set()
        """Jobs that were seen to have succeeded, and had to run again."""
        self.cancelled: set[str] = set()
        self.told: dict[str, int] = {}
        self.odd_exits: list[str] = []
        folder = workshop.folder
        self.marks, self.temporary = folder / "marks", folder / "tmp"
        self.site, self.logs = folder / "site", folder / "workers"
        self.other_root = folder / "other out"
        self.other_root_used = False
        """Whether a set was published below the other root."""
        self.started = 0
        for made in (self.marks, self.temporary, self.site, self.logs):
            made.mkdir()
        (self.site / "sitecustomize.py").write_text(_NO_EXCHANGE)

    def run(self) -> None:
        """Queue the jobs, let chaos reign, then let one healthy worker do what is left."""
        self._queue()
        began = time.monotonic()
        try:
            while not self._is_enough(seconds := time.monotonic() - began):
                self._tend(only_cuts=seconds > self.plan.seconds)
                self._blow(only_cuts=seconds > self.plan.seconds)
                self._wait()
        finally:
            self._calm()
        self._drain()

    @property
    def told_by_workers(self) -> str:
        """The last lines of the workers that were started last."""
        last = sorted(self.logs.iterdir())[-4:]
        return "\n".join(line for log in last for line in log.read_text().splitlines()[-15:])

    @property
    def uncut(self) -> list[str]:
        """Points at which nothing has died yet."""
        return [point for point in self.plan.points if not (self.marks / point).exists()]

    # -------------------------------------------------------------------- jobs

    def _queue(self) -> None:
        self.workshop.parser(PARSE, outputs=COLUMNS)
        for number in range(self.plan.jobs):
            lines = [f"{number}-{row},{row if good(number, row) else 'x'}\n" for row in range(ROWS)]
            job_id = self.workshop.job(
                "id,age\n" + "".join(lines), priority=-1 if number < FIRST else 0
            )
            self.inputs[job_id] = number
            if not has_input(number):
                Path(self.workshop.get(job_id).input_path).unlink()

    def _again(self) -> None:
        """Have a job that succeeded run again, or be replaced by another."""
        jobs = self.workshop.store.jobs
        first = [self.workshop.get(job_id) for job_id, n in self.inputs.items() if n < FIRST]
        done = [job for job in first if job.status in SUCCEEDED and job.replaced_by is None]
        if not done or sum(job.status in LIVE for job in first) > self.plan.workers:
            return
        job = self.rng.choice(done)
        self.once_done.add(job.job_id)
        verb = self.rng.choice(("requeue", "requeue", "force", "force twice", "replace"))
        if "replaced set taken out" in self.uncut and verb == "requeue":
            verb = "replace"
        elif self.uncut == ["older set moved aside"]:
            verb = "requeue"
        try:
            if verb.startswith("force"):
                forced = [_forced(job)] * (2 if verb == "force twice" else 1)
                for one in jobs.insert_many(forced):
                    self.inputs[one.job_id] = self.inputs[job.job_id]
                    self._tell("forced")
                return
            if verb == "requeue":
                self._tell("requeued" if jobs.requeue(job.job_id) else "not requeued")
                return
            new = jobs.replace(
                job.job_id,
                source_hash=job.source_hash,
                parser_version=job.parser_version,
                input_hash=job.input_hash,
                input_size=job.input_size,
            )
        except StoreError:  # another is about to replace it, or whoever holds the store is frozen
            return
        if new is not None:
            self.inputs[new] = self.inputs[job.job_id]
            self._tell("replaced")

    def _cancel(self) -> None:
        running = self.workshop.store.jobs.list(_filter("running")).jobs
        if not running:
            return
        job = self.rng.choice(running)
        try:
            asked = self.workshop.store.jobs.cancel(job.job_id) is not None
        except StoreUnreachableError:  # whoever holds it is frozen
            return
        if asked:
            self.cancelled.add(job.job_id)
            self._tell("cancelled")

    # ----------------------------------------------------------------- workers

    def _start(
        self, *, armed: bool = True, drain: bool = False, other_root: bool | None = None
    ) -> Worker:
        """Start a worker; some publish below another output root."""
        plan = self.plan
        env = {MARK: str(self.workshop.folder), "CASPARIAN_PASS_ENV": MARK}
        env["TMPDIR"] = str(self.temporary)
        points: list[str] = []
        if armed:
            points = self.uncut
            env["CASPARIAN_FAULT_MARKS"] = str(self.marks)
            env["CASPARIAN_FAULT_POINT"] = ",".join(
                f"{point}:{self.rng.randint(1, 2)}" for point in points
            )
            if "older set moved aside" in points:
                env["PYTHONPATH"] = str(self.site)
        arguments = ["--concurrency", self.rng.randint(1, plan.concurrency), "--drain-timeout", 1]
        arguments += ["--heartbeat-interval", plan.heartbeat, "--stale-after", plan.stale_after]
        if other_root is None:
            # The older set is moved aside where the new one is to be, below the same root.
            may = not plan.database and "older set moved aside" not in self.uncut
            other_root = may and (self._other_root_is_due() or self.rng.random() < 0.4)
        if other_root:
            arguments += ["--output", self.other_root]
        if plan.database:
            arguments += ["--output", f"sqlite://{self.workshop.root / 'all.db'}"]
        if drain:
            arguments.append("--drain")
        self.started += 1
        path = self.logs / f"{self.started:03d}.log"
        with path.open("w") as log:
            process = self.workshop.worker(*arguments, stderr=log, **env)
        return Worker(process, path, tuple(points), bool(other_root))

    def _other_root_is_due(self) -> bool:
        """Whether nothing was published below the other root yet, and nobody is there to do so."""
        if self.plan.database or self.other_root_used:
            return False
        self.other_root_used = any(self.other_root.glob("people/*/*"))
        return not self.other_root_used and not any(worker.other_root for worker in self.workers)

    def _tend(self, *, only_cuts: bool) -> None:
        """Wake whom it is time to wake, and start workers in place of those that ended.

        With ``only_cuts`` those that are not to die any more are replaced by some that are.
        """
        for worker in list(self.workers):
            if worker.process.poll() is not None:
                self._ended(worker)
            elif worker.frozen and time.monotonic() > worker.wake_at:
                self._wake(worker)
            elif only_cuts and self.uncut and not set(worker.points) & set(self.uncut):
                worker.process.kill()
            elif only_cuts and not self.uncut and self._other_root_is_due():
                worker.process.kill()
                break  # the one in its place goes there
        while len(self.workers) < self.plan.workers:
            self.workers.append(self._start())
            self._tell("workers")

    def _ended(self, worker: Worker) -> None:
        self.workers.remove(worker)
        self._wake(worker)  # what was frozen with it
        code = worker.process.returncode
        self._tell("workers dead")
        # SIGTERM ends one that hasn't begun yet, and so does a store that a frozen one holds.
        if code == 1 and "another process has held the store" in worker.log.read_text():
            self._tell("workers not begun, for a frozen one held the store")
        elif code not in (0, -signal.SIGKILL, -signal.SIGTERM):
            self.odd_exits.append(f"a worker ended by itself, with {code}: {worker.log}")

    def _wake(self, worker: Worker) -> None:
        for process in worker.frozen:
            _signal(process, signal.SIGCONT)
        worker.frozen = []

    def _wait(self) -> None:
        time.sleep(self.rng.uniform(*self.plan.between_blows))

    def _is_enough(self, seconds: float) -> bool:
        if seconds > self.plan.seconds + self.plan.patience:
            return True
        self._other_root_is_due()  # looks whether it was used
        used = self.plan.database or self.other_root_used
        return seconds > self.plan.seconds and not self.uncut and used

    # ------------------------------------------------------------------- blows

    def _blow(self, *, only_cuts: bool) -> None:
        """Do something to somebody, or, with ``only_cuts``, only have more to be done."""
        if only_cuts or self.uncut:
            self._again()
        if only_cuts:
            return
        blows = {
            self._kill_worker: 2,
            self._kill_runner: 4,
            self._kill_guest: 4,
            self._freeze: 3,
            self._stop: 1,
            self._again: 4,
            self._cancel: 1,
        }
        [blow] = self.rng.choices(list(blows), list(blows.values()))
        blow()

    def _kill_worker(self) -> None:
        if self.workers:
            worker = self.rng.choice(self.workers)
            worker.process.kill()
            self._tell("workers killed")

    def _kill_runner(self) -> None:
        self._kill_one("casparian.core.worker.runner", "runners killed")

    def _kill_guest(self) -> None:
        self._kill_one("bridge_shim.py", "guests killed")

    def _kill_one(self, kind: str, told: str) -> None:
        found = [p for worker in self.workers for p in descendants(worker.process.pid, kind)]
        if found and _signal(self.rng.choice(found), signal.SIGKILL):
            self._tell(told)

    def _stop(self) -> None:
        awake = [worker for worker in self.workers if not worker.frozen]
        if awake:
            self.rng.choice(awake).process.send_signal(signal.SIGTERM)
            self._tell("workers stopped")

    def _freeze(self) -> None:
        """Freeze a supervisor, its runners, or both with all that is below them."""
        awake = [worker for worker in self.workers if not worker.frozen]
        if len(awake) < 2:
            return
        worker = self.rng.choice(awake)
        supervisor = psutil.Process(worker.process.pid)
        kind = self.rng.choice(("supervisors", "runners", "trees"))
        chosen = {
            "supervisors": lambda: [supervisor],
            "runners": lambda: descendants(supervisor.pid, "casparian.core.worker.runner"),
            "trees": lambda: [supervisor, *descendants(supervisor.pid, "")],
        }[kind]()
        worker.frozen = [process for process in chosen if _signal(process, signal.SIGSTOP)]
        worker.wake_at = time.monotonic() + self.plan.stale_after * self.rng.uniform(1.1, 2.0)
        if worker.frozen:
            self._tell(f"{kind} frozen")

    # ----------------------------------------------------------------- the end

    def _calm(self) -> None:
        """Wake all that sleep, for a moment, then end every worker there is."""
        for worker in self.workers:
            self._wake(worker)
        self._wait()
        for worker in list(self.workers):
            worker.process.kill()
            worker.process.wait()
            self._ended(worker)

    def _drain(self) -> None:
        jobs = self.workshop.store.jobs
        if self.plan.leave is not None:
            waiting = jobs.list(_filter("pending"), limit=100_000, sort="oldest").jobs
            for job in waiting[self.plan.leave :]:
                if jobs.cancel(job.job_id) is not None:
                    self.cancelled.add(job.job_id)
                    self._tell("cancelled at the end")
        self.workshop.store.parsers.resume("people")  # kills look like a parser that crashes
        for _ in range(5):
            worker = self._start(armed=False, drain=True, other_root=False)
            if worker.process.wait() != 0:
                self.odd_exits.append(f"the last worker ended with {worker.process.returncode}")
            if not LIVE & jobs.counts().keys():
                self._sweep_other_root()
                return
        self.odd_exits.append("the last worker leaves jobs undone")

    def _sweep_other_root(self) -> None:
        """Whoever works there next sweeps what the dead have staged there."""
        if self.other_root.exists():
            worker = self._start(armed=False, drain=True, other_root=True)
            if worker.process.wait() != 0:
                self.odd_exits.append(f"the sweeper ended with {worker.process.returncode}")

    def _tell(self, what: str) -> None:
        self.told[what] = self.told.get(what, 0) + 1


def _forced(job: Job) -> NewJob:
    return NewJob(
        job.parser,
        job.parser_version,
        job.source_hash,
        job.input_path,
        job.input_hash,
        job.input_size,
        job.priority,
        forced=True,
    )


def _filter(*statuses: Any) -> Any:
    from casparian.core.stores.jobs import JobFilter

    return JobFilter(statuses=statuses)


def _signal(process: psutil.Process, number: int) -> bool:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return False
    return True


def descendants(pid: int, kind: str) -> list[psutil.Process]:
    """Processes below one, whose command line has ``kind`` in it."""
    try:
        below = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return [process for process in below if kind in " ".join(_command(process))]


def left_over(folder: Path) -> list[str]:
    """Processes that belong to a run: by their environment, or their command line."""
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            mine = process.environ().get(MARK) == str(folder)
        except (psutil.Error, OSError):
            mine = False
        command = _command(process)
        if mine or any(str(folder) in word for word in command):
            found.append(f"{process.pid}: {' '.join(command)[:200]}")
    return found


def _command(process: psutil.Process) -> list[str]:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return []
        return process.cmdline()
    except psutil.Error:
        return []

"""Jobs as a table that fits the terminal, with counts that are what they say."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from casparian.core.safe_text import one_line
from casparian.core.stores.states import HELD, STATUSES, WAITING

from .ages import shown_age, shown_duration
from .job_json import is_late
from .job_states import SHOWN, shown_state
from .job_words import NOTHING, progress_of, refused_of, rows_of, took, tries_of
from .obstacle_view import obstacle_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from casparian.core.stores.jobs import Job
    from casparian.core.stores.obstacles import Obstacle
    from casparian.core.stores.states import JobStatus

_GAP: Final = 2
_WIDE: Final = 200
_LEAST_INPUT, _LEAST_NOTE, _MOST_NOTE = 14, 12, 60
_LEAST_PARSER, _MOST_PARSER = 12, 32
#: Given up in this order where a terminal is too narrow.
_DISPENSABLE: Final = (
    "took",
    "try",
    "progress",
    "quarantined",
    "rows",
    "age",
    "note",
    "parser",
)
_RIGHT: Final = ("try", "progress", "rows", "quarantined", "age", "took")
_PLAIN_NOTHING: Final = "-"
_TITLES: Final = {"quarantined": "bad"}


@dataclass(frozen=True, slots=True)
class JobsSnapshot:
    """What was asked for, as it stood at one moment.

    ``total`` is how many jobs match, None if that is not known: then ``more`` says whether there
    are others. ``paused`` holds the parsers that are paused, ``obstacles`` what keeps jobs of
    others from being run.
    """

    jobs: Sequence[Job]
    more: bool
    total: int | None
    counts: Mapping[JobStatus, int]
    paused: frozenset[str] = field(default_factory=frozenset)
    obstacles: Sequence[Obstacle] = ()
    filtered: bool = False


def output_width() -> int:
    """Return how many cells a line may have: what is no terminal takes wide lines."""
    fits = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size().columns if fits else _WIDE


def jobs_view(snapshot: JobsSnapshot, now: int, *, width: int, marks: bool) -> RenderableType:
    """Return the counts, the table and how much of all it shows; ``width`` in cells."""
    if not snapshot.jobs:
        if snapshot.filtered:
            return Group(counts_line(snapshot.counts, marks=marks), Text("no job matches"))
        return Text("no jobs: casparian enqueue PARSER FILE… queues some")
    parts: list[RenderableType] = [counts_line(snapshot.counts, marks=marks)]
    parts += ["", _table(snapshot, now, width=width, marks=marks)]
    for obstacle in snapshot.obstacles:
        parts += ["", obstacle_text(obstacle, now)]
    if said := how_many(snapshot):
        parts += ["", Text(said, "dim")]
    return Group(*parts)


def counts_line(counts: Mapping[JobStatus, int], *, marks: bool) -> Text:
    """Return how many jobs there are in each state."""
    line = Text()
    for status in STATUSES:
        if counts.get(status):
            if line:
                line.append(" · " if marks else ", ")
            line.append(f"{counts[status]:,} {SHOWN[status].word}", SHOWN[status].style)
    return line or Text("no jobs")


def how_many(snapshot: JobsSnapshot) -> str:
    """Say which part of all is shown; empty if it is all."""
    shown = len(snapshot.jobs)
    if not snapshot.more:
        return ""
    if snapshot.total is None:
        return f"showing {shown:,}; there are more (--limit)"
    return f"showing {shown:,} of {snapshot.total:,} (--limit)"


def shortened(text: str, width: int, *, marks: bool = True) -> str:
    """Cut a text to at most ``width`` cells in its middle: both its ends tell the most."""
    mark = "…" if marks else "~"
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return mark[:width]
    tail = (width - 1) * 2 // 3
    head = width - 1 - tail
    begin, end = text[:head], text[len(text) - tail :]
    while cell_len(begin) > head:
        begin = begin[:-1]
    while cell_len(end) > tail:
        end = end[1:]
    return f"{begin}{mark}{end}"


def _table(snapshot: JobsSnapshot, now: int, *, width: int, marks: bool) -> Table:
    waits = {one.source_hash: "can't be run: see below" for one in snapshot.obstacles}
    waits |= {
        job.source_hash: "its parser is paused"
        for job in snapshot.jobs
        if job.parser in snapshot.paused
    }
    rows = [_cells(job, now, waits, marks=marks) for job in snapshot.jobs]
    nothing = ("", NOTHING, _PLAIN_NOTHING)
    names = [name for name in rows[0] if any(row[name].plain not in nothing for row in rows)]
    natural = {
        name: max(cell_len(_title(name)), *(cell_len(row[name].plain) for row in rows))
        for name in names
    }
    widths = _fitted(natural, width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
    for name, cells in widths.items():
        table.add_column(
            _title(name),
            width=cells,
            no_wrap=True,
            overflow="ellipsis" if marks else "crop",
            justify="right" if name in _RIGHT else "left",
        )
    for row in rows:
        shown = []
        for name, cells in widths.items():
            if name in ("input", "parser"):
                row[name].plain = shortened(row[name].plain, cells, marks=marks)
            shown.append(row[name])
        table.add_row(*shown)
    return table


def _title(name: str) -> str:
    return _TITLES.get(name, name)


def _fitted(natural: dict[str, int], width: int) -> dict[str, int]:
    """Return the columns that there is room for, with their widths."""
    widths = dict(natural)
    most = min(max(width // 5, _LEAST_PARSER), _MOST_PARSER)
    widths["parser"] = min(widths["parser"], most)

    def needed() -> int:
        least = {"input": min(_LEAST_INPUT, natural["input"]), "note": _LEAST_NOTE}
        return sum(min(cells, least.get(n, cells)) for n, cells in widths.items()) + _GAP * (
            len(widths) - 1
        )

    for name in _DISPENSABLE:
        if needed() <= width:
            break
        widths.pop(name, None)
    taken = sum(cells for name, cells in widths.items() if name not in ("input", "note"))
    room = max(width - taken - _GAP * (len(widths) - 1), _LEAST_INPUT)
    if "note" in widths:
        note = min(natural["note"], _MOST_NOTE)
        widths["note"] = max(min(note, room - min(natural["input"], room // 2)), _LEAST_NOTE)
        room -= widths["note"]
    widths["input"] = max(min(natural["input"], room), 1)
    return widths


def _cells(job: Job, now: int, waits: Mapping[str, str], *, marks: bool) -> dict[str, Text]:
    shown = SHOWN[job.status]

    def number(said: str, style: str) -> Text:
        if said == NOTHING:
            return Text(NOTHING if marks else _PLAIN_NOTHING, "dim")
        return Text(said, style)

    return {
        "state": Text(shown_state(job.status, marks=marks), shown.style),
        "job": Text(job.job_id[:8]),
        "parser": Text(f"{job.parser}@{job.parser_version}"),
        "input": Text(one_line(job.input_path)),
        "try": Text(tries_of(job)),
        "progress": Text(progress_of(job)),
        "rows": number(rows_of(job), ""),
        "quarantined": number(refused_of(job), "yellow"),
        "age": Text(shown_age(now - job.created_at), "dim"),
        "took": Text(took(job, now)),
        "note": _note(job, now, waits, marks=marks),
    }


def _note(job: Job, now: int, waits: Mapping[str, str], *, marks: bool) -> Text:
    """Say what matters most of a job in its state; ``waits`` is why the jobs of a bundle do."""
    if job.status in HELD:
        worker = str(job.worker_id)[-8:]
        heard = job.last_heartbeat_at or job.started_at or job.created_at
        age = shown_age(now - heard)
        if is_late(job, now):
            cancelled = ", is to be cancelled" if job.cancel_requested else ""
            return Text(f"LATE: {worker} last heard of {age} ago{cancelled}", "bold red")
        if job.cancel_requested:
            return Text(f"is being cancelled by {worker}", "yellow")
        if job.error is not None:  # it is promoted, and can't be published for now
            return Text(_first_line(job), "yellow")
        return Text(f"{worker} {'♥' if marks else 'heard'} {age}", "dim")
    if job.replaced_by is not None:
        return Text(f"replaced by {job.replaced_by[:8]}", "dim")
    if job.status in WAITING and job.source_hash in waits:
        return Text(waits[job.source_hash], "yellow")
    if job.status == "scheduled":
        wait = f"runs in {shown_duration(max(job.run_at - now, 0))}"
        return Text(f"{wait}, after: {_first_line(job)}" if job.error else wait)
    if job.error is not None and job.status != "cancelled":
        return Text(_first_line(job), "red" if job.finished_at else "")
    return Text("")


def _first_line(job: Job) -> str:
    assert job.error is not None
    message = " ".join(job.error.message.split())
    return one_line(f"{job.error.error_class}: {message}")

"""What is said of a job in a table: its columns, which of them there is room for, and its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from casparian.app.ages import shown_age, shown_duration
from casparian.app.job_json import is_late
from casparian.app.job_states import SHOWN
from casparian.app.job_words import NOTHING, progress_of, refused_of, rows_of, took, tries_of
from casparian.app.jobs_table import shortened
from casparian.app.tui.widgets.plain_text import width_of
from casparian.core.safe_text import one_line
from casparian.core.stores.states import HELD, WAITING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casparian.core.queueing.queue_view import QueueView
    from casparian.core.stores.jobs import Job

Column = Literal[
    "state",
    "job",
    "parser",
    "input",
    "try",
    "progress",
    "rows",
    "bad",
    "age",
    "took",
    "worker",
    "heard",
    "note",
]
_GAP: Final = 1
#: The widths of columns in cells; parser, input and note take more if there is more.
_WIDTHS: Final[dict[Column, int]] = {
    "state": 13,
    "job": 8,
    "parser": 12,
    "input": 18,
    "try": 3,
    "progress": 8,
    "rows": 9,
    "bad": 5,
    "age": 4,
    "took": 7,
    "worker": 8,
    "heard": 5,
    "note": 20,
}
#: Given up in this order where there is no room.
_DISPENSABLE: Final[tuple[Column, ...]] = (
    "note",
    "job",
    "worker",
    "try",
    "progress",
    "heard",
    "took",
    "bad",
    "age",
    "rows",
)
RIGHT: Final[frozenset[Column]] = frozenset({"try", "progress", "rows", "bad", "age", "took"})
_MOST_PARSER, _MOST_INPUT = 28, 60
#: How finely times below a minute are told, in milliseconds: each change is sent to the terminal,
#: with all that stands before it in its line.
_STEP: Final = 10_000
_HALF: Final = _STEP // 2
_MINUTE: Final = 60_000

Tone = Literal["plain", "dim", "bad", "late"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A text of one line, and how it is meant."""

    text: str = ""
    tone: Tone | str = "plain"


def columns_for(width: int, longest_parser: int) -> dict[Column, int]:
    """Return the columns that a line of so many cells has room for, with their widths."""
    widths = dict(_WIDTHS)

    def needed() -> int:
        return sum(widths.values()) + _GAP * (len(widths) - 1)

    for name in _DISPENSABLE:
        if needed() <= width:
            break
        del widths[name]
    room = max(0, width - needed())
    more = min(max(longest_parser, _WIDTHS["parser"]), _MOST_PARSER) - widths["parser"]
    more = min(more, room // 3)
    widths["parser"] += more
    room -= more
    if "note" in widths:
        more = min(room, _MOST_INPUT - widths["input"]) * 2 // 3
        widths["input"] += more
        widths["note"] += room - more
    else:
        widths["input"] += room
    return widths


def fitted(column: Column, text: str, width: int) -> str:
    """Return a cell's text, cut where it tells the least; what is cut at its end is left alone."""
    if column == "parser":
        return shortened(text, width)
    if column == "input" and width_of(text) > width:
        tail = text[-width + 1 :]
        while width_of(tail) > width - 1:
            tail = tail[1:]
        return f"…{tail}"
    return text


def cells_of(
    job: Job, view: QueueView, now: int, shown: Mapping[Column, int]
) -> dict[Column, Cell]:
    """Return the cells of the columns that are shown; ``now`` is milliseconds since 1970."""
    lost = lost_word(job, view, now)
    status = SHOWN[job.status]
    state = Cell(f"▷ {lost}", "late") if lost else Cell(f"{status.mark} {status.word}", job.status)
    if "note" not in shown and job.status in HELD and job.cancel_requested:
        state = Cell(f"{state.text[0]} cancelling", state.tone)
    rows, bad = rows_of(job), refused_of(job)
    shown_rows = Cell(rows, "dim" if rows == NOTHING else "plain")
    if "progress" not in shown and job.status in HELD:
        shown_rows = Cell(progress_of(job), "dim")
    heard = job.last_heartbeat_at or job.started_at or job.created_at
    made: dict[Column, Cell] = {
        "state": state,
        "job": Cell(job.job_id[:8], "dim"),
        "parser": Cell(f"{job.parser}@{job.parser_version}"),
        "input": Cell(one_line(job.input_path)),
        "try": Cell(tries_of(job)),
        "progress": Cell(progress_of(job)),
        "rows": shown_rows,
        "bad": Cell(bad, "dim" if bad == NOTHING else "bad"),
        "age": Cell(coarse_age(now - job.created_at), "dim"),
        "took": Cell(_took(job, now)),
        "worker": Cell((job.worker_id or "")[-8:], "dim"),
        "heard": Cell(f"♥ {coarse_age(now - heard)}" if job.status in HELD else "", "dim"),
        "note": note_of(job, view, now),
    }
    return {name: made[name] for name in shown}


def coarse_age(milliseconds: float) -> str:
    """Say how old something is, below a minute in steps: now, 5s, 10s, 20s, …, 50s."""
    return shown_age(_coarse(milliseconds))


def _coarse(milliseconds: float) -> float:
    if milliseconds >= _MINUTE:
        return milliseconds
    step = _STEP if milliseconds >= _STEP else _HALF
    return milliseconds // step * step


def _took(job: Job, now: int) -> str:
    """Say how long a job took; of one that runs the seconds are told in steps as well."""
    if job.finished_at is not None or job.started_at is None or job.status not in HELD:
        return took(job, now)
    so_far = now - job.started_at
    step = _HALF if so_far >= _STEP else 1_000
    return shown_duration(so_far // step * step) if so_far >= step else ""


def lost_word(job: Job, view: QueueView, now: int) -> str:
    """Say that a job's worker is gone (``orphaned``), or was not heard of in time (``late``)."""
    if view.is_orphaned(job):
        return "orphaned"
    return "late" if is_late(job, now) else ""


def note_of(job: Job, view: QueueView, now: int) -> Cell:
    """Say what matters most of a job in its state."""
    if job.status in HELD:
        heard = job.last_heartbeat_at or job.started_at or job.created_at
        ago = coarse_age(now - heard)
        if lost_word(job, view, now) == "orphaned":
            if job.cancel_requested:
                return Cell("to be cancelled: its worker is gone, another one ends it", "late")
            return Cell("its worker is gone: another one takes it", "late")
        if is_late(job, now):
            if job.cancel_requested:
                said = f"to be cancelled: last heard of {ago} ago, another worker ends it"
                return Cell(said, "late")
            return Cell(f"last heard of {ago} ago: another worker takes it", "late")
        if job.error is not None:  # it is promoted, and can't be published for now
            return Cell(error_line(job), "bad")
        return Cell("is being cancelled" if job.cancel_requested else "", "bad")
    if job.replaced_by is not None:
        return Cell(f"replaced by {job.replaced_by[:8]}", "dim")
    if job.status in WAITING and job.parser in view.paused:
        why = next((one.paused_reason for one in view.parsers if one.name == job.parser), None)
        return Cell("its parser is paused" + (f": {one_line(why)}" if why else ""), "bad")
    if job.status == "scheduled":
        left = -(-max(job.run_at - now, 0) // _HALF) * _HALF
        wait = f"runs in {shown_duration(left)}" if left else "runs as soon as it can"
        return Cell(f"{wait}, after: {error_line(job)}" if job.error else wait)
    if job.error is not None and job.status != "cancelled":
        return Cell(error_line(job), "failed" if job.finished_at else "plain")
    return Cell()


def error_line(job: Job) -> str:
    """Return a job's error as one line; empty if it has none."""
    if job.error is None:
        return ""
    return one_line(f"{job.error.error_class}: {' '.join(job.error.message.split())}")


def longest_parser(jobs: Sequence[Job]) -> int:
    """Return how many cells the longest parser with its version takes."""
    return max((len(job.parser) + len(job.parser_version) + 1 for job in jobs), default=0)

"""What the Dev pane knows, as data; events of the session make a new state of the old one.

No widget, no thread and no clock is needed to try it.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from casparian.app.tui.dev.samples_list import SampleLine
from casparian.app.tui.dev.stage_bar import Mood, Stages
from casparian.core.dev_session.events import (
    Chosen,
    Compared,
    EarlyRows,
    Lines,
    Progress,
    RunEnded,
    RunStarted,
    SamplesChanged,
    SessionBroken,
    SessionEvent,
    Stage,
    Watching,
)
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from casparian.core.dev_session.results import RunResult
    from casparian.core.events import Log

#: Finished runs that can be stepped through; the session keeps their rows for as long.
_HISTORY: Final = 50
#: Lines of a run under way that are kept; all of them are in its log file.
_LINES: Final = 5_000
Against = Literal["before", "registered"]
"""The run before, or a run of the version that is registered."""

_STAGES: Final = ("start", "load", "parse", "transfer", "validate", "write")


@dataclass(frozen=True, slots=True)
class Running:
    """The run under way."""

    run: int
    sample: Path
    waiting: int
    stages: tuple[tuple[str, float], ...] = ()
    under_way: str = "start"
    rows: int = 0
    lines: tuple[Log, ...] = ()
    first_line: int = 0
    early: Mapping[str, EarlyRows] = field(default_factory=dict)
    """The first rows of each output that has any, in the order they came."""
    longer_than: str = ""
    """What it has taken longer than, once that is worth telling."""


@dataclass(frozen=True, slots=True)
class DevState:
    """All that the pane shows is made from this."""

    parser: Path | None = None
    samples: tuple[Path, ...] = ()
    shown: Path | None = None
    """The sample that is looked at."""
    revision: int = 0
    running: Running | None = None
    newest: Mapping[Path, RunResult] = field(default_factory=dict)
    """The newest result of each sample."""
    good: Mapping[Path, RunResult] = field(default_factory=dict)
    """The last result with rows of each sample."""
    history: tuple[RunResult, ...] = ()
    stepped: int | None = None
    """Which of the history is looked at, one of the shown sample; None: the newest of it."""
    watching: Watching = field(default_factory=lambda: Watching(False))
    old: frozenset[Path] = frozenset()
    """Samples whose content is another since they were run."""
    comparison: Compared | None = None
    against: Against = "before"
    """What a run is compared with."""
    registered: Mapping[Path, RunResult] = field(default_factory=dict)
    """Of each sample, what the registered version made of it, if that was asked for."""

    @property
    def compared_with(self) -> RunResult | None:
        """The result that the one that is looked at is to be compared with, if it is there.

        That is an earlier one that had rows: after a save with a half-typed line every row would
        be new, and no change between the two states that work could be seen.
        """
        result = self.result
        if result is None or not came_to_rows(result):
            return None
        if self.against == "registered" and result.report.stopped_after is None:
            return self.registered.get(result.sample)
        part = result.report.stopped_after
        earlier = [
            other
            for other in self.history
            if other.sample == result.sample
            and other.run < result.run
            and came_to_rows(other)
            # Part of the rows would differ from all of them by those that nobody asked for.
            and other.report.stopped_after == part
        ]
        return earlier[-1] if earlier else None

    @property
    def result(self) -> RunResult | None:
        """The result that is looked at: its error, its log, its reasons."""
        if self.stepped is not None:
            return self.history[self.stepped]
        return None if self.shown is None else self.newest.get(self.shown)

    @property
    def table(self) -> RunResult | None:
        """The result whose rows are shown: an older one, if the newest has none."""
        found = self.result
        if found is not None and (has_rows(found) or self.stepped is not None):
            return found
        return found if self.shown is None else self.good.get(self.shown, found)

    @property
    def with_columns(self) -> RunResult | None:
        """The result whose columns are shown: one without a row may well have those."""
        found = self.result
        return found if found is not None and found.outputs else self.table

    @property
    def lacks_registered(self) -> bool:
        """Whether what the registered version makes of the sample is to be found out."""
        found = self.result
        if found is None or not came_to_rows(found) or found.report.stopped_after is not None:
            return False
        return self.against == "registered" and found.sample not in self.registered

    @property
    def coming(self) -> Running | None:
        """The run under way, if its first rows are there and are to be shown."""
        running = self.running
        if running is None or not running.early or self.stepped is not None:
            return None
        return running if running.sample == self.shown else None

    @property
    def is_stale(self) -> bool:
        """Whether the rows are of an older run than the error."""
        return self.table is not self.result


def after(state: DevState, event: SessionEvent) -> DevState:
    """Return the state after an event."""
    match event:
        case Chosen():
            kept = {path: found for path, found in state.newest.items() if path in event.samples}
            same = event.parser == state.parser
            return replace(
                state,
                parser=event.parser,
                samples=event.samples,
                shown=event.shown,
                revision=event.revision,
                newest=kept if same else {},
                good={p: r for p, r in state.good.items() if same and p in event.samples},
                history=state.history if same else (),
                stepped=None,
                comparison=None,
                against="before" if not same else state.against,
                registered={p: r for p, r in state.registered.items() if same},
            )
        case RunStarted(reason="registered"):
            return state  # nothing of it is shown but the comparison
        case RunStarted():
            state = _without_registered(state, event.sample, event.changed)
            running = Running(event.run, event.sample, event.waiting)
            return replace(
                state,
                running=running,
                revision=event.revision,
                stepped=None,
                old=state.old - {event.sample},
            )
        case Stage() | Progress() | Lines() | EarlyRows():
            running_now = state.running
            if running_now is None or running_now.run != event.run:
                return state  # of a run that is over
            return replace(state, running=_further(running_now, event))
        case RunEnded():
            return _ended(state, event)
        case Watching():
            return replace(state, watching=event)
        case SamplesChanged():
            return replace(state, old=state.old | set(event.changed) | set(event.missing))
        case Compared():
            found = state.result
            other = state.compared_with
            is_of_shown = found is not None and event.after == found.run
            is_meant = other is not None and event.before == other.run
            return replace(state, comparison=event) if is_of_shown and is_meant else state
        case SessionBroken():
            broken = f"{event.message}: start casparian tui again"
            return replace(state, running=None, watching=Watching(True, broken))


def taking_long(state: DevState, run: int, longer_than: str) -> DevState:
    """Return the state in which it is told how long a run goes on, if it still does."""
    running = state.running
    if running is None or running.run != run:
        return state
    return replace(state, running=replace(running, longer_than=longer_than))


def _without_registered(state: DevState, sample: Path, changed: tuple[Path, ...]) -> DevState:
    """Forget what the registered version made of a sample that has other content now."""
    if sample not in changed and sample not in state.old:
        return state
    return replace(state, registered={p: r for p, r in state.registered.items() if p != sample})


def comparing_with(state: DevState, against: Against) -> DevState:
    """Return the state that compares with something else."""
    return replace(state, against=against, comparison=None)


def _further(running: Running, event: Stage | Progress | Lines | EarlyRows) -> Running:
    if isinstance(event, Progress):
        return replace(running, rows=event.rows)
    if isinstance(event, EarlyRows):
        return replace(running, early={**running.early, event.output: event})
    if isinstance(event, Lines):
        known = running.first_line + len(running.lines)
        kept = running.lines if event.first == known else ()  # else some are missing in between
        lines = (*kept, *event.lines)[-_LINES:]
        return replace(running, lines=lines, first_line=event.first + len(event.lines) - len(lines))
    if event.ms is None:
        return replace(running, under_way=event.name)
    done = dict(running.stages) | {event.name: event.ms}
    return replace(running, stages=tuple((n, done[n]) for n in _STAGES if n in done))


def _ended(state: DevState, event: RunEnded) -> DevState:
    if event.result.reason == "registered":
        registered = {**state.registered, event.sample: event.result}
        return replace(state, registered=registered, comparison=None)
    changes: dict[str, Any] = {}
    if state.running is not None and state.running.run == event.run:
        changes["running"] = None
    result = event.result
    if result.ended != "superseded":
        history = (*state.history, result)[-_HISTORY:]
        changes["history"] = history
        if state.stepped is not None:
            at = state.stepped - (len(state.history) + 1 - len(history))
            changes["stepped"] = at if at >= 0 else None
    if event.is_newest and event.sample in state.samples:
        changes["newest"] = {**state.newest, event.sample: result}
        if has_rows(result):
            changes["good"] = {**state.good, event.sample: result}
    if event.is_newest and event.sample == state.shown:
        changes["comparison"] = None
    return replace(state, **changes)


def steps(state: DevState) -> tuple[int, int]:
    """Return which run of the shown sample is looked at, from 0 on, and how many there are."""
    places = _places_of_shown(state)
    last = len(places) - 1
    return (last if state.stepped is None else places.index(state.stepped)), len(places)


def stepped(state: DevState, by: int) -> DevState:
    """Return the state that looks at an earlier or later run of the sample that is shown; the last
    one is the newest again."""
    at, count = steps(state)
    if not count or at + by >= count - 1:
        return replace(state, stepped=None, comparison=None)
    place = _places_of_shown(state)[max(0, at + by)]
    return replace(state, stepped=place, comparison=None)


def _places_of_shown(state: DevState) -> list[int]:
    return [at for at, run in enumerate(state.history) if run.sample == state.shown]


def showing(state: DevState, sample: Path) -> DevState:
    """Return the state that looks at another sample."""
    if sample == state.shown:
        return state
    return replace(state, shown=sample, stepped=None, comparison=None)


def has_rows(result: RunResult) -> bool:
    """Whether a result has anything to show as a table, or is good without.

    A run that failed before it had a row has the empty table of its contract at most.
    """
    return result.is_good or result.report.rows > 0


def came_to_rows(result: RunResult) -> bool:
    """Whether there is anything of a result that another can be compared with."""
    if result.ended in ("cancelled", "superseded"):
        return False  # where it was stopped is nothing that the parser did
    return has_rows(result) or result.report.rows_quarantined > 0


def mood_of(result: RunResult | None) -> Mood:
    """Return how a result is to be shown."""
    if result is None:
        return "idle"
    if result.ended in ("cancelled", "superseded"):
        return "cancelled"
    moods: dict[str, Mood] = {"completed": "ok", "completed_with_warnings": "warnings"}
    return moods.get(result.report.status, "failed")


def lists_otherwise(before: DevState, state: DevState) -> bool:
    """Whether the list of samples may look otherwise than before: there may be thousands."""

    def parts(of: DevState) -> tuple[object, ...]:
        return of.samples, of.newest, of.old, of.shown, of.revision

    same = all(map(operator.is_, parts(before), parts(state)))
    was, now = before.running, state.running
    return not same or (was and was.sample) != (now and now.sample)


def begins_a_run(drawn: DevState, state: DevState) -> bool:
    """Whether nothing else has happened since something was drawn than that a run has begun, of
    which there is nothing to see."""
    was, now = drawn.running, state.running
    if now is None or now.early or (was is not None and was.run == now.run):
        return False
    of_runs = ("running", "revision", "old")
    names = [each.name for each in fields(DevState) if each.name not in of_runs]
    return all(getattr(drawn, name) is getattr(state, name) for name in names)


def sample_lines(state: DevState) -> list[SampleLine]:
    """Return the samples as the list shows them."""
    lines = []
    for path in state.samples:
        result = state.newest.get(path)
        mood, was_failed = mood_of(result), False
        if state.running is not None and state.running.sample == path:
            mood = "running"
        elif result is not None and (path in state.old or result.revision < state.revision):
            was_failed = mood == "failed"
            mood = "stale" if mood in ("ok", "warnings", "failed") else mood
        if result is None:
            lines.append(SampleLine(path, mood))
            continue
        report = result.report
        seconds = result.duration_ms / 1_000
        bad, part = report.rows_quarantined, report.stopped_after is not None
        lines.append(SampleLine(path, mood, report.rows, bad, seconds, part, was_failed))
    return lines


def _what_to_do(state: DevState) -> str:
    if state.shown is not None:
        return "r runs it"
    return "o opens a parser" if state.parser is None else "o chooses files to try it on"


def stages_of(state: DevState) -> Stages:
    """Return what the bar of stages shows."""
    running = state.running
    if running is not None and state.stepped is None and running.sample == state.shown:
        more = f"{running.waiting} more wait" if running.waiting else ""
        rows = counted(running.rows, "row") if running.rows else more
        long = f"for more than {running.longer_than}: x ends it" if running.longer_than else ""
        note = " · ".join(filter(None, (rows, long)))
        done = tuple((name, ms) for name, ms in running.stages if ms)
        return Stages("running", done, running.under_way, note)
    result = state.result
    if result is None:
        return Stages("idle", note=_what_to_do(state))
    report = result.report
    spent = report.timings_ms
    start = "warm start" if report.is_warm else "cold start"
    # What took no time at all was not come to: a parser that doesn't load parses nothing.
    done = tuple((start if n == "start" else n, spent[n]) for n in _STAGES if spent.get(n))
    notes = [f"run {result.run}"]
    if state.stepped is not None:
        at, count = steps(state)
        notes.append(f"{at + 1} of {count}")
    if state.is_stale:
        notes.append("its rows are of an older run")
    part = report.stopped_after
    preview = "" if part is None else f"preview: the first {counted(part, 'row')}"
    return Stages(mood_of(result), done, note=" · ".join(notes), part=preview)

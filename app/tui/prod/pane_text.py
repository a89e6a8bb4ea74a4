"""What the Prod pane says of all the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from casparian.app.job_states import SHOWN
from casparian.app.tui.prod.order_screen import words_of
from casparian.core.stores.states import STATUSES
from casparian.core.words import counted

if TYPE_CHECKING:
    from casparian.app.tui.prod.state import ProdState
    from casparian.core.queueing.queue_view import QueueView


def counts_text(view: QueueView, width: int) -> Text:
    """Say how many jobs are in each state, and which parsers' wait; in words if they fit."""
    counts, waits = view.counts, len(view.paused)
    there = [(SHOWN[status], counts[status]) for status in STATUSES if counts.get(status)]
    paused = f"  ‖ {counted(waits, 'parser')} paused" if waits else ""
    if lost := sum(view.orphaned.values()):
        paused = f"  ▷ {lost:,} orphaned{paused}"
    words = " ".join(f" {shown.mark} {count:,} {shown.word}" for shown, count in there)
    if len(words + paused) > width:
        words = " ".join(f" {shown.mark} {count:,}" for shown, count in there)
    words += paused
    return Text(words, no_wrap=True, overflow="ellipsis")


def how_many(state: ProdState) -> str:
    """Say in which order how many jobs are shown, and how many are marked."""
    view = state.view
    if view is None:
        return ""
    parts = [words_of(view.order)]
    if view.order != view.look.order:
        parts = [f"too many to be sorted {words_of(view.look.order)}: {parts[0]}"]
    if view.total is not None:
        parts.append(f"{view.total:,} job{'s' * (view.total != 1)}")
    else:
        parts.append(f"more than {len(view.around.jobs):,} jobs")
    if state.marked:
        parts.append(f"{len(state.marked):,} marked")
    return " · ".join(parts)


def why_none(state: ProdState) -> str:
    """Say why the list is empty, and what to do."""
    if state.filter:
        return "no job matches: escape lets go of the filter"
    view = state.view
    if view is not None and not view.parsers:
        return "no jobs yet, and no parser: R registers one"
    return "no jobs yet: n queues files for a parser"

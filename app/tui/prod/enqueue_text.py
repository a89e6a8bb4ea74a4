"""What the dialog for queueing files says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from casparian.app.tui.widgets.plain_text import plain
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.app.tui.prod.host import Previewed, Queueing
    from casparian.core.queueing.enqueue_preview import Skipped
    from casparian.core.queueing.problems import FileProblem
    from casparian.core.queueing.queue_view import ParserLine

_NAMED: Final = 3
_PROPOSED: Final = 8


def parser_prompt(one: ParserLine) -> Text:
    """Return a parser as a line: its jobs wait if it is paused."""
    text = Text(plain(f"{one.name} "), no_wrap=True, overflow="ellipsis")
    text.append(plain(one.version), "dim")
    if one.paused_reason is not None:
        text.append(plain(f"  ‖ paused, its jobs wait: {one.paused_reason}"), "dim")
    return text


def proposals_text(typed: str, names: Sequence[str]) -> Text:
    """Return what a path may become; tab takes what they have in common."""
    text = Text(no_wrap=True, overflow="ellipsis")
    others = [name for name in names if name != typed]
    for at, name in enumerate(others[:_PROPOSED]):
        text.append("tab " if not at else "  ", "dim")
        shown = name.rstrip("/").rpartition("/")[2] + ("/" if name.endswith("/") else "")
        text.append(plain(shown), "" if at else "bold")
    if len(others) > _PROPOSED:
        text.append("  …", "dim")
    return text


def preview_text(event: Previewed | None, typed: str, *, missed: bool = False) -> Text:
    """Return what queueing would do, as far as it is known."""
    if not typed.strip():
        return Text("name files first", "bold") if missed else Text()
    if event is None:
        return Text("looking…", "dim")
    if event.problem:
        return Text(plain(f"✗ {event.problem}"), "bold")
    found, text = event.preview, Text()
    if not found.is_whole:
        text.append(f"more than {found.files:,} files match\n", "bold")
    else:
        text.append(counted(found.files, "file"), "bold")
        text.append(" match" if found.files != 1 else " matches", "bold")
        text.append("\n" if found.is_over else " so far…\n", "" if found.is_over else "dim")
    if not found.files and found.is_over and not found.problem_count:
        return text
    text.append(f"  {found.queued:,} would be queued\n")
    if found.already_processed:
        text.append(f"  {found.already_processed:,} processed already: ")
        text.append(_named(found.skipped, "already_processed", found.already_processed), "dim")
        text.append("\n")
    if found.in_queue:
        text.append(f"  {found.in_queue:,} in the queue already: ")
        text.append(_named(found.skipped, "in_queue", found.in_queue), "dim").append("\n")
    if found.unread:
        text.append(f"  {found.unread:,} more, whose content is looked at as they are queued\n")
    return _add_problems(text, found.problems, found.problem_count)


def queueing_text(event: Queueing) -> Text:
    """Return how far it is, or how it ended."""
    report, text = event.report, Text()
    if event.problem:
        text.append(plain(f"✗ {event.problem}"), "bold").append("\n")
    word = "queued so far…" if not event.is_over else "queued"
    text.append(f"{report.queued:,} {word}", "bold")
    text.append(f" for {plain(event.wanted.parser.replace('@', ' '))}\n")
    if event.was_stopped:
        text.append("stopped: the same again goes on with the rest\n")
    for count, words in (
        (report.already_processed, "processed already"),
        (report.in_queue, "in the queue already"),
    ):
        if count:
            text.append(f"  {count:,} {words}\n")
    return _add_problems(text, report.problems, report.problem_count)


def queued_words(event: Queueing) -> str:
    """Say in a sentence what was queued."""
    report = event.report
    parts = [f"{report.queued:,} queued for {event.wanted.parser.replace('@', ' ')}"]
    if report.already_processed:
        parts.append(f"{report.already_processed:,} processed already")
    if report.in_queue:
        parts.append(f"{report.in_queue:,} in the queue already")
    if event.was_stopped:
        parts.append("stopped: the same again goes on with the rest")
    return " · ".join(parts)


def _named(skipped: Sequence[Skipped], outcome: str, count: int) -> str:
    these = [one for one in skipped if one.outcome == outcome][:_NAMED]
    named = [
        f"{one.path.rpartition('/')[2]} "
        + (f"(job {one.job_id[:8]})" if one.job_id else "(the same content as another)")
        for one in these
    ]
    return plain(", ".join(named)) + (", …" if count > len(these) else "")


def _add_problems(text: Text, problems: Sequence[FileProblem], count: int) -> Text:
    for problem in list(problems)[:_NAMED]:
        text.append(plain(f"✗ {problem.path}: {problem.message}"), "bold").append("\n")
    if count > _NAMED:
        text.append(f"  and {count - _NAMED:,} more that can't be queued\n")
    text.rstrip()
    return text

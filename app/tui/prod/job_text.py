"""A job's overview as text: what is known of it, its attempts, its error, what it replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from casparian.app.comparison_view import comparison_lines
from casparian.app.job_view import attempt_line, facts
from casparian.app.safe_text import one_line, safe

if TYPE_CHECKING:
    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.stores.jobs import JobError

_LEFT: Final = 12


def overview(details: JobDetails, now: int) -> Text:
    """Return all of it; ``now`` is milliseconds since 1970."""
    text = Text()
    for title, said in facts(details, now):
        text.append(f"{title:<{_LEFT}}", "dim")
        text.append(one_line(said) + "\n")
    if details.job.error is not None:
        _add_error(text, details.job.error)
    if details.attempts:
        text.append("\nAttempts\n", "bold")
        for number, attempt in enumerate(details.attempts, 1):
            text.append(attempt_line(number, attempt, now).plain + "\n")
    if details.comparison is not None:
        text.append("\n" + "\n".join(comparison_lines(details.comparison)) + "\n")
    return text


def _add_error(text: Text, error: JobError) -> None:
    text.append("\nError\n", "bold")
    text.append(f"  {error.error_class}: {safe(error.message)}\n", "bold")
    if error.hint:
        text.append("  try: ", "dim").append(f"{safe(error.hint)}\n")
    traceback = str(error.details.get("text") or "").rstrip()
    if traceback and traceback != error.message:
        text.append("\n")
        for line in traceback.splitlines():
            own = line.lstrip().startswith("File ") and "site-packages" not in line
            text.append(f"  {safe(line)}\n", "" if own else "dim")

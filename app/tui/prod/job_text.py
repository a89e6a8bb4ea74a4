"""A job's overview as text: what is known of it, its attempts, its error, what it replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from casparian.app.comparison_view import comparison_lines
from casparian.app.job_view import facts
from casparian.app.tui.prod.timeline import timeline_text
from casparian.core.registry.registrar import stored_contract
from casparian.core.safe_text import one_line, safe
from casparian.core.words import counted

if TYPE_CHECKING:
    from casparian.core.queueing.job_details import JobDetails
    from casparian.core.stores.jobs import JobError

_LEFT: Final = 12


def overview(details: JobDetails, now: int) -> Text:
    """Return all of it; ``now`` is milliseconds since 1970."""
    text = Text()
    for title, said in facts(details, now):
        if title == "input":
            text.append(f"{'contract':<{_LEFT}}", "dim")
            text.append(_contract(details) + "\n")
        text.append(f"{title:<{_LEFT}}", "dim")
        text.append(one_line(said) + "\n")
    if details.job.error is not None:
        _add_error(text, details.job.error)
    text.append("\nTimeline\n", "bold")
    text.append_text(timeline_text(details, now))
    if details.comparison is not None:
        text.append("\n" + "\n".join(comparison_lines(details.comparison)) + "\n")
    return text


def _contract(details: JobDetails) -> str:
    """Say which contract its rows are held against: the one of its bundle."""
    bundle = details.bundle
    if bundle is None:
        return "not known: its bundle was removed"
    contract = stored_contract(bundle.contract, bundle.name)
    if contract is None or bundle.contract_hash is None:
        return "none: types are inferred, and nothing is quarantined"
    columns = sum(len(output.columns) for output in contract.outputs)
    outputs = counted(len(contract.outputs), "output")
    return f"{bundle.contract_hash[:12]}  ({outputs}, {counted(columns, 'column')})"


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

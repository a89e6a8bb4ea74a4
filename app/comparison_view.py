"""What a replacement changed, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from casparian.core.queueing.comparison import Comparison, Row

_SHOWN = 10


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each kind of row, with the numbers of the first few (one-based)."""
    yield f"compared with job {comparison.old_job_id}, whose set it has replaced:"
    if comparison.input_changed:
        yield "  the input's content has changed since: a number may be another row's"
    if comparison.partial:
        yield "  the store has only the first of the quarantined rows: it is not about all"
    for title, rows in (
        ("recovered", comparison.recovered),
        ("still bad", comparison.still_bad),
        ("gone", comparison.gone),
        ("newly bad", comparison.newly_bad),
    ):
        if rows or title in ("recovered", "still bad"):
            yield f"  {title:<10} {len(rows):>6,}{_numbers(rows)}"


def _numbers(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    several = len({output for output, _ in rows}) > 1
    shown = [
        f"{output} {number + 1:,}" if several else f"{number + 1:,}" for output, number in rows
    ]
    more = f", … {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else ""
    return f"  rows {', '.join(shown[:_SHOWN])}{more}"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison; row numbers are zero-based."""

    def listed(rows: Sequence[Row]) -> list[dict[str, Any]]:
        return [{"output": output, "row_number": number} for output, number in rows]

    return {
        "old_job_id": comparison.old_job_id,
        "new_job_id": comparison.new_job_id,
        "recovered": listed(comparison.recovered),
        "still_bad": listed(comparison.still_bad),
        "gone": listed(comparison.gone),
        "newly_bad": listed(comparison.newly_bad),
        "input_changed": comparison.input_changed,
        "partial": comparison.partial,
    }

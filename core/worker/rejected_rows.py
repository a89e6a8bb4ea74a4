"""Quarantined rows on their way from a runner to the store: lines of JSON beside the staged set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from casparian.core.capped_raw import cap_raw
from casparian.core.stores.quarantine import QuarantinedRow, StoredReason

if TYPE_CHECKING:
    from casparian.core.validation.rejections import Rejections

MOST_ROWS: Final = 10_000
"""Rows that the store keeps of a job; the set's quarantine files have all of them."""
_MOST_BYTES: Final = 64 * 2**20
_MOST_REASONS: Final = 100
"""Reasons of one row that the store keeps."""


class RejectedRows:
    """Writes the rows that the store is to keep, as they come."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._rows = self._bytes = 0

    def add(self, output: str, rows: Rejections) -> None:
        """Take bad rows of an output; beyond what the store keeps, nothing is done."""
        room = MOST_ROWS - self._rows
        if room <= 0 or self._bytes >= _MOST_BYTES:
            return
        with Path(self._path).open("a", encoding="utf-8") as file:
            for row in rows[:room]:
                raw = cap_raw(row.raw)
                reasons = [list(reason) for reason in row.reasons[:_MOST_REASONS]]
                line = json.dumps([output, row.row_number, reasons, *raw], ensure_ascii=False)
                self._bytes += file.write(line + "\n")
                self._rows += 1
                if self._bytes >= _MOST_BYTES:
                    return


def read_rejected(path: Path) -> list[QuarantinedRow]:
    """Read what a runner wrote; nothing if there is no file.

    A runner that was killed may have left the last line unfinished: that is no row.
    """
    try:
        # Only b"\n" ends a line: what is in the rows may be any other kind of line break.
        *lines, _ = path.read_bytes().split(b"\n")
    except (FileNotFoundError, NotADirectoryError):
        return []
    rows = []
    for line in lines:
        output, number, reasons, raw, size, sha256 = json.loads(line)
        stored = tuple(StoredReason(*reason) for reason in reasons)
        rows.append(QuarantinedRow(output, number, stored, raw, size, sha256))
    return rows

"""Where a row that a parser yielded stands in its file, as well as its cells tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

#: How much of a file is read before the search is given up (bytes).
_MOST: Final = 512 * 2**20
#: Longer lines are compared by their beginning (bytes).
_LINE: Final = 64 * 2**10


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line of a file, one-based, in which most of a row's cells stand.

    ``matched`` of its ``cells`` do, and ``alike`` other lines have as many.
    """

    line: int
    matched: int
    cells: int
    alike: int

    @property
    def sentence(self) -> str:
        """How sure that is, for people."""
        if self.matched < self.cells:
            sure = f"line {self.line:,} looks most like it: {self.matched} of {self.cells} cells"
        else:
            sure = f"line {self.line:,} has all of its cells"
        others = "" if self.alike == 1 else "s"
        return f"{sure}; {self.alike:,} other line{others} as well" if self.alike else sure


def raw_line(path: Path, cells: Iterable[str | None], row: int) -> RawLine | None:
    """Find the line that has most of a row's cells, the one nearest to ``row`` of several.

    A parser may have changed what it read, so cells need not stand there as they came; None if
    no line has half of them, or if it lies beyond the first 512 MiB.

    Args:
        path: the parser's input.
        cells: the row's cells as texts; empty ones and nulls say nothing.
        row: the number of the row in the output, from 1.

    Raises:
        OSError: the file can't be read.
    """
    parts = {part for cell in cells if cell and (part := cell.strip().split("\n")[0])}
    wanted = [part.encode(errors="surrogateescape") for part in parts]
    if not wanted:
        return None
    best, at, alike = 0, 0, 0
    with path.open("rb") as file:
        for number, line in _lines(file):
            matched = sum(part in line for part in wanted)
            if matched > best:
                best, at, alike = matched, number, 0
            elif matched == best and best:
                alike += 1
                if abs(number - row) < abs(at - row):
                    at = number
    return RawLine(at, best, len(wanted), alike) if best * 2 >= len(wanted) else None


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers; of long ones the beginning."""
    number, read, goes_on = 0, 0, False
    while read < _MOST and (part := file.readline(_LINE)):
        read += len(part)
        if not goes_on:
            number += 1
            yield number, part
        goes_on = not part.endswith(b"\n")

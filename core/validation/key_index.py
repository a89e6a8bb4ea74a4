"""Which keys were there before, and in which row: sorted runs in memory, then in a file.

Runs in memory are merged as they grow, each at least twice the one after it. When they take more
than their share, they become one run in a temporary file, and a Bloom filter (10 bits per key) in
memory tells nearly always that a key isn't in it, so that the file is hardly read. So memory is
the budget and 1.25 bytes per key.
"""

from __future__ import annotations

import errno
import mmap
import secrets
import tempfile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from casparian.core.errors import SpillError
from casparian.core.validation.key_codes import Codes, Words

if TYPE_CHECKING:
    from pathlib import Path

Rows = np.ndarray[Any, np.dtype[np.int64]]

_BITS_PER_KEY: Final = 10
_PROBES: Final = 5


class Run(NamedTuple):
    """Keys in the order of their codes, and the row of each."""

    codes: Codes
    rows: Rows

    def find(self, wanted: Codes) -> Rows:
        """Return the row of each wanted key, -1 if it isn't here."""
        found = np.full(len(wanted.low), -1, np.int64)
        left = np.searchsorted(self.codes.low, wanted.low)
        inside = np.flatnonzero(left < len(self.rows))
        at = left[inside]
        same = self.codes.low[at] == wanted.low[inside]
        inside, at = inside[same], at[same]
        if self.codes.high is None or wanted.high is None:
            found[inside] = self.rows[at]
            return found
        exact = self.codes.high[at] == wanted.high[inside]
        found[inside[exact]] = self.rows[at[exact]]
        for row, first in zip(inside[~exact].tolist(), at[~exact].tolist(), strict=True):
            # The lower halves agree, the upper don't: the next keys may have the same lower half.
            here = first + 1
            while here < len(self.rows) and self.codes.low[here] == wanted.low[row]:
                if self.codes.high[here] == wanted.high[row]:
                    found[row] = self.rows[here]
                here += 1
        return found


class Bloom:
    """A set of 64-bit numbers that may say yes wrongly (1 in 100), and never no."""

    def __init__(self, numbers: Words) -> None:
        bits = max(10, int(len(numbers) * _BITS_PER_KEY - 1).bit_length())
        self._shift = np.uint64(64 - bits)
        self._factors = np.frombuffer(secrets.token_bytes(16), np.uint64) | np.uint64(1)
        self._bits = np.zeros(2 ** (bits - 3), np.uint8)
        for start in range(0, len(numbers), 1 << 20):  # a piece at a time: the probes take memory
            for probe in self._probes(numbers[start : start + (1 << 20)]):
                bits = np.left_shift(1, probe & 7).astype(np.uint8)
                np.bitwise_or.at(self._bits, probe >> 3, bits)

    def may_have(self, numbers: Words) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Return a mask of the numbers that may be in the set."""
        may = np.ones(len(numbers), np.bool_)
        for probe in self._probes(numbers):
            may &= (self._bits[probe >> 3] >> (probe & 7).astype(np.uint8)) & 1 == 1
        return may

    def _probes(self, numbers: Words) -> Any:
        first, step = (numbers * factor for factor in self._factors)
        step ^= step >> np.uint64(29)
        step |= np.uint64(1)
        for _ in range(_PROBES):
            yield (first >> self._shift).astype(np.int64)
            first = first + step


class Spilled(NamedTuple):
    """A run in files, and what tells that a key isn't in it."""

    run: Run
    bloom: Bloom
    maps: list[mmap.mmap]

    def find(self, wanted: Codes) -> Rows:
        """Return the row of each wanted key, -1 if it isn't here."""
        found = np.full(len(wanted.low), -1, np.int64)
        maybe = np.flatnonzero(self.bloom.may_have(wanted.low))
        if len(maybe):
            found[maybe] = self.run.find(wanted.take(maybe))
            for mapped in self.maps:  # what was looked at need not stay in this process
                mapped.madvise(mmap.MADV_DONTNEED)
        return found


class KeyIndex:
    """The keys of one rule: code -> row. Close it to give its files back."""

    def __init__(self, *, memory_budget: int, folder: Path | None = None) -> None:
        self._budget = memory_budget
        self._folder = folder
        self._runs: list[Run] = []
        self._spilled: list[Spilled] = []

    def find(self, wanted: Codes) -> Rows:
        """Return the row of each wanted key, -1 for those that aren't here.

        It is quickest if they come in the order of their lower halves.
        """
        found = np.full(len(wanted.low), -1, np.int64)
        for run in self._runs:
            np.maximum(found, run.find(wanted), out=found)
        for spilled in self._spilled:
            np.maximum(found, spilled.find(wanted), out=found)
        return found

    def add(self, codes: Codes, rows: Rows) -> None:
        """Add keys that are all different, in the order of their lower halves, and not here yet.

        Raises SpillError if there is no room for them on disk.
        """
        if not len(rows):
            return
        self._runs.append(Run(codes, rows))
        while len(self._runs) > 1 and len(self._runs[-2].rows) < 2 * len(self._runs[-1].rows):
            last, before = self._runs.pop(), self._runs.pop()
            self._runs.append(_merged(before, last))
        size = sum(_bytes(run) for run in self._runs)
        if 2 * size > self._budget:  # merging needs as much again
            self._spill()

    def close(self) -> None:
        """Forget all keys and give the files back."""
        self._runs.clear()
        self._spilled.clear()  # unmapped, files without a name are gone

    def _spill(self) -> None:
        whole = self._runs[0]
        for run in self._runs[1:]:
            whole = _merged(whole, run)
        self._runs.clear()
        bloom = Bloom(whole.codes.low)
        low, high = whole.codes
        maps: list[mmap.mmap] = []
        codes = Codes(self._on_disk(low, maps), None if high is None else self._on_disk(high, maps))
        run = Run(codes, self._on_disk(whole.rows, maps))
        self._spilled.append(Spilled(run, bloom, maps))

    def _on_disk(self, part: Any, maps: list[mmap.mmap]) -> Any:
        """Write an array to a file without a name and map it."""
        try:
            with tempfile.TemporaryFile(dir=self._folder, prefix="casparian-") as file:
                file.write(memoryview(part).cast("B"))
                file.flush()
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            where = self._folder or tempfile.gettempdir()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            why = "there is no room left" if full else str(error)
            raise SpillError(
                f"the keys seen so far, for `unique` and `key`, can't be kept in {where}: {why}",
                hint="make room there, or set TMPDIR to a folder that has some",
            ) from error
        maps.append(mapped)
        return np.frombuffer(mapped, part.dtype)


def _merged(first: Run, second: Run) -> Run:
    low = np.concatenate([first.codes.low, second.codes.low])
    order = np.argsort(low, kind="stable")  # quick, for both halves are sorted already
    high = None
    if first.codes.high is not None and second.codes.high is not None:
        high = np.concatenate([first.codes.high, second.codes.high])[order]
    return Run(Codes(low[order], high), np.concatenate([first.rows, second.rows])[order])


def _bytes(run: Run) -> int:
    return sum(part.nbytes for part in (*run.codes, run.rows) if part is not None)

"""What the cells of one column say, a part at a time, in bounded memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.contract.model import Column
from casparian.core.inference.candidates import (
    EXAMPLES,
    Candidate,
    as_text,
    format_candidates,
    plain_candidates,
)
from casparian.core.inference.placeholders import PLACEHOLDERS
from casparian.core.inference.typed import type_of
from casparian.core.validation.cells import is_text
from casparian.core.validation.constraints import breaks
from casparian.core.validation.convert import convert
from casparian.core.validation.oracle_texts import TRIMMED
from casparian.core.validation.verdict import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

Positions = np.ndarray[Any, np.dtype[np.int64]]

MOST_VALUES: Final = 20
"""Different texts that are kept."""

_SAMPLE: Final = 1_000
_HOPELESS: Final = 0.5
"""A definition that refuses a larger share of a part's cells is given up."""
_FEW: Final = 1_000
"""Nothing is given up for what fewer cells say."""
_JSON_MEANT: Final = r"\A\s*[\[{]"
"""A bare number or word is JSON as well, and hardly meant so."""


class Texts(NamedTuple):
    """Different cells of a part: each with its first row, and how often it comes."""

    cells: pa.Array
    kinds: pa.Array | None
    rows: Positions
    counts: Positions
    codes: Positions
    """For every cell of the part, which of ``cells`` it is."""


class Evidence:
    """The cells of a column: texts, typed values, or both from part to part."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self.nulls = 0
        self.cells = 0
        """Cells that are neither null nor a placeholder."""
        self.padded = 0
        """Texts with white space around them."""
        self.first_padded: tuple[int, str] | None = None
        self.placeholders: Counter[str] = Counter()
        self.values: dict[str, tuple[int, int]] | None = {}
        """Each different text: how often it came, and its first row; None if over 20."""
        self.kinds: set[str] = set()
        """Kinds of cells other than text."""
        self.types: list[pa.DataType] = []
        """Arrow types of the parts that had values and were no text."""
        self.empty_types: list[pa.DataType] = []
        """Arrow types of the parts that had none."""
        self.whole = True
        """Whether all floats are whole numbers."""
        self.own_refused = 0
        """Cells that their own type refuses: a time beyond the years 1 to 9999."""
        self.has_nan = False
        self.has_inf = False
        self.candidates = plain_candidates(name)
        self.as_text: Candidate | None = as_text(name)
        """Judges what keeping the text would refuse; None if that can't be."""
        self._guessed = False

    @property
    def texts(self) -> bool:
        """Whether any part had text."""
        return any(is_text(type_) for type_ in self.types)

    def add(self, array: pa.Array, kinds: pa.Array | None) -> None:
        """Take the next part of the column, plain (see ``cells.plain``), at most 65,536 rows."""
        first_row = self.rows
        self.rows += len(array)
        self.nulls += array.null_count
        seen = self.types if array.null_count < len(array) else self.empty_types
        if array.type not in seen:
            seen.append(array.type)
        if array.null_count == len(array):
            return
        if is_text(array.type):
            self._add_texts(array, kinds, first_row)
        else:
            self._add_typed(array)

    # Typed parts

    def _add_typed(self, array: pa.Array) -> None:
        """Take values that have a type; a definition that it can't become is out."""
        if pa.types.is_floating(array.type):
            self._note_floats(array)
        own = type_of(array.type)
        if own is not None:
            column = Column(self.name, own, allow_nan=True, allow_inf=True)
            self.own_refused += _refusals(array, column) or 0
        self.kinds.add(str(array.type))
        self.values = None
        self.cells += len(array) - array.null_count
        self._guessed = True  # a format judges texts only
        for candidate in self._all():
            refused = _refusals(array, candidate.column)
            if refused is None:
                self._remove(candidate)
                continue
            candidate.against += refused
            if candidate.digits is not None:
                candidate.digits.plain = False

    def _note_floats(self, array: pa.Array) -> None:
        self.has_nan = self.has_nan or bool(pc.any(pc.is_nan(array)).as_py())
        self.has_inf = self.has_inf or bool(pc.any(pc.is_inf(array)).as_py())
        finite = array.filter(pc.is_finite(array))
        self.whole = self.whole and pc.all(pc.equal(pc.floor(finite), finite)).as_py() is not False

    def _all(self) -> list[Candidate]:
        return [*self.candidates, *([] if self.as_text is None else [self.as_text])]

    def _remove(self, candidate: Candidate) -> None:
        if candidate is self.as_text:
            self.as_text = None
        else:
            self.candidates.remove(candidate)

    # Texts

    def _add_texts(self, array: pa.Array, kinds: pa.Array | None, first_row: int) -> None:
        said = array.is_valid() if kinds is None else pc.equal(kinds, "str").fill_null(False)
        if kinds is not None:
            self.kinds |= set(pc.unique(kinds).to_pylist()) - {None, "str"}
        trimmed = pc.utf8_trim(array, characters=TRIMMED)
        padded = pc.and_(pc.not_equal(trimmed, array).fill_null(False), said)
        self._note_padding(array, padded, first_row)
        empty = pc.and_(pc.is_in(trimmed, value_set=pa.array(PLACEHOLDERS)), said)
        for found in pc.value_counts(trimmed.filter(empty)).to_pylist():
            self.placeholders[found["values"]] += found["counts"]
        positions = pc.indices_nonzero(pc.and_(pc.invert(empty), array.is_valid()))
        if not len(positions):
            return
        self.cells += len(positions)
        rows = positions.to_numpy().astype(np.int64) + first_row
        tags = None if kinds is None else kinds.take(positions)
        texts = _different(trimmed.take(positions), tags, rows)
        if kinds is None:
            self._note_values(texts)
        else:
            self.values = None
        if not self._guessed:
            self._guessed = True
            self.candidates += format_candidates(self.name, _sample(texts).to_pylist())
        self._weigh(texts)

    def _note_padding(self, array: pa.Array, padded: pa.Array, first_row: int) -> None:
        count = pc.sum(padded).as_py() or 0
        if count and self.first_padded is None:
            at = pc.index(padded, True).as_py()
            self.first_padded = (first_row + at, array[at].as_py())
        self.padded += count

    def _note_values(self, texts: Texts) -> None:
        if self.values is None:
            return
        if len(texts.cells) > MOST_VALUES:
            self.values = None
            return
        for text, row, count in zip(
            texts.cells.to_pylist(), texts.rows.tolist(), texts.counts.tolist(), strict=True
        ):
            before, first = self.values.get(text, (0, row))
            self.values[text] = (before + count, first)
        if len(self.values) > MOST_VALUES:
            self.values = None

    def _weigh(self, texts: Texts) -> None:
        """Let every candidate judge every text."""
        refused: dict[int, Positions] = {}
        few = _spread(texts)
        for candidate in self._all():
            if candidate.dropped:
                continue
            wrong = _sampled(candidate, texts, few)
            if wrong is None:
                wrong = _wrong(candidate, texts, refused)
                refused[id(candidate)] = wrong
            else:
                candidate.dropped = True
            if len(wrong):
                doubted = _doubted(candidate, wrong, texts)
                _speak_against(candidate, wrong, doubted, texts)
            if self.cells >= _FEW and candidate.against > _HOPELESS * self.cells:
                candidate.dropped = True
            if candidate.digits is not None and not candidate.dropped:
                right = np.ones(len(texts.cells), np.bool_)
                right[wrong] = False
                candidate.digits.add(texts.cells.filter(pa.array(right)))


def _refusals(array: pa.Array, column: Column) -> int | None:
    """Count the typed values that a column refuses; None if their type can't become its type."""
    try:
        ok, _ = convert(array, None, column)
    except OutputFailed:
        return None
    return len(ok) - (pc.sum(ok).as_py() or 0)


def _different(cells: pa.Array, kinds: pa.Array | None, rows: Positions) -> Texts:
    """Columns repeat themselves: look at each different text once."""
    if kinds is not None:
        every = np.arange(len(cells))
        return Texts(cells, kinds, rows, np.ones(len(cells), np.int64), every)
    coded = cells.dictionary_encode()
    codes = np.asarray(coded.indices).astype(np.int64)
    first = np.full(len(coded.dictionary), len(codes), np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return Texts(coded.dictionary, None, rows[first], np.bincount(codes), codes)


def _spread(texts: Texts) -> Positions | None:
    """Positions of a thousand cells, evenly spread over the part; None if it has few."""
    if len(texts.cells) <= _FEW:
        return None
    return texts.codes[np.linspace(0, len(texts.codes) - 1, _SAMPLE).astype(np.int64)]


def _sampled(candidate: Candidate, texts: Texts, few: Positions | None) -> Positions | None:
    """Return what a candidate refuses of a sample if that is too much for it, else None."""
    if few is None:
        return None
    chosen, back = np.unique(few, return_inverse=True)
    refused = _refused(candidate, texts, chosen)
    return chosen[refused] if refused[back].mean() > _HOPELESS else None


def _sample(texts: Texts) -> pa.Array:
    few = _spread(texts)
    return texts.cells if few is None else texts.cells.take(pa.array(np.unique(few)))


def _wrong(candidate: Candidate, texts: Texts, refused: dict[int, Positions]) -> Positions:
    """Return the positions of the texts that a candidate refuses.

    Texts without any of its marks it judges as its base did.
    """
    base = refused.get(id(candidate.base))
    if base is None:
        return np.flatnonzero(_refused(candidate, texts, None))
    has_mark = np.zeros(len(texts.cells), np.bool_)
    for mark in _changed_marks(candidate):
        found = pc.match_substring(texts.cells, mark)
        has_mark |= found.to_numpy(zero_copy_only=False)
    marked = np.flatnonzero(has_mark)
    if not len(marked):
        return base
    wrong = np.zeros(len(texts.cells), np.bool_)
    wrong[base] = True
    wrong[marked] = _refused(candidate, texts, marked)
    return np.flatnonzero(wrong)


def _changed_marks(candidate: Candidate) -> Sequence[str]:
    """Marks that mean something else to a candidate than to its base."""
    return candidate.marks + ("." if candidate.column.decimal_point else "")


def _refused(
    candidate: Candidate, texts: Texts, some: Positions | None
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say of each of the texts (or some of them) whether a candidate refuses it."""
    cells, kinds = texts.cells, texts.kinds
    if some is not None:
        cells = cells.take(pa.array(some))
        kinds = None if kinds is None else kinds.take(pa.array(some))
    ok, values = convert(cells, kinds, candidate.column)
    taken = pc.and_(ok, pc.invert(breaks(values, candidate.column)))
    if candidate.family == "json":
        taken = pc.and_(taken, pc.match_substring_regex(cells, _JSON_MEANT))
    refused: np.ndarray[Any, np.dtype[np.bool_]] = ~taken.to_numpy(zero_copy_only=False)
    return refused


def _doubted(candidate: Candidate, wrong: Positions, texts: Texts) -> Positions:
    """Return those of the wrong texts that the candidate's column takes all the same."""
    if candidate.family != "json":
        return wrong[:0]
    at = pa.array(wrong)
    kinds = None if texts.kinds is None else texts.kinds.take(at)
    ok, _ = convert(texts.cells.take(at), kinds, candidate.column)
    doubted: Positions = wrong[ok.to_numpy(zero_copy_only=False)]
    return doubted


def _speak_against(
    candidate: Candidate, wrong: Positions, doubted: Positions, texts: Texts
) -> None:
    candidate.against += int(texts.counts[wrong].sum())
    candidate.doubted += int(texts.counts[doubted].sum())
    refused = wrong[np.isin(wrong, doubted, invert=True)]
    for examples, found in ((candidate.examples, refused), (candidate.doubts, doubted)):
        room = EXAMPLES - len(examples)
        for at in found[np.argsort(texts.rows[found], kind="stable")][:room]:
            examples.append((int(texts.rows[at]), texts.cells[int(at)].as_py()))

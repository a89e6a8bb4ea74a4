"""Which numbers are plain is seen by bits of all bytes; here a regular expression says it, text by
text, and both must agree whatever stands beside a text."""

from __future__ import annotations

import itertools
import random
import re

import numpy as np
import pyarrow as pa
import pytest

from casparian.core.validation.blocks import TextBytes, bytes_of
from casparian.core.validation.byte_marks import ByteMarks
from casparian.core.validation.plain_numbers import (
    clean_floats,
    clean_integers,
    plain_floats,
    plain_integers,
)

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}|-?[1-8][0-9]{18}")
FLOAT = re.compile(r"(?=.{1,24}\Z)-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
PIECES = ["0", "1", "9", "-", ".", "+", "e", " ", "x", "_", "/", ":", "é", "00", "17", "123456789"]
LONG = ["8" * 18, "8" * 19, "-" + "8" * 19, "9" * 19, "1" * 64, "1." * 70, "." * 200, "1" * 130]


def mixed(seed: int, odd: float) -> list[str]:
    """Texts of which a share is odd, so that runs of plain ones cross each edge of 64 bytes."""
    chosen = random.Random(seed)

    def text() -> str:
        if chosen.random() > odd:
            number = chosen.choice([chosen.randrange(-(10**9), 10**9), chosen.uniform(-9, 99)])
            return str(round(number, 3))
        if chosen.random() < 0.1:
            return chosen.choice(LONG)
        return "".join(chosen.choices(PIECES, k=chosen.randrange(6)))

    return [text() for _ in range(400)]


def seen(texts: list[str]) -> TextBytes:
    """The texts as a slice of a column, with others before and behind."""
    column = pa.array(["-", "1", *texts, ".", "0"], pa.string())
    return bytes_of(column.slice(2, len(texts)))


@pytest.mark.parametrize("odd", [0.002, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(60))
def test_plain_is_what_the_grammar_says_whatever_is_beside(seed: int, odd: float) -> None:
    texts = mixed(seed, odd)
    for plain, grammar in ((plain_integers, INTEGER), (plain_floats, FLOAT)):
        found = plain(seen(texts)).tolist()
        wrong = [
            (text, mine)
            for text, mine in zip(texts, found, strict=True)
            if mine != bool(grammar.fullmatch(text))
        ]
        assert not wrong


@pytest.mark.parametrize("seed", range(300))
def test_what_is_read_at_once_is_plain(seed: int) -> None:
    texts = mixed(seed, 0.3)[: 1 + seed % 3]
    canonical = re.compile("0|-?[1-9][0-9]*")
    for clean, grammar, type_ in (
        (clean_integers, canonical, pa.int64()),
        (clean_floats, FLOAT, pa.float64()),
    ):
        try:
            pa.array(texts).cast(type_)
        except pa.ArrowInvalid:
            continue  # what Arrow doesn't read, nobody asks about
        assert clean(seen(texts)) == all(grammar.fullmatch(text) for text in texts)


@pytest.mark.parametrize("text", ["007", "-0", "-007", "00", "+7", " 7", "7 ", "0x10", "0X1F"])
def test_no_other_spelling_of_an_integer_is_read_at_once(text: str) -> None:
    assert not clean_integers(seen(["1", text, "2"]))
    assert not clean_integers(seen([text]))


@pytest.mark.parametrize(
    "text",
    [
        *("007", "-00.5", "00", "5.", ".5", "-.5", "-5.", "+1.5", " 1.5", "1e5", "1E400", "nan"),
        *("inf", "-inf", "Infinity", "0." + "0" * 60 + "1", "9" * 60),
    ],
)
def test_no_other_spelling_of_a_float_is_read_at_once(text: str) -> None:
    assert not clean_floats(seen(["1.5", text, "2"]))
    assert not clean_floats(seen([text]))


@pytest.mark.parametrize("size", [0, 1, 62, 63, 64, 65, 127, 128, 129, 300])
def test_marks_behind_others_and_repeated_ones_at_every_edge(size: int) -> None:
    chosen = random.Random(size)
    lengths = []
    while sum(lengths) < size:
        lengths.append(min(chosen.choice([0, 1, 2, 7, 24]), size - sum(lengths)))
    ends = np.cumsum([0, *lengths]).astype(np.int64)
    marks = ByteMarks(TextBytes(np.zeros(size, np.uint8), ends))
    for _ in range(20):
        chance = chosen.choice([0.05, 0.5, 0.95])
        mask = [chosen.random() < chance for _ in range(size)]
        where = marks.where(np.array(mask, np.bool_))
        expected = []
        for start, end in itertools.pairwise(ends):
            mine = [at for at in range(start, end) if mask[at]]
            expected += mine[1:]
        assert positions(marks.repeated(where)) == expected
        behind = [at + 1 for at in range(size) if mask[at]]
        assert [at for at in positions(marks.behind(where)) if at < size] == [
            at for at in behind if at < size
        ]
        rows = [row for row, end in enumerate(ends[1:]) if any(mask[ends[row] : end])]
        assert sorted(set(marks.texts_with(where).tolist())) == rows


def positions(words: np.ndarray) -> list[int]:
    bits = np.unpackbits(words.view(np.uint8), bitorder="little")
    found: list[int] = np.flatnonzero(bits).tolist()
    return found

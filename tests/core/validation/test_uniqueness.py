"""No key comes twice in an output: the first good row stays, later ones name it."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.errors import SpillError
from casparian.core.validation.key_codes import Codes, KeyCoder
from casparian.core.validation.key_index import Bloom, KeyIndex
from casparian.core.validation.uniqueness import KeyRule, Uniqueness

ID = KeyRule(("id",), nulls_equal=False)


def found(
    rules: list[KeyRule], batches: list[dict[str, pa.Array]], **options: Any
) -> list[tuple[str, int, int]]:
    """Return (rule, row, first row) over batches in which nothing else is wrong."""
    unique = Uniqueness(rules, **options)
    first, out = 0, []
    for batch in batches:
        for rule, position, earlier in unique.judge(batch, {}, None, first_row=first):
            out.append((rule.name, first + position, earlier))
        first += len(next(iter(batch.values())))
    unique.close()
    return out


def test_the_first_stays_and_later_ones_name_it() -> None:
    batches = [{"id": pa.array(["a", "b", "a"])}, {"id": pa.array(["c", "b", "a"])}]
    assert found([ID], batches) == [("id", 2, 0), ("id", 4, 1), ("id", 5, 0)]


def test_a_composite_key_is_its_parts_and_not_their_text() -> None:
    rule = KeyRule(("a", "b"), nulls_equal=True)
    batch = {"a": pa.array(["ab", "a", "ab"]), "b": pa.array(["c", "bc", "c"])}
    assert found([rule], [batch]) == [("a, b", 2, 0)]


def test_nulls_repeat_nothing_in_a_unique_column_and_are_alike_in_a_key() -> None:
    batch = {"a": pa.array([None, 1, None, None]), "b": pa.array([1, 1, 1, 2])}
    assert found([KeyRule(("a",), nulls_equal=False)], [batch]) == []
    assert found([KeyRule(("a", "b"), nulls_equal=True)], [batch]) == [("a, b", 2, 0)]
    assert found([KeyRule(("a",), nulls_equal=True)], [batch]) == [("a", 2, 0), ("a", 3, 0)]


def test_keys_that_agree_in_one_half_of_their_codes_are_different_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def codes(_coder: KeyCoder, columns: list[pa.Array]) -> Codes:
        upper = columns[0].cast(pa.uint64()).to_numpy()
        return Codes(np.zeros(len(upper), np.uint64), upper)

    monkeypatch.setattr(KeyCoder, "codes", codes)
    batches = [{"id": pa.array([5, 6, 5, 6, 7])}, {"id": pa.array([8, 7, 8, 6])}]
    repeated = {row: first for _, row, first in found([ID], batches)}
    assert repeated == {2: 0, 3: 1, 6: 4, 7: 5, 8: 1}


def test_a_row_that_is_bad_for_another_reason_takes_no_key() -> None:
    unique = Uniqueness([ID])
    values = {"id": pa.array([7, 7, 7])}
    bad = pa.array([True, False, False])
    assert unique.judge(values, {}, bad, first_row=0) == [(ID, 2, 1)]
    assert unique.judge(values, {}, bad, first_row=3) == [(ID, 0, 1), (ID, 1, 1), (ID, 2, 1)]


def test_a_key_that_cannot_be_read_is_no_key() -> None:
    unique = Uniqueness([ID])
    values = {"id": pa.array([None, 0, None], pa.int64())}
    read = {"id": pa.array([False, True, False])}
    assert unique.judge(values, read, pa.array([True, False, True]), first_row=0) == []


def test_a_row_that_repeats_one_key_does_not_take_another() -> None:
    a, b = KeyRule(("a",), nulls_equal=False), KeyRule(("b",), nulls_equal=False)
    batch = {"a": pa.array([1, 1, 2]), "b": pa.array([1, 2, 2])}
    assert found([a, b], [batch]) == [("a", 1, 0)]  # row 1 is out, so row 2 has its b for itself


@pytest.mark.parametrize(
    ("type_", "same", "other"),
    [
        (pa.float64(), [0.0, -0.0], 5e-324),
        (pa.float64(), [float("nan"), -float("nan")], 1.5),
        (pa.float32(), [0.1, 0.1], 0.2),
        (pa.decimal128(5, 2), [Decimal("1.50"), Decimal("1.5")], Decimal("-1.50")),
        (pa.decimal128(38, 0), [Decimal(10**37), Decimal(10**37)], Decimal(10**37 + 1)),
        # Alike in the lower 64 bits.
        (pa.decimal128(38, 0), [Decimal(1), Decimal(1)], Decimal(2**64 + 1)),
        (pa.decimal128(19, 0), [Decimal(10**19 - 1)] * 2, Decimal(10**19 - 1 - 2**64)),
        (pa.uint64(), [2**64 - 1, 2**64 - 1], 2**63 - 1),
        (pa.int8(), [-1, -1], 1),
        (pa.bool_(), [True, True], False),
        (pa.time32("s"), [1, 1], 2),
        (pa.duration("ns"), [-1, -1], 1),
        (pa.string(), ["é", "é"], "e\u0301"),
        (pa.string(), ["", ""], "\0"),
        (pa.string(), ["x" * 300, "x" * 300], "x" * 299 + "y"),
        (pa.binary(), [b"\0", b"\0"], b"\0\0"),
    ],
)
def test_what_counts_as_the_same(type_: pa.DataType, same: list[Any], other: Any) -> None:
    """By value for numbers, by bytes for texts."""
    column = pa.array([other, *same], type_)
    assert found([ID], [{"id": column}]) == [("id", 2, 1)]
    assert found([ID], [{"id": column.slice(1)}, {"id": column.slice(0, 1)}]) == [("id", 1, 0)]


_columns = {
    "i": st.none() | st.integers(-2, 2),
    "s": st.none() | st.sampled_from(["", "a", "b", "ab", "a\0", "x" * 257]),
    "d": st.none() | st.sampled_from([Decimal("0.5"), Decimal("-0.5"), Decimal(2)]),
}
_types = {"i": pa.int64(), "s": pa.string(), "d": pa.decimal128(20, 1)}
_rows = st.lists(
    st.tuples(*_columns.values(), st.booleans(), st.booleans()), min_size=1, max_size=60
)
_rules = st.lists(
    st.sampled_from(
        [
            KeyRule(("i",), nulls_equal=False),
            KeyRule(("s",), nulls_equal=False),
            KeyRule(("i", "s"), nulls_equal=True),
            KeyRule(("d",), nulls_equal=True),
            KeyRule(("s", "d", "i"), nulls_equal=True),
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)


def _model(rows: list[Any], rules: list[KeyRule]) -> list[tuple[str, int, int]]:
    """The promise, row by row."""
    seen: list[dict[Any, int]] = [{} for _ in rules]
    out: list[tuple[str, int, int]] = []
    for number, (*cells, good, read) in enumerate(rows):
        row = dict(zip(_columns, cells, strict=True))
        keys: list[Any] = []
        repeats = False
        for rule, known in zip(rules, seen, strict=True):
            key = tuple(row[name] for name in rule.columns)
            applies = (read or "i" not in rule.columns) and (rule.nulls_equal or None not in key)
            keys.append(key if applies else None)
            if applies and key in known:
                repeats = True
                out.append((rule.name, number, known[key]))
        if good and not repeats:
            for key, known in zip(keys, seen, strict=True):
                if key is not None:
                    known[key] = number
    return out


@settings(max_examples=150)
@given(_rows, _rules, st.integers(1, 20), st.sampled_from([0, 200, 1 << 20]))
def test_as_if_row_by_row_however_batches_fall_and_memory_lasts(
    rows: list[Any], rules: list[KeyRule], size: int, budget: int
) -> None:
    unique = Uniqueness(rules, memory_budget=budget)
    whole = {
        name: pa.array([None, *(row[i] for row in rows)], _types[name])
        for i, name in enumerate(_columns)
    }
    out: list[tuple[str, int, int]] = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        values = {name: column.slice(1 + start, size) for name, column in whole.items()}
        bad = pa.array([not row[-2] for row in part])
        read = {"i": pa.array([row[-1] for row in part])}
        for rule, position, first in unique.judge(values, read, bad, first_row=start):
            out.append((rule.name, start + position, first))
    unique.close()
    assert out == _model(rows, rules)


def test_a_hundred_thousand_keys_through_files(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    keys = random.permutation(100_000)
    again = random.choice(100_000, 50, replace=False)
    keys[again] = keys[(again + 1) % 100_000]
    texts = pa.array(keys).cast(pa.string())
    batches = [{"id": texts.slice(start, 4_096)} for start in range(0, 100_000, 4_096)]
    seen: dict[str, int] = {}
    expected = []
    for row, text in enumerate(texts.to_pylist()):
        if text in seen:
            expected.append(("id", row, seen[text]))
        else:
            seen[text] = row
    assert len(expected) == 50
    assert found([ID], batches, memory_budget=300_000, folder=tmp_path) == expected
    assert not list(tmp_path.iterdir())


def test_hashes_that_agree_in_one_half_are_still_two_keys() -> None:
    """64 bits of the 128 never agree by chance, so it is done by hand."""
    index = KeyIndex(memory_budget=1 << 20)
    low = np.array([5, 5, 5, 9], np.uint64)
    index.add(Codes(low, np.array([1, 2, 3, 1], np.uint64)), np.arange(4))
    wanted = Codes(np.array([5, 5, 5, 5, 9], np.uint64), np.array([3, 1, 2, 4, 2], np.uint64))
    assert index.find(wanted).tolist() == [2, 0, 1, -1, -1]


def test_a_key_of_many_columns() -> None:
    coder = KeyCoder(nulls_equal=True)
    columns = [pa.array([n, n, n]) for n in range(60)]
    columns[59] = pa.array([1, 1, 2])
    low = coder.codes(columns).low
    assert low[0] == low[1] != low[2]


def test_the_filter_never_denies_what_is_there_and_seldom_affirms_what_is_not() -> None:
    random = np.random.default_rng(1)
    numbers = random.integers(0, 2**63, 50_000).astype(np.uint64)
    for there in (numbers, np.arange(50_000, dtype=np.uint64)):
        bloom = Bloom(there)
        assert bloom.may_have(there).all()
        others = random.integers(2**63, 2**64 - 1, 50_000, dtype=np.uint64)
        assert bloom.may_have(others).mean() < 0.03


_FILL = """\
import resource, sys
import numpy as np
from casparian.core.validation.key_codes import Codes
from casparian.core.errors import SpillError
from casparian.core.validation.key_index import KeyIndex
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    codes = Codes(np.arange(50_000, dtype=np.uint64), None)
    KeyIndex(memory_budget=0).add(codes, np.arange(50_000))
except SpillError as error:
    print(error.message, error.hint)
"""


def test_a_full_disk_is_an_error_that_says_what_the_room_was_for(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FILL],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"for `unique` and `key`, can't be kept in {tmp_path}" in done.stdout
    assert "TMPDIR" in done.stdout


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    index = KeyIndex(memory_budget=0, folder=tmp_path / "none")
    with pytest.raises(SpillError, match="none"):
        index.add(Codes(np.arange(5, dtype=np.uint64), None), np.arange(5))

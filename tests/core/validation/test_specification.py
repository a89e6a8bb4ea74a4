"""What the specification says of nasty texts, type by type: oracle and kernels both say so."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from casparian.core.validation.cells import Cell
from casparian.core.validation.oracle import judge

from .agreement import assert_agree, column_of, same, tagged
from .cases import TABLES, Bad
from .cell_cases import TYPED
from .constrained_cases import CONSTRAINED
from .relaxed_cases import RELAXED

TEXTS = {**TABLES, **RELAXED}
NAMES = sorted(TEXTS)


def wanted(name: str) -> tuple[Any, list[str], list[Any]]:
    spec, table = TEXTS[name]
    return column_of(spec), list(table), list(table.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_reads_each_text_as_it_is_specified(name: str) -> None:
    column, texts, expected = wanted(name)
    assert len(texts) >= 34
    for text, wants in zip(texts, expected, strict=True):
        judgement = judge(Cell("str", text), column)
        if isinstance(wants, Bad):
            assert [reason for reason, _ in judgement.reasons] == [wants.error_type], text[:80]
        else:
            assert not judgement.reasons, (text[:80], judgement)
            assert same(judgement.value, wants), (text[:80], judgement)


def assert_as_specified(
    found: list[tuple[bool, Any]], expected: list[Any], texts: list[str]
) -> None:
    for (good, value), wants, text in zip(found, expected, texts, strict=True):
        assert good == (not isinstance(wants, Bad)), text[:80]
        assert not good or same(value, wants), (text[:80], value)


@pytest.mark.parametrize("name", NAMES)
def test_kernels_read_a_dirty_column_as_it_is_specified(name: str) -> None:
    column, texts, expected = wanted(name)
    for order in (1, -1):
        array = pa.array(texts[::order], pa.string())
        assert_as_specified(assert_agree(column, array), expected[::order], texts[::order])


@pytest.mark.parametrize("name", NAMES)
def test_kernels_read_a_clean_column_as_it_is_specified(name: str) -> None:
    """Clean columns take shorter ways, which must lead to the same place."""
    column, texts, expected = wanted(name)
    pairs = [(t, w) for t, w in zip(texts, expected, strict=True) if not isinstance(w, Bad)]
    clean, values = [t for t, _ in pairs], [w for _, w in pairs]
    for before in ([], [clean[0]], ["", "a text of some length", None]):
        whole = pa.array([*before, *clean, "x"], pa.string())
        found = assert_agree(column, whole.slice(len(before), len(clean)))
        assert_as_specified(found, values, clean)
    for text, value in pairs:
        for array in (pa.array([text]), pa.array([text] * 3).slice(1)):
            found = assert_agree(column, array)
            assert_as_specified(found, [value] * len(array), [text] * len(array))


@pytest.mark.parametrize("name", NAMES)
def test_one_bad_text_changes_nothing_for_the_others(name: str) -> None:
    column, texts, expected = wanted(name)
    pairs = list(zip(texts, expected, strict=True))
    clean = [t for t, w in pairs if not isinstance(w, Bad)]
    values = [w for _, w in pairs if not isinstance(w, Bad)]
    for text, wants in pairs:
        if isinstance(wants, Bad):
            found = assert_agree(column, pa.array([*clean, text], pa.string()))
            assert_as_specified(found, [*values, wants], [*clean, text])
            # Of a slice it is the slice that is looked at, not what stands before it.
            found = assert_agree(column, pa.array([clean[0], text, clean[0]]).slice(1))
            assert_as_specified(found, [wants, values[0]], [text, clean[0]])


@pytest.mark.parametrize("name", NAMES)
def test_the_layout_of_a_text_column_does_not_matter(name: str) -> None:
    column, texts, expected = wanted(name)
    whole = pa.array([*texts, None], pa.string())
    null = None if column.nullable else Bad("null_not_allowed")
    wants = [*expected, null]
    names = [*texts, "null"]
    parts = pa.chunked_array([whole.slice(1, 4), whole.slice(0, 0), whole.slice(7)])
    chosen = [*range(1, 5), *range(7, len(whole))]
    for array, at in (
        (whole.slice(3, len(whole) - 5), list(range(3, len(whole) - 2))),
        (parts, chosen),
        (whole.cast(pa.large_string()).slice(2), list(range(2, len(whole)))),
        (whole.cast(pa.string_view()), list(range(len(whole)))),
        (whole.dictionary_encode().slice(5), list(range(5, len(whole)))),
        (
            pa.DictionaryArray.from_arrays(pa.array(range(len(whole))), whole),
            list(range(len(whole))),
        ),
    ):
        found = assert_agree(column, array)
        assert_as_specified(found, [wants[i] for i in at], [names[i] for i in at])


@pytest.mark.parametrize("name", NAMES)
def test_tagged_texts_are_read_as_untagged_ones(name: str) -> None:
    column, texts, expected = wanted(name)
    cells = [Cell("str", text) for text in texts]
    found = assert_agree(column, *tagged(cells))
    assert_as_specified(found, expected, texts)
    cells[::5] = [Cell("int", "1")] * len(cells[::5])
    data, kinds = tagged(cells)
    found = assert_agree(column, data.slice(2), kinds.slice(2))
    at = [i for i in range(2, len(texts)) if i % 5]
    assert_as_specified(
        [found[i - 2] for i in at], [expected[i] for i in at], [texts[i] for i in at]
    )


@pytest.mark.parametrize("name", sorted(TYPED))
def test_cells_of_every_kind_are_read_as_it_is_specified(name: str) -> None:
    spec, table = TYPED[name]
    column = column_of(spec)
    cells, expected = list(table), list(table.values())
    assert len(cells) >= 40
    for cell, wants in table.items():
        judgement = judge(cell, column)
        if isinstance(wants, Bad):
            assert [reason for reason, _ in judgement.reasons] == [wants.error_type], cell
        else:
            assert not judgement.reasons, (cell, judgement)
            assert same(judgement.value, wants), (cell, judgement)
    names = [f"{cell.kind} {cell.text}" for cell in cells]
    data, kinds = tagged(cells)
    for start in (0, 3):
        found = assert_agree(column, data.slice(start), kinds.slice(start))
        assert_as_specified(found, expected[start:], names[start:])


@pytest.mark.parametrize(("spec", "texts"), CONSTRAINED, ids=str)
def test_a_value_breaks_the_constraints_that_it_is_specified_to_break(
    spec: Any, texts: dict[str, tuple[str, ...]]
) -> None:
    column = column_of(spec)
    for text, broken in texts.items():
        reasons = judge(Cell("str", text), column).reasons
        assert tuple(reason for reason, _ in reasons) == broken, text
    for order in (1, -1):
        found = assert_agree(column, pa.array(list(texts)[::order], pa.string()))
        assert [good for good, _ in found] == [not b for b in list(texts.values())[::order]]
    for text, broken in texts.items():
        [(good, _)] = assert_agree(column, pa.array([text]))
        assert good == (not broken), text


def test_a_float32_is_the_nearest_to_its_text_and_rounded_once() -> None:
    """A float64 on the way would be rounded a second time, to another neighbour."""
    step, most = 2.0**-23, 2.0**128 - 2.0**104
    nearest: dict[str, Any] = {
        "1.000000178813934326171874999": 1 + step,
        "1.000000178813934326171875": 1 + 2 * step,  # halfway: to the even one
        "1.000000178813934326171875000000000001": 1 + 2 * step,
        "-1.000000178813934326171874999": -1 - step,
        "1.000000059604644775390625": 1.0,
        "1.000000059604644775390625000000000001": 1 + step,
        "16777217": 2.0**24,
        "16777217.0000000000000001": 2.0**24 + 2,
        "16777219": 2.0**24 + 4,
        "0.1": 13421773 * 2.0**-27,
        "340282356779733661637539395458142568447": most,
        "-340282356779733661637539395458142568447.9": -most,
        "340282356779733661637539395458142568448": Bad("out_of_range"),
        "7.1e-46": 2.0**-149,
        "7e-46": Bad("out_of_range"),
    }
    column, texts = column_of("float32"), list(nearest)
    for text, wants in nearest.items():
        judgement = judge(Cell("str", text), column)
        if isinstance(wants, Bad):
            assert [reason for reason, _ in judgement.reasons] == [wants.error_type], text
        else:
            assert same(judgement.value, wants), text
        assert_as_specified(assert_agree(column, pa.array([text])), [wants], [text])
    found = assert_agree(column, pa.array(texts))
    assert_as_specified(found, list(nearest.values()), texts)

"""Rows keep their numbers when others are left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from casparian.app.tui.widgets.row_numbers import RowNumbers


@given(st.lists(st.booleans(), max_size=40), st.randoms())
def test_a_row_is_called_by_the_number_that_it_came_with(is_left_out: list[bool], chance) -> None:
    left_out = [number for number, out in enumerate(is_left_out) if out]
    kept = [number for number, out in enumerate(is_left_out) if not out]
    chance.shuffle(left_out)
    numbers = RowNumbers(left_out)

    assert [numbers.number(row) for row in range(len(kept))] == kept
    assert [numbers.row(number) for number in kept] == list(range(len(kept)))
    assert {numbers.row(number) for number in left_out} <= {None}

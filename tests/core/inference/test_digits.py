"""How many digits numbers have, in whatever spelling their column reads."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from casparian.core.contract import parse_outputs
from casparian.core.inference.digits import Digits


def digits(*texts: str, **options: Any) -> Digits:
    definition = {"type": "float64", **options}
    outputs = parse_outputs({"o": {"columns": {"x": definition}}}, parser_name="p").outputs
    found = Digits(outputs[0].columns[0])
    for text in texts:
        found.add(pa.array([text]))
    return found


@pytest.mark.parametrize(
    ("texts", "options", "whole", "fraction"),
    [
        (["7", "-12"], {"type": "int64"}, {1, 2}, {0}),
        (["1.50", "-100.5"], {}, {1, 3}, {1, 2}),
        (["1,234.50", "12"], {"thousands": ","}, {2, 4}, {0, 2}),
        (["1.234,5"], {"thousands": ".", "decimal_point": ","}, {4}, {1}),
        (["1\u2019234"], {"thousands": "\u2019"}, {4}, {0}),
        (["1,5"], {"decimal_point": ","}, {1}, {1}),
    ],
)
def test_digits_on_both_sides_of_the_point(
    texts: list[str], options: dict[str, Any], whole: set[int], fraction: set[int]
) -> None:
    found = digits(*texts, **options)
    assert (found.plain, found.whole, found.fraction) == (True, whole, fraction)
    assert found.signed == any(text.startswith("-") for text in texts)


def test_an_exponent_has_no_digits_to_count() -> None:
    assert not digits("1.5", "1E5").plain
    assert not digits("1e-5").plain


def test_zeros_after_the_point_are_told_from_other_digits() -> None:
    assert digits("1.00", "2.0", "3").only_zeros
    assert not digits("1.00", "2.01").only_zeros
    assert digits("1.000,00", thousands=".", decimal_point=",").only_zeros


def test_numbers_of_one_length() -> None:
    assert digits("123", "456", type="int64").one_length == 3
    assert digits("123", "45", type="int64").one_length is None
    assert digits("-123", "456", type="int64").one_length is None

"""Columns of plain texts with a few others among them: none is judged otherwise for its company."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from casparian.core.validation import blocks, dates
from casparian.core.validation.dates import FIRST_DAY, LAST_DAY, date_from_text

from .agreement import assert_agree, column_of
from .test_differential import NASTY

PLAIN = {
    "int": ["7", "-12", "0", "100", "-128", "99"],
    "float": ["1.5", "-0.25", "0.0", "12.75", "-3.0", "8.125", "7", "-0"],
    "date": ["2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31", "2000-02-29"],
}
SPECS = [
    *[("int", f"{sign}int{bits}") for sign in ("", "u") for bits in (8, 16, 32, 64)],
    *[("float", "float32"), ("float", "float64")],
    ("float", {"type": "float64", "allow_nan": True, "allow_inf": True}),
    *[("date", "date"), ("date", {"type": "date", "midnight_ok": True})],
]


@pytest.mark.parametrize(("family", "spec"), SPECS, ids=str)
@pytest.mark.parametrize("between", [12, 150])
def test_nasty_texts_among_plain_ones(
    family: str, spec: Any, between: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 256)
    monkeypatch.setattr(dates, "BLOCK_ROWS", 256)
    chosen = random.Random(between)
    plain = PLAIN[family]
    odd: list[str | None] = [*NASTY[family], None]
    if between > 100:
        odd = [*chosen.sample(odd, 12), "", "-"]
    texts = []
    for text in odd:
        texts += [*chosen.choices(plain, k=chosen.randrange(2 * between)), text]
    column = column_of(spec)
    assert_agree(column, pa.array(texts))
    assert_agree(column, pa.array(texts).slice(5, len(texts) - 9))


@pytest.mark.parametrize(
    "texts",
    [
        ["5-", ""],
        ["", "1.2.3"],
        ["", "", "-", ""],
        ["1.5", "2.2.2", "3", "4.5"],
        ["12", "", "-", "3"],
        ["9223372036854775807", "9223372036854775808", "8999999999999999999", "-0"],
        [None, "1", None],
        [None, None],
    ],
    ids=str,
)
@pytest.mark.parametrize("spec", ["int64", "uint64", "int8", "float64", "float32", "date"])
def test_edges_of_columns(texts: list[str | None], spec: str) -> None:
    column = column_of(spec)
    plain = "2024-01-05" if spec == "date" else "7"
    assert_agree(column, pa.array(texts, pa.string()))
    assert_agree(column, pa.array([*texts, *[plain] * 200], pa.string()))
    assert_agree(column, pa.array([*[plain] * 200, *texts], pa.string()))


def test_every_day_of_the_calendar() -> None:
    days = pa.array(range(FIRST_DAY, LAST_DAY + 1), pa.int32()).cast(pa.date32())
    read = date_from_text(days.cast(pa.string()))
    assert read.ok.true_count == len(days)
    assert read.values.equals(days)

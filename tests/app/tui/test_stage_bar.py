"""The bar of stages tells as much as there is room for, and nothing by halves."""

from __future__ import annotations

import pytest

from casparian.app.tui.dev.stage_bar import GLYPHS, Mood, Stages, bar_text

TIMES = (
    ("cold start", 1_212.0),
    ("load", 138.0),
    ("parse", 4_004.0),
    ("transfer", 21.0),
    ("validate", 6.0),
)
#: The bar's width in terminals of 80, 120 and 200 columns: the samples stand beside it.
WIDTHS = {80: 57, 120: 86, 200: 156}


def bar(width: int, **stages: object) -> str:
    shown = Stages(**{"done": TIMES, "note": "run 12", **stages})  # type: ignore[arg-type]
    return bar_text(shown, width, lambda _: "").plain


@pytest.mark.parametrize("mood", GLYPHS)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_it_is_never_cut(mood: Mood, width: int) -> None:
    said = bar(width, mood=mood)
    assert len(said) <= width, said
    glyph, long, short = GLYPHS[mood]
    assert said.startswith((f" {glyph} {long} ", f" {glyph} {short} "))
    assert "ms" in said, "how long it took is told in any case"


def test_what_tells_the_least_gives_way_first() -> None:
    each = "cold start 1,212 ms  load 138 ms  parse 4,004 ms  transfer 21 ms  validate 6 ms"
    bare = "cold start 1,212  load 138  parse 4,004  transfer 21  validate 6 ms"
    short = " ! some quarantined "
    assert [
        bar(width, mood="warnings") for width in (200, 115, 98, 90, 50, 38, 20, 3)
    ] == [
        f" ! completed, with quarantined rows   {each}   run 12",
        f"{short}  {each}   run 12",
        f"{short}  {bare}   run 12",
        f"{short}  {bare}",
        f"{short}  in all 5,381 ms   run 12",
        f"{short}  in all 5,381 ms",
        short,
        short,
    ]  # fmt: skip


def test_of_which_rows_it_is_and_what_goes_on_stay() -> None:
    said = bar(57, mood="running", under_way="validate", part="preview: the first 100 rows")
    assert "preview: the first 100 rows" in said
    assert "validate …" in said

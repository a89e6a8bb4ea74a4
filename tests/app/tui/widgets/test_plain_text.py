"""Anybody's text keeps the terminal, and the columns, in place."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from casparian.app.tui.widgets.plain_text import cut, plain, without_ansi, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[2J", "␛[2J"),
        ("one\ntwo\tthree\r", "one⏎two⇥three␍"),
        ("del\x7f", "del␡"),
        ("c1\x9b", "c1\\u009b"),
        ("turned\u202etxt", "turned\\u202etxt"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("no\u00a0break", "no⍽break"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("👍🏽 ❤\ufe0f", "👍 ❤"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_every_character_is_printable_and_the_same_width_on_every_terminal(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    "text", ["plain", "한국어 텍스트", "👨👩👧 and more", "שלום", "e\u0301" * 9]
)
@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 40])
def test_a_cut_text_is_never_wider_than_its_column(text, width):
    shown, taken = cut(text, width)

    assert cell_len(shown) == taken <= width


def test_right_to_left_text_stands_between_marks_so_that_its_neighbours_stay():
    assert cut("שלום", 10) == ("\u200eשלום\u200e", 4)


def test_a_combining_mark_does_not_sit_on_the_column_before():
    assert cut("\u0301x", 5)[0].startswith("◌")


def test_colours_of_a_program_are_dropped_and_other_escapes_stay_visible():
    assert (
        without_ansi("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\") == "red link"
    )
    assert plain(without_ansi("\x1b]52;c;aGk=\x07")) == "␛]52;c;aGk=␇"


def test_wrapping_keeps_every_character_and_its_own_lines():
    assert wrapped("abcdef\n\n한국", 4) == ["abcd", "ef", "", "한국"]
    assert wrapped("one two three four", 10) == ["one two ", "three four"]
    assert wrapped("한국어", 5) == ["한국", "어"]

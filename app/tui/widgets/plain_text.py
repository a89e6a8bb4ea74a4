"""Anybody's text as a terminal can show it: nothing in it commands the terminal or moves a column.

Control characters are symbols (``␀ ␛ ⏎``), invisible ones their escapes (``\\u200b``). Emoji are
drawn without what terminals disagree on: joiners, skin tones, variation selectors. Text that runs
from right to left stands between marks that keep its neighbours where they are.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Final

from rich.cells import cell_len, set_cell_size, split_graphemes

_SYMBOLS: Final = {
    **{code: chr(0x2400 + code) for code in range(32)},
    ord("\t"): "⇥",
    ord("\n"): "⏎",
    0x7F: "␡",
    0xA0: "⍽",
}
#: What terminals of different age give different widths: joiners, selectors, skin tones, tags.
_UNSTEADY = re.compile("[\u200c\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0001-\U000e01ef]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LEFT_TO_RIGHT_MARK = "\u200e"
_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: Colours, cursor movements and the like (CSI), and links (OSC 8): what programs colour logs with.
_ANSI = re.compile("(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\\]8;[^\x07\x1b]*(?:\x07|\x1b\\\\)")


def plain(text: str) -> str:
    """Return text in which every character is printable."""
    if text.isprintable():
        return text if text.isascii() else _steady(text)
    shown = "".join(char if char.isprintable() else _symbol(char) for char in _steady(text))
    return _steady(shown)


def without_ansi(text: str) -> str:
    """Return a log line without the colours its program gave it."""
    return _ANSI.sub("", text) if "\x1b" in text or "\x9b" in text else text


def width_of(text: str) -> int:
    """Return how many cells of a terminal `plain` text takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, width: int) -> tuple[str, int]:
    """Return `plain` text in at most so many cells, with ``…`` where it was cut, and its width."""
    taken = width_of(text)
    if taken > width:
        # Every character but a combining one takes a cell, so that the rest can't matter.
        text = set_cell_size(text[: 8 * width], max(0, width - 1)).rstrip(" ") + "…"
        taken = width_of(text)
    if text.isascii():
        return text, taken
    if cell_len(text[:1]) == 0:
        text, taken = "◌" + text, taken + 1  # a mark would sit on what stands before it
    if _RIGHT_TO_LEFT.search(text):
        text = _LEFT_TO_RIGHT_MARK + text + _LEFT_TO_RIGHT_MARK
    return text, taken


def cut_within(text: str, width: int) -> tuple[str, int]:
    """As `cut`, but of plain names both ends stay: those of files often differ at their ends."""
    if not text.isascii() or len(text) <= width or width < 5:
        return cut(text, width)
    end = (width - 1) * 2 // 3
    return f"{text[: width - 1 - end]}…{text[-end:]}", width


def wrapped(text: str, width: int) -> list[str]:
    """Return text in `plain` lines of at most ``width`` cells; its own line ends are kept."""
    lines: list[str] = []
    for line in text.split("\n"):
        shown = plain(line.removesuffix("\r"))
        if shown.isascii():
            lines += _wrapped_narrow(shown, width)
        else:
            lines += _wrapped_wide(shown, width)
    return lines


def _wrapped_narrow(shown: str, width: int) -> list[str]:
    """Break after the last blank, if it is not too far from the end."""
    lines = []
    at = 0
    while len(shown) - at > width:
        blank = shown.rfind(" ", at + width // 2, at + width)
        end = at + width if blank < 0 else blank + 1
        lines.append(shown[at:end])
        at = end
    return [*lines, shown[at:]]


def _wrapped_wide(shown: str, width: int) -> list[str]:
    cuts, taken = [0], 0
    for start, _, cells in split_graphemes(shown)[0]:
        if taken + cells > width:
            cuts.append(start)
            taken = 0
        taken += cells
    return [shown[start:end] for start, end in pairwise([*cuts, len(shown)])]


def _steady(text: str) -> str:
    return _UNSTEADY.sub("", text)


def _symbol(char: str) -> str:
    symbol = _SYMBOLS.get(ord(char))
    if symbol is not None:
        return symbol
    category = unicodedata.category(char)
    if category in _ESCAPED_CATEGORIES or (category == "Zs" and char != " "):
        return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
    return char  # of private use, or newer than Python's tables

"""Texts that stand for something else than themselves: for nothing, for yes and for no."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDERS: Final = (
    *("", "-", "--", "---", "?", ".", "n/a", "N/A", "#N/A", "n.a.", "na", "NA", "\\N"),
    *("null", "NULL", "Null", "(null)", "none", "None", "NONE", "nil", "nan", "NaN", "NAN"),
    *("NaT", "<NA>", "unknown", "Unknown", "UNKNOWN", "missing", "k.A."),
)
"""Texts that commonly stand for a missing value; only where the rest of the column is no text."""

_FLAGS: Final = (
    ("true", "false"),
    ("yes", "no"),
    ("y", "n"),
    ("t", "f"),
    ("on", "off"),
    ("ja", "nein"),
    ("ja", "nee"),
    ("ja", "nej"),
    ("ja", "nei"),
    ("j", "n"),
    ("oui", "non"),
    ("o", "n"),
    ("si", "no"),
    ("sí", "no"),
    ("sì", "no"),
    ("s", "n"),
    ("sim", "não"),
    ("sim", "nao"),
    ("tak", "nie"),
    ("ano", "ne"),
    ("wahr", "falsch"),
    ("vrai", "faux"),
    ("vero", "falso"),
    ("verdadero", "falso"),
    ("verdadeiro", "falso"),
)
"""Yes and no, true and false, in the languages that exports are mostly in."""


def flag_tokens(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the spellings of yes and of no, if the texts are one pair's, and both are there."""
    found = sorted(texts)
    words = {text: text.lower() for text in found}
    for true, false in _FLAGS:
        if set(words.values()) == {true, false}:
            return (
                tuple(text for text in found if words[text] == true),
                tuple(text for text in found if words[text] == false),
            )
    return None

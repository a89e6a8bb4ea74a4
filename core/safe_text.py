"""Texts that others wrote, as a terminal may be sent them: file names, errors, cells of rows."""

from __future__ import annotations


def safe(text: str) -> str:
    """Return a text whose control characters are spelled out, but for ends of lines and tabs.

    A file's name need not be Unicode, and may hold what moves a terminal's cursor.
    """
    shown = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else _spelled(c) for c in shown)


def one_line(text: str) -> str:
    """Return a text as one line, its control characters spelled out."""
    shown = text.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else _spelled(c) for c in shown)


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()

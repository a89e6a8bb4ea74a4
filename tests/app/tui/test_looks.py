"""All looks are in the stylesheet, made of the theme's colours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from rich.color import ANSI_COLOR_NAMES
from textual.color import COLOR_NAME_TO_RGB

ROOT = Path(__file__).parents[3]
NAMES = {*ANSI_COLOR_NAMES, *COLOR_NAME_TO_RGB} - {"default", "auto", "transparent"}
OWN_STYLES = re.compile(r"DEFAULT_CSS|theme_variables|\.styles\.(color|background|border)")
#: The page in which a browser shows the terminal is no part of the terminal's screen.
PAGE = ROOT / "app/tui/web/page.py"


def is_a_colour(text: str) -> bool:
    """Whether a text is a style with a colour of its own, such as ``bold red`` or ``on #222``."""
    words = text.split()
    style = {"bold", "dim", "italic", "underline", "reverse", "strike", "not", "on"}
    colours = [w for w in words if w in NAMES or re.fullmatch(r"#[0-9a-fA-F]{3,8}|rgb\(.*\)", w)]
    return bool(colours) and set(words) <= {*style, *colours}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_module_of_the_terminal_app_names_a_colour() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in sorted((ROOT / "app/tui").rglob("*.py"))
        if path != PAGE
        for line, text in texts(path)
        if is_a_colour(text)
    ]
    assert not found


def test_no_module_of_the_terminal_app_has_styles_of_its_own() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "app/tui").rglob("*.py"))
        if re.search(
            r"DEFAULT_CSS|theme_variables|\.styles\.(color|background|border)", path.read_text()
        )
    ]
    assert not found


def test_the_stylesheet_takes_its_colours_from_the_theme() -> None:
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "casparian.tcss").read_text(), flags=re.DOTALL)
    values = re.findall(r"^\s*[\w-]+:\s*([^;{}]+);", css, re.MULTILINE)
    words = {word for value in values for word in value.split()}
    assert not [word for word in words if is_a_colour(word)]


def test_what_is_a_colour_is_seen() -> None:
    for text in ("red", "bold green", "#fff", "on #202020", "rgb(1,2,3)", "yellow on blue"):
        assert is_a_colour(text)
    for text in ("bold", "dim", "", "a red box", "$text-error bold", "#id", "#jobs"):
        assert not is_a_colour(text)

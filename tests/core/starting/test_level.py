"""What kind of parser a file holds is read from its source as the guest finds it by running it."""

from __future__ import annotations

from textwrap import indent
from types import ModuleType

import pytest

from casparian.core.starting.level import Level, level_of_source
from casparian.shim.failures import GuestFailure
from casparian.shim.loader import find_parser

KNOWN = '    name = "sales"\n    version = "1"\n'
METHOD = "    def parse(self, ctx): ...\n"
PARSER = f"class Parser:\n{KNOWN}{METHOD}"
SOURCES: dict[str, tuple[Level, str]] = {
    "a class": ("parser", PARSER),
    "a class beside a function": ("parser", PARSER + "def parse(path): ...\n"),
    "a class in a branch": ("parser", "if True:\n" + PARSER.replace("class", " class", 1)),
    "a method of a base": ("parser", f"class A:\n{METHOD}class Parser(A):\n{KNOWN}"),
    "a base from elsewhere": (
        "parser",
        f"import html.parser as h\nclass Parser(h.HTMLParser):\n{KNOWN}    parse = print\n",
    ),
    "a class without parse": ("none", f"class Parser:\n{KNOWN}"),
    "one, beside a function": ("function", f"class Parser:\n{KNOWN}\ndef parse(path): ...\n"),
    "a class of another module": (
        "function",
        "from csv import Dialect as Parser\ndef parse(path): ...\n",
    ),
    "a class in a text": ("none", f'CODE = """\n{PARSER}"""\n'),
    "a class in a function": ("none", "def make():\n" + indent(PARSER, "    ")),
    "for scripts only": ("none", "if __name__ == '__main__':\n    def parse(path): ...\n"),
    "a handler": ("handler", "class Handler:\n    def execute(self, path): ...\n"),
    "a handler without a method": ("none", "class Handler: ...\n"),
    "a function": ("function", "def parse(path): ...\n"),
    "an async one": ("function", "async def parse(path): ...\n"),
    "neither": ("none", "parse = 1\nParser = None\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", SOURCES)
def test_it_is_what_the_guest_finds(case: str) -> None:
    level, source = SOURCES[case]
    assert level_of_source(source.encode()) == level
    module = ModuleType("sales")
    module.__file__ = "/p/sales.py"
    exec(source, vars(module))
    if level == "none":
        with pytest.raises(GuestFailure, match="must have Parser class"):
            find_parser(module)
    else:
        assert find_parser(module).level == level


@pytest.mark.parametrize("source", [b"def parse(path)\n", b"x = \0", b"x = '\xff'"])
def test_what_is_no_python_now_is_told_apart_from_what_holds_no_parser(source: bytes) -> None:
    assert level_of_source(source) == "unreadable"

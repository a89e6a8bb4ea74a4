"""``casparian scaffold``: what is kept, what is added, what is refused, and with which words."""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casparian.core.events import Batch, Hello
from casparian.core.starting.scaffold import ScaffoldError, parser_name, scaffold
from casparian.core.starting.scaffold_file import write_scaffold

from ...guest_python import GUEST_PYTHON


def made(source: str | bytes, stem: str = "sales"):
    content = source if isinstance(source, bytes) else textwrap.dedent(source).encode()
    return scaffold(content, stem=stem, where=f"{stem}.py")


def text(source: str, stem: str = "sales") -> str:
    return made(source, stem).source.decode()


def refusal(source: str | bytes) -> ScaffoldError:
    with pytest.raises(ScaffoldError) as caught:
        made(source)
    return caught.value


def test_a_class_with_name_version_and_topics_is_added_that_calls_the_function() -> None:
    assert text("def parse(path):\n    return []\n") == (
        "def parse(path):\n"
        "    return []\n"
        "\n"
        "\n"
        "class Parser:\n"
        '    name = "sales"\n'
        '    version = "0.1.0"\n'
        '    topics = ["sales"]\n'
        "\n"
        "    def parse(self, ctx):\n"
        "        return parse(str(ctx.input_path))\n"
    )


AWKWARD = {
    "everything at the top": '''\
        #!/usr/bin/env python3
        # -*- coding: utf-8 -*-
        """Reads sales — monthly.

            An indented docstring.
        """
        from __future__ import annotations
        import sys, csv   # kept
        import os


        @decorated  # why
        def parse(path: str, *, limit: int | None = None) -> list[dict]:
            """A
        docstring whose lines
              are nowhere."""
            return [] # done

        # a last word
        ''',
    "a form feed and white space": "import csv\n\x0c\ndef parse(path):   \n    return []\n\n\n\n",
    "a text that looks like code": 'X = """\nclass Parser:\n"""\ndef parse(path): return [X]\n',
    "a continued line": "def parse(path):\n    return 1 + \\\n        2",
}


@pytest.mark.parametrize("name", AWKWARD)
def test_what_was_there_is_there_still_to_the_byte(name: str) -> None:
    source = textwrap.dedent(AWKWARD[name]).encode()
    result = made(source).source
    assert result.startswith(source)
    assert ast.parse(result).body[-1].name == "Parser"


def test_line_ends_tabs_and_the_encoding_are_the_files_own() -> None:
    source = "# coding: latin-1\r\ndef parse(path):\r\n\treturn 'Übergröße'\r\n".encode("latin-1")
    result = made(source).source
    assert result.startswith(source)
    added = result[len(source) :]
    assert b"\r\n\tname = " in added
    assert added.count(b"\n") == added.count(b"\r\n")
    ast.parse(result)


def test_a_byte_order_mark_stays() -> None:
    assert made(b"\xef\xbb\xbfdef parse(path): return []\n").source.startswith(b"\xef\xbb\xbfdef")


def test_a_main_block_stays_last_with_the_comment_above_it() -> None:
    result = text(
        """\
        def parse(path):
            return []


        # by hand
        if __name__ == "__main__":
            print(parse("x"))
        """
    )
    order = [
        result.index(part) for part in ("def parse(path)", "class Parser", "# by hand", "if __")
    ]
    assert order == sorted(order)
    assert "\n\n\nclass Parser:" in result
    assert "(str(ctx.input_path))\n\n\n# by hand\nif" in result


def test_the_topic_names_the_parser_because_it_names_the_output() -> None:
    result = made('TOPIC = "orders"\ndef parse(path): return []\n')
    assert result.name == "orders"
    assert b"    name = TOPIC\n" in result.source
    assert b"    topics = [TOPIC]\n" in result.source


def test_a_topic_that_is_no_name_stays_a_topic() -> None:
    result = made('TOPIC = "Order Data"\ndef parse(path): return []\n')
    assert result.name == "sales"
    assert b'    name = "sales"\n' in result.source
    assert b"    topics = [TOPIC]\n" in result.source


def test_the_sink_goes_with_the_rows() -> None:
    result = text('import csv\n\nSINK = "csv://t"\ndef parse(path): return []\n')
    assert (
        "return casparian_types.Output(self.name, parse(str(ctx.input_path)), sink=SINK)" in result
    )
    assert result.startswith("import csv\nimport casparian_types\n\nSINK")


@pytest.mark.parametrize(
    "source", ["SINK = None\ndef parse(path): return []\n", "def parse(path): return []\n"]
)
def test_without_a_sink_nothing_is_imported(source: str) -> None:
    assert "casparian_types" not in text(source)


def test_the_import_for_a_sink_breaks_no_statement() -> None:
    result = text('import csv; X = """\nimport\n"""\nSINK = "csv"\ndef parse(path): return []\n')
    assert result.startswith('import csv; X = """\nimport\n"""\n')
    assert "\nimport casparian_types\n\n\nclass Parser:" in result


@pytest.mark.parametrize(
    "source",
    [
        "parse = lambda path: []\n",
        "from readers import read as parse\n",
        "try:\n    from fast import parse\nexcept ImportError:\n    def parse(path): return []\n",
        "import os\nif os.sep:\n    def parse(p): return []\nelse:\n    def parse(p): return 1\n",
        "@wrap\ndef parse(one, two): return []\n",
        "def parse(*args): return []\n",
        "def parse(path, /, sep=',', *, quote='x'): return []\n",
        "def parse(file_name):\n    return parse(file_name) if 0 else []\n",
    ],
)
def test_parse_may_come_from_anywhere_and_call_its_path_anything(source: str) -> None:
    assert "return parse(str(ctx.input_path))" in text(source)


def test_a_handler_is_called_as_level_1_calls_it() -> None:
    result = made(
        "class Handler:\n    def execute(self, path): return []\ndef parse(path): return []\n"
    )
    assert result.calls == "Handler().execute"
    assert b"return Handler().execute(str(ctx.input_path))" in result.source
    inherited = "class Base:\n    def consume(self, p): return []\nclass Handler(Base): pass\n"
    assert b"Handler().consume(" in made(inherited).source


def test_a_module_with_its_own_str_still_gets_the_path_as_text() -> None:
    assert 'parse(f"{ctx.input_path}")' in text("str = bytes\ndef parse(path): return []\n")


REFUSED = {
    "def parse(path):\n    return [\n": ("line 2", "never closed"),
    "x = 1\nclass Parser:\n    def parse(self, ctx): return []\n": ("line 2", "already (level 2)"),
    "class A:\n    def parse(self, c): ...\nclass Parser(A): pass\n": ("line 3", "already"),
    "class Parser:\n    pass\ndef parse(path): return []\n": ("line 1", "no method parse"),
    "import csv\nfrom lark import Lark as Parser\ndef parse(path): ...\n": ("line 2", "taken"),
    "x = 1\n": ("", "no function parse"),
    "": ("", "no function parse"),
    "def prase(path): return []\n": ("", "no function parse"),
    "from readers import *\n": ("line 1", "may import one"),
    "async def parse(path): return []\n": ("line 1", "async"),
    "\nclass parse: pass\n": ("line 2", "is a class"),
    "def parse(): return []\n": ("line 1", "takes nothing"),
    "def parse(path, other): return []\n": ("line 1", "more than the path: other"),
    "def parse(path, *, sep): return []\n": ("line 1", "more than the path: sep"),
    "if __name__ == '__main__':\n    def parse(path): return []\n": ("", "no function parse"),
    "class Handler(Other): pass\ndef parse(path): return []\n": ("line 1", "inherits"),
    "SINK = 'csv'\ndef parse(path):\n    yield {'a': []}\n": ("line 3", "names outputs itself"),
    "from casparian_types import Output\nSINK = 'csv'\ndef parse(p): ...\n": ("line 1", "SINK"),
    "def parse(path): return 'a\x00b'\n": ("", "no Python"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_cannot_become_a_parser_is_refused_with_the_line_and_what_to_do(source: str) -> None:
    error = refusal(source)
    line, words = REFUSED[source]
    assert line in error.message
    assert words in error.message
    assert error.message.startswith("sales.py")
    assert error.hint or "is a class" in error.message or "no Python" in error.message


def test_a_misspelt_function_is_named() -> None:
    assert "did you mean 'prase' in line 1" in refusal("def prase(path): return []\n").hint


def test_bytes_that_are_not_in_the_files_encoding_are_a_clear_error() -> None:
    assert "sales.py" in refusal(b"def parse(path):\n    return '\xff\xfe'\n").message


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("sales", "sales"),
        ("Sales Report-2024", "sales_report_2024"),
        ("2024", "p_2024"),
        ("Büro", "b_ro"),
        ("_", "p_"),
        ("x" * 90, "x" * 63),
    ],
)
def test_the_parser_is_named_after_its_file(stem: str, name: str) -> None:
    assert parser_name(stem) == name


@given(st.text())
def test_every_file_name_gives_a_valid_name(stem: str) -> None:
    import re

    assert re.fullmatch("[a-z][a-z0-9_]{0,62}", parser_name(stem))


# --------------------------------------------------------------------------- what it yields

#: Scripts that are awkward to turn into classes; those with a SINK are in tests/e2e.
SCRIPTS = {
    "a generator, with a helper below it": """
        import csv

        def parse(path):
            with open(path) as file:
                for row in csv.DictReader(file):
                    yield [shout(row)]

        def shout(row):
            return {key: value.upper() for key, value in row.items()}
        """,
    "recursion, and a function that calls parse": """
        import os

        def parse(path, depth=0):
            if depth < 3:
                return parse(path, depth + 1)
            return [{"depth": depth, "file": os.path.basename(path), "kind": type(path).__name__}]

        def again():
            return parse("x", 3)

        assert again()[0]["depth"] == 3
        """,
    "closures and nested functions of the same name": """
        def counter():
            count = 0
            def parse(path):
                nonlocal count
                count += 1
                return [{"count": count}]
            return parse

        parse = counter()
        """,
    "decorators": """
        import functools

        def twice(function):
            @functools.wraps(function)
            def both(path):
                return function(path, 1) + function(path, 2)
            return both

        @twice
        def parse(path, number):
            return [{"number": number}]
        """,
    "a lambda, and a class of another name": """
        class Row(dict):
            pass

        parse = lambda file: [Row(a=1), Row(a=2)]
        """,
    "a topic": """
        TOPIC = "orders"

        def parse(path):
            yield [{"a": 1}]
            yield [{"a": 2}]
        """,
    "a class that inherits its name": """
        name = "elsewhere"
        version = topics = None

        def parse(path):
            return [{"name": name, "version": version}]
        """,
    "pandas and future annotations": """
        from __future__ import annotations
        import pandas as pd

        def parse(path: Missing) -> pd.DataFrame:
            return pd.read_csv(path)
        """,
    "arrow batches": """
        import pyarrow.csv

        def parse(path):
            return pyarrow.csv.open_csv(path)
        """,
    "nothing at all": """
        def parse(path):
            return None
        """,
    "a handler": """
        class Handler:
            def __init__(self):
                self.calls = 0

            def execute(self, path):
                self.calls += 1
                return [{"calls": self.calls, "path": path}]
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_in_its_guest_the_parser_yields_what_the_script_yields(run_parser, name: str) -> None:
    source = textwrap.dedent(SCRIPTS[name])
    python = Path(sys.executable) if "pandas" in source else GUEST_PYTHON
    script = run_parser(source, name="script.py", python=python)
    parser = run_parser(
        made(source, "script").source.decode(), name="script_parser.py", python=python
    )
    assert script.error is None
    assert parser.error is None
    assert [b.output for b in parser.of(Batch)] == [b.output for b in script.of(Batch)]
    assert parser.rows() == script.rows()
    [hello] = parser.of(Hello)
    assert (hello.level, hello.version) == ("parser", "0.1.0")


# --------------------------------------------------------------------------- files


def script(folder: Path, name: str = "sales.py") -> Path:
    path = folder / name
    path.write_text("def parse(path): return []\n")
    return path


def test_the_parser_is_written_beside_and_the_script_stays(tmp_path: Path) -> None:
    path = script(tmp_path)
    path.chmod(0o755)
    before = path.read_bytes()
    written = write_scaffold(path)
    assert written.path == tmp_path / "sales_parser.py"
    assert path.read_bytes() == before
    assert written.path.stat().st_mode & 0o777 == 0o755


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    path = script(tmp_path)
    (tmp_path / "sales_parser.py").write_text("mine")
    with pytest.raises(ScaffoldError, match="is there already") as caught:
        write_scaffold(path)
    assert "--force" in caught.value.hint
    assert (tmp_path / "sales_parser.py").read_text() == "mine"
    assert write_scaffold(path, force=True).path.read_text() != "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sales.py", "sales_parser.py"]


def test_a_contract_goes_along_and_is_not_replaced_either(tmp_path: Path) -> None:
    path = script(tmp_path)
    (tmp_path / "sales.contract.toml").write_text('[columns]\na = "int64"\n')
    written = write_scaffold(path)
    assert written.contract == tmp_path / "sales_parser.contract.toml"
    assert written.contract.read_text() == '[columns]\na = "int64"\n'
    written.path.unlink()
    with pytest.raises(ScaffoldError, match=r"sales_parser\.contract\.toml is there already"):
        write_scaffold(path)
    assert not written.path.exists()


@pytest.mark.parametrize("force", [False, True])
def test_the_script_itself_is_never_the_place(tmp_path: Path, force: bool) -> None:
    path = script(tmp_path)
    (tmp_path / "link.py").symlink_to(path)
    for out in (path, tmp_path / "link.py"):
        with pytest.raises(ScaffoldError, match="the script itself"):
            write_scaffold(path, out, force=force)


@pytest.mark.parametrize(
    ("out", "words"),
    [("", "is a folder"), ("no/where.py", "there is no folder"), ("x.txt", "no name of a Python")],
)
def test_a_place_that_cannot_be_is_said_so(tmp_path: Path, out: str, words: str) -> None:
    with pytest.raises(ScaffoldError, match=words):
        write_scaffold(script(tmp_path), tmp_path / out)

"""An import that finds nothing is told with its line; one that finds something never is."""

from __future__ import annotations

import sys
import textwrap

import pytest

from casparian.core.gatekeeper import missing_imports, modules_reached


def missing(files: dict[str, str], **left_out: str) -> list[str]:
    sources = {name: textwrap.dedent(text).encode() for name, text in files.items()}
    found = missing_imports(
        sources,
        "parser.py",
        lambda names: {n for n in names if n.partition(".")[0] not in sys.stdlib_module_names},
        left_out=left_out,
    )
    return [f"{one.path}:{one.line} {one.module}" for one in found]


@pytest.mark.parametrize(
    "files",
    [
        {"parser.py": "from utils.x import y", "utils/__init__.py": "", "utils/x.py": ""},
        {"parser.py": "from utils import x", "utils/__init__.py": "", "utils/x.py": ""},
        {"parser.py": "from utils import x, made_at_run_time", "utils/__init__.py": ""},
        {"parser.py": "import utils.x.y", "utils/x/y.py": ""},
        {"parser.py": "from utils.made import y", "utils/__init__.py": "__path__.append('x')"},
        {"parser.py": "import m.n", "m.py": "import sys\nsys.modules['m.n'] = 1"},
        {"parser.py": "from .helpers import f", "helpers.py": ""},
        {"parser.py": "from . import helpers", "helpers.py": ""},
        {"parser.py": "from . import anything", "__init__.py": "anything = 1"},
        {"parser.py": "from .a.b import c", "a/b.py": "from ..d import e", "a/d.py": ""}
        | {"d.py": ""},
        {"parser.py": "import os.path, json, xml.etree.ElementTree, casparian_types"},
        {"parser.py": "from __future__ import annotations"},
        {"parser.py": "def parse(ctx):\n    import late", "late.py": ""},
        {
            "parser.py": "import sys\nsys.path.insert(0, 'lib')\nimport inner",
            "lib/inner.py": "import other",
            "lib/other/__init__.py": "",
        },
        {"parser.py": "try:\n    import nope\nexcept ImportError:\n    nope = None"},
        {"parser.py": "try:\n    import nope\nexcept (KeyError, ImportError):\n    import no"},
        {"parser.py": "import contextlib as c\nwith c.suppress(ImportError):\n    import nope"},
        {"parser.py": "import sys\nif sys.version_info < (3, 11):\n    import tomli"},
        {"parser.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nope"},
        {"parser.py": "if __name__ == '__main__':\n    import nope"},
        {"parser.py": "", "tests/test_parser.py": "import nope"},
        {"parser.py": "import broken", "broken.py": "def f(:"},
        {"parser.py": "import a", "a.py": "import b", "b.py": "import a"},
        {"parser.py": "import parser"},
    ],
)
def test_what_is_there_is_never_missed(files: dict[str, str]) -> None:
    assert missing(files) == []


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"parser.py": "\nimport nonexistent"}, ["parser.py:2 nonexistent"]),
        ({"parser.py": "from nope.x import y"}, ["parser.py:1 nope.x"]),
        ({"parser.py": "def parse(ctx):\n    import late"}, ["parser.py:2 late"]),
        ({"parser.py": "from .helpers import f"}, ["parser.py:1 .helpers"]),
        ({"parser.py": "from . import helpers, x", "x.py": ""}, ["parser.py:1 .helpers"]),
        ({"parser.py": "from .. import x"}, ["parser.py:1 ..x"]),
        ({"parser.py": "import u.y", "u/__init__.py": "", "u/x.py": ""}, ["parser.py:1 u.y"]),
        ({"parser.py": "import m.n", "m.py": ""}, ["parser.py:1 m.n"]),
        ({"parser.py": "import a", "a.py": "import b\nimport nope"}, ["a.py:1 b", "a.py:2 nope"]),
        ({"parser.py": "from a import b", "a/b.py": "import nope"}, ["a/b.py:1 nope"]),
        ({"parser.py": "try:\n    import nope\nexcept KeyError:\n    ..."}, ["parser.py:2 nope"]),
        ({"parser.py": "if True:\n    import nope"}, ["parser.py:2 nope"]),
        ({"parser.py": "import yaml", "yaml/x.json": "{}"}, ["parser.py:1 yaml"]),
    ],
)
def test_what_is_not_there_is_told_with_its_line(files: dict[str, str], told: list[str]) -> None:
    assert missing(files) == told


def test_what_was_left_out_of_the_bundle_is_told_to_have_been() -> None:
    [one] = missing_imports(
        {"parser.py": b"import fast"},
        "parser.py",
        lambda names: names,
        left_out={"fast.cpython-311.so": "a native library"},
    )
    assert one.sentence == (
        "parser.py:1: import fast: fast.cpython-311.so is left out of the bundle: a native library"
    )


def test_what_an_entrypoint_leads_to_is_followed_through_the_bundle() -> None:
    files = {"parser.py": b"from a import b", "a/b.py": b"import c", "c.py": b"", "d.py": b""}
    assert modules_reached(files, "parser.py") == {"parser.py", "a/b.py", "c.py"}

"""The gatekeeper names what a parser's code reaches for, with the line; and nothing harmless."""

from __future__ import annotations

import textwrap

import pytest

from casparian.core.gatekeeper import UnknownNameError, check_allowed, is_allowed, look_at


def found(source: str, **others: str) -> list[tuple[int, str]]:
    files = {"parser.py": textwrap.dedent(source).encode()}
    files |= {f"{name}.py": text.encode() for name, text in others.items()}
    return [(one.line, one.name) for one in look_at(files) if one.path == "parser.py"]


def test_sockets_processes_and_os_system_are_named_with_their_lines() -> None:
    source = """
        import os
        import subprocess
        import socket as s

        def parse(path):
            os.system("ls")
        """
    assert found(source) == [(3, "subprocess"), (4, "socket"), (7, "os.system")]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from os import system", "os.system"),
        ("import os\nos.popen('x')", "os.popen"),
        ("import os as o\no.execvp('x', [])", "os.execvp"),
        ("from os import fork as f\nf()", "os.fork"),
        ("from os import *\nspawnl(0)", "os.spawnl"),
        ("import os\nrun = os.system", "os.system"),
        ("import os\nx = os\nx.system('ls')", "os.system"),
        ("import os\ngetattr(os, 'system')('ls')", "os.system"),
        ("import os\ngetattr(os, name)('ls')", "getattr"),
        ("import os\nvars(os)['system']('ls')", "os.system"),
        ("import os\nos.__dict__['system']('ls')", "os.system"),
        ("__import__('os').system('ls')", "os.system"),
        ("import sys\nsys.modules['os'].system('ls')", "os.system"),
        ("import importlib\nimportlib.import_module('os').system('ls')", "os.system"),
        ("import importlib\nimportlib.import_module('ctypes')", "ctypes"),
        ("import importlib\nimportlib.import_module(name)", "importlib.import_module"),
        ("__import__(name)", "__import__"),
        ("list(map(__import__, names))", "__import__"),
        ("eval('1')", "eval"),
        ("exec('1')", "exec"),
        ("compile('1', '', 'exec')", "compile"),
        ("import builtins\nbuiltins.eval('1')", "eval"),
        ("__builtins__.eval('1')", "eval"),
        ("from urllib import request", "urllib.request"),
        ("import urllib.request as r", "urllib.request"),
        ("import urllib\nurllib.request.urlopen('x')", "urllib.request"),
        ("import http.client", "http.client"),
        ("import requests", "requests"),
        ("import multiprocessing.pool", "multiprocessing"),
        ("from concurrent.futures import ProcessPoolExecutor", None),
        ("import asyncio\nasyncio.create_subprocess_exec('x')", "asyncio.create_subprocess_exec"),
        ("from ctypes import CDLL", "ctypes"),
        ("import pickle\npickle.loads(b'')", "pickle.loads"),
        ("import pandas as pd\npd.read_pickle('x')", "pandas.read_pickle"),
        ("def f():\n    import socket", "socket"),
        ("class A:\n    import socket", "socket"),
        ("try:\n    import socket\nexcept ImportError:\n    socket = None", "socket"),
        ("lambda: eval('1')", "eval"),
        ("match x:\n    case 1:\n        eval('1')", "eval"),
        ("from __future__ import annotations\n@eval\ndef f(): ...", "eval"),
    ],
)
def test_what_reaches_out_is_found_however_it_is_written(source: str, name: str | None) -> None:
    assert (name or "concurrent.futures.ProcessPoolExecutor") in {n for _, n in found(source)}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.path.join('a', 'b')\nos.environ\nos.listdir('.')",
        "import re\nre.compile('x')",
        "from re import compile\ncompile('x')",
        "import pandas as pd\npd.eval('1 + 1')\npd.DataFrame().eval('a')",
        "from urllib.parse import urlsplit\nfrom http import HTTPStatus",
        "import urllib\nurllib.parse.quote('x')",
        "import pickle\npickle.dumps(1)",
        "import importlib\nimportlib.import_module('json')\nimportlib.resources.files('x')",
        "__import__('json')",
        "def f(compile, eval):\n    compile('x')\n    return eval",
        "def eval(x): ...\neval('1')",
        "class A:\n    def exec(self): ...\n    def f(self): self.exec()",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket",
        "from .socket import x",
        "import concurrent.futures\nconcurrent.futures.ThreadPoolExecutor()",
        "class system: ...\nclass os: ...\nos.system",
        "open('x').read()",
        "'os.system'",
        "getattr(row, name)",
    ],
)
def test_what_is_harmless_is_not_reported(source: str) -> None:
    assert found(source) == []


def test_a_module_of_the_bundle_is_not_the_package_of_its_name() -> None:
    assert found("import requests\nrequests.get()", requests="def get(): ...") == []


def test_all_files_are_looked_at_and_one_that_can_not_be_read_is_reported() -> None:
    files = {
        "b/inner.py": b"eval('1')",
        "a.py": b"def f(:\n",
        "c.py": b"\xff\xfe",
        "data.json": b"import socket",
    }
    told = [(one.path, one.line, one.name) for one in look_at(files)]
    assert told == [("a.py", 1, "unreadable"), ("b/inner.py", 1, "eval"), ("c.py", 1, "unreadable")]
    assert look_at(files)[1].sentence == "b/inner.py:1: eval: runs code that is made at run time"


def test_allowing_a_module_allows_what_is_in_it() -> None:
    assert is_allowed("os.system", ("os",))
    assert is_allowed("os.system", ("os.system",))
    assert not is_allowed("os.system", ("os.sys", "subprocess"))
    check_allowed(("os", "os.system", "urllib", "eval", "unreadable"))
    with pytest.raises(UnknownNameError, match="--allow subproces") as refused:
        check_allowed(("subproces",))
    assert "did you mean subprocess?" in refused.value.hint

"""What ``casparian doctor`` looks at of one parser: its Python, its contract, its lock."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from casparian.core.contract.files import find_contract_file, resolve_contract
from casparian.core.errors import CasparianError
from casparian.core.events import Hello
from casparian.core.inputs import parser_file
from casparian.core.interpreter import Interpreter, choose_python
from casparian.core.programs import ask, uv_program

from .check import Check
from .guest import say_hello

if TYPE_CHECKING:
    from collections.abc import Iterator


_OLDEST_PYTHON: Final = (3, 10)
_OLDEST_PYARROW: Final = 17
_ANSWER: Final = 5.0
"""Seconds that an interpreter, or uv, has to tell what it knows."""
_SCRIPT: Final = re.compile("^# /// script$", re.M)

# For whatever Python is there, so without anything that an old one doesn't know.
_PROBE: Final = """
import json, sys
sys.path[:1] = [sys.argv[1]]
found = {"python": list(sys.version_info[:3]), "packages": {}, "missing": []}
try:
    from importlib import metadata, util
    for name in ("pyarrow", "pandas", "polars"):
        try:
            found["packages"][name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    found["missing"] = [name for name in sys.argv[2:] if util.find_spec(name) is None]
except ImportError:
    pass
print("PROBE" + json.dumps(found))
"""


class ParserChecks:
    """The checks of one parser, or of the place where one would be; see ``diagnose``."""

    def __init__(self, target: Path | None, python: Path | None) -> None:
        self._python = python
        self._chosen: Interpreter | None = None
        self._error: CasparianError | None = None
        self._file = Path.cwd() / "parser.py"
        self._source = b""
        if target is not None or self._file.is_file():
            try:
                self._file = parser_file(target or Path.cwd())
                self._source = self._file.read_bytes()
                self._there = True
            except (CasparianError, OSError) as error:
                self._there = False
                if isinstance(error, OSError):
                    error = CasparianError(f"{self._file}: it can't be read: {error.strerror}")
                self._error = error
        else:
            self._there = False

    @property
    def folder_to_lock(self) -> Path | None:
        """Where its ``uv.lock`` should be; None if there is no parser, or it is a script's own."""
        return self._file.parent if self._there and not self._has_script_block() else None

    def interpreter(self) -> list[Check]:
        """Which Python would run it, and whether that has what is needed."""
        if self._error is not None:
            hint = self._error.hint or "name a Python file, or a folder with parser.py"
            return [Check("parser", "problem", self._error.message, hint)]
        try:
            chosen = self._choose()
        except FileNotFoundError as error:
            found = f"only uv can make the environment of its PEP 723 metadata: {error}"
            return [Check("interpreter", "problem", found, "see uv above")]
        except CasparianError as error:
            mend = error.hint or "name an interpreter with --python"
            return [Check("interpreter", "problem", error.message, mend)]
        if isinstance(chosen, Check):
            return [chosen]
        self._chosen = chosen
        return list(self._probe(chosen))

    def _choose(self) -> Interpreter | Check:
        if self._python is not None or not self._has_script_block():
            return choose_python(self._file, self._python)
        # A name that isn't there has no block, so this asks for all that comes before it.
        before = choose_python(self._file.with_name(f".{self._file.name}.none"))
        if before.path != Path(sys.executable) or "casparian" not in before.reason:
            return before
        words = [uv_program(), "python", "find", "--offline", "--script", str(self._file)]
        answer = ask(words, within=_ANSWER)
        path = Path(answer.out.strip())
        if answer.code == 0 and "environments-v" in str(path):
            return Interpreter(path, "the parser's PEP 723 metadata", before.passed_over, True)
        if answer.code == 0:
            found = "the parser's PEP 723 metadata: uv makes its environment at the first run"
            return Check("interpreter", "ok", found)
        return Check(
            "interpreter",
            "problem",
            f"uv can't read the parser's PEP 723 metadata: {answer.first_line}",
            "mend the `# /// script` block, or give an interpreter with --python",
        )

    def _has_script_block(self) -> bool:
        return _SCRIPT.search(self._source.decode("utf-8", "replace")) is not None

    def _probe(self, chosen: Interpreter) -> Iterator[Check]:
        what = "it" if self._there else "a parser here"
        where = f"{chosen.path} runs {what}: {chosen.reason}"
        imports = sorted(_imports(self._source)) if self._there else []
        words = [str(chosen.path), "-c", _PROBE, str(self._file.parent), *imports]
        answer = ask(words, within=_ANSWER)
        try:
            told: dict[str, Any] = json.loads(answer.out.rpartition("PROBE")[2])
        except ValueError:
            yield Check(
                "interpreter",
                "problem",
                f"{where}; it does not work: {answer.last_line}",
                "make the environment again (uv venv), or give another with --python",
            )
            self._chosen = None
            return
        version = ".".join(map(str, told["python"]))
        if tuple(told["python"]) < _OLDEST_PYTHON:
            yield Check(
                "interpreter",
                "problem",
                f"{where}; Python {version} is too old",
                "give a Python 3.10 or newer: uv venv --python 3.12",
            )
            self._chosen = None
            return
        if chosen.passed_over:
            passed = "; ".join(chosen.passed_over)
            yield Check(
                "interpreter",
                "warning",
                f"{where}, Python {version}; passed over: {passed}",
                "make that environment again (uv venv), or take it away",
            )
        else:
            yield Check("interpreter", "ok", f"{where}, Python {version}")
        yield from self._packages(chosen, told)

    def _packages(self, chosen: Interpreter, told: dict[str, Any]) -> Iterator[Check]:
        packages: dict[str, str] = told["packages"]
        shown = ", ".join(f"{name} {version}" for name, version in packages.items())
        wanted = f"pyarrow>={_OLDEST_PYARROW}"
        arrow = packages.get("pyarrow")
        if arrow is None:
            mend = self._install(chosen, "pyarrow")
            yield Check("guest_packages", "problem", "that Python has no pyarrow", mend)
            self._chosen = None
        elif int(re.match(r"\d+", arrow)[0]) < _OLDEST_PYARROW:  # type: ignore[index]
            yield Check(
                "guest_packages", "warning", f"{shown}: older than what is tested",
                self._install(chosen, shlex.quote(wanted)),
            )  # fmt: skip
        else:
            yield Check("guest_packages", "ok", shown)
        if told["missing"]:
            names = ", ".join(told["missing"])
            yield Check(
                "imports",
                "problem",
                f"{self._file.name} imports what that Python has not: {names}",
                self._install(chosen, " ".join(told["missing"])),
            )

    def _install(self, chosen: Interpreter, packages: str) -> str:
        if chosen.is_script:
            return f"uv add --script {self._file} {packages}"
        return f"uv pip install --python {chosen.path} {packages}"

    def loaded(self) -> list[Check]:
        """Load it in its Python: its level, its name, its contract. Call it after interpreter."""
        if not self._there or self._chosen is None:
            return []
        started = time.monotonic()
        told = say_hello(self._file, self._chosen.path)
        spent = time.monotonic() - started
        if not isinstance(told, Hello):
            mend = told.hint or "mend it; casparian run shows the traceback"
            found = f"{self._file.name} can't be loaded: {told.type}: {told.message}"
            return [Check("parser", "problem", found, mend)]
        return [self._level(told, spent), self._contract(told)]

    def _level(self, hello: Hello, spent: float) -> Check:
        if hello.level == "parser":
            found = f"{hello.parser} {hello.version}, level 2, loads in {spent:.1f} s"
            return Check("parser", "ok", found)
        return Check(
            "parser",
            "warning",
            f"{self._file.name} is level 1: it runs, and cannot be registered",
            f"casparian scaffold {shlex.quote(os.path.relpath(self._file))}",
        )

    def _contract(self, hello: Hello) -> Check:
        beside = find_contract_file(self._file)
        try:
            contract = resolve_contract(hello.outputs, beside, parser_name=hello.parser)
        except CasparianError as error:
            mend = error.hint or "docs/contract-reference.md has all types and options"
            return Check("contract", "problem", error.message, mend)
        if contract is None:
            return Check(
                "contract",
                "warning",
                "none: types are inferred, nothing is quarantined",
                f"casparian contract infer {shlex.quote(os.path.relpath(self._file))} INPUT",
            )
        columns = sum(len(output.columns) for output in contract.outputs)
        names = ", ".join(output.name for output in contract.outputs)
        place = beside.name if beside is not None else "outputs in the class"
        return Check("contract", "ok", f"{place}: {names}; {columns} columns in all")


def _imports(source: bytes) -> set[str]:
    """The packages that a module can't do without, wherever in it they are imported."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()  # loading it says where, and better
    return set(_needed(tree)) - {"casparian_types"}


def _needed(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Try):
        return  # it does without
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from _needed(child)

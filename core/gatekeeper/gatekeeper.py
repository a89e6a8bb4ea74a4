"""Reads a parser's code, without running it, for what reaches beyond files and rows.

It tells people what to look at; it is no prison. Whoever wants to hide a call from it can.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casparian.core.gatekeeper.scopes import Scope, children, literal
from casparian.core.gatekeeper.watched import (
    FUNCTIONS,
    GETATTR,
    MODULES,
    ROOTS,
    UNREADABLE,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CODE = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_IMPORTERS = ("builtins.__import__", "importlib.import_module")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A place in the code that reaches out; ``name`` is what it uses, ``why`` what that does."""

    path: str
    line: int
    name: str
    why: str

    @property
    def sentence(self) -> str:
        """The finding in a line."""
        return f"{self.path}:{self.line}: {self.name}: {self.why}"


def look_at(files: Mapping[str, bytes]) -> list[Finding]:
    """Look at all Python files among these; returns the findings by file and line."""
    own = {name.removesuffix(".py").partition("/")[0] for name in files}
    found: set[Finding] = set()
    for path, source in files.items():
        if not path.endswith(".py"):
            continue
        tree = parsed(path, source)
        if isinstance(tree, ast.Module):
            places = _Reader(own).read(tree)
            found |= {Finding(path, line, shown(name), why) for line, name, why in places}
        else:
            line = tree.lineno or 0
            found.add(Finding(path, line, UNREADABLE, f"it can't be read: {tree.msg}"))
    return sorted(found)


def parsed(path: str, source: bytes) -> ast.Module | SyntaxError:
    """Return a file's syntax tree, or why this Python can't make one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, filename=path)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or type(error).__name__, (path, 0, 0, ""))


class _Reader:
    """Walks one module, knowing at each place what the names stand for."""

    def __init__(self, own: set[str]) -> None:
        self._own = own
        self._harmless: set[ast.AST] = set()

    def read(self, tree: ast.Module) -> Iterator[tuple[int, str, str]]:
        pending: list[tuple[ast.AST, Scope]] = [(tree, Scope(tree))]
        while pending:
            node, scope = pending.pop()
            yield from self._look(node, scope)
            for child in children(node):
                inner = Scope(child, scope) if isinstance(child, _CODE) else scope
                pending.append((child, inner))

    def _look(self, node: ast.AST, scope: Scope) -> Iterator[tuple[int, str, str]]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from self._reported(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for name in ("", *(alias.name for alias in node.names)):
                yield from self._reported(node.lineno, f"{node.module}.{name}".rstrip("."))
        elif isinstance(node, ast.Call):
            yield from self._call(node, scope)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            is_read = isinstance(node.ctx, ast.Load) and node not in self._harmless
            meant = scope.meaning(node) if is_read else None
            if meant is not None and (meant in FUNCTIONS or ("." in meant and meant in MODULES)):
                yield from self._reported(node.lineno, meant)

    def _call(self, node: ast.Call, scope: Scope) -> Iterator[tuple[int, str, str]]:
        function = scope.meaning(node.func)
        first = node.args[0] if node.args else None
        named = None if first is None else literal(first)
        if function in _IMPORTERS and named is not None:
            self._harmless.add(node.func)
            yield from self._reported(node.lineno, named)
        elif function == "builtins.getattr" and len(node.args) > 1:
            of = scope.meaning(node.args[0])
            if literal(node.args[1]) is not None:
                yield from self._reported(node.lineno, scope.meaning(node) or "")
            elif of in ROOTS or of in MODULES:
                why = f"may be anything of {of}: the name is made at run time"
                yield node.lineno, GETATTR, why

    def _reported(self, line: int, name: str) -> Iterator[tuple[int, str, str]]:
        """Report a name, if it is watched and not that of a module of the bundle."""
        if name.partition(".")[0] in self._own:
            return
        if name in FUNCTIONS:
            yield line, name, FUNCTIONS[name]
            return
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            module = ".".join(parts[:count])
            if module in MODULES:
                yield line, module, MODULES[module]
                return

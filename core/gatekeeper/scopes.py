"""What the names of a module's code stand for, as far as the code itself tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from casparian.core.gatekeeper.watched import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

Code = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NESTED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(slots=True)
class Scope:
    """A module, class or function, and what is bound in it: a dotted name, or None for the rest."""

    code: Code
    outer: Scope | None = None
    bound: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aliases: list[tuple[str, ast.expr]] = []
        for node in _own(self.code):
            for name, meaning in _bindings(node):
                # Of several meanings the one that may be harmful is kept.
                self.bound[name] = meaning or self.bound.get(name)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
                aliases += [(t.id, node.value) for t in node.targets if isinstance(t, ast.Name)]
        for name, value in aliases:
            self.bound[name] = self.bound.get(name) or self.meaning(value, but=name)

    def meaning(self, node: ast.expr, *, but: str = "") -> str | None:
        """Return the dotted name that an expression stands for: ``os.system``, ``builtins.eval``.

        ``but`` is a name that is taken from outside this scope, for it is being bound here.
        """
        if isinstance(node, ast.Name):
            return self._lookup(node.id, but)
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value, but=but)
            return None if base is None else f"{base}.{node.attr}"
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Subscript):
            return self._picked(node)
        return None

    def _lookup(self, name: str, but: str) -> str | None:
        scope: Scope | None = self
        while scope is not None:
            is_seen = scope is self or not isinstance(scope.code, ast.ClassDef)
            if is_seen and name in scope.bound and not (scope is self and name == but):
                return scope.bound[name]
            scope = scope.outer
        return "builtins" if name == "__builtins__" else f"builtins.{name}"

    def _called(self, node: ast.Call) -> str | None:
        function = self.meaning(node.func)
        first = node.args[0] if node.args else None
        if function in ("builtins.__import__", "importlib.import_module") and first is not None:
            name = literal(first)
            whole = function != "builtins.__import__"
            return None if name is None else name if whole else name.partition(".")[0]
        if function == "builtins.vars" and first is not None:
            base = self.meaning(first)
            return None if base is None else f"{base}.__dict__"
        if function == "builtins.getattr" and first is not None and len(node.args) > 1:
            base, name = self.meaning(first), literal(node.args[1])
            return None if base is None or name is None else f"{base}.{name}"
        return None

    def _picked(self, node: ast.Subscript) -> str | None:
        base, name = self.meaning(node.value), literal(node.slice)
        if base is None or name is None:
            return None
        if base == "sys.modules":
            return name
        return f"{base.removesuffix('.__dict__')}.{name}" if base.endswith(".__dict__") else None


def literal(node: ast.expr) -> str | None:
    """Return the text that an expression is; None if it is made at run time."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Yield what an absolute import binds: the name, and what it stands for."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (
                alias.asname or alias.name.partition(".")[0],
                (alias.name if alias.asname else alias.name.partition(".")[0]),
            )
    elif not node.level and node.module:
        for alias in node.names:
            if alias.name != "*":
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
                continue
            start = f"{node.module}."
            for name in FUNCTIONS:
                if name.startswith(start):
                    yield name.removeprefix(start), name


def children(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes in a node, without those of a branch that only type checkers take."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and is_type_checking(child.test):
            yield from child.orelse
        else:
            yield child


def is_type_checking(test: ast.expr) -> bool:
    """Say whether a condition is ``TYPE_CHECKING`` or ``typing.TYPE_CHECKING``."""
    name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", "")
    return name == "TYPE_CHECKING"


def _own(code: Code) -> Iterator[ast.AST]:
    """Yield the nodes of a scope itself: nested ones are named, not entered."""
    pending = list(children(code))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _NESTED):
            pending += children(node)


def _bindings(node: ast.AST) -> Iterator[tuple[str, str | None]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from imported(node)
        if isinstance(node, ast.ImportFrom) and node.level:
            yield from ((alias.asname or alias.name, None) for alias in node.names)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name, None
    elif isinstance(node, ast.arg):
        yield node.arg, None
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, None

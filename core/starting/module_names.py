"""The names that a module (or a class) binds, read from its source without running it."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ModuleNames:
    """What is bound at the top of a module or in a class's body, in branches too.

    What stands under ``if __name__ == "__main__"`` or ``if TYPE_CHECKING`` does not count: it is
    not there when the module is imported.
    """

    def __init__(self, tree: ast.Module | ast.ClassDef) -> None:
        self._bound: dict[str, list[ast.stmt]] = {}
        self.imports: dict[str, str] = {}
        """Name: the module that `import` binds to it."""
        self.star_import: int | None = None
        """The line of a ``from … import *``."""
        for name, node in self._bindings(tree.body):
            self._bound.setdefault(name, []).append(node)

    def __contains__(self, name: str) -> bool:
        return name in self._bound

    def line(self, name: str) -> int:
        """The line in which a name is bound last."""
        return self._bound[name][-1].lineno

    def only(self, name: str) -> ast.stmt | None:
        """The one statement that binds a name; None if there are several."""
        nodes = self._bound[name]
        return nodes[0] if len(nodes) == 1 else None

    def last(self, name: str) -> ast.stmt | None:
        """The last statement that binds a name."""
        return self._bound[name][-1] if name in self._bound else None

    def may_be_text(self, name: str) -> bool:
        """Whether a name is bound, and not merely to None."""
        if name not in self._bound:
            return False
        value = getattr(self._bound[name][-1], "value", True)
        return not (isinstance(value, ast.Constant) and value.value is None)

    def text_of(self, name: str) -> str | None:
        """The text that a name is bound to, if that can be seen."""
        node = self.only(name) if name in self._bound else None
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        found = value.value if isinstance(value, ast.Constant) else None
        return found if isinstance(found, str) else None

    def similar(self, name: str) -> tuple[str, int] | None:
        """A function whose name is nearly this one, and its line."""
        functions = {
            n: node for n in self._bound if isinstance(node := self.only(n), ast.FunctionDef)
        }
        close = difflib.get_close_matches(name, functions, n=1, cutoff=0.6)
        return (close[0], functions[close[0]].lineno) if close else None

    def _bindings(self, body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name, node
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from self._imported(node)
            elif isinstance(node, ast.If) and _is_elsewhere(node.test):
                yield from self._bindings(node.orelse)
            else:
                for target in _targets(node):
                    yield target, node
                for part in ("body", "orelse", "finalbody"):
                    yield from self._bindings(getattr(node, part, ()))
                for inner in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                    yield from self._bindings(inner.body)

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, ast.stmt]]:
        for alias in node.names:
            if alias.name == "*":
                self.star_import = node.lineno
                continue
            name = alias.asname or alias.name.partition(".")[0]
            if isinstance(node, ast.Import):
                self.imports[name] = alias.name if alias.asname else name
            yield name, node


def _targets(node: ast.stmt) -> Iterator[str]:
    """The names that a statement itself assigns to, not those of statements in it."""
    parts: list[ast.AST] = []
    for field, value in ast.iter_fields(node):
        if field not in ("body", "orelse", "finalbody", "handlers", "cases"):
            parts += value if isinstance(value, list) else [value]
    for part in parts:
        if isinstance(part, ast.AST):
            for found in _walk_own_scope(part):
                if isinstance(found, ast.Name) and isinstance(found.ctx, ast.Store):
                    yield found.id


def _walk_own_scope(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if isinstance(node, ast.Lambda | ast.comprehension):
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk_own_scope(child)


def _is_elsewhere(test: ast.expr) -> bool:
    """Whether a branch is for scripts or type checkers only."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(test) if isinstance(node, ast.Attribute)}
    return "TYPE_CHECKING" in names or "__name__" in names

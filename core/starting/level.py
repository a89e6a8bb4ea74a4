"""What kind of parser a file holds, read from its source as the guest's loader would find it."""

from __future__ import annotations

import ast
import warnings
from typing import Final, Literal

from .module_names import ModuleNames

Level = Literal["parser", "handler", "function", "none", "unreadable"]

HANDLER_METHODS: Final = ("parse", "execute", "consume")


def level_of_source(source: bytes) -> Level:
    """Tell what kind of parser a module is, without running it.

    What it inherits from elsewhere can't be seen: such a class is taken to have what it needs.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "unreadable"
    names = ModuleNames(tree)
    parser, handler = names.last("Parser"), names.last("Handler")
    if isinstance(parser, ast.ClassDef) and may_have_method(parser, names, ("parse",)):
        return "parser"
    if isinstance(handler, ast.ClassDef) and may_have_method(handler, names, HANDLER_METHODS):
        return "handler"
    function = names.last("parse")
    is_function = isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return "function" if is_function else "none"


def may_have_method(node: ast.ClassDef, names: ModuleNames, methods: tuple[str, ...]) -> bool:
    """Whether a class has one of these methods, or inherits what can't be seen here."""
    return any(has_method(node, names, method) for method in methods) or _inherits(node, names)


def has_method(node: ast.ClassDef, names: ModuleNames, method: str) -> bool:
    """Whether a class has a method, or one of its bases in the same module."""
    return any(method in ModuleNames(one) for one in _lineage(node, names))


def _inherits(node: ast.ClassDef, names: ModuleNames) -> bool:
    """Whether a class has a base that is not of its module."""
    own = [one.name for one in _lineage(node, names)]
    bases = [base for one in _lineage(node, names) for base in one.bases]
    return any(
        not (isinstance(base, ast.Name) and (base.id in own or base.id == "object"))
        for base in bases
    )


def _lineage(node: ast.ClassDef, names: ModuleNames) -> list[ast.ClassDef]:
    """A class, and its bases in the same module."""
    found = {node.name: node}
    classes = [node]
    while classes:
        for base in classes.pop().bases:
            if isinstance(base, ast.Name) and base.id in names and base.id not in found:
                statement = names.only(base.id)
                if isinstance(statement, ast.ClassDef):
                    found[base.id] = statement
                    classes.append(statement)
    return list(found.values())

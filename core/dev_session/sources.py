"""Where the source of a registered parser may lie: bundles don't say where they came from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from casparian.core.dev_session.tree import find_parsers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_CLASSES: Final = ("Parser", "Handler")


def find_source(name: str, folder: Path, known: Iterable[Path] = ()) -> Path | None:
    """Return a file that declares the parser of this name; None if there is none.

    Those that are known, such as the last ones worked on, come first, then what lies below a
    folder. No parser is run: a name that is not written out is not found.
    """
    for path in known:
        if path.is_file() and name in _names(path):
            return path
    return next((path for path in find_parsers(folder).paths if name in _names(path)), None)


def _names(path: Path) -> set[str]:
    """Return the names that the parser classes of a file declare."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError):
        return set()  # half typed, or none at all: it isn't this one
    return set(_declared(tree))


def _declared(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if not (isinstance(node, ast.ClassDef) and node.name in _CLASSES):
            continue
        for statement in node.body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            else:
                continue
            value = statement.value
            named = any(isinstance(target, ast.Name) and target.id == "name" for target in targets)
            if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value

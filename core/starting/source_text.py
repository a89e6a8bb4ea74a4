"""A module's source as bytes: where something can be put into it, in its own style."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_INDENT: Final = re.compile(r"[ \t]+")


class SourceText:
    """The lines of a source, each with its end."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = [line for line in _LINE.findall(source) if line]
        ends = [line[len(line.rstrip(b"\r\n")) :] for line in self._lines]
        self._end = next((end for end in ends if end), b"\n")

    def before_main_guard(self, tree: ast.Module) -> int:
        """The line (from zero) before which the class goes: the end, or a last ``__main__``."""
        last = tree.body[-1] if tree.body else None
        end = len(self._lines)
        if not isinstance(last, ast.If) or "__name__" not in ast.dump(last.test):
            return end
        if len(tree.body) > 1 and (tree.body[-2].end_lineno or 0) >= last.lineno:
            return end
        at = last.lineno - 1
        while at and self._lines[at - 1].startswith(b"#"):
            at -= 1
        return at

    def block(self, lines: Sequence[str], at: int, tree: ast.Module) -> bytes:
        """The lines with this file's indentation and line ends, two blank lines around them."""
        indent = self._indentation(tree)
        text = [line.replace("\t", indent).encode() + self._end for line in lines]
        before = b"".join(self._lines[:at])
        gap = b"" if not before or before.endswith((b"\r", b"\n")) else self._end
        blank = 0
        while blank < min(at, 2) and not self._lines[at - 1 - blank].strip():
            blank += 1
        after = 2 if at < len(self._lines) else 0
        return gap + self._end * (2 - blank) + b"".join(text) + self._end * after

    def add_import(
        self, line: str, tree: ast.Module, inserted: dict[int, bytes], class_at: int
    ) -> None:
        """Put an import below the module's first imports, or else right above the class."""
        last, following = None, None
        for node in tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                last = node
            elif last is not None or not _is_docstring(node):
                following = node
                break
        text = line.encode() + self._end
        if last is None or (following is not None and following.lineno <= (last.end_lineno or 0)):
            inserted[class_at] = inserted[class_at].replace(
                b"class Parser:", text + self._end * 2 + b"class Parser:"
            )
            return
        at = last.end_lineno or 0
        inserted[at] = text + inserted.get(at, b"")

    def with_inserted(self, inserted: dict[int, bytes]) -> bytes:
        """The whole, with each text before its line."""
        parts = []
        for number, line in enumerate([*self._lines, b""]):
            parts += [inserted.get(number, b""), line]
        return b"".join(parts)

    def _indentation(self, tree: ast.Module) -> str:
        """What the first indented block is indented by."""
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if not isinstance(node, ast.stmt) or not isinstance(body, list) or not body:
                continue
            if node.col_offset == 0 and body[0].lineno > node.lineno:
                line = self._lines[body[0].lineno - 1].decode("latin-1")
                found = _INDENT.match(line)
                if found is not None:
                    return found[0]
        return "    "


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)

"""Whether everything that a parser imports is there, told from its code without running it.

Only what the entrypoint leads to counts, so that tests in the folder need not be importable. What
may be done without (``try``/``except ImportError``, a branch for another system or for type
checkers) is never missed.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.gatekeeper.gatekeeper import parsed
from casparian.core.gatekeeper.scopes import is_type_checking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ALWAYS: Final = frozenset({"casparian_types", "__main__", "__future__"})
_CAUGHT: Final = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_ABOUT_SYSTEM: Final = frozenset({"sys", "platform", "os", "version_info", "sys_platform"})


@dataclass(frozen=True, slots=True)
class Missing:
    """An import that finds nothing."""

    path: str
    line: int
    module: str
    reason: str

    @property
    def sentence(self) -> str:
        """It in a line."""
        return f"{self.path}:{self.line}: import {self.module}: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An import as it stands in the code; ``names`` are those after ``from … import``."""

    line: int
    module: str
    level: int
    names: tuple[str, ...]
    is_needed: bool

    @property
    def shown(self) -> str:
        if self.level and not self.module:
            return "." * self.level + self.names[0]
        return "." * self.level + self.module


def missing_imports(
    files: Mapping[str, bytes],
    entrypoint: str,
    not_elsewhere: Callable[[set[str]], set[str]],
    *,
    left_out: Mapping[str, str] | None = None,
) -> list[Missing]:
    """Find the imports that neither the bundle nor anything else resolves.

    Args:
        files: the bundle's, by their names.
        entrypoint: the parser's file among them.
        not_elsewhere: which of these modules neither the standard library nor the parser's
            environment has.
        left_out: what lies in the folder and is not in the bundle, and why.
    """
    return _Imports(files, left_out or {}).missing(entrypoint, not_elsewhere)


def modules_reached(files: Mapping[str, bytes], entrypoint: str) -> set[str]:
    """Return the files that an entrypoint's imports lead to, itself among them."""
    imports = _Imports(files, {})
    imports.follow(entrypoint)
    return imports.reached


class _Imports:
    """Follows imports through the bundle's files, whose folder is the first on ``sys.path``."""

    def __init__(self, files: Mapping[str, bytes], left_out: Mapping[str, str]) -> None:
        self._files = files
        self._left_out = left_out
        self._folders = {
            name[:at]
            for name in files
            if name.endswith(".py")
            for at, letter in enumerate(name)
            if letter == "/"
        }
        # Who changes where Python looks may import from any folder of the bundle.
        self._any_folder = any(
            b"sys.path" in source or b"addsitedir" in source
            for name, source in files.items()
            if name.endswith(".py")
        )
        self.reached: set[str] = set()
        self._missing: list[Missing] = []
        self._asked: list[tuple[str, _Wanted]] = []

    def missing(
        self, entrypoint: str, not_elsewhere: Callable[[set[str]], set[str]]
    ) -> list[Missing]:
        self.follow(entrypoint)
        unknown = not_elsewhere({wanted.module for _, wanted in self._asked})
        for path, wanted in self._asked:
            if wanted.module in unknown:
                self._miss(path, wanted, self._why(wanted.module))
        return sorted(self._missing, key=lambda one: (one.path, one.line, one.module))

    def follow(self, entrypoint: str) -> None:
        pending = [entrypoint]
        while pending:
            path = pending.pop()
            if path in self.reached or path not in self._files:
                continue
            self.reached.add(path)
            tree = parsed(path, self._files[path])
            if isinstance(tree, ast.Module):
                for wanted in _imports_in(tree, needed=True):
                    pending += self._resolve(path, wanted)

    def _resolve(self, path: str, wanted: _Wanted) -> list[str]:
        """Return the files that an import runs; note it if it finds nothing."""
        if not wanted.level:
            return self._absolute(path, wanted)
        folders = path.split("/")[:-1]
        if wanted.level > len(folders) + 1:
            self._miss(path, wanted, "it leaves the bundle")
            return []
        base = "/".join(folders[: len(folders) - wanted.level + 1])
        found = self._inside(base, wanted.module.split(".") if wanted.module else [])
        if found is None:
            self._miss(path, wanted, self._why(_dotted(base, wanted.module)))
            return []
        if not wanted.module:
            # A name may be a module beside this one, or anything that the package defines.
            has_init = f"{base}/__init__.py".lstrip("/") in self._files
            for name in wanted.names if not has_init else ():
                if name != "*" and self._inside(base, [name]) is None:
                    self._miss(path, wanted, self._why(_dotted(base, name)))
        return [*found, *self._submodules(_joined(base, wanted.module), wanted)]

    def _absolute(self, path: str, wanted: _Wanted) -> list[str]:
        parts = wanted.module.split(".")
        top = parts[0]
        if top in _ALWAYS:
            return []
        is_regular = f"{top}.py" in self._files or f"{top}/__init__.py" in self._files
        found = self._inside("", parts) if is_regular or top in self._folders else None
        if found is None and self._any_folder and not is_regular:
            ends = (f"/{top}.py", f"/{top}/__init__.py")
            elsewhere = [name for name in self._files if name.endswith(ends)]
            found = elsewhere or None
        if found is not None:
            return [*found, *self._submodules("/".join(parts), wanted)]
        if is_regular:
            self._miss(path, wanted, self._why(wanted.module))
        elif wanted.is_needed:
            self._asked.append((path, wanted))
        return []

    def _inside(self, base: str, parts: list[str]) -> list[str] | None:
        """Return the files that importing a module below a folder runs; None: it isn't there."""
        ran = []
        place = base
        for at, part in enumerate(parts):
            place = _joined(place, part)
            init, module = f"{place}/__init__.py", f"{place}.py"
            if init in self._files:
                ran.append(init)
                if at + 1 < len(parts) and self._makes_modules(init):
                    return ran
            elif module in self._files:
                ran.append(module)
                is_last = at + 1 == len(parts)
                return ran if is_last or self._makes_modules(module) else None
            elif place not in self._folders:
                return None
        return ran

    def _makes_modules(self, path: str) -> bool:
        """Say whether a module may have others in it that are no files."""
        return any(word in self._files[path] for word in (b"__path__", b"sys.modules"))

    def _submodules(self, place: str, wanted: _Wanted) -> list[str]:
        tails = ("/__init__.py", ".py")
        names = [_joined(place, name) + tail for name in wanted.names for tail in tails]
        return [name for name in names if name in self._files]

    def _why(self, module: str) -> str:
        for name, reason in self._left_out.items():
            stem = name.rstrip("/").partition(".")[0] if not name.startswith(".") else name
            if stem in (module.replace(".", "/"), module.partition(".")[0]):
                return f"{name} is left out of the bundle: {reason}"
        return "it is neither in the bundle, nor in the standard library, nor in the environment"

    def _miss(self, path: str, wanted: _Wanted, reason: str) -> None:
        if wanted.is_needed:
            self._missing.append(Missing(path, wanted.line, wanted.shown, reason))


def _joined(base: str, name: str) -> str:
    return f"{base}/{name.replace('.', '/')}".strip("/")


def _dotted(base: str, name: str) -> str:
    return _joined(base, name).replace("/", ".")


def _imports_in(node: ast.AST, *, needed: bool) -> Iterator[_Wanted]:
    """Yield the imports in a piece of code, and whether it can't do without them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield _Wanted(child.lineno, alias.name, 0, (), needed)
        elif isinstance(child, ast.ImportFrom):
            names = tuple(alias.name for alias in child.names)
            yield _Wanted(child.lineno, child.module or "", child.level, names, needed)
        elif isinstance(child, ast.If) and _is_never_true(child.test):
            for other in child.orelse:
                yield from _imports_in(ast.Module([other], []), needed=needed)
        else:
            yield from _imports_in(child, needed=needed and not _may_do_without(child))


def _is_never_true(test: ast.expr) -> bool:
    """Say whether a branch is for type checkers, or for the file run as a script."""
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return is_type_checking(test) or "__name__" in names


def _may_do_without(node: ast.AST) -> bool:
    if isinstance(node, ast.Try):
        return any(
            handler.type is None or not _CAUGHT.isdisjoint(_names(handler.type))
            for handler in node.handlers
        )
    if isinstance(node, ast.With):
        suppressed = {name for item in node.items for name in _names(item.context_expr)}
        return "suppress" in suppressed and not _CAUGHT.isdisjoint(suppressed)
    return isinstance(node, ast.If) and not _ABOUT_SYSTEM.isdisjoint(_names(node.test))


def _names(node: ast.AST) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}

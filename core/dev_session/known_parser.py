"""What runs have told of a parser: the modules it imports, and the interpreter uv made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.dev_session.messages import Done
    from casparian.core.interpreter import Interpreter


class ScriptPython:
    """The interpreter of a parser with inline metadata: to ask uv for it takes a while."""

    def __init__(self) -> None:
        self._known: tuple[Path, Interpreter] | None = None

    def get(self, parser: Path) -> Interpreter | None:
        """Return it, if it is known and there."""
        if self._known is None or self._known[0] != parser or not self._known[1].path.exists():
            return None
        return self._known[1]

    def learn(self, parser: Path, python: Interpreter | None) -> None:
        """A run was done by this interpreter."""
        if python is not None and python.is_script:
            self._known = (parser, python)

    def forget(self) -> None:
        """The metadata may be other ones now."""
        self._known = None


def modules_after(known: frozenset[Path] | None, done: Done) -> frozenset[Path] | None:
    """Return the modules that a parser is known to import after a run; None: any may be one."""
    if done.modules is None:
        return known
    error = done.report.error
    if error is None:
        return frozenset(done.modules)
    # What it couldn't import may be any file, and one that isn't there yet.
    if error.phase in ("start", "load") or "Import" in error.type or "NotFound" in error.type:
        return None
    return None if known is None else known | frozenset(done.modules)

"""How large a person has made the panes, kept in casparian's home for the next start."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "tui_sizes.json"


class Sizes:
    """Cells by the name of what has them. Without a folder they last as long as the app."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = None if folder is None else folder / FILE
        self._known: dict[str, int] | None = None

    def get(self, name: str) -> int | None:
        """Return a size; None if it is as it comes. A damaged file counts as none."""
        if self._known is None:
            self._known = self._read()
        return self._known.get(name)

    def keep(self, name: str, size: int | None) -> None:
        """Keep a size; None forgets it. What another app has kept meanwhile stays.

        Raises:
            OSError: it can't be written; it holds until the end of the app.
        """
        known = {**(self._known or {}), **self._read()}
        if size is None:
            known.pop(name, None)
        else:
            known[name] = size
        self._known = known
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        written = self._path.with_name(f".{FILE}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            written.write_text(json.dumps(known, indent=1), "utf-8")
            written.replace(self._path)
        finally:
            written.unlink(missing_ok=True)

    def _read(self) -> dict[str, int]:
        if self._path is None:
            return dict(self._known or {})
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}  # it is only how large things were: they come as they do at first
        if not isinstance(found, dict):
            return {}
        return {name: size for name, size in found.items() if type(size) is int and size > 0}

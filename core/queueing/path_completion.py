"""What a path that is being typed may become."""

from __future__ import annotations

import os
from itertools import islice
from typing import Final

#: Entries of a folder that are looked at, and of these that are told.
_LOOKED_AT: Final = 20_000
_TOLD: Final = 50


def path_completions(text: str) -> list[str]:
    """Return the paths that begin so, as they would be typed; folders with a slash, and first.

    Hidden ones are left out unless the dot is typed. Of a folder that can't be read, or a glob,
    there are none.
    """
    head, slash, beginning = text.rpartition("/")
    if any(sign in text for sign in "*?["):
        return []
    folder = os.path.expanduser(head + slash) or "."  # noqa: PTH111 - it never fails
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, _LOOKED_AT):
                if entry.name.startswith(beginning or "") and (
                    beginning.startswith(".") or not entry.name.startswith(".")
                ):
                    is_folder = entry.is_dir()
                    name = f"{head}{slash}{entry.name}{'/' * is_folder}"
                    found.append((not is_folder, name))
    except OSError:
        return []
    return [name for _, name in sorted(found)[:_TOLD]]


def completed(text: str, names: list[str]) -> str:
    """Return a text with what all that it may become have in common; else the first of these."""
    if not names:
        return text
    common = os.path.commonprefix(names)  # noqa: RUF071 - of characters
    return common if len(common) > len(text) else names[0]

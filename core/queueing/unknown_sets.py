"""Sets in the outputs that no job of the store stands for, as after an older store was restored.

Nothing replaces them: when their files are queued again, their rows are there twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from casparian.core.publishing.manifest import MANIFEST, STAGING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from casparian.core.stores.store import Store


def unknown_sets(store: Store, root: Path) -> Iterator[Path]:
    """Yield the folders of sets below an output root that the store doesn't know to stand.

    A set that a running worker takes away at this moment may be among them. Raises StoreError.
    """
    for version in _folders(root):
        for place in sorted(version.iterdir()):
            is_set = (place / MANIFEST).is_file()
            if is_set and not store.jobs.stands(place.name, str(place)):
                yield place


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folder of each version of each parser."""
    if not root.is_dir():
        return
    for parser in sorted(root.iterdir()):
        if parser.name != STAGING and parser.is_dir():
            yield from (version for version in sorted(parser.iterdir()) if version.is_dir())

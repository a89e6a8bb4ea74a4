"""Keeps Arrow from importing pandas for a parser that does not use it.

The first ``pa.array`` on a Python list makes pyarrow import pandas, if it is installed, only to ask
whether the list is a Series: a third of a second that a parser of dicts would pay at every run.
pyarrow asks once; it is let believe that there is no pandas, and told better the moment the parser
imports pandas itself.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def defer_pandas() -> None:
    """Call it before the parser's code runs: there may be no other thread yet."""
    if "pandas" in sys.modules:
        return
    finder = _PandasFinder()
    sys.meta_path.insert(0, finder)
    # Of a given type: what Arrow's inference would remember for good is left alone, and finds NA,
    # NaT and Timestamp when pandas is there.
    pa.array([0], pa.int64())
    finder.hidden = False


class _PandasFinder:
    """Finds no pandas at first; later finds it, and lets pyarrow know once it is loaded."""

    hidden = True

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "pandas":
            return None
        if self.hidden:
            raise ModuleNotFoundError(name)
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            # Converting to pandas is where pyarrow looks for it again.
            pa.nulls(0).to_pandas()

        loader.exec_module = exec_module
        return spec

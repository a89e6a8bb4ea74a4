"""Keeps Arrow from importing pandas for a parser that does not use it.

The first ``pa.array`` on a Python list makes pyarrow import pandas, if it is installed, only to ask
whether the list is a Series: a third of a second that a parser of dicts would pay at every run.
pyarrow asks once; it is let believe that there is no pandas, and told better the moment the parser
imports pandas itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def defer_pandas() -> None:
    """Call it before the parser's code runs: there may be no other thread yet.

    Once is enough: a fork, or another run in the same process, has it already.
    """
    if "pandas" in sys.modules or any(isinstance(one, _PandasFinder) for one in sys.meta_path):
        return
    finder = _PandasFinder()
    sys.meta_path.insert(0, finder)
    # Of a given type: what Arrow's inference would remember for good is left alone, and finds NA,
    # NaT and Timestamp when pandas is there.
    pa.array([0], pa.int64())
    finder.hidden = False


class _PandasFinder:
    """Finds no pandas at first; then as others do, and lets pyarrow know once it is imported."""

    hidden = True

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "pandas":
            return None
        if self.hidden:
            raise ModuleNotFoundError(name)
        # Many only ask whether it is there, as polars does, and an import may fail: this finder
        # stays until one has succeeded.
        for finder in [finder for finder in sys.meta_path if finder is not self]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    self._tell_arrow_after(spec.loader)
                return spec
        return None

    def _tell_arrow_after(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            # Converting to pandas is where pyarrow looks for it again.
            pa.nulls(0).to_pandas()

        loader.exec_module = exec_module

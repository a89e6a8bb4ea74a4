"""Arrow without pandas, in processes of the host's that have no use for it."""

from __future__ import annotations

import sys

import pyarrow as pa


def keep_pandas_out() -> None:
    """Let pyarrow believe that pandas is not installed, unless it is loaded already.

    The first ``pa.array`` on a list would import it otherwise, for a third of a second, only to ask
    whether the list is a Series. pyarrow asks once and remembers the answer.
    """
    if "pandas" in sys.modules:
        return
    blind = _NoPandas()
    sys.meta_path.insert(0, blind)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(blind)


class _NoPandas:
    """A finder to which pandas is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)

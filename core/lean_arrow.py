"""Arrow without pandas, in processes of the host's that have no use for it."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from casparian.core.hidden_modules import hidden


@cache
def keep_pandas_out() -> None:
    """Let pyarrow believe that pandas is not installed, unless it is loaded already.

    The first ``pa.array`` on a list would import it otherwise, for a third of a second, only to ask
    whether the list is a Series. pyarrow asks once and remembers the answer.
    """
    with hidden("pandas"):
        pa.array([0])

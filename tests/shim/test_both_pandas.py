"""A frame becomes the same under pandas 2.3 and 3."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from casparian.shim import convert

from . import conversion_table
from .environments import environment

#: Pinned, so that a release can't turn this test red; NumPy and pyarrow are as the lock has them.
PANDAS_2 = [
    "pandas==2.3.3",
    "python-dateutil==2.9.0.post0",
    "pytz==2025.2",
    "six==1.17.0",
    "tzdata==2025.2",
]
IN_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def _is_stamp(of: pa.DataType) -> bool:
    return pa.types.is_timestamp(of) or pa.types.is_duration(of)


def _without_unit(of: pa.DataType) -> str:
    """A type's name, in which the two versions may not differ otherwise."""
    if _is_stamp(of) and of.unit in ("us", "ns"):
        return str(of).replace(f"[{of.unit}", "[us or ns")
    return str(of).removeprefix("large_") if pa.types.is_large_string(of) else str(of)


def _values(column: pa.ChunkedArray) -> list[Any]:
    if not _is_stamp(column.type):
        return [repr(value) for value in column.to_pylist()]
    unit = IN_NS[column.type.unit]
    return [None if v is None else v * unit for v in column.cast(pa.int64()).to_pylist()]


def _readable(outcome: tuple[Any, Any]) -> Any:
    """What a table holds, as the two versions have to agree on it; a refusal is that already."""
    made, said = outcome
    if isinstance(made, str):
        return outcome
    table = pa.ipc.open_stream(made).read_all()
    table.validate(full=True)
    types = [(f.name, _without_unit(f.type), f.metadata) for f in table.schema]
    return types, table.schema.metadata, [_values(column) for column in table.columns], said


@pytest.fixture(scope="module")
def under_pandas_2(pytestconfig) -> dict[str, Any]:
    packages = [*PANDAS_2, f"numpy=={np.__version__}", f"pyarrow=={pa.__version__}"]
    python = environment(pytestconfig, "pandas-2.3", Path(sys.executable), packages)
    script = str(conversion_table.__file__)
    done = subprocess.run([python, script], capture_output=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    version, outcomes = pickle.loads(done.stdout)
    assert version.startswith("2.3.")
    return outcomes


# All cases in one test, for they share the other pandas' process.
def test_every_row_of_the_table_is_the_same_under_both(under_pandas_2: dict[str, Any]) -> None:
    assert pd.__version__.startswith("3."), "the lock has pandas 3"
    here = {k: _readable(v) for k, v in conversion_table.outcomes(convert).items()}
    there = {name: _readable(outcome) for name, outcome in under_pandas_2.items()}
    assert len(here) > 300
    assert here.keys() == there.keys()
    assert {k: (v, there[k]) for k, v in here.items() if v != there[k]} == {}

"""Nobody can tell that pandas was kept from Arrow, but by the time it took."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("pandas")

DEFER = "from casparian.shim.lean_arrow import defer_pandas; defer_pandas()\n"
PLAIN = """
import datetime as dt
import decimal
import sys
from casparian.shim import frames
rows = [
    {"i": 1, "s": "x", "f": 0.5, "b": True, "y": b"x", "d": dt.date(2024, 1, 2), "n": None},
    {"i": None, "s": float("nan"), "f": None, "b": None, "y": None, "d": None, "n": None},
]
(frame,) = frames.normalise(rows, "o")
"""
#: Arrow is used before pandas is imported, as a parser that reads Parquet first would.
USE_ARROW = """
import datetime as dt
import pyarrow as pa
pa.array(["x"], pa.string())
pa.table({"x": pa.array([1, 2], pa.int64())}).to_batches()
"""
#: A warm guest whose parser didn't use pandas when it was last run.
REHEARSE = """
from casparian.shim import preload, rehearsal
preload.load([], set(), [])
rehearsal.rehearse([])
"""
COMPARE = """
import datetime as dt
import pandas as pd
import pyarrow as pa

nan = float("nan")
stamp = pd.Timestamp("2024-01-02 03:04:05.123456789")
zoned = stamp.tz_localize("Europe/Berlin")

def say(make):
    try:
        made = make()
        texts = made.cast(pa.string()) if pa.types.is_timestamp(made.type) else made
        print(made.type, made.null_count, type(made).__name__, texts.to_pylist())
    except Exception as error:
        print(type(error).__name__, error)

def column(values, dtype=object):
    return pd.Series(values, dtype=dtype)

for values in (
    [pd.NA, 1], [1, pd.NA], [pd.NaT, "x"], [pd.NaT, stamp], [stamp, zoned], [zoned, None],
    [pd.NaT, 1.5, nan], [nan, "x"], [pd.NA], [pd.NaT], [pd.NA, pd.NaT, None, nan],
    [pd.NaT, dt.date(2024, 1, 2)], [pd.Timedelta(1, "ns"), pd.NaT], [[pd.NA, 1]], [{"a": pd.NaT}],
    [pd.Period("2024-01")], [pd.Interval(0, 1)], [pd.Series([1])], [pd.Series([1, 2]), None],
):
    say(lambda: pa.array(values, from_pandas=True))
    say(lambda: pa.array(values))
    say(lambda: pa.array(column(values)))
    say(lambda: pa.Table.from_pandas(pd.DataFrame({"x": column(values)}))["x"])
for made in (
    pd.Series([1.5, nan]), pd.Series(["a", None]), pd.Series([1, None], dtype="Int64"),
    pd.Series([stamp, pd.NaT]), pd.Series([zoned, None]), pd.Series(["a", pd.NA], dtype="string"),
    pd.Series(pd.period_range("2024-01", periods=2, freq="M")), pd.Index([1, 2]),
    pd.Categorical(["b", None, "a"]), pd.Series(["b", None], dtype="category"),
    pd.array([1, None], dtype="Int8"), pd.DatetimeIndex([stamp]), pd.Series([], dtype=object),
):
    say(lambda: pa.array(made))
    say(lambda: pa.array(made, from_pandas=True))
say(lambda: pa.chunked_array([pd.Series([1.5, nan])]))
table = pa.Table.from_pandas(pd.DataFrame({"a": [1], "b": ["x"]}, index=["k"]))
print(table.schema.pandas_metadata["columns"], table.to_pandas().to_dict())
print(pa.scalar(1, pa.timestamp("ns")).as_py(), pa.array([1], pa.duration("ns")).to_pylist())
print(pa.table(pd.DataFrame({"a": [1]})).column_names, pa.record_batch(pd.DataFrame({"a": [1]})))
print(pa.Schema.from_pandas(pd.DataFrame({"a": ["x"]})).names)
"""
BLOCKED = """
import sys

class Block:
    broken = True

    def find_spec(self, name, path=None, target=None):
        if name == "pandas" and self.broken:
            raise ModuleNotFoundError("No module named 'pandas'", name="pandas")

sys.meta_path.insert(0, Block())
"""


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plain_columns_do_not_import_pandas() -> None:
    says = "print('pandas' in sys.modules, frame.table.num_rows)"
    assert _run(DEFER + PLAIN + says) == "False 2\n"


@pytest.fixture(scope="module")
def expected() -> str:
    says = _run(COMPARE)
    assert says.count("\n") > 100
    return says


@pytest.mark.parametrize(
    "before",
    [
        "",
        USE_ARROW,
        PLAIN,
        REHEARSE,
        "import pyarrow.compute, pyarrow.parquet\n",
        "import polars\n",
        "import importlib.util; assert importlib.util.find_spec('pandas') is not None\n",
        "import pandas.api.types\n",
        "from pandas import DataFrame\n",
        "import importlib; importlib.import_module('pandas')\n",
        "import threading; t = threading.Thread(target=__import__, args=('pandas',)); t.start()\n",
    ],
)
def test_after_pandas_is_imported_arrow_knows_all_of_it(before: str, expected: str) -> None:
    if "polars" in before:
        pytest.importorskip("polars")
    assert _run(DEFER + before + COMPARE).splitlines() == expected.splitlines()


def test_it_is_a_no_op_once_pandas_is_there(expected: str) -> None:
    assert _run("import pandas\n" + DEFER + COMPARE) == expected
    says = "import sys; n = len(sys.meta_path)\n" + DEFER + "print(len(sys.meta_path) - n)"
    assert _run("import pandas\n" + says) == "0\n"


def test_no_pandas_at_all() -> None:
    says = """
try:
    import pandas
except ModuleNotFoundError as error:
    print(error.name, error)
try:
    import pandas
except ModuleNotFoundError as error:
    print(error.name, error)
print(frame.table["i"].to_pylist(), frame.table["s"].to_pylist())
import pyarrow as pa
print(pa.array([1, None]), pa.array([float("nan"), "x"], from_pandas=True).to_pylist())
"""
    without = _run(BLOCKED + PLAIN + says)
    assert without.startswith("pandas No module named 'pandas'\n" * 2)
    assert _run(BLOCKED + DEFER + PLAIN + says) == without
    assert _run(DEFER + BLOCKED + PLAIN + says) == without


@pytest.mark.parametrize("how", [BLOCKED + DEFER, DEFER + BLOCKED])
def test_an_import_after_one_that_failed(how: str, expected: str) -> None:
    again = """
try:
    import pandas
except ModuleNotFoundError:
    Block.broken = False
else:
    raise AssertionError
"""
    assert _run(how + again + COMPARE) == expected


def test_an_import_after_one_that_broke_half_way(expected: str) -> None:
    again = """
import builtins
import sys

class Half:
    broken = True

    def find_spec(self, name, path=None, target=None):
        if name == "pandas.core.api" and self.broken:
            raise ImportError("half way")

sys.meta_path.insert(0, Half())
try:
    import pandas
except ImportError as error:
    for name in [name for name in sys.modules if name.split(".")[0] == "pandas"]:
        del sys.modules[name]
    Half.broken = False
else:
    raise AssertionError
"""
    plain = _run(again + COMPARE)
    assert _run(DEFER + again + COMPARE) == plain

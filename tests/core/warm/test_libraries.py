"""The libraries that parsers use most stand being loaded ahead, and used in forks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .conftest import Bench

#: What a parser does with each; all that starts threads of its own does so in the fork.
USES = {
    "numpy": (
        "import numpy; a = numpy.random.rand(300, 300)\n"
        "found += [numpy.allclose(a @ numpy.linalg.inv(a), numpy.eye(300))]",
        "True",
    ),
    "pyarrow": (
        "import pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq, io\n"
        "t = pa.table({'k': ['a', 'b'] * 50_000, 'v': list(range(100_000))})\n"
        "b = io.BytesIO(); pq.write_table(t, b); b.seek(0); t = pq.read_table(b)\n"
        "found += [t.group_by('k').aggregate([('v', 'sum')])['v_sum'].to_pylist()]",
        "[2499950000, 2500000000]",
    ),
    "pandas": (
        "import pandas as pd, io\n"
        "t = pd.read_csv(io.StringIO('k,v\\n' + 'a,1\\nb,2\\n' * 5_000), dtype_backend='pyarrow')\n"
        "found += [t.groupby('k')['v'].sum().tolist()]",
        "[5000, 10000]",
    ),
    "polars": (
        "import polars as pl\n"
        "t = pl.DataFrame({'k': ['a', 'b'] * 50_000, 'v': range(100_000)}).lazy()\n"
        "found += [t.group_by('k').agg(pl.col('v').sum()).sort('k').collect()['v'].to_list()]",
        "[2499950000, 2500000000]",
    ),
    "duckdb": (
        "import duckdb\n"
        "q = 'select sum(range) from range(1000000)'\n"
        "found += [duckdb.connect(config={'threads': 4}).execute(q).fetchone()[0]]",
        "499999500000",
    ),
    "multiprocessing": (
        "import multiprocessing\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    found += [pool.map(abs, [-1, -2])]",
        "[1, 2]",
    ),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    imports = f"import {', '.join(USES)}"
    made = Bench(tmp_path_factory.mktemp("libraries"), imports, python=Path(sys.executable))
    yield made
    made.warm.close()


@pytest.mark.parametrize("library", USES)
def test_it_is_loaded_ahead_and_computes_in_every_fork(bench, library):
    code, expected = USES[library]
    for _ in range(3):
        told = bench.run(code + f"\nimport sys; found += [{library!r} in sys.modules]", timeout=60)
        assert told.error is None, told.error
        assert told.is_warm
        assert told.found == [expected, "True"]
        assert not told.lines


def test_each_fork_has_chance_of_its_own_in_numpy_too(bench):
    code = "import numpy.random; found += [numpy.random.rand()]"
    assert bench.run(code).found != bench.run(code).found


def test_the_next_run_does_not_see_what_one_has_set_of_pandas_options(bench):
    asks = "import pandas; found += [pandas.get_option('display.max_rows')]"
    before = bench.run(asks)
    left = bench.run("import pandas; pandas.set_option('display.max_rows', 3)")
    assert left.error is None
    after = bench.run(asks)
    assert after.is_warm
    assert after.found == before.found != ["3"]

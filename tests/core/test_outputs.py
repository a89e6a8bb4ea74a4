"""The outputs of one run: nothing is published whose rows don't add up."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from casparian.core.contract.parse import parse_outputs
from casparian.core.events import Batch, Hello
from casparian.core.outputs import OutputSet, UnbalancedRows


@pytest.fixture
def outputs(tmp_path: Path):
    with OutputSet(
        input_path=tmp_path / "in.csv",
        sink=None,
        output_dir=tmp_path / "output",
        whatif=False,
        first_rows=None,
    ) as made:
        hello = Hello("p", "1", ("p",), None, "parser", None, "p", "python", {})
        contract = parse_outputs({"p": {"columns": {"a": "int64"}}}, parser_name="p", where="x")
        made.begin(hello, contract)
        yield made


def _batch(values: list[str]) -> Batch:
    return Batch("p", pa.table({"a": values}), None, None, None, 1, 0)


def test_rows_that_do_not_add_up_are_never_published(outputs: OutputSet, tmp_path: Path) -> None:
    outputs.take(_batch(["1", "2", "x"]))
    outputs._outputs["p"].valid -= 1
    with pytest.raises(UnbalancedRows, match="3 rows came, 1 are valid and 1 rejected"):
        outputs.publish()
    assert not list((tmp_path / "output").rglob("p/in-*.parquet"))


def test_what_was_not_published_is_gone_when_the_set_is_closed(
    outputs: OutputSet, tmp_path: Path
) -> None:
    outputs.take(_batch(["1", "2", "x"]))
    outputs.__exit__(None, None, None)
    assert not (tmp_path / "output").exists()

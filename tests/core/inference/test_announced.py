"""Holding a sample against the contract inferred from it quarantines what was announced, no more.

And what passes means what its text says, read here by Python's own means.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.contract import load_contract_file
from casparian.core.data_files.json_columns import json_table
from casparian.core.inference import InferredOutput, infer_output, render_toml
from casparian.core.validation import OutputValidator

if TYPE_CHECKING:
    from pathlib import Path

    from casparian.core.contract import Column

DAYS = st.dates(datetime(1980, 1, 1).date(), datetime(2060, 12, 31).date())
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2060, 12, 31))


def spelled(*formats: str) -> list[st.SearchStrategy[str]]:
    return [DAYS.map(lambda day, f=f: day.strftime(f)) for f in formats]


def thousands(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


KINDS: list[st.SearchStrategy[str]] = [
    st.integers(-(10**20), 10**20).map(str),
    st.integers(0, 40).map(str),
    st.integers(0, 99).map(lambda n: f"{n:05d}"),
    st.integers(0, 10**17).map(lambda n: f"{n:017d}"),
    st.integers(-999, 10**7).map(lambda n: thousands(n, ".")),
    st.integers(-999, 10**7).map(lambda n: thousands(n, ",")),
    st.decimals(-(10**6), 10**6, places=2).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda d: str(d).replace(".", ",")),
    st.decimals(0, 10**30, places=5).map(lambda d: format(d, "f")),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["true", "false"]),
    st.sampled_from(["Yes", "no", "NO"]),
    st.sampled_from(["0", "1"]),
    *spelled("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%y-%m-%d"),
    MOMENTS.map(lambda m: m.isoformat(sep=" ")),
    MOMENTS.map(lambda m: m.isoformat() + "Z"),
    MOMENTS.map(lambda m: m.strftime("%d.%m.%Y %H:%M")),
    MOMENTS.map(lambda m: m.strftime("%H:%M:%S")),
    MOMENTS.map(lambda m: m.strftime("%I:%M %p")),
    st.uuids().map(str),
    st.timedeltas(timedelta(0), timedelta(9)).map(lambda d: f"PT{d.seconds}S"),
    st.dictionaries(st.text(max_size=2), st.integers(0, 9), max_size=2).map(json.dumps),
    st.text(max_size=6),
    st.integers(0, 9999).map(lambda n: f"+49 {n}"),
]
ODD = st.sampled_from(["x", "", "N/A", "-", " 7 ", "007", "1e5", "31/02/2024", "NULL", "1,5", "é"])


@st.composite
def columns(draw: st.DrawFn) -> list[str | None]:
    """Draw a column of one kind, repeated, with a few cells that are something else."""
    kind = draw(st.sampled_from(KINDS))
    cells: list[str | None] = list(draw(st.lists(kind, min_size=1, max_size=8)))
    cells *= draw(st.sampled_from([1, 1, 30, 150]))
    for odd in draw(st.lists(st.none() | ODD | kind, max_size=3)):
        cells.insert(draw(st.integers(0, len(cells))), odd)
    if draw(st.booleans()):
        cells[0] = f" {cells[0]}" if cells[0] else cells[0]
    return cells


def held(output: InferredOutput, parts: list[pa.Table]) -> tuple[pa.Table, Counter[str], set[int]]:
    """Hold the parts against it: valid rows, bad cells per column, numbers of bad rows."""
    validator = OutputValidator(output.contract)
    valid, bad, numbers, row = [], Counter[str](), set[int](), 0
    for part in parts:
        verdict = validator.validate(part, first_row=row)
        row += part.num_rows
        valid.append(verdict.valid)
        for rejected in verdict.rejected:
            numbers.add(rejected.row_number)
            bad.update({reason.column for reason in rejected.reasons})
    validator.close()
    return pa.concat_tables(valid), bad, numbers


def check_announced(output: InferredOutput, bad: Counter[str]) -> None:
    for column in output.columns:
        assert bad[column.column.name] == column.refused, column
        if column.refused:
            assert any("quarantined" in line for line in column.evidence)
            assert column.questions


def meaning(text: str, column: Column) -> Any:
    """What a text says, by Python's own means, for types whose values are easily compared."""
    text = text.strip() if column.trim else text
    if text in column.null_tokens:
        return None
    family = column.type.family
    if family in ("int", "decimal", "float"):
        plain = text.replace(column.thousands, "") if column.thousands else text
        plain = plain.replace(column.decimal_point, ".") if column.decimal_point else plain
        return float(plain) if family == "float" else Decimal(plain)
    if family == "bool":
        return text in (column.true_tokens or ("true",))
    if family in ("string", "uuid", "json"):
        return text
    if column.formats and "%-" not in column.formats[0] and "%f" not in column.formats[0]:
        read = datetime.strptime(text, column.formats[0])
        return {"date": read.date(), "time": read.time(), "timestamp": read}[family]
    return NotImplemented


@settings(max_examples=100, deadline=None)
@given(columns(), st.integers(1, 3))
def test_a_sample_holds_but_for_what_was_announced(cells: list[str | None], count: int) -> None:
    table = pa.table({"c": pa.array(cells, pa.string())})
    size = -(-len(cells) // count)
    parts = [table.slice(start, size) for start in range(0, len(cells), size)]
    output = infer_output("sample", parts)
    valid, bad, numbers = held(output, parts)
    check_announced(output, bad)
    column = output.columns[0].column
    kept = [cell for row, cell in enumerate(cells) if row not in numbers]
    for text, value in zip(kept, valid["c"].to_pylist(), strict=True):
        said = None if text is None else meaning(text, column)
        assert said is NotImplemented or said == value, (text, value, column)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 5),
    st.floats(),
    st.booleans(),
    st.text(max_size=3),
    st.sampled_from(["N/A", "", "3", "2024-01-02", " 4"]),
    st.lists(st.integers(0, 3) | st.text(max_size=1), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=3)
    | st.sampled_from([st.integers(), st.booleans(), st.floats(), st.dates().map(str)]).flatmap(
        lambda one: st.lists(st.lists(one | st.none(), min_size=1, max_size=4), max_size=3)
    )
)
def test_values_of_any_kinds_hold_but_for_what_was_announced(batches: list[list[Any]]) -> None:
    parts = [json_table([{"c": value} for value in batch], ["c"]) for batch in batches]
    if not parts:
        return
    output = infer_output("sample", parts)
    _, bad, _ = held(output, parts)
    check_announced(output, bad)


TYPED = {
    "int8": pa.array([1, None], pa.int8()),
    "uint64": pa.array([2**64 - 1, 1], pa.uint64()),
    "float32": pa.array([1.5, None], pa.float32()),
    "float64": pa.array([1.5, float("nan")], pa.float64()),
    "bool": pa.array([True, None]),
    "decimal(10,2)": pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
    "date": pa.array([19000, None], pa.date32()),
    "time(ms)": pa.array([5, None], pa.time32("ms")),
    "timestamp(ns)": pa.array([5, None], pa.timestamp("ns")),
    "timestamp(us, Europe/Berlin)": pa.array([5, None], pa.timestamp("us", "Europe/Berlin")),
    "duration(s)": pa.array([5, None], pa.duration("s")),
    "binary": pa.array([b"\xff", None]),
    "list<int64?>": pa.array([[1, None], None]),
    "struct{a: int64?, b: list<string?>?}": pa.array([{"a": 1, "b": ["x"]}, None]),
    "string": pa.array(["a", None], pa.large_string()).dictionary_encode(),
}


@pytest.mark.parametrize("name", TYPED)
def test_typed_columns_keep_their_types(name: str) -> None:
    parts = [pa.table({"c": TYPED[name]})]
    output = infer_output("sample", parts)
    assert str(output.columns[0].column.type) == name
    assert output.columns[0].column.nullable == (TYPED[name].null_count > 0)
    _, bad, _ = held(output, parts)
    assert not bad


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=4), columns(), min_size=1, max_size=3))
def test_the_toml_reads_back_as_the_proposal(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, list[str | None]]
) -> None:
    named = {n: c for n, c in table.items() if n.strip() and not n.startswith("_cf_")}
    outputs = [infer_output(f"o{i}", [pa.table({n: c})]) for i, (n, c) in enumerate(named.items())]
    if not outputs:
        return
    path: Path = tmp_path_factory.mktemp("toml") / "contract.toml"
    path.write_text(render_toml(outputs, source="x"), "utf-8")
    read = load_contract_file(path)
    assert [output.canonical() for output in read.outputs] == [
        output.contract.canonical() for output in outputs
    ]

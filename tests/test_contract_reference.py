"""docs/contract-reference.md: each example of its tables is judged, and nothing is left out.

A table of texts has a type in its head, and rows of texts that pass or have an error type. In the
other tables stands what a parser yields, as Python.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pytest

from casparian.core.contract import parse_outputs, parse_type
from casparian.core.contract.formats import DIRECTIVES
from casparian.core.contract.options import ALL, OPTIONS
from casparian.core.contract.parse import _OUTPUT_OPTIONS
from casparian.core.contract.types import ALIASES, FAMILIES, NESTED
from casparian.core.validation import OutputFailed, OutputValidator
from casparian.core.validation.arrow_types import arrow_type
from casparian.core.validation.cells import plain
from casparian.core.validation.matrix import MATRIX, source_of
from casparian.core.validation.raw import raw_rows
from casparian.shim.frames import normalise

DOCS = Path(__file__).resolve().parents[1] / "docs"
NAMES = {
    "UTC": UTC,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "Decimal": Decimal,
    "UUID": UUID,
    "pa": pa,
}


class Table(NamedTuple):
    head: list[str]
    rows: list[list[str]]


def tables(page: str) -> list[Table]:
    found = re.findall(r"^(\|.*\|)\n\|[-|]+\|\n((?:\|.*\|\n)+)", (DOCS / page).read_text(), re.M)
    return [Table(cells(head), [cells(row) for row in rows.splitlines()]) for head, rows in found]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def codes(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


PAGE = tables("contract-reference.md")
TEXTS = [table for table in PAGE if table.head[1:] == [""] and codes(table.head[0])]


def table(*head: str) -> Table:
    [found] = [table for table in PAGE if table.head[: len(head)] == list(head)]
    return found


def rows_of(*head: str) -> Any:
    return pytest.mark.parametrize("row", table(*head).rows, ids=lambda row: f"{row[0]} {row[2]}")


def made(code: str) -> Any:
    return eval(code, NAMES)


def spec_of(code: str) -> Any:
    """A column's definition: a TOML table, or a type alone."""
    return tomllib.loads(f"x = {code}")["x"] if code.startswith("{") else code


def verdict(spec: Any, *values: Any) -> list[Any]:
    """What becomes of cells that a parser yields: a tuple of one value, or error types."""
    output = parse_outputs({"o": {"columns": {"x": spec}}}, parser_name="p").outputs[0]
    [frame] = normalise([{"x": value} for value in values], "o")
    try:
        found = OutputValidator(output).validate(frame.table, first_row=0)
    except OutputFailed as error:
        return [[error.error_type]] * len(values)
    valid = iter(found.valid["x"].to_pylist())
    bad = {row.row_number: [reason.error_type for reason in row.reasons] for row in found.rejected}
    return [bad[i] if i in bad else (next(valid),) for i in range(len(values))]


def same(one: Any, other: Any) -> bool:
    return (one == other and type(one) is type(other)) or (one != one and other != other)


@pytest.mark.parametrize("texts", TEXTS, ids=lambda texts: texts.head[0])
def test_texts_pass_or_have_the_error_type_they_stand_under(texts: Table) -> None:
    [type_] = codes(texts.head[0])
    for label, cell in texts.rows:
        assert codes(cell), label
        for text in codes(cell):
            [found] = verdict(type_, text)
            if label == "passes":
                assert isinstance(found, tuple), (text, found)
            else:
                assert found == codes(label), (text, found)


def test_the_empty_text_is_a_value_for_two_types_only() -> None:
    page = (DOCS / "contract-reference.md").read_text()
    assert "`empty_value` for every type but `string` and `binary`" in page
    for name in [*NESTED.values(), *FAMILIES]:
        [found] = verdict("decimal(6,2)" if name == "decimal" else name, "")
        assert (found == ["empty_value"]) != (name in ("string", "binary")), (name, found)


def test_there_are_texts_for_every_family_of_types() -> None:
    families = {parse_type(codes(texts.head[0])[0], where="x").family for texts in TEXTS}
    assert families == {*FAMILIES.values(), *NESTED}


def test_every_type_is_listed_with_its_arrow_type() -> None:
    listed = []
    for names, _, arrow in table("type", "holds").rows:
        for name, becomes in zip(codes(names), codes(arrow), strict=True):
            type_ = parse_type(name, where="x")
            assert str(arrow_type(type_)) == becomes
            listed.append(type_.name)
    assert set(listed) == {*FAMILIES, *NESTED}


def test_every_other_name_of_a_type_is_listed() -> None:
    listed = {
        name: codes(means)[0] for names, means in table("written").rows for name in codes(names)
    }
    assert listed == ALIASES


def test_the_matrix_of_typed_cells_is_whole() -> None:
    listed = {
        (source, parse_type(spec if isinstance(spec, str) else spec["type"], where="x").family)
        for sources, code, *_ in table("from", "to").rows
        for spec in [spec_of(codes(code)[0])]
        for source in sources.split(", ")
    }
    page = (DOCS / "contract-reference.md").read_text()
    assert "A map of\nArrow becomes `json` or, with `stringify`, a `string`." in page
    assert listed | {("map", "json"), ("map", "string")} == set(MATRIX)


@rows_of("from", "to")
def test_typed_cells_pass_where_nothing_is_lost(row: list[str]) -> None:
    sources, code, passes, does_not, why = row
    spec = spec_of(codes(code)[0])
    seen = []
    for good in map(made, codes(passes)):
        [frame] = normalise([{"x": good}], "o")
        values, *tags = frame.table.columns
        seen.append(tags[0][0].as_py() if tags else source_of(plain(values).type))
        assert isinstance(verdict(spec, good)[0], tuple)
    assert seen == sources.split(", ")
    for bad in codes(does_not):
        assert verdict(spec, made(bad)) == [codes(why)]


def families(words: str) -> set[str]:
    if words.startswith("every type"):
        return set(ALL) - set(words.removeprefix("every type").removeprefix(" but ").split(", "))
    return set(words.split(", "))


@pytest.mark.parametrize(("last", "relaxation"), [("does not", False), ("it becomes", True)])
def test_every_option_is_listed_with_the_types_it_is_for(last: str, relaxation: bool) -> None:
    [options] = [t for t in PAGE if t.head[0] == "option" and last in t.head]
    listed = {codes(option)[0]: families(for_) for option, for_, *_ in options.rows}
    wanted = {name: o.families for name, o in OPTIONS.items() if o.relaxation == relaxation}
    assert listed == wanted


def test_every_option_of_an_output_is_listed() -> None:
    [options] = [t for t in PAGE if t.head == ["option", ""]]
    assert {codes(name)[0] for name, _ in options.rows} | {"columns"} == _OUTPUT_OPTIONS


@rows_of("option", "for", "in a contract", "passes")
def test_a_value_keeps_to_a_constraint_or_has_its_reason(row: list[str]) -> None:
    _, _, code, passes, does_not, why = row
    good, bad = verdict(spec_of(codes(code)[0]), made(codes(passes)[0]), made(codes(does_not)[0]))
    assert isinstance(good, tuple)
    assert bad == codes(why)


@rows_of("option", "for", "in a contract", "a parser yields")
def test_a_relaxation_accepts_what_is_refused_without_it(row: list[str]) -> None:
    option, _, code, yields, becomes, without = row
    spec = spec_of(codes(code)[0])
    value = made(codes(yields)[0])
    [found] = verdict(spec, value)
    assert isinstance(found, tuple), found
    assert same(found[0], made(codes(becomes)[0])), found
    assert verdict({k: v for k, v in spec.items() if k != codes(option)[0]}, value) == [
        codes(without)
    ]


def test_every_directive_of_formats_is_listed() -> None:
    listed = [code for directives, _ in table("directive").rows for code in codes(directives)]
    assert sorted(listed) == sorted([*DIRECTIVES, "%%"])


def test_raw_rows_tell_kinds_apart_as_quarantine_says() -> None:
    [kinds] = [t for t in tables("quarantine.md") if t.head == ["a parser yields", "`raw`"]]
    for yields, raw in kinds.rows:
        [frame] = normalise([{"x": made(codes(yields)[0])}], "o")
        values, *tags = map(plain, frame.table.columns)
        found = raw_rows({"x": values}, {"x": tags[0].cast(pa.string())} if tags else {})
        assert found.to_pylist() == [f'{{"x": {codes(raw)[0]}}}']

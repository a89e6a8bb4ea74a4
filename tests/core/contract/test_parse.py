"""Contracts are read in all their forms, and refused with the place and a suggestion."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from casparian.core.contract import Contract, ContractError, parse_outputs, parse_type

SALES = {
    "date": "date",
    "quantity": {"type": "int64", "min": 0},
    "total": "decimal(12,2)",
}


def parse(outputs: object) -> Contract:
    return parse_outputs(outputs, parser_name="sales", where="outputs")


def column(spec: Any) -> Any:
    return parse({"o": {"columns": {"x": spec}}}).outputs[0].columns[0]


def test_flat_named_and_full_forms_say_the_same() -> None:
    flat = parse(SALES)
    named = parse({"sales": SALES})
    full = parse({"sales": {"columns": SALES, "extra_columns": "fail"}})
    flat_full = parse({"columns": SALES})
    assert flat == named == full == flat_full
    assert flat.hash == full.hash
    assert [c.name for c in flat.outputs[0].columns] == ["date", "quantity", "total"]


def test_canonical_form_expands_shorthand() -> None:
    assert parse({"sales": SALES}).canonical() == {
        "outputs": {
            "sales": {
                "columns": {
                    "date": {"type": "date", "nullable": False},
                    "quantity": {"type": "int64", "nullable": False, "min": 0},
                    "total": {"type": "decimal(12,2)", "nullable": False},
                },
                "extra_columns": "fail",
            }
        }
    }


def test_hash_is_of_the_content_not_of_the_spelling_or_order() -> None:
    spelled = {"total": "numeric(12, 2)", "quantity": {"min": 0, "type": "int"}, "date": "date32"}
    assert parse(spelled).hash == parse(SALES).hash
    assert parse({**SALES, "quantity": "int64"}).hash != parse(SALES).hash
    assert len(parse(SALES).hash) == 64


def test_output_by_name() -> None:
    contract = parse({"a": {"x": "int"}, "b": {"x": "str"}})
    found = contract.output("b")
    assert found is not None
    assert found.name == "b"
    assert contract.output("c") is None


@pytest.mark.parametrize(
    ("spelled", "canonical"),
    [
        ("str", "string"),
        ("text", "string"),
        ("boolean", "bool"),
        ("int", "int64"),
        ("Integer", "int64"),
        ("float", "float64"),
        ("double", "float64"),
        (" uint8 ", "uint8"),
        ("decimal(12, 2)", "decimal(12,2)"),
        ("numeric(5)", "decimal(5,0)"),
        ("datetime", "timestamp(us)"),
        ("timestamp", "timestamp(us)"),
        ("timestamp(ms)", "timestamp(ms)"),
        ("timestamp(utc)", "timestamp(us, UTC)"),
        ("timestamptz", "timestamp(us, UTC)"),
        ("timestamp(ns, Europe/Berlin)", "timestamp(ns, Europe/Berlin)"),
        ("timestamp(+02:00)", "timestamp(us, +02:00)"),
        ("time", "time(us)"),
        ("time(ns)", "time(ns)"),
        ("timedelta", "duration(us)"),
        ("duration(s)", "duration(s)"),
        ("bytes", "binary"),
        ("GUID", "uuid"),
        ("json", "json"),
        ("list<int>", "list<int64>"),
        (" list < text? > ", "list<string?>"),
        ("list<list<decimal(5,2)>?>", "list<list<decimal(5,2)>?>"),
        ("list<timestamp(us, UTC)>", "list<timestamp(us, UTC)>"),
        ("struct{a:int, b : str?,}", "struct{a: int64, b: string?}"),
        ('struct{"unit price": double}', 'struct{"unit price": float64}'),
        ("struct{a: list<struct{b: date}>}", "struct{a: list<struct{b: date}>}"),
        ("enum[a, b]", "enum[a, b]"),
        ('enum["a", "N/A", "", "say \\"x\\""]', 'enum[a, "N/A", "", "say \\"x\\""]'),
        ("enum[01, 1.5, x-y]", "enum[01, 1.5, x-y]"),
    ],
)
def test_types_and_their_aliases(spelled: str, canonical: str) -> None:
    assert str(column(spelled).type) == canonical
    assert str(column(canonical).type) == canonical


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("strng", "did you mean 'string'"),
        ("decmal(12,2)", "did you mean 'decimal'"),
        ("int64(3)", "takes no parameters"),
        ("decimal", "needs its precision"),
        ("decimal(39,2)", "1 to 38"),
        ("decimal(5,6)", "can't exceed"),
        ("timestamp(min)", "known time zone"),
        ("timestamp(us, Europe/Berlim)", "did you mean 'Europe/Berlin'"),
        ("timestamp(us, UTC, 3)", "can't read"),
        ("time(min)", "can't read"),
        ("time(us, UTC)", "can't read"),
        ("uuid(4)", "takes no parameters"),
        ("list", "it ends too soon"),
        ("list<int64", "it ends too soon"),
        ("list<int64>>", "can't read '>'"),
        ("list<strng>", "did you mean 'string'"),
        ("lst<int64>", "did you mean 'list'"),
        ("list(int64)", "write it as list<int64>"),
        ("int64?", "nullable = true"),
        ("struct{}", "at least one field"),
        ("struct{a}", "write it as struct{"),
        ("struct{a: int, a: int}", "two fields 'a'"),
        ("struct{a int}", "can't read 'int}'"),
        ("enum[]", "at least one value"),
        ("enum[a, a]", "lists 'a' twice"),
        ("enum[a b]", "can't read 'b]'"),
        ('enum["a]', "can't read"),
        ("list<" * 20 + "int" + ">" * 20, "16 deep at most"),
        ({"type": "json", "unique": True}, "makes no sense"),
        ({"type": "list<int64>", "enum": ["x"]}, "makes no sense"),
        ({"type": "timestamp", "assume_tz": "Europe/Berlin"}, "has no zone to bring"),
        ({"type": "timestamp(UTC)", "assume_tz": "Berlin"}, "known time zone"),
        ({"type": "timestamp(UTC)", "ambiguous": "earliest"}, "without assume_tz"),
        (
            {"type": "timestamp(UTC)", "assume_tz": "UTC", "ambiguous": "earlist"},
            "did you mean 'earliest'",
        ),
        ({"type": "time", "min": "25:00:00"}, "no such time of day"),
        ({"type": "time", "min": "12:00:00", "max": "11:00:00"}, "above max"),
        ({"type": "time(s)", "max": "11:00:00.5"}, "finer than s"),
        ({"type": "duration", "min": "1h"}, "PT1H30M"),
        ({"type": "duration", "min": "PT90M", "max": "PT1H"}, "above max"),
        ({"type": "uuid", "enum": ["x"]}, "hexadecimal"),
        ({"type": "time", "formats": "%Y %H:%M"}, "reads a day"),
        ({"type": "time", "formats": "%I:%M"}, "go together"),
        ({"type": "time", "formats": "%H:%M %p"}, "go together"),
        ({"type": "int64", "nulable": True}, "did you mean 'nullable'"),
        ({"type": "int64", "min": "0"}, "is not an int64"),
        ({"type": "int64", "min": True}, "is not an int64"),
        ({"type": "int8", "max": 128}, "is not an int8"),
        ({"type": "int64", "min": 5, "max": 4}, "above max"),
        ({"type": "decimal(5,2)", "min": 0.5}, "never one"),
        ({"type": "decimal(5,2)", "min": "0.125"}, "fraction digits"),
        ({"type": "decimal(5,2)", "enum": ["x"]}, "is not a decimal(5,2)"),
        ({"type": "float64", "min": float("nan")}, "finite"),
        ({"type": "float64", "max": 10**400}, "finite"),
        ({"type": "float64", "max": 2**53 + 1}, "exact"),
        ({"type": "date", "min": "2024-02-31"}, "no such day"),
        ({"type": "date", "max": 5}, "is not a date"),
        ({"type": "timestamp(UTC)", "min": "2024-01-01T00:00:00"}, "no UTC offset"),
        ({"type": "string", "min": "a"}, "makes no sense"),
        ({"type": "string", "plus": True}, "makes no sense"),
        ({"type": "int64", "decimal_point": ","}, "makes no sense"),
        ({"type": "int64", "pattern": "x"}, "makes no sense"),
        ({"type": "bool", "enum": [True]}, "makes no sense"),
        ({"type": "string", "pattern": "(?=x)"}, "RE2"),
        ({"type": "string", "pattern": "a{1001}"}, "RE2"),
        ({"type": "string", "pattern": "a)(b"}, "RE2"),
        ({"type": "string", "pattern": r"(a)\1"}, "RE2"),
        ({"type": "string", "min_length": 3, "max_length": 2}, "above max_length"),
        ({"type": "string", "max_length": -1}, "number of characters"),
        ({"type": "string", "enum": []}, "at least one"),
        ({"type": "string", "enum": ["a", "a"]}, "twice"),
        ({"type": "float64", "thousands": "."}, "both thousands and decimals"),
        ({"type": "float64", "thousands": ",", "decimal_point": ","}, "both thousands"),
        ({"type": "int64", "thousands": "0"}, "one mark"),
        ({"type": "int64", "trim": "yes"}, "true or false"),
        ({"type": "bool", "true_tokens": ["false"]}, "two meanings"),
        ({"type": "date", "formats": ["%d/%m/%Y", "%m/%d/%Y"]}, "different days"),
        ({"type": "date", "formats": ["%-d/%-m/%Y", "%m/%d/%Y"]}, "different days"),
        ({"type": "date", "formats": ["%Y%m%d", "%d%m%Y"]}, "different days"),
        ({"type": "date", "formats": ["%y%m%d", "%d%m%y"]}, "different days"),
        (
            {"type": "timestamp", "formats": ["%Y%m%d%H%M", "%y%m%d%H%M%S"]},
            "different days",
        ),
        ({"type": "date", "formats": "%A %d"}, "can't be read"),
        ({"type": "date", "formats": "%d/%m"}, "needs one year"),
        ({"type": "date", "formats": "%Y-%m-%d %H"}, "reads a time"),
        ({"type": "date", "formats": "%Y%-m%-d"}, "touches another"),
        ({"type": "date", "formats": "%Y-%m-%d %d"}, "reads the day twice"),
        ({"type": "timestamp", "formats": "%Y-%m-%d"}, "needs %H"),
        ({"type": "timestamp", "formats": "%Y-%m-%d %H:%M%z"}, "has no zone"),
        ({"type": "timestamp(UTC)", "formats": "%Y-%m-%d %H:%M"}, "needs %z"),
        ({"typ": "int64"}, "did you mean 'type'"),
        (5, "expected a type"),
    ],
)
def test_what_is_refused_says_where_and_why(spec: Any, words: str) -> None:
    with pytest.raises(ContractError) as caught:
        column(spec)
    assert str(caught.value).startswith("outputs.o.columns.x")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        ([], "expected a dict"),
        ({}, "it is empty"),
        ({"Sales": {"x": "int"}}, "can't name an output"),
        ({"my topic!": {"x": "int"}}, "can't name an output"),
        ({"café": {"x": "int"}}, "can't name an output"),
        ({"a" * 64: {"x": "int"}}, "can't name an output"),
        ({"o": {}}, "it has no columns"),
        ({"o": {"columns": {}}}, "it has no columns"),
        ({"o": {"": "int"}}, "isn't empty"),
        ({"o": {5: "int"}}, "isn't empty"),
        ({"o": {"_cf_row": "int"}}, "belong to casparian"),
        ({"o": {"columns": {"x": "int"}, "key": ["y"]}}, "no column 'y'"),
        ({"o": {"columns": {"idd": "int"}, "key": "id"}}, "did you mean 'idd'"),
        ({"o": {"columns": {"x": "int"}, "key": ["x", "x"]}}, "listed twice"),
        ({"o": {"columns": {"x": "int"}, "key": []}}, "expected a list of columns"),
        ({"o": {"columns": {"x": "json"}, "key": ["x"]}}, "can't be in a key"),
        ({"o": {"columns": {"x": "int"}, "extra_column": "drop"}}, "did you mean 'extra_columns'"),
        (
            {"o": {"columns": {"x": "int"}, "extra_columns": "keep"}},
            "outputs.o.extra_columns: expected 'fail' or 'drop'",
        ),
        ({"o": {"columns": {"x": "int"}, "extra_columns": "dropp"}}, "did you mean 'drop'"),
        ({"a": "int", "b": {"x": "int"}}, "'a' is a column, but 'b' is not"),
        ({"a": "int", "b": {"type": "int", "nulable": True}}, "did you mean 'nullable'"),
        ({"a": {"type": "int64"}}, "may be a column, or an output"),
        ({"a": {"type": "string", "pattern": "string"}}, "may be a column, or an output"),
    ],
)
def test_outputs_that_are_refused(outputs: Any, words: str) -> None:
    with pytest.raises(ContractError, match=r"^outputs") as caught:
        parse(outputs)
    assert words in str(caught.value)


def test_a_column_with_real_options_is_no_ambiguity() -> None:
    flat = parse({"a": {"type": "int64", "nullable": True}})
    assert flat.outputs[0].name == "sales"
    assert flat.outputs[0].columns[0].nullable
    named = parse({"a": {"type": {"type": "string", "max_length": 3}, "n": "int64"}})
    assert [c.name for c in named.outputs[0].columns] == ["type", "n"]


def test_bounds_are_values_of_the_type() -> None:
    assert column({"type": "decimal(5,2)", "min": "0.10", "max": 7}).min == Decimal("0.10")
    assert column({"type": "date", "min": date(2024, 1, 2)}).min == date(2024, 1, 2)
    assert column({"type": "float64", "max": 3}).max == 3.0
    assert column({"type": "date", "formats": "%d/%m/%Y"}).formats == ("%d/%m/%Y",)
    canonical = parse(
        {"o": {"columns": {"x": {"type": "decimal(5,2)", "min": "0.10"}}}}
    ).canonical()
    assert "'min': '0.10'" in str(canonical)


def test_a_contract_is_read_without_arrow() -> None:
    code = (
        "import sys; from casparian.core.contract import parse_outputs;"
        "parse_outputs({'a': 'int64', 'b': 'decimal(5,2)'}, parser_name='p');"
        "sys.exit('pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_key_and_unique_are_part_of_the_contract_and_its_hash() -> None:
    plain = parse_outputs({"o": {"columns": {"a": "int", "b": "int"}}}, parser_name="p")
    keyed = parse_outputs(
        {"o": {"columns": {"a": "int", "b": "int"}, "key": ["a", "b"]}}, parser_name="p"
    )
    unique = parse_outputs(
        {"o": {"columns": {"a": {"type": "int", "unique": True}, "b": "int"}}}, parser_name="p"
    )
    assert keyed.outputs[0].key == ("a", "b")
    assert unique.outputs[0].columns[0].unique
    assert len({plain.hash, keyed.hash, unique.hash}) == 3


def test_formats_that_read_what_both_read_alike_go_together() -> None:
    for formats in (["%d/%m/%Y", "%-d/%-m/%Y"], ["%Y%m%d", "%Y-%m-%d"], ["%d.%m.%y", "%d.%m.%Y"]):
        assert column({"type": "date", "formats": formats}).formats == tuple(formats)


def test_formats_of_a_zoned_column_may_lack_the_offset_if_a_zone_is_assumed() -> None:
    spec = {"type": "timestamp(UTC)", "formats": "%Y-%m-%d %H:%M", "assume_tz": "Europe/Berlin"}
    assert column(spec).assume_tz == "Europe/Berlin"
    assert column(spec).ambiguous == "reject"


_names = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_types = st.recursive(
    st.sampled_from(["int8", "string", "decimal(9,3)", "timestamp(ns, UTC)", "time(ms)", "json"])
    | st.lists(_names, min_size=1, max_size=4, unique=True).map(
        lambda values: f"enum[{', '.join(json.dumps(v) for v in values)}]"
    ),
    lambda inner: (
        inner.map(lambda t: f"list<{t}?>")
        | st.dictionaries(_names, inner, min_size=1, max_size=3).map(
            lambda fields: (
                "struct{" + ", ".join(f"{json.dumps(n)}: {t}" for n, t in fields.items()) + "}"
            )
        )
    ),
    max_leaves=5,
)


@given(_types)
def test_the_canonical_spelling_of_a_type_reads_as_that_type(spelled: str) -> None:
    type_ = parse_type(spelled, where="x")
    assert parse_type(str(type_), where="x") == type_


@given(st.text(max_size=30))
def test_any_text_is_a_type_or_a_contract_error(text: str) -> None:
    try:
        parse_type(text, where="x")
    except ContractError:
        pass

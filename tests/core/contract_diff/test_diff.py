"""Each change of a contract has a verdict: compatible, tightening or breaking."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from casparian.core.contract import Column, parse_outputs
from casparian.core.contract_diff import (
    ContractDiff,
    diff_contracts,
    named_alike,
    option_changes,
)


def diff(old: dict[str, Any], new: dict[str, Any]) -> ContractDiff:
    return diff_contracts(
        parse_outputs({"o": old}, parser_name="p"), parse_outputs({"o": new}, parser_name="p")
    )


def columns(old: Any, new: Any) -> ContractDiff:
    return diff({"columns": {"x": old}}, {"columns": {"x": new}})


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("int32", "int64", "compatible"),
        ("uint8", "int16", "compatible"),
        ("uint8", "int8", "breaking"),
        ("int64", "int32", "breaking"),
        ("int32", "float64", "breaking"),
        # A text such as 0.1 is another number in each.
        ("float32", "float64", "breaking"),
        ("float64", "float32", "breaking"),
        ("decimal(5,2)", "decimal(7,3)", "compatible"),
        ("decimal(5,2)", "decimal(5,3)", "breaking"),
        ("decimal(5,2)", "decimal(9,1)", "breaking"),
        ("string", "date", "breaking"),
        ("timestamp(ms)", "timestamp(us)", "breaking"),
        ("timestamp(us)", "timestamp(us, UTC)", "breaking"),
        ("timestamp(UTC)", "timestamp(us, Europe/Berlin)", "breaking"),
        ("enum[a, b]", "enum[a, b, c]", "compatible"),
        ("enum[a, b]", "enum[a, c]", "tightening"),
        ("enum[a, b]", "string", "compatible"),
        ("string", "enum[a, b]", "tightening"),
        ("uuid", "string", "breaking"),
        ("list<int32>", "list<int64>", "compatible"),
        ("list<int64?>", "list<int64>", "tightening"),
        ("list<int64>", "list<int64?>", "compatible"),
        ("list<int64>", "list<string>", "breaking"),
        ("list<float32>", "list<float64>", "breaking"),
        ("struct{a: int32}", "struct{a: int64, b: string?}", "compatible"),
        ("struct{a: int32}", "struct{a: int32, b: string}", "breaking"),
        ("struct{a: int32, b: date}", "struct{a: int32}", "breaking"),
        ("struct{a: int32?}", "struct{a: int32}", "tightening"),
    ],
)
def test_changes_of_type(old: str, new: str, verdict: str) -> None:
    (change,) = columns(old, new).changes
    assert (change.what, change.verdict) == ("type", verdict)


@pytest.mark.parametrize(
    ("base", "old", "new", "verdict"),
    [
        ("int64", {}, {"nullable": True}, "compatible"),
        ("int64", {"nullable": True}, {}, "tightening"),
        ("int64", {}, {"unique": True}, "tightening"),
        ("int64", {"unique": True}, {}, "compatible"),
        ("int64", {}, {"min": 0}, "tightening"),
        ("int64", {"min": 0}, {}, "compatible"),
        ("int64", {"min": 0}, {"min": 1}, "tightening"),
        ("int64", {"min": 0}, {"min": -1}, "compatible"),
        ("int64", {"max": 9}, {"max": 10}, "compatible"),
        ("int64", {"max": 9}, {"max": 8}, "tightening"),
        ("time", {"max": "09:00:00"}, {"max": "10:00:00"}, "compatible"),
        ("duration", {"min": "PT90M"}, {"min": "PT1H"}, "compatible"),
        ("duration", {"max": "PT60M"}, {"max": "PT1H"}, "compatible"),
        (
            "timestamp(UTC)",
            {"enum": ["2024-01-01T00:00:00Z"]},
            {"enum": ["2024-01-01T01:00:00+01:00"]},
            "compatible",
        ),
        (
            "timestamp(UTC)",
            {"min": "2024-01-01T00:00:00Z"},
            {"min": "2024-01-01T00:30:00+01:00"},
            "compatible",
        ),
        ("string", {}, {"enum": ["a"]}, "tightening"),
        ("string", {"enum": ["a"]}, {"enum": ["a", "b"]}, "compatible"),
        ("string", {"enum": ["a", "b"]}, {"enum": ["b"]}, "tightening"),
        ("string", {"enum": ["a"]}, {}, "compatible"),
        ("string", {}, {"pattern": "a+"}, "tightening"),
        ("string", {"pattern": "a+"}, {"pattern": "a*"}, "tightening"),
        ("string", {"pattern": "a+"}, {}, "compatible"),
        ("string", {"min_length": 2}, {"min_length": 1}, "compatible"),
        ("string", {"max_length": 2}, {"max_length": 1}, "tightening"),
        ("int64", {}, {"trim": True}, "compatible"),
        ("int64", {"trim": True}, {}, "tightening"),
        ("string", {}, {"trim": True}, "breaking"),
        ("string", {"enum": ["a", "b"]}, {"enum": ["a", "b"], "trim": True}, "compatible"),
        ("string", {"enum": ["a"], "trim": True}, {}, "breaking"),
        ("string", {"enum": ["a"]}, {"trim": True}, "compatible"),
        ("json", {}, {"trim": True}, "breaking"),
        ('enum[a, " a"]', {}, {"trim": True}, "breaking"),
        ('enum[" a"]', {}, {"trim": True}, "tightening"),
        (
            "date",
            {"formats": [" %d/%m/%Y"]},
            {"formats": [" %d/%m/%Y"], "trim": True},
            "tightening",
        ),
        ("int64", {}, {"null_tokens": ["-"]}, "compatible"),
        ("int64", {"null_tokens": ["-", "?"]}, {"null_tokens": ["-"]}, "compatible"),
        (
            "int64",
            {"nullable": True, "null_tokens": ["-", "?"]},
            {"nullable": True, "null_tokens": ["-"]},
            "tightening",
        ),
        ("string", {}, {"null_tokens": ["-"], "nullable": True}, "breaking"),
        ("string", {}, {"null_tokens": ["-"]}, "tightening"),
        ("string", {"enum": ["a"]}, {"enum": ["a"], "null_tokens": ["-"]}, "compatible"),
        # What was a value is null now, or the reverse.
        ("int64", {"nullable": True}, {"nullable": True, "null_tokens": ["0"]}, "breaking"),
        ("int64", {"nullable": True, "null_tokens": ["0"]}, {"nullable": True}, "breaking"),
        ("int64", {}, {"null_tokens": ["0"]}, "tightening"),
        (
            "int64",
            {"nullable": True, "null_tokens": ["-", "?"]},
            {"nullable": True, "null_tokens": ["?", "-"]},
            "compatible",
        ),
        ("int64", {}, {"leading_zeros": True}, "compatible"),
        ("int64", {"plus": True}, {}, "tightening"),
        ("float64", {}, {"thousands": ","}, "compatible"),
        ("float64", {"thousands": ","}, {}, "tightening"),
        ("int64", {}, {"thousands": "."}, "compatible"),
        ("int64", {"thousands": "."}, {"thousands": ","}, "tightening"),
        ("float64", {}, {"decimal_point": ","}, "tightening"),
        ("float64", {}, {"decimal_point": "."}, "compatible"),
        ("float64", {}, {"decimal_point": ",", "thousands": "."}, "breaking"),
        ("float64", {"thousands": ","}, {"decimal_point": ","}, "breaking"),
        ("date", {}, {"formats": ["%d/%m/%Y"]}, "tightening"),
        # ISO is a format as any other.
        ("date", {}, {"formats": ["%d/%m/%Y", "%Y-%m-%d"]}, "compatible"),
        ("date", {"formats": ["%Y-%m-%d"]}, {}, "compatible"),
        ("date", {"midnight_ok": True}, {"midnight_ok": True, "formats": "%Y-%m-%d"}, "tightening"),
        (
            "timestamp(UTC)",
            {"formats": ["%Y-%m-%dT%H:%M:%S%z"]},
            {},
            "tightening",  # +0200, without a colon, is no ISO of ours
        ),
        # The same text, another day.
        ("date", {"formats": ["%d/%m/%Y"]}, {"formats": ["%m/%d/%Y"]}, "breaking"),
        ("date", {"formats": ["%d/%m/%Y"]}, {"formats": ["%-m/%-d/%Y", "%Y%m%d"]}, "breaking"),
        ("date", {"formats": ["%d%m%Y"]}, {"formats": ["%Y%m%d"]}, "breaking"),
        (
            "date",
            {"formats": ["%Y.%m.%d", "%Y%m%d"]},
            {"formats": ["%Y%m%d", "%Y.%m.%d"]},
            "compatible",
        ),
        ("date", {"formats": ["20%y-%m-%d"]}, {}, "breaking"),
        ("date", {"formats": ["%d/%m/%Y"]}, {}, "tightening"),
        ("date", {"formats": ["%Y%m%d"]}, {"formats": ["%Y%m%d", "%d.%m.%Y"]}, "compatible"),
        ("bool", {}, {"true_tokens": ["true", "True", "TRUE", "yes"]}, "compatible"),
        ("bool", {}, {"true_tokens": ["yes"]}, "tightening"),
        (
            "bool",
            {"true_tokens": ["1"], "false_tokens": ["0"]},
            {"true_tokens": ["0"], "false_tokens": ["1"]},
            "breaking",
        ),
        ("float64", {}, {"allow_nan": True}, "compatible"),
        ("float64", {"allow_inf": True}, {}, "tightening"),
        ("decimal(5,2)", {}, {"from_float": True}, "compatible"),
        ("string", {"stringify": True}, {}, "tightening"),
        ("date", {}, {"midnight_ok": True}, "compatible"),
        ("timestamp(UTC)", {}, {"assume_tz": "UTC"}, "compatible"),
        ("timestamp(UTC)", {"assume_tz": "UTC"}, {}, "tightening"),
        ("timestamp(UTC)", {"assume_tz": "UTC"}, {"assume_tz": "Europe/Berlin"}, "breaking"),
        (
            "timestamp(UTC)",
            {"assume_tz": "UTC"},
            {"assume_tz": "UTC", "ambiguous": "latest"},
            "compatible",
        ),
    ],
)
def test_changes_of_options(
    base: str, old: dict[str, Any], new: dict[str, Any], verdict: str
) -> None:
    found = columns({"type": base, **old}, {"type": base, **new})
    assert found.verdict == verdict
    assert all(change.sentence for change in found.changes)


def test_every_option_of_a_column_has_a_verdict() -> None:
    options = {field.name for field in dataclasses.fields(Column)} - {"name", "type"}
    assert options == option_changes.OPTIONS.keys()


def test_the_worst_change_is_the_verdict_and_no_change_is_compatible() -> None:
    assert columns("int32", "int32").changes == ()
    assert columns("int32", "int32").verdict == "compatible"
    found = columns({"type": "int32", "min": 1}, {"type": "int64", "min": 2})
    assert [c.verdict for c in found.changes] == ["compatible", "tightening"]
    assert found.verdict == "tightening"


def test_columns_that_come_and_go() -> None:
    old = {"columns": {"a": "int64", "b": "string"}}
    gone = diff(old, {"columns": {"a": "int64"}})
    assert [(c.column, c.what, c.verdict) for c in gone.changes] == [("b", "column", "breaking")]
    optional = {"type": "date", "nullable": True}
    # A frame without a column fails the output, whether its cells may be null or not.
    assert diff(old, {"columns": {**old["columns"], "c": optional}}).verdict == "breaking"
    assert diff(old, {"columns": {**old["columns"], "c": "date"}}).verdict == "breaking"


def test_a_column_of_the_same_definition_under_another_name_is_taken_for_renamed() -> None:
    (change,) = diff({"columns": {"a": "int64"}}, {"columns": {"b": "int64"}}).changes
    assert (change.what, change.old, change.new, change.verdict) == ("name", "a", "b", "breaking")
    two = diff({"columns": {"a": "int64"}}, {"columns": {"b": "int64", "c": "int64"}})
    assert [c.what for c in two.changes] == ["name", "column"]


def test_keys_and_extra_columns_and_order() -> None:
    both = {"columns": {"a": "int64", "b": "int64"}}
    assert diff(both, {**both, "key": ["a"]}).verdict == "tightening"
    assert diff({**both, "key": ["a"]}, both).verdict == "breaking"
    assert diff({**both, "key": ["a"]}, {**both, "key": ["a", "b"]}).verdict == "breaking"
    assert diff({**both, "key": ["b", "a"]}, {**both, "key": ["a", "b"]}).verdict == "compatible"
    assert diff(both, {**both, "extra_columns": "drop"}).verdict == "compatible"
    assert diff({**both, "extra_columns": "drop"}, both).verdict == "tightening"
    (change,) = diff(both, {"columns": {"b": "int64", "a": "int64"}}).changes
    assert (change.what, change.verdict) == ("order", "compatible")


def test_outputs_that_come_and_go() -> None:
    one = parse_outputs({"a": {"x": "int64"}}, parser_name="p")
    two = parse_outputs({"a": {"x": "int64"}, "b": {"y": "int64"}}, parser_name="p")
    assert diff_contracts(one, two).verdict == "compatible"
    assert diff_contracts(two, one).verdict == "breaking"


def test_bounds_of_another_unit_are_compared_as_times() -> None:
    old = {"type": "timestamp(ms)", "max": "2024-01-02T00:00:00"}
    new = {"type": "timestamp(us)", "max": "2024-01-01T00:00:00"}
    assert [c.verdict for c in columns(old, new).changes] == ["breaking", "tightening"]


def test_sentences_name_values_as_contracts_do_and_not_all_of_hundreds() -> None:
    (change,) = columns(
        {"type": "date", "enum": ["2024-01-01", "2024-01-02"]},
        {"type": "date", "enum": ["2024-01-01"]},
    ).changes
    assert change.sentence == "values: no longer '2024-01-02'"
    (change,) = columns(
        {"type": "decimal(5,2)", "enum": ["1.5"]}, {"type": "decimal(5,2)", "enum": ["1.5", "2"]}
    ).changes
    assert change.sentence == "values: also 2"
    many = [f"v{number}" for number in range(300)]
    (change,) = columns({"type": "string", "enum": many}, {"type": "string", "enum": ["w"]}).changes
    assert change.sentence.startswith("values: no longer 'v0', 'v1', 'v2', 'v3', 'v4' and 295 more")


def test_a_breaking_token_is_named_with_what_it_was() -> None:
    (change,) = columns(
        {"type": "int64", "nullable": True},
        {"type": "int64", "nullable": True, "null_tokens": ["-1", "n/a"]},
    ).changes
    assert change.sentence == "null_tokens: also '-1', 'n/a', so that '-1' was -1 and is null"


def test_the_day_that_may_be_another_is_told_by_its_formats() -> None:
    (change,) = columns(
        {"type": "date", "formats": "%d/%m/%Y"}, {"type": "date", "formats": "%m/%d/%Y"}
    ).changes
    assert change.sentence == "texts in %d/%m/%Y may be read as %m/%d/%Y now"


def test_an_output_that_has_no_name_of_its_own_is_compared_with_the_other_contracts_only_one() -> (
    None
):
    flat = {"columns": {"a": "int32"}}
    old = parse_outputs(flat, parser_name="january")
    new = parse_outputs({"columns": {"a": "int64"}}, parser_name="february")
    [change] = diff_contracts(named_alike(old, new, nameless=True), new).changes
    assert (change.output, change.what, change.verdict) == ("february", "type", "compatible")
    assert named_alike(old, new, nameless=False) == old
    two = parse_outputs({"x": flat, "y": flat}, parser_name="p")
    assert named_alike(old, two, nameless=True) == old

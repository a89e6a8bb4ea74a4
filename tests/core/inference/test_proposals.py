"""What is proposed for columns of a kind, and the words above them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from casparian.core.data_files.json_columns import json_table
from casparian.core.inference import InferredColumn, infer_output, render_toml


def definition(array: pa.Array) -> dict[str, Any]:
    (proposed,) = infer_output("o", [pa.table({"x": array})]).columns
    return proposed.column.canonical()


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("yes", "no"),
        ("Ja", "Nein"),
        ("ja", "nee"),
        ("oui", "non"),
        ("sí", "no"),
        ("Sim", "Não"),
        ("TAK", "NIE"),
        ("vrai", "faux"),
        ("S", "N"),
    ],
)
def test_yes_and_no_are_flags_in_many_languages(yes: str, no: str) -> None:
    found = definition(pa.array([yes, no, yes]))
    assert found["type"] == "bool"
    assert (found["true_tokens"], found["false_tokens"]) == ([yes], [no])


def test_a_column_that_is_called_otherwise_in_the_file_says_so() -> None:
    table = pa.table({"name": ["a"], "name_2": ["b"], "column_3": ["c"]})
    renamed = [("name_2", "name"), ("column_3", " ")]
    first, second, third = infer_output("o", [table], renamed=renamed).columns
    assert not any("header" in line for line in first.comments())
    assert second.comments()[0] == "its name in the header is 'name', as that of an earlier column"
    assert third.comments()[0] == "its name in the header is empty"


def test_times_in_the_logs_of_web_servers_are_times() -> None:
    logged = [f"28/Jan/2024:10:00:{second:02d} +0100" for second in range(20)]
    found = definition(pa.array(logged))
    assert found["type"] == "timestamp(us, UTC)"
    assert found["formats"] == ["%d/%b/%Y:%H:%M:%S %z"]
    without = definition(pa.array([text.removesuffix(" +0100") for text in logged]))
    assert (without["type"], without["formats"]) == ("timestamp(us)", ["%d/%b/%Y:%H:%M:%S"])


def test_yes_alone_is_no_flag() -> None:
    assert definition(pa.array(["yes", "yes"]))["type"] == "string"


def test_floats_of_half_the_width_are_floats() -> None:
    halves = pa.array(np.array([1.5, 2.5, np.nan], np.float16))
    assert definition(halves) == {"type": "float32", "nullable": False, "allow_nan": True}


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        ([0.25, ""], "float64"),
        ([0.25, "1.50"], "float64"),
        ([0.25, "0.1234567890123456789"], "string"),
    ],
)
def test_floats_among_texts_are_not_proposed_as_decimals_which_would_refuse_them(
    cells: list[Any], type_: str
) -> None:
    [column] = infer_output("o", [json_table([{"x": cell} for cell in cells], ["x"])]).columns
    assert (str(column.column.type), column.refused) == (type_, 0)


@pytest.mark.parametrize(
    ("rows", "words"), [(0, "from no row of"), (1, "from the only row of"), (2, "from all 2 rows")]
)
def test_the_first_line_says_how_many_rows_were_looked_at(rows: int, words: str) -> None:
    table = pa.table({"x": pa.array(["a"] * rows, pa.string())})
    assert words in render_toml([infer_output("o", [table])], source="a.csv").splitlines()[0]


# ------------------------------------------------------- what the cells say, and what they don't


def told(cells: list[str | None], name: str = "c") -> InferredColumn:
    table = pa.table({name: pa.array(cells, pa.string())})
    [column] = infer_output("sample", [table]).columns
    return column


def test_one_day_that_can_be_no_month_proves_day_first() -> None:
    cells = ["01/02/24"] * 500 + ["31/05/24"] + ["03/04/24"] * 500
    column = told(cells)
    assert (str(column.column.type), column.column.formats) == ("date", ("%d/%m/%y",))
    assert any("row 501 '31/05/24' proves day first" in line for line in column.evidence)
    assert not column.questions


def test_and_one_month_that_can_be_no_day_proves_month_first() -> None:
    assert told(["01/02/2024", "05/31/2024"]).column.formats == ("%m/%d/%Y",)


def test_days_that_could_be_months_stay_text_with_both_readings_as_a_question() -> None:
    column = told(["01/02/2024", "03/04/2024"])
    assert str(column.column.type) == "string"
    [question] = column.questions
    assert "which is first, day or month" in question
    assert "%d/%m/%Y" in question
    assert "%m/%d/%Y" in question


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("code", ["00501", "02134", "10001"]),
        ("zip", ["10001", "94110", "60601"]),
        ("customer_id", ["17", "18", "19"]),
        ("phone", ["4989123456", "4930654321"]),
        ("contact", ["+4989123456", "+4930654321"]),
        ("card", ["4111111111111111", "5500000000000004"]),
        ("iban", ["DE44500105175407324931", "FR1420041010050500013M02606"]),
    ],
)
def test_what_identifies_stays_text_and_says_why(name: str, cells: list[str]) -> None:
    column = told(cells, name)
    assert str(column.column.type) == "string"
    assert column.refused == 0
    if name != "iban":
        assert column.evidence


def test_one_leading_zero_among_ten_thousand_numbers_is_seen() -> None:
    cells = [str(n) for n in range(1, 10_001)]
    assert str(told(cells).column.type) == "int64"
    cells[7_777] = "07778"
    column = told(cells)
    assert str(column.column.type) == "string"
    assert any("row 7,778 '07778'" in line for line in column.evidence)


def test_zero_and_one_are_numbers_and_may_be_flags() -> None:
    column = told(["0", "1", "1", "0"])
    assert str(column.column.type) == "int64"
    assert 'true_tokens = ["1"]' in column.questions[0]


def test_a_few_values_of_many_rows_are_a_question_and_no_enum() -> None:
    column = told(["open", "closed"] * 100)
    assert column.column.enum is None
    assert 'enum = ["closed", "open"]' in column.questions[0]


def test_no_bounds_are_taken_from_a_sample() -> None:
    column = told([str(n) for n in range(100)]).column
    assert (column.min, column.max, column.max_length) == (None, None, None)


@pytest.mark.parametrize(
    ("cells", "type_", "options"),
    [
        (["4,15", "12,90", "1.004,00"], "decimal(8,2)", {"thousands": ".", "decimal_point": ","}),
        (["4.15", "1,004.00"], "decimal(8,2)", {"thousands": ","}),
        (["1e5", "2.5e-3"], "float64", {}),
        (["2024-01-05T10:00:00Z", "2024-01-05T10:00:00+01:00"], "timestamp(us, UTC)", {}),
        (["", "5", "N/A"], "int64", {"nullable": True, "null_tokens": ("", "N/A")}),
        ([" 5", "6 "], "int64", {"trim": True}),
    ],
)
def test_each_way_to_write_a_value_has_its_option(
    cells: list[str], type_: str, options: dict[str, object]
) -> None:
    column = told(cells).column
    assert str(column.type) == type_
    assert {name: getattr(column, name) for name in options} == options


def test_times_with_and_without_an_offset_stay_text_and_ask_for_a_zone() -> None:
    column = told(["2024-01-05T10:00:00Z", "2024-01-05T11:00:00", "2024-01-06 11:00:00"])
    assert str(column.column.type) == "string"
    [question] = column.questions
    assert question.startswith("2 of 3 times have no UTC offset, e.g. row 2")
    assert "assume_tz" in question


@pytest.mark.parametrize(
    ("cells", "mark"),
    [(["$5.00", "$1,000.00"], "'$'"), (["5%", "12 %"], "'%'"), (["(5.00)", "7.50"], "'()'")],
)
def test_numbers_with_a_mark_stay_text_and_say_so(cells: list[str], mark: str) -> None:
    column = told(cells)
    assert str(column.column.type) == "string"
    assert column.questions == (
        f"are these numbers? Take {mark} off in the parser, and they can be read as such",
    )


def test_texts_that_only_begin_like_numbers_are_no_numbers() -> None:
    assert told(["5 apples", "12 pears"]).questions == ()
    assert told(["(a)", "(b)"]).questions == ()

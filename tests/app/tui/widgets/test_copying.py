"""What is copied or exported is exact, and says how much of it there is."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casparian.app.tui.widgets.arranging import Sort, arranged
from casparian.app.tui.widgets.copying import copy_rows, copy_value
from casparian.app.tui.widgets.exporting import ExportError
from casparian.app.tui.widgets.table_filter import parse_filter
from casparian.app.tui.widgets.table_source import MemoryTable
from casparian.app.tui.widgets.table_taking import copied_rows, exported, pretty_json, value_at
from casparian.app.tui.widgets.table_view import TableView

TABLE = pa.table(
    {
        "n": [1, None],
        "t": ['a\tb"c\n', ""],
        "d": pa.array([Decimal("0.10"), None]),
        "p": ["x|y *z*", "plain"],
        "raw": [b"\xff", None],
    }
)
VIEW = TableView.plain(MemoryTable(TABLE))


def copied(form) -> str:
    return copied_rows(VIEW, range(2), range(5), form, lambda: False).text


def test_tsv_reads_back_as_it_was():
    rows = list(csv.reader(io.StringIO(copied("TSV")), dialect="excel-tab"))

    assert rows == [
        ["n", "t", "d", "p", "raw"],
        ["1", 'a\tb"c\n', "0.10", "x|y *z*", "ff"],
        ["", "", "", "plain", ""],
    ]
    assert copied("TSV").splitlines()[-1] == '\t""\t\tplain\t'  # null is not the empty text


def test_json_is_what_the_jsonl_sink_writes():
    assert json.loads(copied("JSON")) == [
        {"n": 1, "t": 'a\tb"c\n', "d": "0.10", "p": "x|y *z*", "raw": "/w=="},
        {"n": None, "t": "", "d": None, "p": "plain", "raw": None},
    ]


def test_markdown_is_a_table_whatever_is_in_the_cells():
    lines = copied("Markdown").splitlines()

    assert lines[0] == "| n | t | d | p | raw |"
    assert lines[1] == "| ---: | --- | ---: | --- | --- |"
    assert lines[2] == '| 1 | a\tb"c<br> | 0.10 | x\\|y \\*z\\* | ff |'
    assert lines[3] == "| *null* |  | *null* | plain | *null* |"


@pytest.mark.parametrize("form", ["TSV", "JSON", "Markdown"])
def test_a_million_rows_are_copied_as_far_as_it_goes_and_it_says_so(form):
    view = TableView.plain(MemoryTable(pa.table({"n": pa.array(range(1_000_000))})))

    copy = copied_rows(view, range(1_000_000), range(1), form, lambda: False)

    assert len(copy.text.encode()) <= 75_000
    assert 1_000 < copy.rows < 1_000_000
    assert copy.sentence == (
        f"copied {copy.rows:,} of 1,000,000 rows as {form}: at most 75 kB are copied"
    )
    assert f"{copy.rows - 1}" in copy.text
    if form == "JSON":
        assert len(json.loads(copy.text)) == copy.rows


def test_a_row_that_is_too_large_is_not_cut():
    table = pa.table({"t": ["x" * 80_000]})

    copy = copy_rows([table.columns], list(table.schema), 1, "TSV")

    assert copy.text == ""
    assert "export it" in copy.sentence


def test_one_value_is_copied_without_quotes_and_a_long_one_says_how_much():
    assert copy_value('a\t"b"', "t").text == 'a\t"b"'
    assert copy_value("é" * 50_000, "t").sentence == (
        "copied the first 37,500 of 50,000 characters of t"
    )
    assert "null" in copy_value(None, "t").sentence


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_an_export_holds_the_rows_that_are_shown_in_their_order(tmp_path, ending):
    source = MemoryTable(
        pa.table(
            {
                "n": [3, 1, 2, 9],
                "d": pa.chunked_array(
                    [
                        pa.array(["a", "b"]).dictionary_encode(),
                        pa.array(["c", "a"]).dictionary_encode(),
                    ]
                ),
            }
        )
    )
    shown = arranged(source, parse_filter("n < 9", source.schema), Sort(0), lambda: False)
    path = tmp_path / f"x.{ending}"

    assert exported(TableView(source, shown), path, lambda: False) == 3

    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if ending == "parquet":
        assert pq.read_table(path).to_pylist() == [
            {"n": 1, "d": "b"},
            {"n": 2, "d": "c"},
            {"n": 3, "d": "a"},
        ]
    elif ending == "csv":
        assert path.read_text() == "n,d\n1,b\n2,c\n3,a\n"
    else:
        assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_an_export_leaves_what_is_there_alone(tmp_path):
    (tmp_path / "x.csv").write_text("mine")

    for name in ("x.csv", "x.xls", "no/x.csv"):
        with pytest.raises(ExportError):
            exported(VIEW, tmp_path / name, lambda: False)

    assert (tmp_path / "x.csv").read_text() == "mine"


def test_pretty_json_changes_nothing_but_blanks():
    text = '{"a":1.10,"b":[],"c":[1,{"a,b":"x:\\"}"}],"a":12345678901234567890.5}'

    pretty = pretty_json(text)

    assert pretty is not None
    assert "".join(line.strip() for line in pretty.splitlines()).replace(": ", ":") == text
    assert json.loads(pretty) == json.loads(text)
    assert pretty_json("[1") is None
    assert pretty_json("3") is None


def test_a_value_says_its_type_and_length():
    assert value_at(VIEW, 0, 1).title == "row 1 · t · string? · 6 characters"
    assert value_at(VIEW, 0, 4).title == "row 1 · raw · binary? · 1 byte"
    assert value_at(VIEW, 1, 0).text is None

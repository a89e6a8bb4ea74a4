"""``casparian new``: what a sample is, and that its parser reads every cell as it stands there."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casparian.core.contract import parse_outputs
from casparian.core.data_files.file_format import SampleError, SampleFormat, look_at
from casparian.core.processes import Guardian
from casparian.core.starting.new_parser import NewParserError, new_parser
from casparian.core.starting.parser_source import parser_source
from casparian.core.starting.sample_file import copy_cut, copy_rows, count
from casparian.core.validation import OutputValidator
from casparian.shim import casparian_types
from casparian.shim.convert import rows_to_arrow


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def rows_of(path: Path, found: SampleFormat | None = None, name: str = "p") -> list[dict]:
    """What the parser that is made for a file yields of it."""
    source = parser_source(name, found or look_at(path))
    module = ModuleType("made")
    saved = sys.modules.get("casparian_types")
    sys.modules["casparian_types"] = casparian_types
    try:
        exec(compile(source, "parser.py", "exec"), module.__dict__)
    finally:
        if saved is None:
            del sys.modules["casparian_types"]
        else:
            sys.modules["casparian_types"] = saved
    rows: list[dict] = []
    for batch in module.Parser().parse(SimpleNamespace(input_path=path)):
        rows += batch.to_pylist() if isinstance(batch, pa.RecordBatch) else batch
    return rows


def readable(rows: list[dict]) -> list[dict]:
    """Rows with what stands for no row, the reason and the texts of it, as a list."""
    return [
        {n: [str(part) for [of] in [v] for part in of] if isinstance(v, set) else v for n, v in r}
        for r in map(dict.items, rows)
    ]


#: name: (file, bytes, what it is, rows)
SAMPLES = {
    "commas": ("a.csv", b"id,name\n1,a\n2,\n", ["1", "a"], ["2", ""]),
    "semicolons, in a file called txt": (
        "a.txt",
        b"id;n\n1;a,b\n2;c\n3;d\n",
        ["1", "a,b"],
        ["2", "c"],
        ["3", "d"],
    ),
    "tabs and stray quotes": (
        "a.tsv",
        b'i\tn\n1\t5" pipe\n2\t"x" y\n',
        ["1", '5" pipe'],
        ["2", '"x" y'],
    ),
    "bars": ("a", b"i|n\n1|a\n2|b\n", ["1", "a"], ["2", "b"]),
    "quoted line ends": ("a.csv", b'i,n\r\n1,"a\r\nb, ""c"""\r\n', ["1", 'a\r\nb, "c"']),
    "single quotes": ("a.csv", b"i,n\n1,'a, b'\n2,'c'\n", ["1", "a, b"], ["2", "c"]),
    "backslashes": ("a.csv", b'i,n\n1,"a \\"b\\" c"\n2,"d"\n', ["1", 'a "b" c'], ["2", "d"]),
    "a byte order mark": ("a.csv", b"\xef\xbb\xbfi,n\n1,a\n", ["1", "a"]),
    "Windows' letters": ("a.csv", "i,n\n1,Größe €\n".encode("cp1252"), ["1", "Größe €"]),
    "bytes of no letter": ("a.csv", b"i,n\n1,\x81\xff\n", ["1", "\x81ÿ"]),
    "UTF-16": ("a.csv", "i,n\r\n1,Größe\r\n".encode("utf-16"), ["1", "Größe"]),
    "old Macs' line ends": ("a.csv", b"i,n\r1,a\r2,b\r", ["1", "a"], ["2", "b"]),
    "white space and zeros": ("a.csv", b"i,n\n 007 , NULL\n", [" 007 ", " NULL"]),
    "empty lines": ("a.csv", b"\n\ni,n\n\n1,a\n\n", ["1", "a"]),
    "line separators of Unicode": (
        "a.csv",
        "i,n\n1,a\u2028b\x0cc\x85\n".encode(),
        ["1", "a\u2028b\x0cc\x85"],
    ),
    "no header": (
        "a.csv",
        b"1,2024-01-02,3.5\n2,2024-01-03,4.5\n",
        ["1", "2024-01-02", "3.5"],
        ["2", "2024-01-03", "4.5"],
    ),
    "years as names": ("a.csv", b"land,2023,2024\nDE,83.1,83.2\n", ["DE", "83.1", "83.2"]),
    "names that are there twice, or not at all": (
        "a.csv",
        b"id,,id\n1,2,3\n4,5,x\n",
        ["1", "2", "3"],
        ["4", "5", "x"],
    ),
    "a title above the header": (
        "a.csv",
        b"Report of March\n\nall shops,,\nid,name,n\n1,a,3\n2,b,4\n",
        ["1", "a", "3"],
        ["2", "b", "4"],
    ),
    "a long cell": ("a.csv", b"i,n\n1," + b"x" * 200_000 + b"\n", ["1", "x" * 200_000]),
    "a single column": ("a.csv", b"name\nAda\nAlan\n", ["Ada"], ["Alan"]),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cell_is_read_as_it_stands_in_the_file(tmp_path: Path, name: str) -> None:
    file, content, *rows = SAMPLES[name]
    path = tmp_path / file
    path.write_bytes(content)
    found = look_at(path)
    assert found.kind == "csv"
    assert [list(row.values()) for row in rows_of(path, found)] == rows
    assert all(tuple(row) == found.columns for row in rows_of(path, found))
    assert (count(path, found).records, count(path, found).broken) == (len(rows), 0)


def test_names_of_columns(tmp_path: Path) -> None:
    found = look_at(write(tmp_path / "a.csv", "id,,id,x\n1,2,3,4\n5,6,7,a\n"))
    assert found.columns == ("id", "column_2", "id_3", "x")
    assert found.renamed == (("column_2", ""), ("id_3", "id"))
    no_header = look_at(write(tmp_path / "b.csv", "1,2.5\n2,3.5\n"))
    assert (no_header.header, no_header.columns) == (False, ("column_1", "column_2"))


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(max_examples=60)
@given(
    cells=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_the_csv_module_writes_is_read_back(
    tmp_path_factory, cells, delimiter, end, encoding
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second", "third"], *cells])
    path = tmp_path_factory.getbasetemp() / "any.csv"
    write(path, text.getvalue(), encoding)
    found = look_at(path)
    assert found.kind == "csv"
    assert [list(row.values()) for row in rows_of(path, found)] == cells
    assert count(path, found).records == len(cells)


@pytest.mark.parametrize(
    "text",
    [
        "Hello, world.\nThis has no structure\nwith, some, commas, here\n\nend",
        "".join(f"2024-01-02 10:00:0{i},123 INFO started {i}\n" for i in range(5)),
        "[2024-01-01] up\n[2024-01-02] down\n",
        "{x} up\n\x0c {y} down\u2028 and up\r\n",
    ],
)
def test_what_is_no_table_is_lines_and_every_line_is_a_row(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "app.log", text)
    found = look_at(path)
    assert found.kind == "lines"
    lines = text.removesuffix("\n").split("\n")
    assert rows_of(path, found) == [{"line": line.removesuffix("\r")} for line in lines]


def test_the_example_in_the_parser_for_lines_takes_them_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "app.log", "2024-01-02 10:00 INFO it is up\nnonsense\n")
    source = parser_source("p", look_at(path))
    example = next(line for line in source.splitlines() if line.startswith("#   (?P<"))
    changed = source.replace(r"(?P<line>.*)", example.removeprefix("#   "))
    assert changed != source
    module = ModuleType("made")
    exec(changed, module.__dict__)
    [batch] = module.Parser().parse(SimpleNamespace(input_path=path))
    assert readable(batch) == [
        {"time": "2024-01-02 10:00", "level": "INFO", "message": "it is up"},
        {"time": ["no match", "nonsense"], "level": None, "message": None},
    ]


def test_json_lines_have_every_key_and_what_is_no_object_is_kept_whole(tmp_path: Path) -> None:
    text = '{"o": {"x": 1}, "a": 1}\n\n{"a": 2, "b": null}\nnot json\n[3]\n'
    path = write(tmp_path / "a.log", text)
    found = look_at(path)
    assert (found.kind, found.columns) == ("jsonl", ("a", "o", "b"))
    assert readable(rows_of(path, found)) == [
        {"a": 1, "o": {"x": 1}, "b": None},
        {"a": 2, "o": None, "b": None},
        {"a": ["no object", "not json\n"], "o": None, "b": None},
        {"a": ["no object", "[3]"], "o": None, "b": None},
    ]
    assert (count(path, found).records, count(path, found).broken) == (4, 2)


def test_a_json_array(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps([{"a": 1}, 5, {"b": [1]}], indent=1))
    assert look_at(path).kind == "json"
    assert readable(rows_of(path)) == [
        {"a": 1, "b": None},
        {"a": ["no object", "5"], "b": None},
        {"a": None, "b": [1]},
    ]
    copy_rows(path, look_at(path), tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text()) == [{"a": 1}, {"b": [1]}]


def test_parquet_whatever_it_is_called(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"]})
    pq.write_table(table, tmp_path / "a.csv")
    assert look_at(tmp_path / "a.csv").kind == "parquet"
    assert rows_of(tmp_path / "a.csv") == table.to_pylist()


def test_a_row_with_more_or_fewer_cells_is_kept_whole_in_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i,n,q\n" + "1,a,b\n" * 5 + "2,x\n3,x,y,z\n4,c,d\n")
    found = look_at(path)
    rows = rows_of(path, found)
    assert readable(rows[5:]) == [
        {"i": ["2 cells", "2", "x"], "n": "x", "q": None},
        {"i": ["4 cells", "3", "x", "y", "z"], "n": "x", "q": "y"},
        {"i": "4", "n": "c", "q": "d"},
    ]
    assert (count(path, found).records, count(path, found).broken) == (8, 2)
    copy_rows(path, found, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text() == "i,n,q\n" + "1,a,b\n" * 5 + "4,c,d\n"


@pytest.mark.parametrize(
    "type_",
    [
        *("json", "binary", "list<string>", "list<list<string>>", "struct{a: string?}", "int64"),
        *("bool", "date", "uuid", "enum[a, b]", {"type": "string", "stringify": True}),
    ],
)
def test_no_type_takes_what_stands_for_no_row(tmp_path: Path, type_: Any) -> None:
    texts = {
        "a.csv": "m,n\n" + "x,y\n" * 5 + "x,y,z\nx\n",
        "a.jsonl": '{"m": 1, "n": 2}\n' * 5 + "broken {\n[1]\n",
    }
    columns = {"m": type_, "n": {"type": "string", "nullable": True, "stringify": True}}
    contract = parse_outputs({"p": {"columns": columns}}, parser_name="p").outputs[0]
    for name, text in texts.items():
        rows = rows_of(write(tmp_path / name, text))[5:]
        verdict = OutputValidator(contract).validate(rows_to_arrow(rows)[0], first_row=0)
        assert [row.reasons[0].column for row in verdict.rejected] == ["m", "m"]
        first = "3 cells" if name == "a.csv" else "broken {"
        assert first in verdict.rejected[0].raw


def test_broken_quotes_later_in_a_file_say_the_line(tmp_path: Path) -> None:
    long = "".join(f'{i},"a, b"\n' for i in range(120_000))
    path = write(tmp_path / "a.csv", f'i,n\n{long}7,"a" b\n')
    found = look_at(path)
    with pytest.raises(SampleError, match="line 120002"):
        count(path, found)
    with pytest.raises(casparian_types.PermanentError, match="line 120002"):
        rows_of(path, found)


# --------------------------------------------------------------------------- cutting


def test_a_small_sample_is_copied_byte_by_byte(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i,n\r\n1,\xe4\r\n", "cp1252")
    assert not copy_cut(path, look_at(path), tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_a_large_one_is_cut_after_a_whole_row(tmp_path: Path, encoding: str) -> None:
    text = "i,n\n" + "".join(f'{i},"ä{i}\nb"\n' for i in range(500))
    path = write(tmp_path / "a.csv", text, encoding)
    found = look_at(path)
    assert copy_cut(path, found, tmp_path / "b.csv", most=1000)
    cut = tmp_path / "b.csv"
    rows = rows_of(cut, found)
    assert rows == rows_of(path, found)[: len(rows)]
    assert 10 < len(rows) < 500
    assert cut.stat().st_size <= 1010
    assert path.read_bytes().startswith(cut.read_bytes()) or encoding == "utf-16"


def test_one_row_is_kept_however_long_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", f"i,n\n1,{'x' * 5000}\n2,y\n")
    assert copy_cut(path, look_at(path), tmp_path / "b.csv", most=1000)
    assert rows_of(tmp_path / "b.csv") == [{"i": "1", "n": "x" * 5000}]


def test_large_json_and_parquet_are_cut_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps([{"a": i} for i in range(1000)]))
    assert copy_cut(path, look_at(path), tmp_path / "b.json", most=1000)
    assert 10 < len(rows_of(tmp_path / "b.json")) < 1000
    pq.write_table(pa.table({"a": list(range(10_000))}), tmp_path / "a.parquet")
    found = look_at(tmp_path / "a.parquet")
    assert copy_cut(tmp_path / "a.parquet", found, tmp_path / "b.parquet", most=5000)
    rows = rows_of(tmp_path / "b.parquet")
    assert rows == [{"a": i} for i in range(len(rows))]
    assert 100 < len(rows) < 10_000


# --------------------------------------------------------------------------- what is refused

REFUSED = {
    "empty": (b"", "is empty"),
    "only white space": (b"\n \n", "is empty"),
    "zero bytes": (bytes(range(256)), "is binary"),
    "UTF-16 without a mark": ("id;name\n1;Zoë\n".encode("utf-16-le"), "seems to be UTF-16"),
    "UTF-16 without a mark, big end first": ("a,b\n1,2\n".encode("utf-16-be"), "to be UTF-16"),
    "Excel": (b"PK\x03\x04xxxx", "ZIP archive"),
    "gzip": (b"\x1f\x8b\x08xxxx", "gzip"),
    "one JSON object": (b'{\n "a": 1\n}', "one JSON object"),
    "an array of numbers": (b"[1, 2, 3]", "items are no objects"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_sample_that_nothing_can_be_made_of_is_refused(tmp_path: Path, name: str) -> None:
    content, words = REFUSED[name]
    (tmp_path / "sample.csv").write_bytes(content)
    with pytest.raises(SampleError, match=words) as caught:
        new_parser("p", tmp_path / "sample.csv", folder=tmp_path)
    assert "sample.csv" in caught.value.message
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sample.csv"]


def test_a_header_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="has no rows"):
        new_parser("p", write(tmp_path / "a.csv", "a,b\n"), folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Sales Report", "sales_report"),
        ("2024", "p_2024"),
        ("sales-eu", "sales_eu"),
        ("", "p_"),
        ("x" * 64, "x" * 63),
        ("columns", "column_list"),
        ("parsers/sales", "sales --dir parsers"),
        ("../x", "x --dir .."),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_one_that_can(
    tmp_path: Path, name: str, better: str
) -> None:
    with pytest.raises(NewParserError) as caught:
        new_parser(name, write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path)
    assert caught.value.hint == f"casparian new {better} …"


@pytest.mark.parametrize("kind", ["folder", "file", "broken link"])
def test_what_is_there_is_never_touched(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "p"
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    with pytest.raises(NewParserError, match="is there already"):
        new_parser("p", write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "p"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NewParserError, match="there is no folder") as caught:
        new_parser("p", write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path / "no")
    assert caught.value.hint.startswith("mkdir -p ")


@pytest.mark.parametrize("python", ["2.7", "3.9", "three", ">=3.x.y z", ""])
def test_a_python_that_cannot_be_is_refused(tmp_path: Path, python: str) -> None:
    with pytest.raises(NewParserError, match="--python"):
        new_parser(
            "p", write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path, requires_python=python
        )


def test_when_it_fails_halfway_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("casparian.core.starting.new_parser.choose_python", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new_parser("p", write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_has_its_guardian_before_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, there would be nobody to take it away."""
    guarded: list[Path] = []

    def make(work: Path) -> None:
        assert guarded == [work]
        raise KeyboardInterrupt

    class Noted(Guardian):
        def __init__(self, group: int | None, mark: str, folder: Path | None = None) -> None:
            assert folder is not None
            assert not folder.exists()
            guarded.append(folder)
            super().__init__(group, mark, folder)

    monkeypatch.setattr("casparian.core.starting.new_parser.Guardian", Noted)
    monkeypatch.setattr("casparian.core.starting.new_parser._make_folder", make)
    with pytest.raises(KeyboardInterrupt):
        new_parser("p", write(tmp_path / "a.csv", "a,b\n1,2\n"), folder=tmp_path)
    assert guarded

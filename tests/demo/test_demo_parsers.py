"""The demo's parsers, called directly: what they make of the demo's files and of awkward input."""

from __future__ import annotations

import filecmp
import importlib.util
import logging
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from casparian.shim import casparian_types

DEMO = Path(__file__).parents[2] / "demo"
DATA = DEMO / "data"


class Context:
    def __init__(self, path):
        self.input_path = Path(path).resolve()
        self.log = logging.getLogger("demo")
        self.steps = []

    def progress(self, done, total):
        self.steps.append((done, total))


@pytest.fixture
def load(monkeypatch):
    """Import a file of the demo by its path, as the shim does: its own folder first on sys.path."""
    before = set(sys.modules)

    def load_module(path):
        file = DEMO / path
        monkeypatch.setitem(sys.modules, "casparian_types", casparian_types)
        monkeypatch.syspath_prepend(str(file.parent))
        spec = importlib.util.spec_from_file_location(f"demo_{file.stem}", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load_module
    for name in set(sys.modules) - before:
        if str(DEMO) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def parse(load, tmp_path):
    """Run a parser over a file, or over bytes; return output name -> rows."""

    def run(parser, source, context=None):
        if isinstance(source, bytes):
            (tmp_path / "input").write_bytes(source)
            source = tmp_path / "input"
        context = context or Context(source)
        rows = defaultdict(list)
        for item in load(parser).Parser().parse(context):
            named = item.items() if isinstance(item, dict) else [(item.name, item.frame)]
            for name, frame in named:
                rows[name] += frame if isinstance(frame, list) else frame.to_dict("records")
        return dict(rows)

    return run


def counts(rows):
    return {name: len(found) for name, found in rows.items()}


SALES = "parsers/sales/parser.py"
MCDATA = "parsers/mcdata_parser.py"
FIX = "parsers/fix_parser.py"
EVENTS = "parsers/events_parser.py"


@pytest.mark.parametrize(
    ("parser", "file", "expected"),
    [
        (SALES, "sales_2024_01.csv", {"sales": 5}),
        (SALES, "sales_2024_02.csv", {"sales": 20}),
        (SALES, "sales_2024_03.csv", {"sales": 8}),
        (
            MCDATA,
            "mcdata_good.log",
            {"temperatures": 90, "counts": 88, "states": 10, "alarms": 4},
        ),
        (
            MCDATA,
            "mcdata_damaged.log",
            {"temperatures": 21, "counts": 21, "states": 8, "alarms": 3, "unrecognised": 7},
        ),
        (MCDATA, "sales_2024_01.csv", {"records": 25}),
        (
            FIX,
            "fix_damaged.log",
            {
                "messages": 50,
                "fields": 860,
                "orders": 10,
                "executions": 27,
                "damaged": 6,
                "notes": 6,
            },
        ),
        (EVENTS, "events.jsonl", {"events": 300}),
        (EVENTS, "events_damaged.jsonl", {"events": 57, "broken_lines": 4}),
    ],
)
def test_rows_of_each_file(parse, parser, file, expected):
    assert counts(parse(parser, DATA / file)) == expected


@pytest.mark.parametrize("parser", [MCDATA, FIX, EVENTS])
def test_every_row_has_exactly_the_declared_columns(load, parse, parser):
    declared = load(parser).Parser.outputs
    for file in sorted(DATA.glob("*_damaged.*")):
        for name, rows in parse(parser, file).items():
            assert {tuple(row) for row in rows} == {tuple(declared[name])}


@pytest.mark.parametrize("parser", [SALES, MCDATA, FIX, EVENTS])
def test_an_empty_file_gives_no_rows(parse, parser):
    source = b"date,product,quantity,unit_price,total\n" if parser == SALES else b""
    assert sum(counts(parse(parser, source)).values()) == 0


@pytest.mark.parametrize("parser", [MCDATA, FIX, EVENTS])
def test_progress_ends_at_the_size_of_the_file(parse, tmp_path, parser):
    file = next(DATA.glob(f"{Path(parser).stem.removesuffix('_parser')}*_damaged.*"), None)
    file = file or DATA / "events_damaged.jsonl"
    context = Context(file)
    parse(parser, file, context)
    assert context.steps[-1] == (file.stat().st_size, file.stat().st_size)


@pytest.mark.parametrize("parser", [MCDATA, FIX, EVENTS])
def test_batches_are_bounded_and_come_while_the_file_is_read(load, monkeypatch, parser):
    module = load(parser)
    monkeypatch.setattr(module, "ROWS_PER_BATCH", 10)
    file = {MCDATA: "mcdata_good.log", FIX: "fix_good.log", EVENTS: "events.jsonl"}[parser]
    batches = list(module.Parser().parse(Context(DATA / file)))
    assert len(batches) > 10
    assert max(len(batch.frame) for batch in batches) == 10


def test_the_first_parser_reads_a_frame(load):
    assert load("first_parser.py").parse(DATA / "sales_2024_01.csv").shape == (5, 5)


# Sales -------------------------------------------------------------------------------------------


def test_sales_cells_stay_as_the_file_has_them(parse):
    rows = parse(SALES, DATA / "sales_2024_02.csv")["sales"]
    assert rows[2]["quantity"] == "Unknown"
    assert rows[5]["total"] == "1,245.00"
    assert rows[8]["quantity"] == ""


def test_sales_headers_of_other_tills_become_the_contracts_names(parse):
    sample = DEMO / "parsers/sales/samples/sales_sample.csv"
    january = parse(SALES, DATA / "sales_2024_01.csv")["sales"]
    assert list(parse(SALES, sample)["sales"][0]) == list(january[0])


def test_sales_rows_wider_than_the_header_are_refused_not_moved(parse):
    source = b"date,product,quantity,unit_price,total\n2024-01-02,Jam,1,4.15,4.15,?\n"
    with pytest.raises(casparian_types.PermanentError, match="more cells than the header"):
        parse(SALES, source)


# Machine logs ------------------------------------------------------------------------------------


def test_mcdata_keeps_every_line_that_is_no_record(parse):
    rows = parse(MCDATA, DATA / "mcdata_damaged.log")["unrecognised"]
    assert [row["line"] for row in rows] == [21, 23, 25, 27, 28, 31, 48]
    assert rows[0]["reason"] == "COUNT has 4 fields, this line has 3"
    assert rows[1]["reason"] == "no kind of record is called 'VIBR'"
    assert "oven\\xff2" in rows[4]["text"]
    assert rows[6]["text"].endswith('"Guard open, stopped')


def test_mcdata_open_quotation_mark_spoils_its_own_line_only(parse):
    source = b'2024-01-15T08:00:00Z,ALARM,a-1,E-1,low,"open\r\n2024-01-15T08:00:01Z,COUNT,a-1,5\r\n'
    assert counts(parse(MCDATA, source)) == {"unrecognised": 1, "counts": 1}


@pytest.mark.parametrize("line", [b"\xff\xfe", b"x", b",,,", b"a\rb", b'"', b"\x00", b'"a"b,TEMP'])
def test_mcdata_any_line_is_kept(parse, line):
    source = b"2024-01-15T08:00:00Z,COUNT,a-1,5\n" + line + b"\n\n"
    assert counts(parse(MCDATA, source)) == {"counts": 1, "unrecognised": 1}


def test_mcdata_byte_order_mark_is_no_part_of_the_time(parse):
    rows = parse(MCDATA, b"\xef\xbb\xbf2024-01-15T08:00:00Z,COUNT,a-1,5\n")
    assert rows["counts"][0]["time"] == "2024-01-15T08:00:00Z"


def test_mcdata_file_with_a_header_becomes_one_row_per_cell(parse):
    source = b'name,note\na,"two\nlines"\n\nb\nc,d,e\n'
    rows = [tuple(row.values()) for row in parse(MCDATA, source)["records"]]
    assert rows == [
        (2, "name", "a"),
        (2, "note", "two\nlines"),
        (5, "name", "b"),
        (5, "note", None),
        (6, "name", "c"),
        (6, "note", "d"),
        (6, "(extra 1)", "e"),
    ]


# FIX ---------------------------------------------------------------------------------------------


def fix(body, separator=b"|", prefix=b""):
    """Write a message with a right body length and checksum."""
    body = body.encode().split(b"|")
    whole = [b"8=FIX.4.4", b"9=%d" % sum(len(field) + 1 for field in body), *body]
    checksum = b"10=%03d" % (sum(sum(field) + 1 for field in whole) % 256)
    return prefix + separator.join([*whole, checksum, b""]) + b"\n"


def test_fix_soh_and_pipe_give_the_same_rows(parse):
    assert parse(FIX, DATA / "fix_soh.log") == parse(FIX, DATA / "fix_good.log")
    assert "damaged" not in parse(FIX, DATA / "fix_soh.log")


@pytest.mark.parametrize("separator", [b"\x01", b"|", b"^A"])
@pytest.mark.parametrize("prefix", [b"", b"2024-01-15 08:00:00 INFO [A->B] <IN> ", b"\t"])
def test_fix_separators_and_prefixes(parse, separator, prefix):
    rows = parse(FIX, fix("35=0|49=A|56=B|34=7|52=20240115-08:00:00", separator, prefix))
    assert rows["messages"] == [
        {
            "line": 1,
            "prefix": prefix.decode().strip() or None,
            "fix_version": "FIX.4.4",
            "message_type": "0",
            "sender": "A",
            "target": "B",
            "sequence": "7",
            "sent_at": "2024-01-15T08:00:00Z",
        }
    ]


def test_fix_last_separator_may_be_missing(parse):
    assert counts(parse(FIX, fix("35=0|34=1").rstrip(b"|\n"))) == {"messages": 1, "fields": 5}


def test_fix_repeating_groups_nest(parse):
    body = "35=D|453=2|448=X|452=1|802=2|523=p|803=9|523=q|448=Y|55=ALFA"
    fields = parse(FIX, fix(body))["fields"]
    assert [(row["entry"], row["tag"], row["value"]) for row in fields[3:-1]] == [
        (None, 453, "2"),
        ("453[1]", 448, "X"),
        ("453[1]", 452, "1"),
        ("453[1]", 802, "2"),
        ("453[1].802[1]", 523, "p"),
        ("453[1].802[1]", 803, "9"),
        ("453[1].802[2]", 523, "q"),
        ("453[2]", 448, "Y"),
        (None, 55, "ALFA"),
    ]


def test_fix_a_groups_symbol_is_not_the_orders(parse):
    order = parse(FIX, fix("35=D|11=C1|146=1|55=INNER|54=1"))["orders"][0]
    assert order["symbol"] is None
    assert order["client_order_id"] == "C1"


def test_fix_empty_group(parse):
    assert "damaged" not in parse(FIX, fix("35=W|55=A|268=0|58=quiet"))


def test_fix_data_field_may_hold_separators(parse):
    fields = parse(FIX, DATA / "fix_good.log")["fields"]
    assert [row["value"] for row in fields if row["tag"] == 96] == ["ticket|7\x01desk=4|Zürich"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b"34=1", b"34=2"), "checksum (10) says"),
        ((b"|34=1|", b"|34=11|"), "body length (9) says 10, the body has 11 bytes"),
        ((b"10=", b"11="), "ends without a checksum"),
        ((b"34=1", b"three"), "field 4 is not tag=value"),
        ((b"34=1", b"=1"), "field 4 is not tag=value"),
        ((b"|9=10|35=0", b"|35=0|9=10"), "not 8, 9 and 35"),
    ],
)
def test_fix_damage_is_explained(parse, change, reason):
    source = fix("35=0|34=1")
    assert change[0] in source
    rows = parse(FIX, source.replace(*change))
    assert counts(rows) == {"damaged": 1}
    assert reason in rows["damaged"][0]["reason"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("35=W|268=3|269=0|269=1", "group 268 announces 3 entries and has 2"),
        ("35=W|268=x|269=0", "group 268 announces x entries and has 1"),
        ("35=D|95=9|96=abc", "data field 96 does not end where 95 says"),
    ],
)
def test_fix_damage_under_a_right_checksum(parse, body, reason):
    assert parse(FIX, fix(body))["damaged"][0]["reason"] == reason


def test_fix_lines_without_a_message_are_notes(parse):
    assert parse(FIX, b"engine started\r\n\r\n") == {
        "notes": [{"line": 1, "text": "engine started"}]
    }


def test_fix_unknown_codes_and_odd_times_go_on_unbent(parse):
    rows = parse(FIX, fix("35=D|54=Z|40=9|60=2024-01-15 08:00|52=20241399-08:00:00"))
    assert rows["orders"][0]["side"] == "Z"
    assert rows["orders"][0]["order_type"] == "9"
    assert rows["orders"][0]["time"] == "2024-01-15 08:00"
    assert rows["messages"][0]["sent_at"] == "2024-13-99T08:00:00Z"


# Events ------------------------------------------------------------------------------------------


def test_events_values_keep_their_kind(parse):
    source = b'{"id": 1, "amount": 2}\n{"id": "1", "amount": true}\n{"amount": "2,5"}\n'
    rows = parse(EVENTS, source)["events"]
    assert [row["id"] for row in rows] == [1, "1", None]
    assert [row["amount"] for row in rows] == [2, True, "2,5"]


def test_events_other_members_are_kept_as_json(parse):
    rows = parse(EVENTS, '{"id": 1, "page": "/café", "at": [1, {"x": null}]}\n'.encode())
    assert rows["events"][0]["extra"] == '{"page": "/café", "at": [1, {"x": null}]}'


@pytest.mark.parametrize(
    "line",
    [b'{"id": 1', b"[1, 2]", b"17", b'{"id": NaN}', b'{"id": "\xff"}', b"[" * 100_000, b"\x00"],
)
def test_events_broken_lines_are_kept_with_a_reason(parse, line):
    rows = parse(EVENTS, b'{"id": 1}\n' + line + b"\n\n")
    assert counts(rows) == {"events": 1, "broken_lines": 1}
    assert rows["broken_lines"][0]["line"] == 2
    assert rows["broken_lines"][0]["reason"]


# Data --------------------------------------------------------------------------------------------


def test_the_generator_writes_the_committed_files(load, tmp_path):
    load("make_data.py").main(tmp_path)
    written = sorted(file.name for file in tmp_path.iterdir())
    assert len(written) == 7
    assert filecmp.cmpfiles(tmp_path, DATA, written, shallow=False) == (written, [], [])

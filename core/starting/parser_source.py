"""The text of a new parser: short, plain, and its owner's to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scaffold import FIRST_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from casparian.core.data_files.file_format import SampleFormat

_DOC = '''"""Reads {name}: {what}.

{reading} What the rows must look like stands in
contract.toml; a row that breaks it goes to quarantine, with its reasons.
"""
'''
_CLASS = """

class Parser:
    name = "{name}"
    version = "{version}"
    topics = ["{name}"]

    def parse(self, ctx):
"""
_BATCHES = """\
        with ctx.input_path.open(encoding="{encoding}", newline={newline}) as file:
            rows = read_rows(file)
            while batch := list(islice(rows, ROWS_PER_BATCH)):
                yield batch
"""
_CSV_ROWS = """

def read_rows(file):
    reader = csv.reader(file, {dialect})
    try:
        {names}
        for cells in reader:
            if len(cells) == len(names):
                yield dict(zip(names, cells))
            elif cells:  # more or fewer than names; an empty line has none
                row = {{**dict.fromkeys(names), **dict(zip(names, cells))}}
                yield {{**row, names[0]: no_row(f"{{len(cells)}} cells", *cells)}}
    except csv.Error as error:
        raise PermanentError(f"line {{reader.line_num}}: {{error}}") from error
"""
_NO_ROW = '''

def no_row(why, *texts):
    """What no type takes, in the first column: the row goes to quarantine, with all its texts."""
    return {(ValueError(why), *texts)}
'''
_DISTINCT = '''

def distinct(names):
    """Give every column a name of its own: some are empty here, or there twice."""
    found = []
    for number, name in enumerate(names, start=1):
        name = name if name.strip() else f"column_{number}"
        found.append(name if name not in found else f"{name}_{number}")
    return found
'''
_JSON_ROW = """

def row_of(item):
    if isinstance(item, dict):
        return {**dict.fromkeys(COLUMNS), **item}
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    return {**dict.fromkeys(COLUMNS), COLUMNS[0]: no_row("no object", text)}
"""
_JSONL_ROWS = """

def read_rows(file):
    for line in file:
        if not line.strip():
            continue
        try:
            yield row_of(json.loads(line))
        except ValueError:
            yield row_of(line)
"""
_LINE_ROWS = """
# Each group (?P<name>…) is a column. To take lines apart, give more of them, for example
#   (?P<time>\\S+ \\S+) +(?P<level>[A-Z]+) +(?P<message>.*)
# and then their types in contract.toml.
LINE = re.compile(r"(?P<line>.*)")


class Parser:
    name = "{name}"
    version = "{version}"
    topics = ["{name}"]

    def parse(self, ctx):
{batches}

def read_rows(file):
    columns = list(LINE.groupindex)
    for line in file:
        line = line.removesuffix("\\n").removesuffix("\\r")
        match = LINE.fullmatch(line)
        if match:
            yield match.groupdict()
        else:
            yield {{**dict.fromkeys(columns), columns[0]: no_row("no match", line)}}
"""


def parser_source(name: str, found: SampleFormat) -> str:
    """Return the text of a parser that reads a format."""
    make = {"csv": _csv, "jsonl": _jsonl, "json": _json, "parquet": _parquet, "lines": _lines}
    return make[found.kind](name, found)


def _csv(name: str, found: SampleFormat) -> str:
    given = []
    for key, value in found.dialect.items():
        constant = "csv.QUOTE_NONE" if key == "quoting" else _text(value)
        given.append(f"{key}={constant}")
    constants = ""
    if not found.header:
        constants = _list("NAMES", found.columns)
        names = "names = NAMES"
    else:
        # Empty lines above the header are no header, and neither is a title.
        whole = f"len(cells) == {len(found.columns)} and all(cells)"
        is_header = whole if found.titled else "cells"
        read = f"next((cells for cells in reader if {is_header}), [])"
        names = f"names = distinct({read})" if found.renamed else f"names = {read}"
    parts = [
        _doc(name, found, "Every cell stays the text that it is in the file."),
        "\nimport csv\nfrom itertools import islice\n",
        "\nfrom casparian_types import PermanentError\n",
        "\ncsv.field_size_limit(2**30)  # characters of a cell; the default ends at 128 KiB\n",
        f"\nROWS_PER_BATCH = 10_000\n{constants}",
        _class(name),
        _batches(found, '""'),
        _CSV_ROWS.format(dialect=", ".join(given), names=names),
        _NO_ROW,
        _DISTINCT if found.renamed else "",
    ]
    return "".join(parts)


def _jsonl(name: str, found: SampleFormat) -> str:
    parts = [
        _doc(name, found, "A key that a line doesn't have is null."),
        "\nimport json\nfrom itertools import islice\n",
        f"\nROWS_PER_BATCH = 10_000\n{_list('COLUMNS', found.columns)}",
        _class(name),
        _batches(found, '"\\n"'),
        _JSONL_ROWS,
        _JSON_ROW,
        _NO_ROW,
    ]
    return "".join(parts)


def _json(name: str, found: SampleFormat) -> str:
    parts = [
        _doc(name, found, "A key that an object doesn't have is null."),
        "\nimport json\n",
        f"\n{_list('COLUMNS', found.columns)}",
        _class(name),
        f'        text = ctx.input_path.read_text(encoding="{found.encoding}")\n',
        "        yield [row_of(item) for item in json.loads(text)]\n",
        _JSON_ROW,
        _NO_ROW,
    ]
    return "".join(parts)


def _parquet(name: str, found: SampleFormat) -> str:
    parts = [
        _doc(name, found, "Columns come as the file has them."),
        "\nimport pyarrow.parquet as pq\n",
        _class(name),
        "        with pq.ParquetFile(ctx.input_path) as file:\n",
        "            yield from file.iter_batches()\n",
    ]
    return "".join(parts)


def _lines(name: str, found: SampleFormat) -> str:
    batches = _batches(found, '"\\n"')
    rows = _LINE_ROWS.format(name=name, version=FIRST_VERSION, batches=batches)
    parts = [
        _doc(name, found, "Every line is a row, as long as nothing takes it apart."),
        "\nimport re\nfrom itertools import islice\n",
        f"\nROWS_PER_BATCH = 10_000\n{rows}",
        _NO_ROW,
    ]
    return "".join(parts)


def _doc(name: str, found: SampleFormat, reading: str) -> str:
    return _DOC.format(name=name, what=str(found), reading=reading)


def _class(name: str) -> str:
    return _CLASS.format(name=name, version=FIRST_VERSION)


def _batches(found: SampleFormat, newline: str) -> str:
    return _BATCHES.format(encoding=found.encoding, newline=newline)


def _list(name: str, columns: Sequence[str]) -> str:
    lines = [f"    {_text(column)},\n" for column in columns]
    return f"{name} = [\n{''.join(lines)}]\n"


def _text(value: object) -> str:
    """A value as Python writes it, texts in double quotes."""
    if not isinstance(value, str):
        return repr(value)
    if '"' in value:
        return repr(value)
    return f'"{repr(value + chr(39))[1:-2]}"'  # Python takes double quotes where it sees a single

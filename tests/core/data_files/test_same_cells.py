"""What ``contract check`` reads of a file is what the parser of ``casparian new`` reads of it."""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from casparian.core.data_files.data_file import DataFile
from casparian.core.data_files.file_format import look_at
from casparian.core.starting.parser_source import parser_source
from casparian.shim import casparian_types


def by_parser(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]] | None:
    """Read with the parser that is made for the file; None if it refuses the file."""
    module = ModuleType("made")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "casparian_types", casparian_types)
        exec(compile(parser_source("p", look_at(path)), "parser.py", "exec"), module.__dict__)
    try:
        batches = list(module.Parser().parse(SimpleNamespace(input_path=path)))
    except casparian_types.PermanentError:
        return None
    return [row for batch in batches for row in batch]


def by_check(path: Path) -> tuple[list[dict[str, Any]], int]:
    file = DataFile(path)
    rows = [row for table in file.tables() for row in table.to_pylist()]
    return rows, file.broken


CELLS = st.sampled_from(
    [
        *["", " ", "a", "7", "1,5", "x y", " padded ", "ä", "a;b", "a\nb", "a\r\nb", 'say "hi"'],
        *['"', "'", "5' x", "\\", "a\tb", "a|b", "\u00a0", "N/A", "a\rb", "\u2028", "\x0b", "\x1c"],
    ]
)


@st.composite
def files(draw: st.DrawFn) -> str:
    width = draw(st.integers(2, 4))
    delimiter = draw(st.sampled_from(",;\t|"))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    out = io.StringIO()
    writer: Any = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    if draw(st.booleans()):  # as by programs that know nothing of quotes
        writer = SimpleNamespace(writerow=lambda cells: out.write(delimiter.join(cells) + end))
    writer.writerow([f"name {number}" for number in range(width)])
    for _ in range(draw(st.integers(2, 8))):
        cells = draw(st.lists(CELLS, min_size=width, max_size=width))
        if draw(st.integers(0, 9)) == 0:
            cells = cells[: draw(st.integers(1, width))]
        writer.writerow(cells)
        if draw(st.integers(0, 9)) == 0:
            out.write(end)
    return out.getvalue()[: -len(end)] if draw(st.booleans()) else out.getvalue()


@settings(max_examples=120, deadline=None)
@given(files(), st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
def test_both_read_the_same_cells(text: str, encoding: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "a.csv"
        try:
            path.write_bytes(text.encode(encoding))
        except UnicodeEncodeError:
            assume(False)
        found = look_at(path)
        rows = by_parser(path, patch)
        assume(rows is not None)
        assert rows is not None
        held, broken = by_check(path)
        # A row with more or fewer cells has them all in a set in its first.
        whole = [row for row in rows if not isinstance(row[found.columns[0]], set)]
        assert held == whole
        assert broken == len(rows) - len(whole)

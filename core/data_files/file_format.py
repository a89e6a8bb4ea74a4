"""What a sample file is, by looking into it: its format, encoding, delimiter, quoting, header."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from casparian.core.errors import CasparianError

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["csv", "jsonl", "json", "parquet", "lines"]

_HEAD: Final = 1 << 20
"""Bytes of a file that are looked at for its format."""
_CHUNK: Final = 1 << 20
_MOST_JSON: Final = 1 << 28
"""Bytes of a JSON array, which is read as a whole."""
_DELIMITERS: Final = (",", ";", "\t", "|")
_TABLES: Final = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".psv": "|"}
#: Of the rows, this share has as many cells as the header: less, and it is no table.
_REGULAR: Final = 0.8
_REGULAR_BY_NAME: Final = 0.5
_MOST_TITLE: Final = 20
_MOST_CELL: Final = 1 << 30
"""Characters of a cell; the parser that is made has the same limit."""
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_TIME: Final = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d.*)?|\d{1,2}:\d\d.*")

_FOREIGN: Final = {
    b"PK\x03\x04": "a ZIP archive, as Excel files are: save the sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file: save it as CSV",
    b"\x1f\x8b": "compressed with gzip: gunzip it first",
    b"BZh": "compressed with bzip2: bunzip2 it first",
    b"\xfd7zXZ": "compressed with xz: unxz it first",
    b"\x28\xb5\x2f\xfd": "compressed with zstd: unzstd it first",
    b"SQLite format 3": "an SQLite database: export a table as CSV",
    b"%PDF": "a PDF",
}


class SampleError(CasparianError):
    """A sample that no parser can be made for."""


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How a file is to be read.

    ``columns`` are the names of its columns as rows have them; for JSON, in order of appearance in
    the head. ``quote`` is None where quotes mean nothing. ``renamed``: columns that have another
    name than stands in the header, where it is empty or that of an earlier one, with what stands
    there. ``titled``: lines of a title stand above the header, which is the first row with all of
    its cells filled.
    """

    kind: Kind
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    header: bool = True
    renamed: tuple[tuple[str, str], ...] = ()
    titled: bool = False
    columns: tuple[str, ...] = ()

    @property
    def dialect(self) -> dict[str, Any]:
        """What the csv module is given; only what is not its default, beside ``strict``."""
        found: dict[str, Any] = {}
        if self.delimiter != ",":
            found["delimiter"] = self.delimiter
        if self.quote is None:
            found["quoting"] = csv.QUOTE_NONE
        elif self.quote != '"':
            found["quotechar"] = self.quote
        if self.escape is not None:
            found |= {"escapechar": self.escape, "doublequote": False}
        return {**found, "strict": True}

    def __str__(self) -> str:
        """The format in a few words."""
        encoding = {"utf-8-sig": "", "utf-16": ", UTF-16", "cp1252": ", Windows-1252"}.get(
            self.encoding, f", {self.encoding}"
        )
        between = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
        names = {
            "csv": f"text with {between[self.delimiter]} between its cells",
            "jsonl": "JSON lines",
            "json": "a JSON array",
            "parquet": "Parquet",
            "lines": "plain lines",
        }
        header = ", without a header" if self.kind == "csv" and not self.header else ""
        header = ", a title above its header" if self.titled else header
        quotes = ", quotes as they stand" if self.kind == "csv" and self.quote is None else ""
        return f"{names[self.kind]}{header}{quotes}{encoding}"


def look_at(path: Path) -> SampleFormat:
    """Decide what a file is.

    Raises:
        SampleError: it is empty, binary, or has no rows.
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        whole = len(head) < _HEAD
    if not head.strip():
        raise SampleError(f"{path} is empty", hint="give a file with a few rows")
    if head.startswith(b"PAR1"):
        return SampleFormat("parquet")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise SampleError(f"{path} is {what.partition(':')[0]}", hint=_hint(what))
    encoding = _encoding(path, head)
    text = codecs.decode(head, encoding, "ignore" if not whole else "strict")
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    found = _json(path, text, whole) or _table(path, text, whole) or SampleFormat("lines")
    columns = ("line",) if found.kind == "lines" else found.columns
    return replace(found, encoding=encoding, columns=columns)


def _hint(what: str) -> str:
    return what.partition(": ")[2] or "give CSV, TSV, JSON lines, a JSON array, Parquet, or text"


def _encoding(path: Path, head: bytes) -> str:
    """The encoding of the whole file: what is not UTF-8 is one of those that fit all bytes."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if wide := _utf_16_without_mark(head):
        raise SampleError(
            f"{path} seems to be UTF-16 without a byte order mark",
            hint=f"iconv -f {wide} -t UTF-8 FILE > NEW",
        )
    if b"\0" in head:
        raise SampleError(
            f"{path} is binary: it holds zero bytes",
            hint="give CSV, TSV, JSON lines, a JSON array, Parquet, or text",
        )
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _utf_16_without_mark(head: bytes) -> str:
    """Which UTF-16 a text seems to be in: nearly every second byte of such is zero."""
    for encoding, zeros, others in (("UTF-16LE", 1, 0), ("UTF-16BE", 0, 1)):
        half = len(head) // 2
        if half > 1 and head[zeros::2].count(0) > 0.8 * half and not head[others::2].count(0):
            return encoding
    return ""


# --------------------------------------------------------------------------- JSON


def _json(path: Path, text: str, whole: bool) -> SampleFormat | None:
    start = text.lstrip()
    if start.startswith("["):
        return _array(path, text, whole)
    if not start.startswith("{"):
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    rows = [row for row in map(_loaded, lines) if isinstance(row, dict)]
    if rows and len(rows) >= _REGULAR_BY_NAME * len(lines):
        return SampleFormat("jsonl", columns=_keys(rows))
    if isinstance(_loaded(text), dict):
        raise SampleError(
            f"{path} is one JSON object, not rows",
            hint="give an array of objects, or one object per line",
        )
    return None


def _array(path: Path, text: str, whole: bool) -> SampleFormat | None:
    if not whole:
        # The first item tells an array of objects from lines that begin with a bracket.
        try:
            first, _ = json.JSONDecoder().raw_decode(text.lstrip()[1:].lstrip())
        except ValueError:
            return None
        if not isinstance(first, dict):
            return None
        if path.stat().st_size > _MOST_JSON:
            raise SampleError(
                f"{path} is a JSON array too large to be read as a whole",
                hint="give a smaller sample, or one object per line",
            )
        text = path.read_text("utf-8-sig")
    content = _loaded(text)
    if not isinstance(content, list):
        return None
    rows = [row for row in content if isinstance(row, dict)]
    if not rows or len(rows) < _REGULAR_BY_NAME * len(content):
        raise SampleError(f"{path} is a JSON array, but its items are no objects")
    return SampleFormat("json", columns=_keys(rows))


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keys(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """All keys; one that never holds a list or an object comes first, if there is any."""
    keys: dict[str, bool] = {}
    for row in rows:
        for key, value in row.items():
            keys[key] = keys.get(key, True) and not isinstance(value, list | dict)
    first = next((key for key, plain in keys.items() if plain), next(iter(keys), ""))
    return (first, *(key for key in keys if key != first)) if keys else ()


# --------------------------------------------------------------------------- tables


def _table(path: Path, text: str, whole: bool) -> SampleFormat | None:
    named = _TABLES.get(path.suffix.lower())
    best: tuple[float, int, SampleFormat] | None = None
    for delimiter in _DELIMITERS:
        if delimiter not in text:
            continue
        for dialect in _dialects(delimiter, text):
            rows = _rows(text, dialect, whole)
            title = _title(rows)
            width = len(rows[title]) if rows else 0
            if width < 2:
                continue
            regular = sum(len(row) == width for row in rows) / len(rows)
            if best is None or (regular, width) > best[:2]:
                best = (regular, width, _named(replace(dialect, titled=title > 0), rows[title:]))
    least = _REGULAR if named is None else _REGULAR_BY_NAME
    if best is not None and best[0] >= least and (named is not None or _is_table(path, best[2])):
        return best[2]
    if named is not None:  # a single column
        dialect = SampleFormat("csv", delimiter=named)
        return _named(dialect, _rows(text, dialect, whole))
    return None


def _is_table(path: Path, found: SampleFormat) -> bool:
    """Whether regular commas make a table: lines of a log have them in their times, too."""
    return found.header or path.suffix.lower() != ".log"


def _dialects(delimiter: str, text: str) -> list[SampleFormat]:
    plain = SampleFormat("csv", delimiter=delimiter)
    found = [plain]
    if '\\"' in text:
        found.append(replace(plain, escape="\\"))
    if re.search(rf"(?:^|{re.escape(delimiter)})'[^'\n]*'(?={re.escape(delimiter)}|$)", text, re.M):
        found.append(replace(plain, quote="'"))
    return [*found, replace(plain, quote=None)]


def _rows(text: str, dialect: SampleFormat, whole: bool) -> list[list[str]]:
    """The rows that have cells; none if the quotes are not as the dialect has them."""
    csv.field_size_limit(_MOST_CELL)
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, **dialect.dialect)
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in reader if row)
    except csv.Error:
        if whole or reader.line_num < len(lines):
            return []
    return rows


def _title(rows: list[list[str]]) -> int:
    """How many rows of a title stand above the header: of one cell, where the others have more."""
    if not rows:
        return 0
    width = Counter(map(len, rows)).most_common(1)[0][0]
    # A spreadsheet fills a title up with empty cells.
    first = next((n for n, row in enumerate(rows) if len(row) == width and all(row)), 0)
    titles = [sum(cell != "" for cell in row) <= 1 for row in rows[:first]]
    if not first or width < 2 or first > _MOST_TITLE or not all(titles):
        return 0
    below = rows[first + 1 : first + 2]
    return 0 if below and len(below[0]) == width and _is_data(rows[first], below[0]) else first


def _named(dialect: SampleFormat, rows: list[list[str]]) -> SampleFormat:
    if not rows:
        return dialect
    first = rows[0]
    if len(rows) > 1 and len(rows[1]) == len(first) and _is_data(first, rows[1]):
        columns = tuple(f"column_{number}" for number in range(1, len(first) + 1))
        return replace(dialect, header=False, columns=columns)
    columns = distinct(first)
    pairs = zip(columns, first, strict=True)
    return replace(
        dialect, columns=columns, renamed=tuple(pair for pair in pairs if pair[0] != pair[1])
    )


def _is_data(first: list[str], second: list[str]) -> bool:
    """Whether the first row is one of data: what it holds is of the same kinds as below it."""
    kinds = [_kind(cell) for cell in first]
    says = any(
        kind != "text" and not _YEAR.fullmatch(cell.strip())
        for kind, cell in zip(kinds, first, strict=True)
    )
    return says and kinds == [_kind(cell) for cell in second]


def _kind(cell: str) -> str:
    cell = cell.strip()
    if _TIME.fullmatch(cell):
        return "time"
    return "number" if _NUMBER.fullmatch(cell) else "text"


def distinct(names: list[str]) -> tuple[str, ...]:
    """Give every column a name of its own; the parser that is made has the same rule."""
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        name = name if name.strip() else f"column_{number}"
        found.append(name if name not in found else f"{name}_{number}")
    return tuple(found)

"""SQLite: all rows of a run in one short transaction.

A table holds the rows of many inputs; the column ``_cf_input`` says whose a row is, so that an
input replaces its own. Whole numbers and booleans are INTEGER, floats REAL (NaN, which SQLite would
turn into null, is the text ``NaN``), binary BLOB, and everything else TEXT by
`casparian.core.sinks.text`: decimals and times are exact, nested values JSON. The file's journal
mode is its owner's affair.
"""

from __future__ import annotations

import json
import math
import os
import random
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.lines import small_enough
from casparian.core.sinks.text import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

INPUT_COLUMN = "_cf_input"
BUSY_SECONDS = 60.0
"""How long to wait for another writer before giving up."""

_LARGEST = 2**63 - 1
_PROMOTIONS = "_cf_promotions"
"""Which jobs' sets a database holds: a set is loaded once, whoever tries how often."""


@dataclass(frozen=True, slots=True)
class Load:
    """Rows for one table. Without a schema, what the input has there is only removed."""

    table: str
    input_id: str
    schema: Any | None
    tables: Callable[[], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a database holds of a job in prod mode: the fence of its set, and the set's tables."""

    fence: int
    tables: tuple[str, ...]


class Transaction:
    """One transaction on one file: begin, load as often as needed, commit or roll back."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _explained(path):
            self._made = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            try:
                self._begin()
            except BaseException:
                self._connection.close()
                raise

    def _begin(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                break
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.01, 0.05))
        # From here on only readers can be in the way, and only for moments.
        self._connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")

    def load(self, load: Load) -> None:
        """Replace the input's rows in one table."""
        with _explained(self._path):
            there = _columns(self._connection, load.table)
            if load.schema is None:
                if INPUT_COLUMN in there:
                    self._remove(load)
                return
            if there:
                _refuse_other_columns(self._path, load, there)
                self._remove(load)
            else:
                self._create(load)
            self._insert(load)

    def promotion(self, job_id: str) -> Promotion | None:
        """Return what was last loaded of a job, in this or an earlier transaction."""
        with _explained(self._path):
            if not _columns(self._connection, _PROMOTIONS):
                return None
            query = f"SELECT fence, tables FROM {_PROMOTIONS} WHERE job_id = ?"
            row = self._connection.execute(query, (job_id,)).fetchone()
            return None if row is None else Promotion(int(row[0]), tuple(json.loads(row[1])))

    def record(self, job_id: str, promotion: Promotion | None) -> None:
        """Note what is loaded of a job; None: nothing any more."""
        with _explained(self._path):
            self._connection.execute(
                f"CREATE TABLE IF NOT EXISTS {_PROMOTIONS} "
                "(job_id TEXT NOT NULL PRIMARY KEY, fence INTEGER NOT NULL, tables TEXT NOT NULL)"
            )
            self._connection.execute(f"DELETE FROM {_PROMOTIONS} WHERE job_id = ?", (job_id,))
            if promotion is not None:
                self._connection.execute(
                    f"INSERT INTO {_PROMOTIONS} VALUES (?, ?, ?)",
                    (job_id, promotion.fence, json.dumps(promotion.tables)),
                )

    def commit(self) -> None:
        """Make it visible."""
        with _explained(self._path):
            self._connection.execute("COMMIT")
        self._connection.close()

    def roll_back(self, *, alone: bool) -> None:
        """Undo everything; if ``alone`` (nobody else can have it open) a file made by this, too."""
        try:
            with closing(self._connection):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if self._made and alone and not self._path.stat().st_size:
                self._path.unlink()
        except (OSError, sqlite3.Error):
            pass  # the error that led here is the one to report

    def _create(self, load: Load) -> None:
        assert load.schema is not None
        columns = [f"{_name(f.name)} {_affinity(f.type)}".rstrip() for f in load.schema]
        columns.append(f"{_name(INPUT_COLUMN)} TEXT NOT NULL")
        self._connection.execute(f"CREATE TABLE {_name(load.table)} ({', '.join(columns)})")
        index = _name(f"{load.table}_{INPUT_COLUMN}")
        self._connection.execute(
            f"CREATE INDEX IF NOT EXISTS {index} ON {_name(load.table)} ({_name(INPUT_COLUMN)})"
        )

    def _remove(self, load: Load) -> None:
        self._connection.execute(
            f"DELETE FROM {_name(load.table)} WHERE {_name(INPUT_COLUMN)} = ?", (load.input_id,)
        )

    def _insert(self, load: Load) -> None:
        assert load.schema is not None
        names = [*load.schema.names, INPUT_COLUMN]
        statement = (
            f"INSERT INTO {_name(load.table)} ({', '.join(map(_name, names))}) "
            f"VALUES ({', '.join('?' * len(names))})"
        )
        for table in load.tables():
            for piece in small_enough(table):
                columns = [_values(column) for column in piece.columns]
                columns.append([load.input_id] * piece.num_rows)
                self._connection.executemany(statement, zip(*columns, strict=True))


def check(path: Path, load: Load) -> None:
    """Refuse before publishing what would fail then: other columns, numbers too large."""
    if load.schema is None:
        return
    folded = [name.casefold() for name in load.schema.names]
    for name in load.schema.names:
        if name.casefold() == INPUT_COLUMN:
            raise SinkError(
                f"cannot write {path}: the column name {name!r} is Casparian's own", path=path
            )
        if folded.count(name.casefold()) > 1:
            raise SinkError(
                f"cannot write {path}: SQLite does not tell columns apart by case, and table "
                f"{load.table!r} has {name!r} twice",
                hint="rename one of them in the parser",
                path=path,
            )
    _refuse_large_numbers(path, load)
    with _reading(path) as connection:
        if connection is not None and (there := _columns(connection, load.table)):
            _refuse_other_columns(path, load, there)


def has_rows_of(path: Path, table: str, input_id: str) -> bool:
    """Whether the table holds rows of that input; one that cannot be read holds none."""
    try:
        with _reading(path) as connection:
            if connection is None or INPUT_COLUMN not in _columns(connection, table):
                return False
            query = f"SELECT 1 FROM {_name(table)} WHERE {_name(INPUT_COLUMN)} = ? LIMIT 1"
            return connection.execute(query, (input_id,)).fetchone() is not None
    except SinkError:
        return False


def loaded_fence(path: Path, job_id: str) -> int | None:
    """Return the fence of what a database holds of a job; None if nothing. Raises SinkError."""
    with _reading(path) as connection:
        if connection is None or not _columns(connection, _PROMOTIONS):
            return None
        query = f"SELECT fence FROM {_PROMOTIONS} WHERE job_id = ?"
        row = connection.execute(query, (job_id,)).fetchone()
        return None if row is None else int(row[0])


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None if there is no database yet."""
    with _explained(path):
        if not path.is_file() or not path.stat().st_size:
            yield None
            return
        # A read-only connection to a WAL database would make its side files; immutable=1 makes
        # none.
        quiet = not Path(f"{path}-wal").exists() and not Path(f"{path}-journal").exists()
        uri = f"file:{quote(os.fsencode(path))}?mode=ro{'&immutable=1' if quiet else ''}"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
            yield connection


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """The table's columns and their declared types; empty if there is no such table."""
    rows = connection.execute(f"PRAGMA table_info({_name(table)})").fetchall()
    return {str(row[1]): str(row[2]) for row in rows}


def _refuse_other_columns(path: Path, load: Load, there: dict[str, str]) -> None:
    assert load.schema is not None
    wanted = {field.name.casefold(): field for field in load.schema}
    present = {name.casefold(): (name, declared) for name, declared in there.items()}
    complaints = []
    missing = [field.name for key, field in wanted.items() if key not in present]
    if INPUT_COLUMN not in present:
        missing.append(INPUT_COLUMN)
    extra = [
        name for key, (name, _) in present.items() if key not in wanted and key != INPUT_COLUMN
    ]
    if missing:
        complaints.append(f"it has no {', '.join(map(repr, missing))}")
    if extra:
        complaints.append(f"it also has {', '.join(map(repr, extra))}")
    for key, field in wanted.items():
        name, declared = present.get(key, (field.name, ""))
        needed = _affinity(field.type)
        if needed and declared and _declared_affinity(declared) != needed:
            complaints.append(f"{name!r} is {declared} there, {needed} is needed")
    if complaints:
        raise SinkError(
            f"cannot write {path}: table {load.table!r} exists with other columns: "
            f"{'; '.join(complaints)}",
            hint="choose another table or file, or drop that table",
            path=path,
        )


def _refuse_large_numbers(path: Path, load: Load) -> None:
    assert load.schema is not None
    names = [field.name for field in load.schema if field.type == pa.uint64()]
    if not names:
        return
    for table in load.tables():
        for name in names:
            largest = pc.max(table.column(name)).as_py()
            if largest is not None and largest > _LARGEST:
                raise SinkError(
                    f"cannot write {path}: column {name!r} holds {largest}, more than "
                    f"SQLite's largest whole number ({_LARGEST})",
                    hint="declare the column as string or decimal(20,0)",
                    path=path,
                )


def _affinity(kind: Any) -> str:
    types = pa.types
    if types.is_null(kind):
        return ""  # nothing is known of it: SQLite keeps whatever comes later as it is
    if types.is_integer(kind) or types.is_boolean(kind):
        return "INTEGER"
    if types.is_floating(kind):
        return "REAL"
    return "BLOB" if _is_binary(kind) else "TEXT"


def _declared_affinity(declared: str) -> str:
    """What SQLite makes of a declared type (its documented rules, in their order)."""
    word = declared.upper()
    for parts, affinity in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(part in word for part in parts):
            return affinity
    return "NUMERIC"


def _values(column: Any) -> list[Any]:
    kind = column.type
    types = pa.types
    if types.is_floating(kind):
        return ["NaN" if v is not None and math.isnan(v) else v for v in column.to_pylist()]
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind) or _is_binary(kind):
        return list(column.to_pylist())
    return list(text(column).to_pylist())


def _is_binary(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _is_busy(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    from casparian.core.sinks.errors import disk_error

    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error
    except sqlite3.Error as error:
        raise _database_error(path, error) from error


def _database_error(path: Path, error: sqlite3.Error) -> SinkError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    elsewhere = "choose another file: run --sink sqlite://FILE, worker --output sqlite://FILE"
    say, hint, retryable = str(error), elsewhere, False
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        say = f"another program has been writing to it for {BUSY_SECONDS:.0f} s"
        hint, retryable = "close the program that has it open, and run again", True
    elif code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        say = f"the disk is full or failed ({error})"
        hint, retryable = f"free some space, or {elsewhere}", True
    elif code == sqlite3.SQLITE_NOTADB:
        say = "it exists and is not a SQLite database"
    elif path.is_dir():
        say = "it is a folder, not a file"
    elif code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        say = f"it cannot be opened for writing ({error})"
        hint = f"check the permissions of {path.parent}, or {hint}"
    return SinkError(f"cannot write {path}: {say}", hint=hint, path=path, retryable=retryable)

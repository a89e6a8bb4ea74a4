"""Machine-control logs: CSV without a header, a different number of fields per kind of record.

    2024-01-15T08:00:00.125Z,TEMP,oven-2,181.4,C
    2024-01-15T08:00:03.000Z,COUNT,press-1,1200
    2024-01-15T08:02:11.480Z,STATE,press-1,RUNNING,STOPPED
    2024-01-15T08:02:11.502Z,ALARM,press-1,E-417,high,"Guard open, stopped"

Each kind becomes an output of its own with its own contract. Lines that are no record go, as they
are, to `unrecognised`: nothing of the file is lost. A CSV file *with* a header is taken too: each
of its cells becomes a row of `records`, enough to look at a file that nobody has a parser for yet.
"""

import csv
from itertools import zip_longest

from casparian_types import Output

ROWS_PER_BATCH = 5_000

# Kind of record -> its output and the names of its fields.
KINDS = {
    "TEMP": ("temperatures", ("time", "kind", "machine", "reading", "unit")),
    "COUNT": ("counts", ("time", "kind", "machine", "pieces")),
    "STATE": ("states", ("time", "kind", "machine", "previous", "state")),
    "ALARM": ("alarms", ("time", "kind", "machine", "code", "severity", "note")),
}

LINE = {"type": "int64", "min": 1}
TIME = "timestamp(ms, UTC)"
MACHINE = {"type": "string", "pattern": "[a-z]+-[0-9]+"}
STATES = ["IDLE", "SETUP", "RUNNING", "STOPPED"]


class Parser:
    name = "mcdata"
    version = "1.0.0"
    topics = ["machine_logs"]
    outputs = {
        "temperatures": {
            "line": LINE,
            "time": TIME,
            "machine": MACHINE,
            "reading": "decimal(6,2)",
            "unit": {"type": "string", "enum": ["C", "F"]},
        },
        "counts": {
            "line": LINE,
            "time": TIME,
            "machine": MACHINE,
            "pieces": {"type": "int64", "min": 0},
        },
        "states": {
            "line": LINE,
            "time": TIME,
            "machine": MACHINE,
            # The logger writes "-" for the first state after it was switched on.
            "previous": {"type": "string", "enum": STATES, "nullable": True, "null_tokens": ["-"]},
            "state": {"type": "string", "enum": STATES},
        },
        "alarms": {
            "line": LINE,
            "time": TIME,
            "machine": MACHINE,
            "code": {"type": "string", "pattern": "E-[0-9]{3}"},
            "severity": {"type": "string", "enum": ["low", "medium", "high"]},
            "note": {"type": "string", "nullable": True, "null_tokens": [""], "max_length": 200},
        },
        "unrecognised": {"line": LINE, "reason": "string", "text": "string"},
        "records": {
            "line": LINE,
            "field": "string",
            "value": {"type": "string", "nullable": True},
        },
    }

    def parse(self, ctx):
        if has_header(ctx.input_path):
            ctx.log.info("the file has a header: reading it as generic records")
            rows = read_records(ctx.input_path)
        else:
            rows = read_log(ctx)
        yield from in_batches(rows)


def has_header(path):
    """Does the first line name columns: all differ, none is empty or begins with a digit."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = next(csv.reader([file.readline()]), [])
    named = all(field and not field[0].isdigit() for field in first)
    return bool(first) and named and len(set(first)) == len(first)


def read_log(ctx):
    """Yield (output, row) for each line of a machine log."""
    total = ctx.input_path.stat().st_size
    done = 0
    with ctx.input_path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            done += len(raw)
            if raw.strip():
                yield read_line(number, raw)
            if number % ROWS_PER_BATCH == 0:
                ctx.progress(done, total)
    ctx.progress(done, total)


def read_line(number, raw):
    """Turn one line into (output, row)."""
    try:
        text = raw.decode("utf-8-sig").rstrip("\r\n")
        # One line at a time: a quotation mark that is never closed spoils its own line only.
        fields = next(csv.reader([text], strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        text = raw.decode("utf-8", errors="backslashreplace").rstrip("\r\n")
        return unrecognised(number, str(error), text)

    kind = fields[1] if len(fields) > 1 else ""
    if kind not in KINDS:
        return unrecognised(number, f"no kind of record is called {kind!r}", text)
    output, names = KINDS[kind]
    if len(fields) != len(names):
        reason = f"{kind} has {len(names)} fields, this line has {len(fields)}"
        return unrecognised(number, reason, text)
    # The values stay texts: what is a number, and which, is for the contract to say.
    row = {name: value for name, value in zip(names, fields, strict=True) if name != "kind"}
    return output, {"line": number, **row}


def unrecognised(number, reason, text):
    return "unrecognised", {"line": number, "reason": reason, "text": text}


def read_records(path):
    """Yield ("records", row) for each cell of a CSV file with a header."""
    with path.open(encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        line = reader.line_num + 1
        for cells in reader:
            extra = [f"(extra {n})" for n in range(1, len(cells) - len(header) + 1)]
            if cells:  # not a blank line
                for field, value in zip_longest(header + extra, cells):
                    yield "records", {"line": line, "field": field, "value": value}
            line = reader.line_num + 1  # a quoted cell may span lines: a record's line is its first


def in_batches(rows):
    """Collect (output, row) pairs and yield them as outputs of at most ROWS_PER_BATCH rows."""
    waiting = {}
    for output, row in rows:
        batch = waiting.setdefault(output, [])
        batch.append(row)
        if len(batch) == ROWS_PER_BATCH:
            yield Output(output, waiting.pop(output))
    for output, batch in waiting.items():
        yield Output(output, batch)

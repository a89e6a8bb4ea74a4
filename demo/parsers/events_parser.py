"""Event streams: one JSON object per line, read line by line, so that a file of any size fits.

    {"id": 1001, "time": "2024-01-15T08:00:00.125Z", "user": "u-17", "kind": "login"}
    {"id": 1002, "time": "2024-01-15T08:00:04Z", "user": "u-17", "kind": "refund", "amount": 12.5}

The values go on just as JSON has them. An id that is a number in one line and a text in the next
is not made one of them here: the contract decides, and quarantine explains the others.
"""

import json

from casparian_types import Output

ROWS_PER_BATCH = 5_000
COLUMNS = ("id", "time", "user", "kind", "amount")


class Parser:
    name = "events"
    version = "1.0.0"
    topics = ["events"]
    outputs = {
        "events": {
            "line": {"type": "int64", "min": 1},
            "id": {"type": "int64", "min": 1},
            "time": "timestamp(ms, UTC)",
            "user": {"type": "string", "pattern": "u-[0-9]+"},
            "kind": {"type": "string", "enum": ["login", "view", "purchase", "refund", "logout"]},
            # 12.5 arrives as a float; `from_float` takes it for the decimal that was written.
            "amount": {"type": "decimal(10,2)", "nullable": True, "from_float": True},
            # Whatever else an event carries, as JSON.
            "extra": {"type": "string", "nullable": True},
        },
        "broken_lines": {
            "line": {"type": "int64", "min": 1},
            "reason": "string",
            "text": "string",
        },
    }

    def parse(self, ctx):
        events, broken = [], []
        done, total = 0, ctx.input_path.stat().st_size
        with ctx.input_path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                done += len(raw)
                if not raw.strip():
                    continue
                try:
                    events.append({"line": number, **read_event(raw)})
                except (ValueError, RecursionError) as error:
                    text = raw.decode("utf-8", errors="backslashreplace").strip()
                    broken.append({"line": number, "reason": str(error), "text": text})
                if len(events) + len(broken) == ROWS_PER_BATCH:
                    yield from outputs(events, broken)
                    events, broken = [], []
                    ctx.progress(done, total)
        yield from outputs(events, broken)
        ctx.progress(done, total)


def read_event(raw):
    """Turn one line into a row; ValueError if it holds no JSON object."""
    event = json.loads(raw.decode("utf-8").rstrip(), parse_constant=refuse)
    if not isinstance(event, dict):
        raise ValueError(f"expected a JSON object, found {type(event).__name__}")
    row = {column: event.pop(column, None) for column in COLUMNS}
    row["extra"] = json.dumps(event, ensure_ascii=False) if event else None
    return row


def refuse(constant):
    """Python's json would take NaN and Infinity, which JSON has not."""
    raise ValueError(f"{constant} is not JSON")


def outputs(events, broken):
    """Yield what has been collected; an output without rows is left out."""
    if events:
        yield Output("events", events)
    if broken:
        yield Output("broken_lines", broken)

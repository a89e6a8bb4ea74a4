"""FIX logs: one message per line, behind whatever the engine's log writes in front of it.

    2024-01-15 08:00:00,125 INFO [BUYSIDE->VENUE] 8=FIX.4.4|9=112|35=D|49=BUYSIDE|…|10=093|

Fields may be separated by SOH (as on the wire), by "|" or by "^A" (as many logs show SOH). Every
message is held against its own body length (9) and checksum (10); one that fails goes to `damaged`
with the reason. A sound message gives a row of `messages`, one row of `fields` per field, repeating
groups included, and a typed row of `orders` (35=D) or `executions` (35=8). Lines without a message
are kept in `notes`.

The parser needs only the standard library and holds at most a few thousand rows at a time.
"""

import re

from casparian_types import Output

ROWS_PER_BATCH = 5_000

START = re.compile(rb"8=FIXT?\.[0-9]\.[0-9](\x01|\||\^A)")
TAG = re.compile(rb"([1-9][0-9]{0,8})=")
LENGTH = re.compile(rb"[0-9]{1,9}")

# A data field may hold any byte, the separator too; its length stands in the field before it.
DATA_FIELDS = {90: 91, 93: 89, 95: 96, 212: 213, 348: 349, 350: 351, 352: 353, 354: 355}

# Repeating groups: the field that counts the entries -> the fields an entry may hold. The field
# after the counter opens every entry. An entry may hold a group of its own (802 within 453).
GROUPS = {
    146: {55, 48, 22, 460, 167, 200, 541, 15},
    267: {269},
    268: {269, 279, 278, 270, 271, 272, 273, 55, 48, 22, 15, 290, 346, 1023, 37, 58},
    453: {448, 447, 452, 802},
    802: {523, 803},
}

SIDES = {"1": "buy", "2": "sell", "5": "sell short", "6": "sell short exempt"}
ORDER_TYPES = {"1": "market", "2": "limit", "3": "stop", "4": "stop limit"}
STATUSES = {"0": "new", "1": "partly filled", "2": "filled", "4": "cancelled", "8": "rejected"}

LINE = {"type": "int64", "min": 1}
TIME = "timestamp(us, UTC)"
QUANTITY = "decimal(18,4)"
PRICE = {"type": "decimal(18,6)", "nullable": True}
OPTIONAL_TEXT = {"type": "string", "nullable": True}


class Parser:
    name = "fix"
    version = "1.0.0"
    topics = ["fix_logs"]
    outputs = {
        "messages": {
            "line": LINE,
            "prefix": OPTIONAL_TEXT,
            "fix_version": "string",
            "message_type": "string",
            "sender": "string",
            "target": "string",
            "sequence": {"type": "int64", "min": 1},
            "sent_at": TIME,
        },
        "fields": {
            "line": LINE,
            "position": {"type": "int64", "min": 1},
            # Where the field stands: null, or the entry it belongs to, such as "453[2].802[1]".
            "entry": OPTIONAL_TEXT,
            "tag": {"type": "int64", "min": 1},
            "value": "string",
        },
        "orders": {
            "line": LINE,
            "time": TIME,
            "client_order_id": "string",
            "symbol": "string",
            "side": {"type": "string", "enum": list(SIDES.values())},
            "order_type": {"type": "string", "enum": list(ORDER_TYPES.values())},
            "quantity": QUANTITY,
            "limit_price": PRICE,
        },
        "executions": {
            "line": LINE,
            "time": TIME,
            "execution_id": "string",
            "order_id": "string",
            "client_order_id": OPTIONAL_TEXT,
            "symbol": "string",
            "side": {"type": "string", "enum": list(SIDES.values())},
            "status": {"type": "string", "enum": list(STATUSES.values())},
            "last_quantity": {"type": QUANTITY, "nullable": True},
            "last_price": PRICE,
            "done_quantity": QUANTITY,
            "open_quantity": QUANTITY,
        },
        "damaged": {"line": LINE, "reason": "string", "text": "string"},
        "notes": {"line": LINE, "text": "string"},
    }

    def parse(self, ctx):
        done, total = 0, ctx.input_path.stat().st_size
        waiting = {}
        with ctx.input_path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                done += len(raw)
                for output, row in read_line(raw.rstrip(b"\r\n")):
                    batch = waiting.setdefault(output, [])
                    batch.append({"line": number, **row})
                    if len(batch) == ROWS_PER_BATCH:
                        yield Output(output, waiting.pop(output))
                        ctx.progress(done, total)
        for output, batch in waiting.items():
            yield Output(output, batch)
        ctx.progress(done, total)


class DamagedError(Exception):
    """A message that cannot be trusted; the text says why."""


def read_line(raw):
    """Yield (output, row) for everything that one line of the log gives."""
    if not raw.strip():
        return
    start = START.search(raw)
    if start is None:
        yield "notes", {"text": decode(raw)}
        return
    try:
        fields = split(raw[start.start() :], start.group(1))
        check(fields)
        entries = find_entries([tag for tag, _ in fields], [value for _, value in fields])
    except DamagedError as error:
        yield "damaged", {"reason": str(error), "text": decode(raw)}
        return

    texts = [(tag, decode(value)) for tag, value in fields]
    # A field within a repeating group is not the message's own: 55 in a list of twenty symbols says
    # nothing about the symbol of the message.
    own = {tag: text for (tag, text), entry in zip(texts, entries, strict=True) if entry is None}
    yield "messages", read_message(own, decode(raw[: start.start()]).strip())
    for position, ((tag, text), entry) in enumerate(zip(texts, entries, strict=True), start=1):
        yield "fields", {"position": position, "entry": entry, "tag": tag, "value": text}
    if own[35] == "D":
        yield "orders", read_order(own)
    elif own[35] == "8":
        yield "executions", read_execution(own)


def split(message, separator):
    """Cut a message into (tag, value) pairs, up to and including its checksum."""
    fields = []
    at = 0
    while at < len(message):
        found = TAG.match(message, at)
        if found is None:
            raise DamagedError(f"field {len(fields) + 1} is not tag=value")
        tag = int(found.group(1))
        last_tag, last_value = fields[-1] if fields else (0, b"")
        if DATA_FIELDS.get(last_tag) == tag and LENGTH.fullmatch(last_value):
            end = found.end() + int(last_value)
            if message[end : end + len(separator)] != separator:
                raise DamagedError(f"data field {tag} does not end where {last_tag} says")
        else:
            end = message.find(separator, found.end())
            if end < 0:  # the last separator is often stripped by the log
                end = len(message)
        fields.append((tag, message[found.end() : end]))
        if tag == 10:
            return fields
        at = end + len(separator)
    raise DamagedError("the message ends without a checksum (10)")


def check(fields):
    """Hold a message against its own body length and checksum."""
    if [tag for tag, _ in fields[:3]] != [8, 9, 35]:
        raise DamagedError("the first three fields are not 8, 9 and 35")
    # As on the wire: tag=value and one SOH, whatever this log puts in place of SOH.
    wire = [b"%d=%s\x01" % field for field in fields[:-1]]
    length = sum(len(field) for field in wire[2:])
    claimed = decode(fields[1][1])
    if claimed != str(length):
        raise DamagedError(f"body length (9) says {claimed}, the body has {length} bytes")
    checksum = f"{sum(sum(field) for field in wire) % 256:03d}"
    claimed = decode(fields[-1][1]).strip()
    if claimed != checksum:
        raise DamagedError(f"checksum (10) says {claimed}, the bytes add up to {checksum}")


def find_entries(tags, values):
    """Say for each field which entry of which repeating group it belongs to, None if to none."""
    entries = [None] * len(tags)
    at = 0
    while at < len(tags):
        at = mark_group(tags, values, at, None, entries) if tags[at] in GROUPS else at + 1
    return entries


def mark_group(tags, values, counter, parent, entries):
    """Mark the group whose counter stands at `counter`; return the position after the group."""
    if values[counter] == b"0":
        return counter + 1
    group = tags[counter]
    opener = tags[counter + 1] if counter + 1 < len(tags) else None
    number, at = 0, counter + 1
    while at < len(tags) and tags[at] in GROUPS[group]:
        if tags[at] == opener:
            number += 1
        name = f"{group}[{number}]"
        entries[at] = name if parent is None else f"{parent}.{name}"
        at = mark_group(tags, values, at, entries[at], entries) if tags[at] in GROUPS else at + 1
    if values[counter] != b"%d" % number:
        claimed = decode(values[counter])
        raise DamagedError(f"group {group} announces {claimed} entries and has {number}")
    return at


def read_message(own, prefix):
    return {
        "prefix": prefix or None,
        "fix_version": own[8],
        "message_type": own[35],
        "sender": own.get(49),
        "target": own.get(56),
        "sequence": own.get(34),
        "sent_at": with_zone(own.get(52)),
    }


def read_order(own):
    return {
        "time": with_zone(own.get(60)),
        "client_order_id": own.get(11),
        "symbol": own.get(55),
        "side": word(SIDES, own.get(54)),
        "order_type": word(ORDER_TYPES, own.get(40)),
        "quantity": own.get(38),
        "limit_price": own.get(44),
    }


def read_execution(own):
    return {
        "time": with_zone(own.get(60)),
        "execution_id": own.get(17),
        "order_id": own.get(37),
        "client_order_id": own.get(11),
        "symbol": own.get(55),
        "side": word(SIDES, own.get(54)),
        "status": word(STATUSES, own.get(39)),
        "last_quantity": own.get(32),
        "last_price": own.get(31),
        "done_quantity": own.get(14),
        "open_quantity": own.get(151),
    }


def word(words, code):
    """Give a code's word; an unknown code stays as it is, so that quarantine can show it."""
    return words.get(code, code)


def with_zone(time):
    """Write FIX's 20240115-08:00:00.125 as 2024-01-15T08:00:00.125Z: it is UTC without saying so.

    Only the spelling changes. A text of any other form is left alone: quarantine shows what it was.
    """
    return time and re.sub(r"^(\d{4})(\d\d)(\d\d)-(\d\d:\d\d:\d\d.*)$", r"\1-\2-\3T\4Z", time)


def decode(raw):
    """Make text of bytes; those that are not UTF-8 are shown as \\xNN."""
    return raw.decode("utf-8", errors="backslashreplace")

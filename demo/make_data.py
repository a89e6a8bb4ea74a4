"""Write the demo's logs to demo/data, the same bytes each time. (The sales are written by hand.)

Run: python demo/make_data.py [FOLDER]
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

DATA = Path(__file__).with_name("data")
START = datetime(2024, 1, 15, 8, tzinfo=timezone.utc)


def main(folder):
    log = machine_log()
    write_lines(folder / "mcdata_good.log", log)
    write_lines(folder / "mcdata_damaged.log", damage_machine_log(log))

    session = fix_session()
    write_lines(folder / "fix_good.log", fix_log(session, b"|"))
    write_lines(folder / "fix_soh.log", fix_log(session, b"\x01"))
    write_lines(folder / "fix_damaged.log", damage_fix_log(session))

    events = [json.dumps(event, ensure_ascii=False).encode() for event in event_stream()]
    write_lines(folder / "events.jsonl", events)
    write_lines(folder / "events_damaged.jsonl", damage_events(events))


def write_lines(path, lines):
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def replaced(lines, changes):
    """Apply {line number: [(old, new), …]}; a change that no longer fits is an error."""
    lines = list(lines)
    for number, pairs in changes.items():
        for old, new in pairs:
            before = lines[number - 1]
            if old not in before:
                raise ValueError(f"line {number} holds no {old!r}: {before!r}")
            lines[number - 1] = before.replace(old, new, 1)
    return lines


# Machine logs ------------------------------------------------------------------------------------


def machine_log():
    """A quiet hour and a half of one oven and two presses, with one fault."""
    random = Random(2024)
    records = []  # (seconds after the start, what follows the time)
    for machine in ("oven-2", "press-1", "press-4"):
        records.append((0.25 + random.random(), f"STATE,{machine},-,IDLE"))
        records.append((20 + 20 * random.random(), f"STATE,{machine},IDLE,RUNNING"))
    heat = 24.0
    for minute in range(90):
        heat += (182 - heat) * 0.12 + random.random() - 0.5
        records.append((60 * minute + 5 + random.random(), f"TEMP,oven-2,{heat:.1f},C"))
    for machine, rate in (("press-1", 41), ("press-4", 37)):
        pieces = 0
        for minute in range(2, 90, 2):
            pieces += 2 * rate + int(5 * random.random())
            records.append((60 * minute + random.random(), f"COUNT,{machine},{pieces}"))
    records += [
        (1204.310, 'ALARM,press-1,E-417,high,"Guard open, stopped"'),
        (1204.318, "STATE,press-1,RUNNING,STOPPED"),
        (1391.002, "STATE,press-1,STOPPED,RUNNING"),
        (2750.777, 'ALARM,oven-2,E-112,low,"Door seal: service due"'),
        (3122.040, "ALARM,press-4,E-230,medium,"),
        (3122.051, "STATE,press-4,RUNNING,SETUP"),
        (3301.900, "STATE,press-4,SETUP,RUNNING"),
        (4811.440, 'ALARM,press-1,E-305,medium,"Feeder ""B"" empty"'),
    ]
    return [f"{iso(seconds)},{record}".encode() for seconds, record in sorted(records)]


def damage_machine_log(log):
    """The log's first minutes as a worn-out disk and a loose probe leave it."""
    log = replaced(log[:56] + [line for line in log[56:] if b"ALARM" in line], MACHINE_DAMAGE)
    return [*log[:30], b"# logger restarted, battery low", *log[30:]]


# Line of the log -> what to replace by what.
MACHINE_DAMAGE = {
    # Records whose values break the contract: these are quarantined.
    4: [(b"42.7", b"ERR")],
    8: [(b"59.8", b"59.8341"), (b",C", b",K")],
    9: [(b",82", b",-1")],
    10: [(b",78", b",")],
    13: [(b",165", b',"1,165"')],
    15: [(b"Z,", b",")],
    17: [(b"01-15", b"01-32")],
    19: [(b"oven-2", b"OVEN2")],
    48: [(b",STOPPED", b",MELTED")],
    57: [(b"E-112", b"E-12"), (b",low,", b",urgent,")],
    # Lines that are no record any more: these go to `unrecognised`.
    21: [(b",329", b"")],
    23: [(b"TEMP", b"VIBR")],
    25: [(b",378", b",378,379")],
    27: [(b"MP,oven-2,143.1,C", b"")],
    28: [(b"oven-2", b"oven\xff2")],
    47: [(b'stopped"', b"stopped")],
}


# FIX logs ----------------------------------------------------------------------------------------

BUYER, VENUE = "BUYSIDE", "VENUE"
SYMBOLS = {"ALFA": 41.20, "BETA": 7.85, "GAMA": 128.40}


def fix_session():
    """A short session: (seconds, fields) for a message, (seconds, text) for an engine note."""
    return Session().play()


class Session:
    def __init__(self):
        self.random = Random(44)
        self.now = 0.0
        self.sequence = {BUYER: 0, VENUE: 0}
        self.lines = []

    def play(self):
        self.note("engine 3.2 started")
        self.note("session BUYSIDE->VENUE: connecting")
        self.send(BUYER, "A", [(98, "0"), (108, "30")])
        self.send(VENUE, "A", [(98, "0"), (108, "30")])
        self.send(BUYER, "V", self.market_data_request())
        for symbol in SYMBOLS:
            self.send(VENUE, "W", self.snapshot(symbol))
        for number in range(1, 13):
            self.order(number)
            if number % 4 == 0:
                self.now += 30
                self.note("session BUYSIDE->VENUE: 30 s without traffic, heartbeat due")
                self.send(BUYER, "0", [])
                self.send(VENUE, "0", [])
        self.send(BUYER, "5", [(58, "End of day")])
        self.send(VENUE, "5", [])
        self.note("session BUYSIDE->VENUE: closed")
        return self.lines

    def note(self, text):
        self.now += 0.2
        self.lines.append((self.now, text))

    def send(self, sender, kind, body):
        self.now += 0.1 + self.random.random()
        self.sequence[sender] += 1
        header = [
            (35, kind),
            (49, sender),
            (56, VENUE if sender == BUYER else BUYER),
            (34, str(self.sequence[sender])),
            (52, fix_time(self.now)),
        ]
        self.lines.append((self.now, header + body))

    def market_data_request(self):
        symbols = [(55, symbol) for symbol in SYMBOLS]
        kinds = [(267, "2"), (269, "0"), (269, "1")]
        return [(262, "MD-1"), (263, "1"), (264, "2"), *kinds, (146, str(len(symbols))), *symbols]

    def snapshot(self, symbol):
        entries = []
        for side, sign in (("0", -1), ("1", 1)):
            for level in (1, 2):
                price = SYMBOLS[symbol] + sign * level * 0.05
                size = 100 * (1 + int(9 * self.random.random()))
                entries += [(269, side), (270, f"{price:.2f}"), (271, str(size))]
        return [(262, "MD-1"), (55, symbol), (268, "4"), *entries]

    def order(self, number):
        """Send an order and its execution reports: accepted, then filled in one or two parts."""
        symbol = list(SYMBOLS)[number % 3]
        side = "12"[number % 2]
        quantity = 100 * (1 + int(9 * self.random.random()))
        price = SYMBOLS[symbol] + (0.05 if side == "1" else -0.05)
        client_id = f"C{number:04d}"
        body = [(11, client_id)]
        if number % 3 == 0:
            body += [(453, "2"), (448, "DESK4"), (447, "D"), (452, "24")]
            body += [(448, "A17"), (447, "D"), (452, "11")]
            body += [(802, "2"), (523, "A. Moreau"), (803, "9"), (523, "Lyon"), (803, "31")]
        body += [(55, symbol), (54, side), (60, fix_time(self.now)), (38, str(quantity))]
        body += [(40, "1")] if number % 4 == 0 else [(40, "2"), (44, f"{price:.2f}")]
        if number == 5:
            ticket = "ticket|7\x01desk=4|Zürich"  # both separators within a data field
            body += [(95, str(len(ticket.encode()))), (96, ticket)]
        self.send(BUYER, "D", body)

        done = 0
        parts = [0, quantity] if number % 2 else [0, 100, quantity - 100]
        for part in parts if quantity > 100 else [0, quantity]:
            done += part
            status = "0" if done == 0 else "2" if done == quantity else "1"
            report = [(37, f"V{7000 + number}"), (17, f"X{len(self.lines):05d}"), (11, client_id)]
            report += [(150, "F" if part else "0"), (39, status), (55, symbol), (54, side)]
            report += [(32, str(part)), (31, f"{price:.2f}")] if part else []
            report += [(151, str(quantity - done)), (14, str(done)), (60, fix_time(self.now))]
            self.send(VENUE, "8", report)


def fix_time(seconds):
    return iso(seconds).replace("-", "").replace("T", "-").rstrip("Z")


def fix_log(session, separator):
    """Write a session as the log of an engine."""
    lines = []
    for seconds, content in session:
        time = iso(seconds).replace("T", " ").replace(".", ",").rstrip("Z")
        if isinstance(content, str):
            lines.append(f"{time} INFO  [engine] {content}".encode())
        else:
            prefix = f"{time} DEBUG [{content[1][1]}->{content[2][1]}] ".encode()
            lines.append(prefix + encode(content, separator))
    return lines


def encode(fields, separator):
    """Write a message with its body length and its checksum, which are those of the wire's form."""
    body = [f"{tag}={value}".encode() for tag, value in fields]
    length = sum(len(field) + 1 for field in body)
    whole = [b"8=FIX.4.4", f"9={length}".encode(), *body]
    checksum = sum(sum(field) + 1 for field in whole) % 256
    return separator.join([*whole, f"10={checksum:03d}".encode(), b""])


def damage_fix_log(session):
    """Values that break the contract under a good checksum, then damage to the written lines."""
    session = list(session)
    for number, tag, value in FIX_VALUES:
        seconds, fields = session[number - 1]
        at = [of for of, _ in fields].index(tag)
        changed = [] if value is None else [(tag, value)]
        session[number - 1] = (seconds, fields[:at] + changed + fields[at + 1 :])
    return replaced(fix_log(session, b"|"), FIX_DAMAGE)


# Line, tag, and the value it gets; None takes the field away.
FIX_VALUES = [
    (6, 268, "5"),
    (12, 38, "1,000"),
    (14, 31, "n/a"),
    (16, 54, "Z"),
    (16, 60, "20240115-25:00:06"),
    (19, 55, None),
    (20, 39, "Q"),
    (24, 34, "seven"),
    (60, 52, "20240230-08:01:56"),
]
# Line of the log -> what to replace by what. All of these end in `damaged`.
FIX_DAMAGE = {
    11: [(b"31=7.80", b"31=9.80")],
    26: [(b"95=23", b"95=29")],
    31: [(b"|60=20240115-08:00:45.139|10=013|", b"|60=2024")],
    36: [(b"|40=1|", b"|")],
    45: [(b"9=162|35=8", b"35=8|9=162")],
}


# Event streams -----------------------------------------------------------------------------------


def event_stream():
    """Three hundred events of a small shop."""
    random = Random(1001)
    seconds = 0.0
    for number in range(1001, 1301):
        seconds += 30 * random.random()
        kind = random.choices(["view", "login", "purchase", "logout", "refund"], [60, 15, 15, 8, 2])
        event = {
            "id": number,
            "time": iso(seconds),
            "user": f"u-{11 + int(30 * random.random())}",
            "kind": kind[0],
        }
        if kind[0] in ("purchase", "refund"):
            event["amount"] = round(2 + 80 * random.random(), 2)
        if kind[0] == "view":
            event["page"] = random.choice(["/jam", "/towels", "/café", "/oil?size=500"])
        yield event


def damage_events(events):
    """The first sixty events as several careless producers write them."""
    return [*replaced(events[:60], EVENT_DAMAGE), b'["not", "an event"]']


EVENT_DAMAGE = {
    # Values that break the contract: these events are quarantined.
    3: [(b"17.93", b"17.935")],
    5: [(b"1005", b'"A-17"')],
    7: [(b"34.53", b'"34,53"')],
    12: [(b'"u-36"', b"36"), (b"logout", b"log out")],
    15: [(b'Z"', b'"')],
    18: [(b"81.59", b"true")],
    20: [(b'"u-37"', b"null")],
    24: [(b"1024", b"1024.5")],
    33: [(b', "time": "2024-01-15T08:07:43.561Z", "user": "u-38", "kind": "login"', b"")],
    40: [(b"1040", b"9223372036854775808")],
    # A number written as a text is still that number: this one passes.
    8: [(b"1008", b'"1008"')],
    # Lines that are not JSON: these go to `broken_lines`.
    10: [(b', "kind": "view", "page": "/jam"}', b', "ki')],
    13: [(b"5.08", b"NaN")],
    31: [(b"u-24", b"u-\xff24")],
}


def iso(seconds):
    time = START + timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)

"""Lines of a log in memory and in a file that grows."""

from __future__ import annotations

import pytest

from casparian.app.tui.widgets.log_file import LogFile
from casparian.app.tui.widgets.log_lines import CHOICES, LogLine, LogLines
from casparian.core.events import Log
from casparian.core.logs import File, open_destination


def lines(first: int, last: int) -> list[LogLine]:
    return [LogLine("error" if n % 10 == 0 else "info", f"line {n}") for n in range(first, last)]


@pytest.mark.parametrize("choice", ["all", "errors"])
def test_the_newest_lines_are_kept_and_the_others_counted(choice):
    log = LogLines(kept=1_000)
    log.choose(CHOICES[choice])
    added = gone = 0
    for first in range(0, 10_000, 70):
        more, less = log.append(lines(first, min(10_000, first + 70)))
        added, gone = added + more, gone + less

    every = 1 if choice == "all" else 10
    assert added == 10_000 // every
    assert log.total == 10_000
    assert 1_000 <= log.total - log.dropped <= 1_100
    assert log.shown == added - gone == len(range(-(-log.dropped // every), 10_000 // every))
    assert log.at(log.shown - 1).text == f"line {10_000 - every}"
    number = log.number_at(3)
    assert log.place_of(number) == 3
    assert log.place_of(0) is None


def test_levels_can_be_chosen_later():
    log = LogLines()
    log.append(lines(0, 100))
    log.choose({"error"})

    assert [log.at(place).text for place in range(log.shown)] == [
        f"line {n}" for n in range(0, 100, 10)
    ]
    assert log.place_of(1) is None


def test_finding_goes_around_both_ways():
    log = LogLines()
    log.append([LogLine("info", text) for text in ("a", "X", "b", "x")])

    assert log.find("x", 1) == 3
    assert log.find("x", 3) == 1
    assert log.find("x", 1, backwards=True) == 3
    assert log.find("(", 0) is None


def read_all(file: LogFile) -> list[LogLine]:
    found: list[LogLine] = []
    while more := file.more():
        found += more
    return found


def test_a_file_gives_whole_lines_as_they_come(tmp_path):
    path = tmp_path / "run.log"
    file = LogFile(path)
    assert file.more() == []
    with path.open("wb") as out:
        out.write(b"2024-01-31T08:30:00.250Z warning odd row\n2024-01-31T08:30:00.251Z err")
        out.flush()
        assert file.more() == [LogLine("warning", "odd row", 1_706_689_800_250)]
        out.write(b"or   caf\xc3\xa9 \xff\n  and so on\n")
        out.flush()
        assert [(line.level, line.text) for line in file.more()] == [
            ("error", "café \\xff"),
            ("error", "  and so on"),
        ]
    path.write_bytes(b"anew\n")
    assert [line.text for line in file.more()] == ["anew"]
    file.close()


@pytest.mark.parametrize("looked_at", ["all the time", "now and then", "at the end"])
def test_a_capped_log_is_followed_through_its_parts(tmp_path, looked_at):
    path = tmp_path / "run.log"
    file, found = LogFile(path), []
    every = {"all the time": 1, "now and then": 7, "at the end": 10_000}[looked_at]
    with open_destination(File(path, head=2_000, tail=8_000)) as write:
        for n in range(150):
            write(Log("info", f"line {n}"))
            if n % every == 0:
                found += read_all(file)
    found += read_all(file)
    file.close()

    texts = [line.text for line in found if line.text.startswith("line")]
    assert texts == [f"line {n}" for n in range(150)]


def test_lines_that_never_came_are_counted_and_seen_at_every_level():
    log = LogLines(kept=1_000)
    log.append(lines(0, 10))
    log.append([LogLine("info", "… 90 lines are in log", left_out=90), *lines(100, 110)])
    assert (log.counted, log.gaps, log.before) == (110, 1, 0)
    assert [log.line_number(number) for number in (9, 11, 20)] == [9, 100, 109]
    log.choose(CHOICES["errors"])
    assert [log.at(place).text for place in range(log.shown)] == [
        "line 0", "… 90 lines are in log", "line 100"
    ]  # fmt: skip
    log.append(lines(110, 1_300))
    assert log.gaps == 0
    assert log.counted == 1_300
    assert log.line_number(log.number_at(0)) == 300
    assert log.before == log.counted - 1_000

"""Captured lines: into pieces of bounded size, into a file that keeps its two ends."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from casparian.core.events import Log
from casparian.core.lines import MAX_LINE, LineSplitter
from casparian.core.logs import Callback, File, open_destination


def write(destination: File, count: int, *, size: int = 50) -> list[str]:
    messages = [f"line {n} ".ljust(size, "x") for n in range(count)]
    with open_destination(destination) as take:
        for message in messages:
            take(Log("stdout", message))
    return messages


def messages(path) -> list[str]:
    return [line.split(maxsplit=2)[2] for line in path.read_text().splitlines()]


def test_a_line_has_its_time_and_its_level(tmp_path):
    path = tmp_path / "logs" / "a.log"
    with open_destination(File(path)) as take:
        take(Log("warning", "hello \udcff"))
        take(Log("stdout", ""))
        # What has been written can be read while the run lasts.
        first, second = path.read_text().splitlines()
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(stamp + r" warning hello \\udcff", first)
    assert re.fullmatch(stamp + r" stdout  ", second)


def test_a_log_below_the_cap_is_whole(tmp_path):
    destination = File(tmp_path / "a.log", head=100_000, tail=100_000)
    written = write(destination, 500)
    assert messages(destination.path) == written
    assert [file.name for file in tmp_path.iterdir()] == ["a.log"]


def test_a_log_over_the_cap_keeps_head_and_tail_and_says_so(tmp_path):
    destination = File(tmp_path / "a.log", head=2_000, tail=8_000)
    written = write(destination, 5_000)
    text = destination.path.read_text()
    assert len(text) <= 10_000 + 100
    head, notice, tail = re.split(r"(… [\d,]+ bytes of log left out here …\n)", text)
    assert notice
    kept_head = [line.split(maxsplit=2)[2] for line in head.splitlines()]
    kept_tail = [line.split(maxsplit=2)[2] for line in tail.splitlines()]
    assert kept_head == written[: len(kept_head)]
    assert len(head) > 1_800
    assert kept_tail == written[-len(kept_tail) :]
    assert len(tail) >= 4_000
    left_out = int(re.sub(r"\D", "", notice))
    assert left_out + len(head) + len(tail) == sum(len(line) + 34 for line in written)
    assert [file.name for file in tmp_path.iterdir()] == ["a.log"]


def test_a_log_between_head_and_cap_has_no_gap_and_no_notice(tmp_path):
    destination = File(tmp_path / "a.log", head=2_000, tail=80_000)
    written = write(destination, 400)
    assert messages(destination.path) == written


def test_lines_longer_than_the_cap_lose_nothing_of_the_last_one(tmp_path):
    destination = File(tmp_path / "a.log", head=100, tail=100)
    written = write(destination, 10, size=1_000)
    assert destination.path.read_text().splitlines()[-1].endswith(written[-1])


def test_a_log_is_written_anew(tmp_path):
    destination = File(tmp_path / "a.log", head=100, tail=100)
    write(destination, 10)
    (tmp_path / "a.log.1").write_text("left by a crash\n")
    written = write(destination, 1)
    assert messages(destination.path) == written
    assert [file.name for file in tmp_path.iterdir()] == ["a.log"]


def test_the_tail_is_on_disk_while_the_run_lasts(tmp_path):
    destination = File(tmp_path / "a.log", head=1_000, tail=2_000)
    with open_destination(destination) as take:
        for n in range(1_000):
            take(Log("stdout", f"line {n}"))
        parts = [path.read_text() for path in sorted(tmp_path.glob("a.log.*"))]
        assert "".join(parts).splitlines()[-1].endswith(" line 999")


def test_a_callback_is_given_every_line():
    lines = []
    with open_destination(Callback(lines.append)) as take:
        take(Log("info", "x"))
    assert lines == [Log("info", "x")]


@given(
    st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=20)),
    st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=20),
    st.integers(1, 30),
)
def test_lines_come_out_the_same_whatever_the_chunks(lines, rest, size):
    data = "".join(f"{line}\n" for line in lines).encode() + rest.encode()
    splitter = LineSplitter("stdout")
    told = []
    for at in range(0, len(data), size):
        told += splitter.feed(data[at : at + size])
    told += splitter.flush()
    expected = [*lines, rest] if rest else lines
    assert [log.message for log in told] == [line.removesuffix("\r") for line in expected]


@given(st.integers(0, 5), st.sampled_from(["x", "ü", "€", "𝄞"]), st.integers(1, 3))
def test_long_lines_come_in_pieces_of_whole_characters(shift, character, times):
    line = "y" * shift + character * (times * MAX_LINE // len(character.encode()))
    for data in (line.encode(), line.encode() + b"\n"):
        splitter = LineSplitter("stderr")
        told = [*splitter.feed(data), *splitter.flush()]
        assert "".join(log.message for log in told) == line
        assert all(len(log.message.encode()) <= MAX_LINE for log in told)


def test_an_endless_line_takes_no_more_memory_than_a_piece():
    splitter = LineSplitter("stdout")
    pieces = [log for _ in range(20) for log in splitter.feed(b"\x80" * MAX_LINE)]
    assert len(pieces) >= 19
    assert pieces[0].message == "\\x80" * MAX_LINE

"""A log that is read while it is written is read whole, in its order, each line once."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casparian.core.events import Log
from casparian.core.logs import File, _CappedFile
from casparian.core.queueing import log_tail
from casparian.core.queueing.log_tail import LogTail

HEAD, TAIL = 400, 600


@pytest.fixture(autouse=True, scope="module")
def _small_head() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_tail, "HEAD_BYTES", HEAD)
        yield


class Writing:
    """A log being written: numbered lines, longer ones among them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "job.1.log"
        self.file = _CappedFile(File(self.path, head=HEAD, tail=TAIL))
        self.lines = 0

    def write(self, size: int = 20) -> None:
        self.file.write(Log("info", f"line {self.lines} {'x' * size}"))
        self.lines += 1


def numbers(data: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb" line (\d+) ", data)]


def test_a_log_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "job.1.log")
    assert not tail.is_there()
    assert b"".join(tail.read()) == b""
    writing = Writing(tmp_path)
    writing.write()
    assert numbers(b"".join(tail.read())) == [0]
    assert b"".join(tail.read()) == b""
    tail.close()
    writing.file.close()


def test_a_log_that_was_left_by_a_crash_is_read_with_its_tails(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    for _ in range(13):
        writing.write()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "job.1.log",
        "job.1.log.1",
        "job.1.log.2",
    ]
    tail = LogTail(writing.path)
    assert numbers(b"".join(tail.read())) == list(range(13))
    writing.file.close()
    tail.close()


STEPS = st.lists(st.sampled_from(["short", "long", "read"]), max_size=60)


@given(steps=STEPS, ends=st.booleans(), often=st.booleans())
def test_whenever_it_is_looked_at_nothing_is_twice_and_nothing_is_missing_without_a_word(
    steps: list[str], ends: bool, often: bool
) -> None:
    """``often``: it is looked at after each line, and then nothing may be missing at all."""
    with tempfile.TemporaryDirectory() as folder:
        writing = Writing(Path(folder))
        tail = LogTail(writing.path)
        data = b""
        for step in steps:
            if step != "read":
                writing.write(120 if step == "long" else 5)
            if step == "read" or often:
                data += b"".join(tail.read())
        if ends:
            writing.file.close()
        data += b"".join(tail.read())
        data += b"".join(tail.read())
        tail.close()
        seen = numbers(data)
        if not ends:
            writing.file.close()
        assert seen == sorted(set(seen))
        assert seen[-1:] == ([writing.lines - 1] if writing.lines else [])
        for before, after in itertools.pairwise(seen):
            between = data[data.index(b" line %d " % before) : data.index(b" line %d " % after)]
            told = b"left out here" in between
            assert after == before + 1 or (told and not often)

"""Memory in huge pages holds what it held, and a system without them is left as it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

COLLAPSE = """
import mmap, re
from casparian.shim import huge_pages

def in_huge_pages():
    return sum(map(int, re.findall(r"AnonHugePages: +(\\d+) kB", open("/proc/self/smaps").read())))

full = mmap.mmap(-1, 16 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
sparse = mmap.mmap(-1, 96 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
text = bytes(range(256)) * (len(full) // 256)
full[:] = text
for place in range(0, len(sparse), 1 << 20):
    sparse[place] = 1
before = in_huge_pages()
"""


def _run(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", COLLAPSE + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_is_full_is_joined_what_is_sparse_is_not_and_nothing_is_changed():
    made, more, same = _run(
        "made = huge_pages.collapse()\n"
        "print(made, (in_huge_pages() - before) // 2048, full[:] == text)"
    )
    assert same == "True"
    if made == "0":
        pytest.skip("this system has no huge pages to give")
    assert made == more
    assert 6 <= int(made) < 40


def test_where_a_process_is_not_shown_its_pages_nothing_is_done():
    code = """
import builtins, io
plain = builtins.open

def hiding(path, *words, **more):
    if path == "/proc/self/pagemap":
        raise FileNotFoundError(2, "No such file or directory", path)
    return plain(path, *words, **more)

builtins.open = hiding
print(huge_pages.collapse(), full[:] == text)
"""
    assert _run(code) == ["0", "True"]


def test_where_the_system_refuses_it_is_asked_once_and_goes_on():
    code = """
import ctypes
asked = []

def madvise(address, length, advice):
    asked.append(advice)
    ctypes.set_errno(22)
    return -1

huge_pages.ctypes.CDLL = lambda *_, **__: type("Libc", (), {"madvise": staticmethod(madvise)})
print(huge_pages.collapse(), len(asked), full[:] == text)
"""
    assert _run(code.replace("madvise)})", "madvise)})()")) == ["0", "1", "True"]

"""Small files are read and written whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.small_files import read_small, write_small


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\0" * (3 * 2**20 + 1)])
def test_what_was_written_is_read_again_whole(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"what was there before, and longer than some")
    write_small(file, content)
    assert file.read_bytes() == content
    assert read_small(str(file)) == content


def test_what_is_not_there_or_no_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_small(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        read_small(tmp_path)
    with pytest.raises(FileNotFoundError):
        write_small(tmp_path / "none" / "file", b"")

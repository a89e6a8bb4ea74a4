"""Data files: what can't be read is said, and never taken for a file without rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casparian.core.data_files.data_file import DataFile, DataFileError


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    # It is looked at before it is read: of a pipe nothing would be left, and all of it pass.
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataFileError, match="no plain file"):
        DataFile(tmp_path / "pipe.csv")

"""Environments for guests: made by uv, and kept in pytest's cache from one run to the next."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

UV = Path(sys.executable).with_name("uv")


def environment(config: pytest.Config, name: str, base: Path, packages: list[str]) -> Path:
    """The Python of an environment with these packages; a skipped test if they can't be had."""
    if not UV.exists():
        pytest.skip(f"there is no uv to install {', '.join(packages)}")
    folder = config.cache.mkdir("casparian-guests") / name
    python, ready = folder / "bin" / "python", folder / "ready"
    made_of = "\n".join([str(base), *packages])
    with folder.with_suffix(".lock").open("w") as lock:  # one at a time, among all runs of pytest
        fcntl.flock(lock, fcntl.LOCK_EX)
        if python.exists() and ready.exists() and ready.read_text() == made_of:
            return python
        for command in (
            ["venv", "--clear", "--no-project", "--python", base, folder],
            ["pip", "install", "--only-binary", ":all:", "--python", python, *packages],
        ):
            done = subprocess.run(
                [UV, "--quiet", *command], capture_output=True, text=True, check=False, timeout=300
            )
            if done.returncode:
                pytest.skip(f"no {', '.join(packages)} here: {done.stderr.strip()[-300:]}")
        ready.write_text(made_of)
    return python

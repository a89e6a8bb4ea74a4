"""The Python that guests of tests run in: an environment with pyarrow and nothing else.

That is all a guest needs, and it starts in less than half the time of one in the environment of the
tests, where pyarrow finds numpy and imports it. Parsers that use pandas are given another.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path


def _make() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="casparian-guest-python-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    base = Path(sys.executable).resolve()
    (folder / "bin").mkdir()
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(base)
    (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    packages = folder / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    packages.mkdir(parents=True)
    found = importlib.metadata.distribution("pyarrow")
    for path in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
        (packages / path).symlink_to(Path(str(found.locate_file(path))))
    return folder / "bin" / "python"


#: Made by links when the first test is read; it goes with the process.
GUEST_PYTHON = _make()
#: Of its environment, for ``$VIRTUAL_ENV``.
GUEST_ENVIRONMENT = GUEST_PYTHON.parents[1]

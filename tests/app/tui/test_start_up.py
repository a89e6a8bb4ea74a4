"""The app is painted before anything heavy is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROBE = """
import json, sys
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.session_host import SessionHost
from casparian.core.dev_session.request import SessionRequest
print(json.dumps([name for name in ("pyarrow", "numpy", "sqlite_utils") if name in sys.modules]))
"""


def test_before_the_first_paint_neither_arrow_nor_the_store_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []

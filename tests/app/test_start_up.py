"""Start-up is a feature: nothing is imported before it is needed, and the guest starts first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("pyarrow", "pandas", "numpy", "rich", "psutil", "sqlite3", "uv", "hypothesis")

_PROBE = """
import json, subprocess, sys
HEAVY = {heavy!r}
seen = {{}}
start = subprocess.Popen.__init__

def watch(self, args, *rest, **more):
    if any("bridge_shim" in str(a) for a in args):
        seen.setdefault("at_spawn", [m for m in HEAVY if m in sys.modules])
    return start(self, args, *rest, **more)

subprocess.Popen.__init__ = watch
sys.argv = ["casparian", *{arguments!r}]
from casparian.app.cli import main
try:
    main()
except SystemExit as end:
    seen["exit"] = end.code
seen["at_end"] = [m for m in HEAVY if m in sys.modules]
print("PROBE" + json.dumps(seen))
"""


def _probe(arguments: list[str], folder: Path) -> dict[str, object]:
    import json

    code = _PROBE.format(heavy=HEAVY, arguments=arguments)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    result: dict[str, object] = json.loads(done.stdout.rpartition("PROBE")[2])
    return result


def test_help_imports_nothing_but_click(tmp_path: Path) -> None:
    assert _probe(["--help"], tmp_path) == {"exit": 0, "at_end": []}


def test_the_help_of_a_command_imports_nothing_heavy(tmp_path: Path) -> None:
    assert _probe(["run", "--help"], tmp_path) == {"exit": 0, "at_end": []}


def test_the_guest_is_started_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def parse(path): return [{'a': 1}]\n")
    (tmp_path / "in.csv").write_text("a\n1\n")
    result = _probe(["run", "p.py", "in.csv"], tmp_path)
    assert result["exit"] == 0
    assert result["at_spawn"] == []
    # And to the end nothing is imported that the run has no use for.
    assert not {"pandas", "psutil", "uv"} & set(result["at_end"])  # type: ignore[call-overload]


def test_core_imports_neither_the_app_nor_what_the_app_is_drawn_with(tmp_path: Path) -> None:
    code = (
        "import sys, pkgutil, importlib, casparian.core\n"
        "for m in pkgutil.walk_packages(casparian.core.__path__, 'casparian.core.'):\n"
        "    importlib.import_module(m.name)\n"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('click', 'rich', 'textual')\n"
        "       or m.startswith('casparian.app')]\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_what_only_hands_out_jobs_loads_nothing_that_handles_rows(tmp_path: Path) -> None:
    result = _probe(["worker", "--drain"], tmp_path)
    assert result["exit"] == 0
    assert not {"pyarrow", "numpy"} & set(result["at_end"])  # type: ignore[call-overload]

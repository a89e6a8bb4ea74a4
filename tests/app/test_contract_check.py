"""``casparian contract check``: files are held against a contract as a run would hold them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from casparian.app.contract_check import check


@pytest.mark.parametrize(("share", "fails"), [(0.7, False), (0.6, True)])
def test_an_output_fails_by_the_limits_of_the_settings(
    share: float, fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "c.toml").write_text('[columns]\na = "int64"\n')
    (tmp_path / "d.csv").write_text("a\n1\ny\nz\n")
    (tmp_path / "casparian.toml").write_text(f"quarantine_threshold = {share}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASPARIAN_QUARANTINE_THRESHOLD", raising=False)
    done = CliRunner().invoke(check, ["c.toml", "d.csv", "--json"], standalone_mode=False)
    [file] = json.loads(done.output)["files"]
    assert (file["rows"], file["rows_quarantined"]) == (3, 2)
    error = file["error"]
    assert (error is not None and error["error_type"] == "quarantine_limit_exceeded") == fails

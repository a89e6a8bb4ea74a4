"""What is hidden is so for one thread, for the time, and if it isn't loaded."""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from casparian.core.hidden_modules import hidden


@pytest.fixture(autouse=True)
def _unknown(tmp_path, monkeypatch):
    (tmp_path / "cf_unknown.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("cf_unknown", None)


def test_it_is_not_installed_meanwhile_and_afterwards_it_is():
    with hidden("cf_unknown"), pytest.raises(ModuleNotFoundError) as refused:
        importlib.import_module("cf_unknown")
    assert refused.value.name == "cf_unknown"
    importlib.import_module("cf_unknown")
    with hidden("cf_unknown"):
        importlib.import_module("cf_unknown")


def test_another_thread_finds_it():
    with hidden("cf_unknown"), ThreadPoolExecutor(1) as pool:
        pool.submit(importlib.import_module, "cf_unknown").result()

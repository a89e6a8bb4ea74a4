"""The app is painted before anything heavy is imported."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.css import stylesheet
from textual.css.stylesheet import Stylesheet

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.looks import LATER, KeptStylesheet
from casparian.app.tui.starting import nothing_collected
from casparian.core.dev_session.events import SessionEvent

from .cheap_apps import forget_styles, until
from .fed_dev import FedHost

PROBE = """
import json, sys
from casparian.app.tui.app import CasparianApp
from casparian.app.tui.looks import LATER, KeptStylesheet
from casparian.app.tui.dev.session_host import SessionHost
from casparian.core.dev_session.request import SessionRequest
heavy = ("pyarrow", "numpy", "sqlite_utils", "pandas")
print(json.dumps([name for name in heavy if name in sys.modules]))
from casparian.app.tui.dev.tabs import get_ready
get_ready()
from pathlib import Path
import numpy as np
import pyarrow as pa
from casparian.app.tui.widgets.table_source import ParquetTable
before = set(sys.modules)
import pyarrow.parquet
pa.parquet.write_table(pa.table({"a": ["a list, as the tabs make some"]}), "a.parquet")
ParquetTable(Path("a.parquet")).take(0, np.array([0]))
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_before_the_first_paint_no_arrow_and_no_store_is_imported_and_later_no_pandas(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    at_first, by_the_first_result = map(json.loads, done.stdout.splitlines())
    assert at_first == []
    assert by_the_first_result == [], "the screen would wait for it"


@pytest.mark.asyncio
async def test_the_looks_are_parsed_once_until_the_theme_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parsed: list[str] = []
    parse = stylesheet.parse

    def counted(scope: str, css: str, *words: Any, **more: Any) -> Any:
        if "/* --- Dev pane --- */" in css:
            parsed.append(css)
        return parse(scope, css, *words, **more)

    monkeypatch.setattr(stylesheet, "parse", counted)
    forget_styles()
    app = CasparianApp(FedHost())
    async with app.run_test() as pilot:
        await pilot.pause()
        assert len(parsed) == 1
        before = app.screen.query_one("#samples").styles.background
        await pilot.press("f9")
        await pilot.pause()
        assert len(parsed) == 2
        assert app.screen.query_one("#samples").styles.background != before


@pytest.mark.asyncio
async def test_what_is_not_in_view_at_first_gets_its_looks_once_the_app_is_painted() -> None:
    app = CasparianApp(FedHost())

    def known() -> set[str]:
        return {name for rule in app.stylesheet.rules for name in rule.selector_names}

    async with app.run_test() as pilot:
        await until(pilot, lambda: {"#prod", "#bad"} <= known())
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        text = Path(app.css_path[0]).read_text("utf-8")
    assert {LATER, "/* --- Quarantine of many jobs --- */"} <= set(text.splitlines())
    sheet = KeptStylesheet(variables=app.get_css_variables())
    sheet.read(app.css_path[0])
    put_off = len(sheet.rules)
    sheet.whole()
    plain = Stylesheet(variables=app.get_css_variables())
    plain.read(app.css_path[0])
    assert [rule.css for rule in sheet.rules] == [rule.css for rule in plain.rules]
    assert put_off < len(plain.rules)


@pytest.mark.asyncio
async def test_garbage_is_looked_for_once_the_app_is_painted() -> None:
    with nothing_collected():
        assert not gc.isenabled()
        app = CasparianApp(FedHost())
        async with app.run_test() as pilot:
            await until(pilot, gc.isenabled)
            await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
    assert gc.isenabled()
    gc.unfreeze()


@pytest.mark.asyncio
async def test_who_leaves_while_the_pane_is_still_built_sees_no_traceback() -> None:
    class Leaving(FedHost):
        def start(self, on_event: Callable[[SessionEvent], None]) -> None:
            super().start(on_event)
            app.do_quit()

    app = CasparianApp(Leaving())
    async with asyncio.timeout(60):
        await app.run_async(headless=True)
    assert app.return_code == 0

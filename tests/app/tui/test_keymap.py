"""A person's own keys take the place of ours, and wrong ones are told before the app starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.help import HelpScreen
from casparian.app.tui.keymap import KeymapError, bound, keymap_problems, own_keys
from casparian.app.tui.widgets.table_keys import TABLE_BINDINGS
from casparian.core.dev_session.request import SessionRequest

from .cheap_apps import until


def written(folder: Path, text: str) -> Path:
    (folder / "keys.toml").write_text(text)
    return folder


def test_our_own_keys_are_there_and_each_means_one_thing() -> None:
    assert keymap_problems({}) == []
    assert keymap_problems(dict(bound())) == []


def test_the_docs_list_every_action_of_every_area() -> None:
    docs = (Path(__file__).parents[3] / "docs/tui.md").read_text()
    listed = dict(re.findall(r"^\| `\[(\w+)\]` \| (.*) \|$", docs, re.MULTILINE))
    named = {f"{area}.{verb}" for area in listed for verb in re.findall(r"`(\w+)`", listed[area])}
    assert named == {name for name, _ in bound()}


def test_without_a_file_there_are_no_own_keys(tmp_path: Path) -> None:
    assert own_keys(tmp_path) == {}


def test_characters_and_names_are_keys(tmp_path: Path) -> None:
    place = written(tmp_path, '[dev]\nrerun = "f5,$"\ntab_log = "ctrl+l"\n[table]\nexport = "X"\n')
    assert own_keys(place) == {
        "dev.rerun": "f5,dollar_sign",
        "dev.tab_log": "ctrl+l",
        "table.export": "X",
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[dev]\nrerum = "f5"', "there is no action 'dev.rerum'; did you mean dev.rerun?"),
        ('[dev]\nrerun = "f77"', "dev.rerun: there is no key 'f77'"),
        ('[dev]\nrerun = "strg+x"', "there is no key 'strg+x'"),
        ('[dev]\nrerun = "x"', "'x' is both dev.rerun and dev.cancel"),
        ('[dev]\nrerun = "f1"', "is both"),
        ("[dev]\nrerun = 5", "dev.rerun is no text"),
        ('rerun = "f5"', "'rerun' stands alone"),
        ("[dev", "can't be read"),
    ],
)
def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(KeymapError) as caught:
        own_keys(written(tmp_path, text))
    assert words in caught.value.message
    assert str(tmp_path / "keys.toml") in caught.value.message


@pytest.mark.asyncio
async def test_an_own_key_does_it_and_is_what_the_help_shows(tmp_path: Path) -> None:
    host = SessionHost(SessionRequest(), str(tmp_path / "store.db"))
    app = CasparianApp(host, keys={"app.help": "f3", "table.export": "X"})
    async with app.run_test(size=(120, 50)) as pilot:
        await until(
            pilot, lambda: app.screen.query("ArrowTable")
        )  # tabs come after the first paint
        await pilot.press("1")  # the output's table has the focus, and its keys are shown too
        await pilot.press("question_mark")
        assert not isinstance(app.screen, HelpScreen)
        await pilot.press("f3")
        assert isinstance(app.screen, HelpScreen)
        rows = [
            (str(key), str(what))
            for table in app.screen.query("Static")
            if hasattr(content := table.content, "columns")
            for key, what in zip(*(column._cells for column in content.columns), strict=True)
        ]
        assert ("f3", "Show every key of this pane") in rows
        [export] = [b for b in TABLE_BINDINGS if b.id == "table.export"]
        assert ("X", export.tooltip) in rows

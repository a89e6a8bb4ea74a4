"""A parser and its samples are chosen from a tree that is searched by typing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from casparian.app.tui.app import CasparianApp
from casparian.app.tui.dev.chooser import ChooserScreen
from casparian.app.tui.dev.file_tree import FileTree
from casparian.app.tui.dev.pane import DevScreen
from casparian.app.tui.dev.session_host import SessionHost
from casparian.app.tui.dev.tree_list import TreeList
from casparian.core.dev_session.remembered import recall, remember
from casparian.core.dev_session.request import SessionRequest

from .cheap_apps import until
from .prod_pane import lines_of

PARSER = "def parse(path):\n    return [{'a': 1}]\n"
HERE = Path("/home/ada/work")


def drawn(tree: FileTree, query: str = "", closed: frozenset[Path] = frozenset()) -> list[str]:
    return [
        f"{'  ' * line.depth}{line.name}{'/' * line.is_folder}"
        for line in tree.lines(query, closed)
    ]


def tree_of(*names: str) -> FileTree:
    return FileTree([HERE / name for name in names], [HERE])


def test_folders_come_first_and_those_that_hold_only_one_more_share_its_line() -> None:
    tree = tree_of("z.py", "src/main/b.py", "src/main/a.py", "old/x.py", "old/more/y.py")
    assert drawn(tree) == [
        "old/",
        "  more/",
        "    y.py",
        "  x.py",
        "src/main/",
        "  a.py",
        "  b.py",
        "z.py",
    ]
    assert drawn(tree, closed=frozenset([HERE / "old"])) == [
        "old/",
        "src/main/",
        "  a.py",
        "  b.py",
        "z.py",
    ]


def test_what_is_typed_keeps_matches_with_their_folders_open() -> None:
    tree = tree_of(
        "sales/2023/jan.csv", "sales/2024/jan.csv", "sales/2024/feb.csv", "other/jan.csv"
    )
    everything = tree.folders
    assert drawn(tree, closed=everything) == ["other/", "sales/"]
    assert drawn(tree, "JAN 2024", everything) == ["sales/2024/", "  jan.csv"]
    assert drawn(tree, "nowhere", everything) == []
    [folder, file] = tree.lines("jan 2024")
    assert (folder.found, file.found) == (((6, 10),), ((0, 3),))
    assert [path.name for path in folder.files] == ["jan.csv"]


def test_what_lies_elsewhere_is_shown_under_its_whole_folder() -> None:
    tree = FileTree(
        [HERE / "a.py", Path("/opt/p/x/deep.csv"), Path("/srv/q.py")], [HERE, Path("/opt/p")]
    )
    assert drawn(tree) == ["a.py", "/opt/p/x/", "  deep.csv", "/srv/", "  q.py"]
    assert drawn(tree, "srv") == ["/srv/", "  q.py"]


def test_of_thousands_of_files_what_matches_is_there_before_the_next_key() -> None:
    tree = tree_of(*(f"d{n % 40}/e{n % 7}/file_{n}.csv" for n in range(5_000)))
    began = time.process_time()
    assert len(tree.lines("file_4", tree.folders)) > 1_000
    assert time.process_time() - began < 1, "usually 0.03 s"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CASPARIAN_HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in ("sales/parser.py", "old/sales.py", "old/stock.py"):
        write(work, name, PARSER)
    write(work, "old/notes.py", "'''\nclass Parser:\n    def parse(self): ...\n'''\n")
    write(work, "tests/test_sales.py", PARSER)
    write(work, ".venv/lib/hidden.py", PARSER)
    for name in ("data/2023/jan.csv", "data/2024/jan.csv", "data/2024/feb.csv"):
        write(work, name, "a\n1\n")
    return work


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def app_for(
    place: Path, parser: Path | None = None, samples: tuple[Path, ...] = ()
) -> CasparianApp:
    request = SessionRequest(parser=parser, samples=samples, watching=False)
    return CasparianApp(SessionHost(request, str(place / "store.db")))


def tree_lines(app: Any) -> list[str]:
    tree = app.screen.query_one(TreeList)
    return [" ".join(tree.render_line(y).text.split()) for y in range(len(tree.lines))]


def box(app: Any) -> str:
    found = app.screen.query_one("#chooser")
    return f"{found.border_title} {found.border_subtitle}"


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_parser_and_samples_are_found_by_typing_taken_and_remembered(
    place: Path, size: tuple[int, int]
) -> None:
    app = app_for(place)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        screen = app.screen
        assert isinstance(screen, DevScreen)
        await pilot.press("o")
        await until(pilot, lambda: box(app) == "Which parser? 3")
        assert tree_lines(app) == ["▾ old 2", "sales.py", "stock.py", "▾ sales 1", "parser.py"]
        await pilot.press(*"stock")
        assert tree_lines(app) == ["▾ old 1", "stock.py"]
        assert box(app) == "Which parser? 1 of 3"
        await pilot.press("enter")

        await until(pilot, lambda: box(app) == "Which samples? 3")
        assert tree_lines(app)[0] == "▾ [ ] data 3"
        await pilot.press(*"2024", "ctrl+a")
        assert tree_lines(app) == ["▾ [x] data/2024 2", "[x] feb.csv", "[x] jan.csv"]
        await pilot.press("down", "space")  # from the first to the second file
        assert tree_lines(app) == ["▾ [-] data/2024 2", "[x] feb.csv", "[ ] jan.csv"]
        assert box(app) == "Which samples? 2 of 3 · 1 marked"
        assert "escape goes back" in "\n".join(lines_of(app))
        await pilot.press("enter")
        feb, stock = place / "data/2024/feb.csv", place / "old/stock.py"
        await until(pilot, lambda: (screen.state.parser, screen.state.samples) == (stock, (feb,)))
        await until(pilot, lambda: screen.state.result is not None)
        await until(pilot, lambda: (recall().parser, recall().samples) == (stock, (feb,)))


@pytest.mark.asyncio
async def test_in_the_tree_keys_move_as_in_vi_and_a_parser_brings_its_own_samples(
    place: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, "p.py", PARSER)
    write(elsewhere, "x.csv", "a\n")
    remember(elsewhere / "p.py", (elsewhere / "x.csv",))
    app = app_for(place)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        await pilot.press("o")
        await until(pilot, lambda: box(app) == "Which parser? 4")
        await pilot.press("tab")
        tree = app.screen.query_one(TreeList)
        await until(pilot, lambda: tree.has_focus)
        for keys, name in (
            ("g", "old"), ("j", "sales.py"), ("l", "sales.py"), ("h", "old"), ("h", "old"),
            ("j", "sales"), ("k", "old"), ("l", "old"), ("l", "sales.py"), ("G", "p.py"),
        ):  # fmt: skip
            await pilot.press(keys)
            await pilot.pause()
            assert tree.line is not None
            assert tree.line.name == name, keys
        await pilot.press("slash")
        await until(pilot, lambda: app.screen.query_one(Input).has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: box(app) == "Which samples? 4 · 1 marked")
        assert (
            tree_lines(app)[-2:] == [f"▾ [x] {elsewhere} 1", "[x] x.csv"] or tree.line is not None
        )
        assert app.screen.query_one(TreeList).line.path == elsewhere / "x.csv"
        await pilot.press("escape")
        await until(pilot, lambda: box(app) == "Which parser? 4")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ChooserScreen))


@pytest.mark.asyncio
async def test_enter_takes_what_the_filter_shows_and_not_the_marks_of_the_last_time(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is casparian's own store offered, or what it remembers."""
    files = tuple(place / f"data/{name}" for name in ("2023/jan.csv", "2024/jan.csv"))
    monkeypatch.setenv("CASPARIAN_HOME", str(place / "home"))
    for name in ("home/casparian.db", "home/tui.json", "store.db", "store.db-wal"):
        write(place, name, "")
    app = app_for(place, place / "sales/parser.py", files)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        screen = app.screen
        assert isinstance(screen, DevScreen)
        await until(pilot, lambda: screen.state.samples == files)
        await pilot.press("o")
        await until(pilot, lambda: "Which parser?" in box(app) and "looking" not in box(app))
        await pilot.press("enter")
        await until(pilot, lambda: box(app) == "Which samples? 3 · 2 marked")
        await pilot.press(*"feb")
        await until(
            pilot,
            lambda: box(app) == "Which samples? 1 of 3 · 2 marked before, enter takes this line",
        )
        await pilot.press("enter")
        feb = place / "data/2024/feb.csv"
        await until(pilot, lambda: screen.state.samples == (feb,))

        await pilot.press("o")
        await until(pilot, lambda: "Which parser?" in box(app) and "looking" not in box(app))
        await pilot.press("enter")
        await until(pilot, lambda: box(app) == "Which samples? 3 · 1 marked")
        await pilot.press(*"2023", "space")
        assert box(app) == "Which samples? 1 of 3 · 2 marked"
        await pilot.press("enter")
        await until(pilot, lambda: screen.state.samples == (feb, files[0]))


@pytest.mark.asyncio
async def test_many_files_are_closed_folders_at_first_and_who_leaves_early_meets_no_error(
    place: Path,
) -> None:
    for number in range(600):
        write(place, f"many/{number % 30}/p{number}.csv", "")
    app = app_for(place, place / "sales/parser.py")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: getattr(app.screen, "tabs", None) is not None)
        await pilot.press("o", "escape", "escape")
        await app.workers.wait_for_complete()
        await pilot.press("o")
        await until(pilot, lambda: "Which samples?" in box(app))  # there are none yet
        await pilot.press("escape")
        await until(pilot, lambda: box(app) == "Which parser? 3")
        assert app.screen.query_one(TreeList).line.path == place / "sales/parser.py"
        await pilot.press("enter")
        await until(pilot, lambda: "Which samples? 603" in box(app))
        assert tree_lines(app) == ["▸ [ ] data 3", "▸ [ ] many 600"]
        await pilot.press(*"p599")
        assert tree_lines(app) == ["▾ [ ] many/29 1", "[ ] p599.csv"]

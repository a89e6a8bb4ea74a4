"""A table on screen: what is seen, and what keys and the mouse do."""

from __future__ import annotations

import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from textual.geometry import Region
from textual.widgets import Input

from casparian.app.tui.widgets import table_taking
from casparian.app.tui.widgets.arranging import Shown
from casparian.app.tui.widgets.cell_screen import CellScreen
from casparian.app.tui.widgets.row_numbers import RowNumbers
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import MemoryTable, ParquetTable
from casparian.app.tui.widgets.table_view import Marks

from .nasty import nasty_table

pytestmark = pytest.mark.asyncio
MILLION = pa.table({"n": np.arange(1_000_000), "t": pa.array(np.arange(1_000_000)).cast("string")})


@pytest.fixture
def shown(around, settled):
    """An app that shows a source, and what to ask it."""

    class Opened:
        def __init__(self, source, size, options):
            self.area = TableArea()
            self.app = around(self.area)
            self._test = self.app.run_test(size=size)
            self._source, self._options = source, options

        @property
        def table(self):
            return self.area.table

        @property
        def status(self) -> str:
            return str(self.area.query_one(".table-status").render())

        async def __aenter__(self):
            self.pilot = await self._test.__aenter__()
            self.table.focus()
            self.table.show(self._source, **self._options)
            await settled(self.pilot)
            return self

        async def __aexit__(self, *error):
            await self._test.__aexit__(*error)

        async def press(self, *keys):
            await self.pilot.press(*keys)
            await settled(self.pilot)

        async def ask(self, key, text):
            """Press a key that asks for a text, and answer."""
            await self.pilot.press(key)
            self.app.query_one(Input).value = text
            await self.pilot.press("enter")
            await settled(self.pilot)

    def make(data=MILLION, *, size=(80, 24), **options):
        source = MemoryTable(data) if isinstance(data, pa.Table) else data
        return Opened(source, size, options)

    return make


async def test_header_types_numbers_and_values_stand_in_columns(shown, screen_text):
    async with shown(nasty_table(), size=(120, 16)) as opened:
        lines = screen_text(opened.app)

    names, types, first, second, third, empty = lines[:6]
    assert names.split()[:7] == ["│", "id", "name", "price", "when", "ok", "raw"]
    assert types.split()[1:3] == ["int64?", "string?"]
    assert first.split()[:5] == ["1", "│", "1", "Ada", "1.10"]
    assert "null" in second
    assert third.split()[:4] == ["3", "│", "333", "∅"]
    assert "∅" not in empty[12:40]
    assert "tab⇥here" in lines[6]
    assert "[bold]x[/bold]" in lines[8]


async def test_no_text_moves_the_columns_beside_it(shown):
    async with shown(nasty_table(), size=(120, 16)) as opened:
        strips = opened.app.screen._compositor.render_strips()

    assert {strip.cell_length for strip in strips} == {120}


async def test_a_million_rows_are_reached_with_one_key(shown, screen_text):
    async with shown() as opened:
        await opened.press("ctrl+end")
        assert opened.table.cursor == (999_999, 0)
        assert screen_text(opened.app)[22].split()[0] == "1,000,000"
        await opened.press("ctrl+home", "pagedown")
        assert opened.table.cursor[0] == 20
        await opened.ask("g", "500,000")
        assert opened.table.cursor == (499_999, 0)
        assert opened.status.startswith("1,000,000 rows")


async def test_rows_are_called_by_the_numbers_that_they_came_with(shown, screen_text):
    table = pa.table({"t": ["a", "d", "e"]})
    numbers = RowNumbers([998, 1], why="is quarantined")
    async with shown(table, numbers=numbers) as opened:
        assert [line.split()[:3] for line in screen_text(opened.app)[2:5]] == [
            ["1", "│", "a"],
            ["3", "│", "d"],
            ["4", "│", "e"],
        ]
        await opened.ask("g", "4")
        assert opened.table.cursor == (2, 0)
        await opened.press("enter")
        assert "row 4 · t" in "\n".join(screen_text(opened.app))
        await opened.press("escape")
        for number, said in (("2", "is quarantined"), ("999", "is quarantined"), ("5", "isn't")):
            await opened.ask("g", number)
            assert f"row {number} {said}" in opened.status
            await opened.press("escape")


async def test_only_what_is_on_screen_is_looked_at(shown):
    class Counting(MemoryTable):
        seen = 0

        def take(self, column, rows):
            Counting.seen += len(rows)
            return super().take(column, rows)

    wide = pa.table({f"c{n}": np.arange(100_000) for n in range(300)})
    async with shown(Counting(wide)) as opened:
        Counting.seen = 0
        await opened.press("pagedown")

        assert Counting.seen < 24 * 20
        await opened.press("end")
        assert opened.table.cursor == (19, 299)


async def test_sorting_goes_up_down_and_back_with_the_cursor_on_its_row(shown, screen_text):
    table = pa.table({"k": [2, None, 1], "t": ["two", "none", "one"]})
    async with shown(table) as opened:
        orders = []
        for _ in range(3):
            await opened.press("s")
            lines = screen_text(opened.app)
            orders.append((lines[0].split()[1:3], [line.split()[0] for line in lines[2:5]]))
            assert opened.table.cursor == (0, 0)

    assert orders == [
        (["k", "▲"], ["3", "1", "2"]),
        (["k", "▼"], ["1", "3", "2"]),
        (["k", "t"], ["1", "2", "3"]),
    ]


async def test_a_filter_says_how_many_rows_it_keeps_and_escape_ends_it(shown):
    async with shown() as opened:
        await opened.ask("f", "n < 12")
        assert opened.status.startswith("12 of 1,000,000 rows (filtered)")
        await opened.ask("g", "13")
        assert "row 13 is filtered out" in opened.status
        await opened.press("escape")
        assert opened.status.startswith("1,000,000 rows · n int64?")


async def test_a_filter_that_makes_no_sense_is_shown_and_changes_nothing(shown):
    async with shown() as opened:
        await opened.ask("f", "nn > 3")

        assert "there is no column 'nn'; did you mean n?" in opened.status
        assert opened.table.view.shown.count == 1_000_000
        assert opened.app.focused.value == "nn > 3", "what was typed can be mended"
        await opened.press("home", "delete", "enter")
        assert opened.table.view.shown.count == 999_996
        assert "there is no" not in opened.status


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("f", "nn > 3", "there is no column"),
        ("g", "x1", "is no row's number"),
        ("w", "a.b", ".csv"),
    ],
)
async def test_an_answer_that_makes_no_sense_is_kept_until_escape(shown, key, typed, said):
    async with shown() as opened:
        await opened.ask(key, typed)
        assert said in opened.status
        assert opened.app.focused.value == typed
        await opened.press("escape", "down")
        assert opened.app.focused is opened.table
        assert said not in opened.status


async def test_finding_goes_to_the_next_cell_and_on_and_back(shown):
    async with shown() as opened:
        await opened.ask("slash", "99999")
        assert opened.table.cursor == (99_999, 0)
        await opened.press("n")
        assert opened.table.cursor == (99_999, 1)
        await opened.press("n")
        assert opened.table.cursor == (199_999, 0)
        for _ in range(3):
            await opened.press("N")
        assert opened.table.cursor == (999_999, 1)
        assert "past the end" in opened.status
        await opened.ask("slash", "nothing")
        assert "'nothing' is nowhere" in opened.status


async def test_a_stale_answer_is_dropped(shown, monkeypatch, settled):
    """A slow sort that a newer one overtook changes nothing when it comes."""
    release, entered = threading.Event(), threading.Event()
    real = table_taking.arranged

    def slow(source, keep, sort, stale):
        if sort is not None and sort.descending:
            entered.set()
            assert release.wait(10)
            return Shown(1, np.array([7]))
        return real(source, keep, sort, stale)

    monkeypatch.setattr(table_taking, "arranged", slow)
    async with shown() as opened:
        opened.table.sort_by(0, descending=True)
        await opened.pilot.pause()
        assert "sorting…" in opened.status
        assert opened.table.view.sort is None
        opened.table.sort_by(1)
        release.set()
        await settled(opened.pilot)

        assert entered.is_set()
        assert opened.table.view.sort.column == 1
        assert opened.table.view.shown.count == 1_000_000
        assert "sorting…" not in opened.status


async def test_the_rows_of_a_small_file_are_in_the_first_frame(shown, tmp_path):
    def save(word):
        path = tmp_path / f"{word}.parquet"
        pq.write_table(pa.table({"n": range(1_000), "word": [word] * 1_000}), path)
        return ParquetTable(path)

    async with shown(save("old")) as opened:
        opened.table.show(save("new"))
        strip = opened.table.render_lines(Region(0, 0, 40, 4))[2]
        assert "new" in strip.text  # nothing had to be awaited


async def test_new_rows_keep_filter_order_and_cursor(shown):
    async with shown(pa.table({"k": [1, 2, 3], "t": ["a", "b", "c"]})) as opened:
        await opened.ask("f", "k > 1")
        await opened.press("right", "s")
        opened.table.show(
            MemoryTable(pa.table({"new": [0] * 4, "t": list("zyxw"), "k": [9, 8, 1, 7]}))
        )
        await opened.press("down")

        view = opened.table.view
        assert view.counted() == "3 of 4 rows (filtered)"
        assert view.shown.at(0, 9).tolist() == [3, 1, 0]
        assert view.source.schema.names[opened.table.cursor[1]] == "t"


async def test_a_part_of_the_rows_is_never_called_all_of_them(shown):
    async with shown(pa.table({"k": range(10)}), out_of=538_121) as opened:
        assert opened.status.startswith("10 of 538,121 rows")
        await opened.ask("f", "k > 7")
        assert opened.status.startswith("2 of the first 10 of 538,121 rows (filtered)")


async def test_a_cell_opens_as_a_whole_and_is_copied_as_it_is(shown, screen_text):
    value = '{"a":1.10,"b":[1,2]}'
    async with shown(pa.table({"j": [value]})) as opened:
        await opened.press("enter")
        assert isinstance(opened.app.screen, CellScreen)
        lines = [line.strip(" │") for line in screen_text(opened.app)]
        assert "row 1 · j · string? · 20 characters" in lines
        assert '"a": 1.10,' in lines
        await opened.press("c", "escape")
        assert opened.app.copied == [value]


async def test_cells_rows_and_everything_are_copied_and_it_is_said(shown):
    async with shown(pa.table({"k": [1, 2], "t": ["a\tb", None]})) as opened:
        await opened.press("right", "c")
        assert opened.app.copied.pop() == "a\tb"
        await opened.press("y")
        assert opened.app.copied.pop() == 'k\tt\n1\t"a\tb"\n'
        await opened.press("left", "shift+down", "c")
        assert opened.app.copied.pop() == "k\n1\n2\n"
        assert "copied 2 rows as TSV" in opened.status
        await opened.press("ctrl+a", "Y")
        assert '{"k": 2, "t": null}' in opened.app.copied.pop()


async def test_the_rows_that_are_shown_are_exported(shown, tmp_path):
    async with shown() as opened:
        await opened.ask("f", "n < 3")
        await opened.ask("w", str(tmp_path / "x.csv"))
        assert "wrote 3 rows" in opened.status
        assert (tmp_path / "x.csv").read_text() == "n,t\n0,0\n1,1\n2,2\n"
        await opened.ask("w", str(tmp_path / "x.csv"))
        assert "is there already" in opened.status


async def test_marks_have_a_glyph_and_can_be_gone_to(shown, screen_text):
    marks = Marks(rows={2: "added"}, cells={(700, 1): "bad"})
    async with shown(marks=marks) as opened:
        assert screen_text(opened.app)[4].startswith("+")
        await opened.press("right_parenthesis", "right_parenthesis")
        assert opened.table.cursor == (700, 1)
        assert any(line.startswith("✗") for line in screen_text(opened.app))
        await opened.press("left_parenthesis")
        assert opened.table.cursor == (2, 1)


async def test_the_mouse_puts_the_cursor_selects_sorts_and_opens(shown):
    async with shown(pa.table({"k": [2, 1], "t": ["a", "b"]})) as opened:
        await opened.pilot.click(opened.table, offset=(14, 3))
        assert opened.table.cursor == (1, 1)
        await opened.pilot.click(opened.table, offset=(6, 0))
        await opened.press()
        assert opened.table.view.shown.at(0, 2).tolist() == [1, 0]
        await opened.pilot.click(opened.table, offset=(6, 3), shift=True)
        assert "2 × 2 cells" in opened.status
        await opened.pilot.click(opened.table, offset=(6, 2), times=2)
        await opened.press()
        assert isinstance(opened.app.screen, CellScreen)


async def test_a_parquet_file_is_read_by_threads_and_then_shown(shown, screen_text, tmp_path):
    pq.write_table(MILLION, tmp_path / "x.parquet", row_group_size=200_000)
    async with shown(ParquetTable(tmp_path / "x.parquet")) as opened:
        assert screen_text(opened.app)[2].split() == ["1", "│", "0", "0"]
        await opened.press("ctrl+end")
        assert screen_text(opened.app)[22].split() == ["1,000,000", "│", "999999", "999999"]
        await opened.press("s")
        await opened.press("s")
        await opened.press("ctrl+home")
        assert screen_text(opened.app)[2].split()[2] == "999999"


async def test_a_file_that_breaks_is_said_and_nothing_crashes(shown, tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(MILLION.slice(0, 1_000), path, row_group_size=500, compression="none")
    data = bytearray(path.read_bytes())
    data[4:400] = b"\xff" * 396
    path.write_bytes(data)
    async with shown(ParquetTable(path)) as opened:
        assert "cannot read" in opened.status


async def test_nothing_to_show_is_no_error(shown):
    for table in (pa.table({}), pa.table({"k": pa.array([], pa.int64())})):
        async with shown(table) as opened:
            assert opened.status == "no rows"
            await opened.press("pagedown", "end", "s", "enter", "c", "ctrl+a", "ctrl+end")
            await opened.ask("g", "1")
            await opened.ask("slash", "x")
            await opened.press("n", "right_parenthesis")
            assert opened.table.cursor is None


async def test_keys_that_mean_nothing_are_left_to_others(shown):
    async with shown() as opened:
        table = opened.table
        assert table.check_action("find_again", (False,)) is False
        assert table.check_action("back", ()) is False
        await opened.ask("slash", "7")
        assert table.check_action("find_again", (False,)) is True
        await opened.press("escape")
        assert table.check_action("back", ()) is False

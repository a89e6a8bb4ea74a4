"""How the table and the log look in each of their states."""

from __future__ import annotations

import threading

import pyarrow as pa
import pytest
from textual.widgets import Input

from casparian.app.tui.widgets import table_taking
from casparian.app.tui.widgets.arranging import StaleError
from casparian.app.tui.widgets.log_area import LogArea
from casparian.app.tui.widgets.log_lines import LogLine
from casparian.app.tui.widgets.table_area import TableArea
from casparian.app.tui.widgets.table_source import MemoryTable
from casparian.app.tui.widgets.table_view import Marks

from ..app.tui.cheap_apps import until
from ..app.tui.widgets.conftest import Around
from ..app.tui.widgets.nasty import nasty_table
from .looks import BOTH, IN_LIGHT, LIGHT, MEDIUM, NARROW, WIDE, settled

NARROW_LIGHT = {"light": (80, 24, LIGHT)}
ANSI = {"ansi": (80, 24, "ansi-dark")}

MARKS = Marks(rows={4: "added", 6: "removed", 8: "changed"}, cells={(0, 1): "bad", (5, 2): "bad"})


@pytest.fixture
def table_picture(looks_as):
    def compare(*keys, data=None, looks=NARROW, answer=None, **options):
        area = TableArea()

        async def prepare(pilot) -> None:
            area.table.focus()
            area.table.show(MemoryTable(nasty_table() if data is None else data), **options)
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            if answer is not None:
                pilot.app.query_one(Input).value = answer
                await pilot.press("enter")
                await settled(pilot)

        return looks_as(Around(area), prepare, looks)

    return compare


def test_table(table_picture):
    assert table_picture(marks=MARKS)


def test_table_wide(table_picture):
    assert table_picture("right", "s", looks=MEDIUM, marks=MARKS)


def test_table_light(table_picture):
    assert table_picture("shift+down", "shift+right", looks=NARROW_LIGHT, marks=MARKS)


def test_table_in_the_terminals_own_colours(table_picture):
    assert table_picture("slash", answer="a", looks=ANSI, marks=MARKS)


def test_table_scrolled_to_its_end(table_picture):
    data = pa.table({f"column_{n}": range(100_000) for n in range(40)})
    assert table_picture("end", "ctrl+end", data=data, out_of=538_121)


def test_table_without_rows(table_picture):
    assert table_picture(data=nasty_table().slice(0, 0))


def test_table_asking_for_a_filter(table_picture):
    assert table_picture("f")


def test_table_filtered(table_picture):
    assert table_picture("f", answer="ok = true")


def test_table_with_a_filter_that_makes_no_sense(table_picture):
    assert table_picture("f", answer="prise > 3")


def test_a_cell_as_a_whole(table_picture):
    text = '{"a": 1.10, "long": "' + "word " * 40 + '", "list": [1, {"b": null}]}'
    assert table_picture("enter", data=pa.table({"payload": [text]}))


def test_table_while_it_sorts(looks_as, monkeypatch):
    def slow(source, keep, sort, stale):
        while not stale():  # until the app is gone
            threading.Event().wait(0.01)
        raise StaleError

    monkeypatch.setattr(table_taking, "arranged", slow)
    area = TableArea()

    async def prepare(pilot) -> None:
        area.table.show(MemoryTable(nasty_table()))
        area.table.sort_by(0)
        await until(pilot, lambda: "sorting…" in str(area.query_one(".table-status").render()))

    assert looks_as(Around(area), prepare, NARROW, at_rest=False)


@pytest.fixture
def log_picture(looks_as):
    def compare(*keys, lines=(), later=(), looks=NARROW, answer=None):
        area = LogArea()

        async def prepare(pilot) -> None:
            area.log_view.focus()
            area.log_view.append(lines)
            await settled(pilot)
            for key in keys:
                await pilot.press(key)
                await settled(pilot)
            if answer is not None:
                pilot.app.query_one(Input).value = answer
                await pilot.press("enter")
            area.log_view.append(later)
            await settled(pilot)

        return looks_as(Around(area), prepare, looks)

    return compare


def _lines(count: int) -> list[LogLine]:
    levels = ("stdout", "stderr", "debug", "info", "warning", "error")
    texts = (
        "reading [bold]file[/bold]",
        "\x1b[31mred\x1b[0m and \x00",
        "שלום 👨‍👩‍👧",
        "50%\r100%",
        "tab\there " + "long " * 30,
    )
    return [
        LogLine(levels[n % 6], f"{n} {texts[n % 5]}", 1_706_689_800_000 + 250 * n)
        for n in range(count)
    ]


def test_log(log_picture):
    assert log_picture(lines=_lines(100))


def test_log_wide_light(log_picture):
    assert log_picture("f", "f", lines=_lines(100), looks=IN_LIGHT)


def test_log_scrolled_up_and_searched(log_picture):
    assert log_picture("pageup", "slash", lines=_lines(100), answer="red", later=_lines(7))


def test_log_without_lines(log_picture):
    assert log_picture()


def orders():
    """A column of prices and one of towns, made by a rule."""
    count = 20_000
    prices = [round(((n * 7919) % 1_000) ** 2 / 1_000 + (n % 7), 2) for n in range(count)]
    towns = ["Zürich", "Oslo", "Kyoto", "Lima", "a town with a very long name, on the river", ""]
    places = [None if n % 50 == 0 else towns[min(5, (n * n) % 11)] for n in range(count)]
    return pa.table({"price": prices, "town": places})


def test_column_of_numbers(table_picture):
    assert table_picture("i", data=orders(), looks=BOTH | WIDE)


def test_column_of_texts(table_picture):
    assert table_picture("right", "i", data=orders(), looks=NARROW | IN_LIGHT)

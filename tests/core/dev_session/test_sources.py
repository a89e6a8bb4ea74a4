"""A registered parser's source is found again by the name that it declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.dev_session.sources import find_source


@pytest.mark.parametrize(
    "line", ['name = "sales"', 'name: str = "sales"', "version = name = 'sales'"]
)
def test_a_parser_is_found_by_its_name_without_running_it(tmp_path: Path, line: str) -> None:
    for folder, text in (
        ("other", 'class Parser:\n    name = "shipments"\n    def parse(self, ctx): ...\n'),
        ("half", 'class Parser:\n    name = "sales"\n    def parse(self, ctx)\n'),
        (
            "sales",
            f"import nothing_there\nclass Parser:\n    {line}\n    def parse(self, c): ...\n",
        ),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "parser.py").write_text(text)
    assert find_source("sales", tmp_path) == tmp_path / "sales" / "parser.py"
    assert find_source("unheard_of", tmp_path) is None


def test_what_was_worked_on_last_comes_first(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "p.py").write_text('class Parser:\n    name = "sales"\n')
    known = [tmp_path / "gone.py", tmp_path / "b" / "p.py"]
    assert find_source("sales", tmp_path, known) == tmp_path / "b" / "p.py"

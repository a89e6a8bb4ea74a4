"""From a quarantined row to the line of the file that it came from."""

from __future__ import annotations

from pathlib import Path

from casparian.core.dev_session.raw_line import raw_line

CSV = "day,item,price\n2024-01-01,tea,1\n2024-01-02,jam,x\n2024-01-03,jam,3\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_line_that_has_all_cells_is_found(tmp_path: Path) -> None:
    found = raw_line(written(tmp_path, CSV), ["2024-01-02", "jam", "x", "", None], 2)
    assert found is not None
    assert (found.line, found.sentence) == (3, "line 3 has all of its cells")


def test_a_row_that_the_parser_changed_is_found_by_most_of_its_cells(tmp_path: Path) -> None:
    found = raw_line(written(tmp_path, CSV), ["2 January", "jam", "x"], 2)
    assert found is not None
    assert found.line == 3
    assert found.sentence == "line 3 looks most like it: 2 of 3 cells"


def test_of_lines_that_are_alike_the_nearest_is_meant_and_it_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "n\n" + "same\n" * 9)
    found = raw_line(path, ["same"], 5)
    assert found is not None
    assert found.line == 5
    assert found.sentence == "line 5 has all of its cells; 8 other lines as well"


def test_a_row_of_another_file_is_not_found(tmp_path: Path) -> None:
    assert raw_line(written(tmp_path, CSV), ["1999", "coal", "9.5"], 1) is None
    assert raw_line(written(tmp_path, CSV), ["", None], 1) is None


def test_long_lines_are_one_line_each(tmp_path: Path) -> None:
    long = b"x" * 200_000
    found = raw_line(written(tmp_path, long + b"\n" + long + b"\nhere,it,is\n"), ["here", "is"], 1)
    assert found is not None
    assert found.line == 3

"""Which files words name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from casparian.core.queueing.inputs import find_inputs, listed_inputs
from casparian.core.queueing.problems import FileProblem

from .conftest import write


@pytest.fixture(autouse=True)
def _here(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data)
    for name in ("b.csv", "a.csv", "in/c.csv", "in/deep/d.csv", ".hidden.csv", ".git/e.csv"):
        write(data / name)


def found(*words: str) -> list[str]:
    """What words name, seen from here; a problem as its kind and path."""
    here = Path.cwd()

    def shown(path: str | Path) -> str:
        return str(Path(path).relative_to(here)) if Path(path).is_absolute() else str(path)

    return [
        f"{one.kind}: {shown(one.path)}" if isinstance(one, FileProblem) else shown(one)
        for one in find_inputs(words)
    ]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("a.csv", ["a.csv"]),
        (".", ["a.csv", "b.csv", "in/c.csv", "in/deep/d.csv"]),
        ("in", ["in/c.csv", "in/deep/d.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "in/c.csv", "in/deep/d.csv"]),
        ("**/**/c.csv", ["in/c.csv"]),
        ("*/*.csv", ["in/c.csv"]),
        ("i[mn]/**", ["in/c.csv", "in/deep/d.csv"]),
        ("*/deep/d.csv", ["in/deep/d.csv"]),
        (".*.csv", [".hidden.csv"]),
        ("*.xml", ["nothing: *.xml"]),
        ("none.csv", ["none.csv"]),
    ],
)
def test_a_word_names_a_file_the_files_below_a_folder_or_those_that_match(
    word: str, names: list[str]
) -> None:
    assert found(word) == names


def test_a_name_with_signs_of_a_glob_is_that_file(data: Path) -> None:
    write(data / "a[1].csv")
    assert found("a[1].csv") == ["a[1].csv"]


def test_a_folder_without_files_is_told(data: Path) -> None:
    (data / "empty").mkdir()
    assert found("empty", "a.csv") == ["nothing: empty", "a.csv"]


def test_a_loop_of_links_ends_and_a_linked_folder_is_entered_once(data: Path) -> None:
    (data / "in" / "up").symlink_to(data / "in")
    (data / "in" / "same").symlink_to(data / "in" / "deep")
    (data / "in" / "itself").symlink_to("itself")
    assert found("in") == ["in/c.csv", "in/itself", "in/deep/d.csv"]


def test_a_link_that_leads_nowhere_is_not_passed_over(data: Path) -> None:
    (data / "in" / "broken.csv").symlink_to("gone.csv")
    assert "in/broken.csv" in found("in")


def test_a_folder_that_may_not_be_read_is_told_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse(path: Path) -> Any:
        if Path(path) == data / "in" / "deep":
            raise PermissionError(13, "Permission denied")  # as for anybody but root
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert found("in") == ["in/c.csv", "unreadable: in/deep"]
    assert found("**/c.csv") == ["in/c.csv", "unreadable: in/deep"]


def test_a_list_names_a_file_per_line(data: Path) -> None:
    lines = ["a.csv\n", "\n", "in/c.csv\r\n", str(data / "b.csv")]
    assert list(listed_inputs(lines)) == [data / "a.csv", data / "in/c.csv", data / "b.csv"]


def test_blanks_around_a_listed_path_are_no_part_of_it_unless_a_file_has_that_very_name(
    data: Path,
) -> None:
    write(data / "b.csv ")
    lines = [" a.csv \n", "b.csv \n", "\tnone.csv\r\n", "  \n"]
    assert list(listed_inputs(lines)) == [data / "a.csv", data / "b.csv ", data / "none.csv"]

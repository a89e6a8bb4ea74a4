"""What the words on the command line name."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.inputs import InputError, input_files, parser_file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.csv", "a.csv", ".hidden", "sub/c.csv", "we[ir]d.csv"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def test_a_folder_stands_for_its_files_sorted_without_hidden_ones(folder: Path) -> None:
    assert input_files(["in"]) == [folder / "a.csv", folder / "b.csv", folder / "we[ir]d.csv"]


def test_a_glob_is_expanded_sorted_and_may_go_deeper(folder: Path) -> None:
    assert input_files(["in/*.csv"])[:2] == [folder / "a.csv", folder / "b.csv"]
    assert folder / "sub" / "c.csv" in input_files(["in/**/*.csv"])


def test_a_file_whose_name_looks_like_a_glob_is_itself(folder: Path) -> None:
    assert input_files(["in/we[ir]d.csv"]) == [folder / "we[ir]d.csv"]


def test_each_file_is_run_once_in_the_order_it_was_named(folder: Path) -> None:
    named = input_files(["in/b.csv", "in", str(folder / "a.csv")])
    assert [path.name for path in named] == ["b.csv", "a.csv", "we[ir]d.csv"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("in/a.cvs", "did you mean in/a.csv?"),
        ("in/*.xml", "no file matches"),
        ("out/a.csv", "out does not exist"),
    ],
)
def test_a_word_that_names_nothing_is_an_error_that_helps(
    folder: Path, word: str, said: str
) -> None:
    with pytest.raises(InputError) as raised:
        input_files([word])
    assert said in str(raised.value)


def test_a_parser_is_a_file_or_a_folder_with_parser_py(folder: Path) -> None:
    (folder / "parser.py").write_text("")
    assert parser_file(Path("in")) == folder / "parser.py"
    assert parser_file(Path("in/parser.py")) == folder / "parser.py"
    with pytest.raises(InputError, match=r"no parser\.py"):
        parser_file(Path("in/sub"))
    with pytest.raises(InputError, match=r"did you mean in/parser\.py"):
        parser_file(Path("in/praser.py"))

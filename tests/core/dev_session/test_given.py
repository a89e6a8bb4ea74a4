"""What is named to begin a session with: the right file, or one sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.dev_session.given import given_parser, given_samples, own_samples
from casparian.core.inputs import InputError

PARSER = 'class Parser:\n    name = "p"\n    def parse(self, ctx): ...\n'


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PARSER if name.endswith(".py") else "a,b\n")
    return folder


def names(folder: Path, paths: tuple[Path, ...]) -> list[str]:
    return [str(path.relative_to(folder)) for path in paths]


def test_a_folder_stands_for_its_data_and_that_below_without_what_is_plainly_none(
    tmp_path: Path,
) -> None:
    make(
        tmp_path,
        *("b.csv", "a.csv", "below/c.jsonl", "noending"),
        *(".hidden.csv", "__pycache__/x.csv", ".git/config.txt", ".venv/data.csv"),
        *("parser.py", "headers.py", "contract.toml", "pyproject.toml", "uv.lock", "README.md"),
    )
    found = given_samples([tmp_path])
    assert names(tmp_path, found.paths) == ["a.csv", "b.csv", "noending", "below/c.jsonl"]
    assert not found.too_many


def test_files_come_in_the_order_given_each_once(tmp_path: Path) -> None:
    make(tmp_path, "a.csv", "b.csv", "x.py")
    b, x = tmp_path / "b.csv", tmp_path / "x.py"
    found = given_samples([b, tmp_path, x])
    assert names(tmp_path, found.paths) == ["b.csv", "a.csv", "x.py"]


def test_of_a_huge_folder_the_first_thousands_are_taken_and_that_is_known(tmp_path: Path) -> None:
    for number in range(5_050):
        (tmp_path / f"{number:05}.csv").touch()
    found = given_samples([tmp_path])
    assert len(found.paths) == 5_000
    assert found.paths[0].name == "00000.csv"
    assert found.too_many == (tmp_path,)


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("sampels", "no samples at", "did you mean"),
        ("far/away.csv", "no samples at", "does not exist"),
        ("zzz", "no samples at", "give a file, or a folder of them"),
        ("empty", "holds no file to try a parser on", "name the file itself"),
    ],
)
def test_samples_that_are_not_there_are_told(
    tmp_path: Path, word: str, message: str, hint: str
) -> None:
    make(tmp_path, "samples/a.csv", "empty/parser.py")
    with pytest.raises(InputError) as caught:
        given_samples([tmp_path / word])
    assert message in caught.value.message
    assert str(tmp_path / word) in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("parsers/saels.py", "no parser at", "did you mean"),
        ("parsers", "has no parser.py", "one of its parsers: "),
        ("data", "has no parser.py", "give the parser's file"),
        ("data/a.csv", "is no Python file", "casparian new"),
    ],
)
def test_a_parser_that_is_none_is_told_with_what_is_near(
    tmp_path: Path, word: str, message: str, hint: str
) -> None:
    make(tmp_path, "parsers/sales.py", "parsers/shop/parser.py", "data/a.csv")
    with pytest.raises(InputError) as caught:
        given_parser(tmp_path / word)
    assert message in caught.value.message
    assert hint in caught.value.hint
    if word == "parsers":
        assert f"{tmp_path}/parsers/sales.py, {tmp_path}/parsers/shop" in caught.value.hint


def test_a_parser_has_samples_of_its_own(tmp_path: Path) -> None:
    make(
        tmp_path,
        *("shop/parser.py", "shop/samples/a.csv", "shop/samples/.b.csv"),
        *("sales.py", "samples/sales/c.csv", "samples/other/d.csv"),
    )
    shop = own_samples(tmp_path / "shop/parser.py")
    assert names(tmp_path, shop.paths) == ["shop/samples/a.csv"]
    assert names(tmp_path, own_samples(tmp_path / "sales.py").paths) == ["samples/sales/c.csv"]
    assert own_samples(tmp_path / "none.py").paths == ()

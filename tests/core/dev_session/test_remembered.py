"""The last parser and samples come back, and what is below a folder is found."""

from __future__ import annotations

from pathlib import Path

from casparian.core.dev_session.remembered import FILE, Remembered, recall, remember
from casparian.core.dev_session.tree import find_parsers, find_samples, look_through


def test_the_parser_and_its_samples_are_remembered_and_those_before(tmp_path):
    home = tmp_path / "home"
    assert recall(home) == Remembered()
    odd = Path("/data/\udcff.csv")  # a name that is no UTF-8
    remember(Path("/a.py"), (Path("/1"), odd), home)
    remember(Path("/b.py"), (Path("/2"),), home)
    found = recall(home)
    assert (found.parser, found.samples) == (Path("/b.py"), (Path("/2"),))
    assert found.samples_of(Path("/a.py")) == (Path("/1"), odd)
    assert found.samples_of(Path("/c.py")) == ()
    for number in range(50):
        remember(Path(f"/{number}.py"), (), home)
    remember(Path("/0.py"), (), home)
    assert recall(home).parser == Path("/0.py")
    assert len(recall(home).recent) < 50
    assert [path.name for path in home.iterdir()] == [FILE]


def test_a_damaged_file_is_ignored_with_a_notice_and_mended_by_the_next(tmp_path):
    damaged = ["", "{", "[]", '{"parsers": [{}]}', '{"parsers": [{"parser": 1, "samples": []}]}']
    for content in [*damaged, "\x00", '{"parsers": [{"parser": "/a", "samples": [null]}]}']:
        (tmp_path / FILE).write_text(content)
        found = recall(tmp_path)
        assert (found.parser, "damaged" in found.notice) == (None, True), content
    (tmp_path / FILE).write_bytes(b"\xff")
    assert "damaged" in recall(tmp_path).notice
    remember(Path("/a.py"), (), tmp_path)
    assert recall(tmp_path) == Remembered(Path("/a.py"))
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    assert "can't be read" in recall(tmp_path).notice


def test_parsers_and_samples_below_a_folder_are_found_and_what_programs_made_is_not(tmp_path):
    def write(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    write("deep/er/parser.py", "class Parser:\n    def parse(self, ctx): ...\n")
    write("function.py", "def parse(path):\n    return []\n")
    write("handler.py", "X = 1\n\nclass Handler:\n    def execute(self, path): ...\n")
    write("half.py", "def parse(path):\n    return [")
    write("tried.py", "try:\n    import x\nexcept ImportError:\n    def parse(path): ...\n")
    write("inherits.py", "from base import Base\n\nclass Parser(Base):\n    name = 'x'\n")
    write("module.py", "def parser():\n    class Parser:\n        def parse(self): ...\n")
    write("text.py", 'CODE = """\nclass Parser:\n    def parse(self, ctx): ...\n"""\n')
    write("empty.py", "class Parser:\n    pass\n")
    write("argued.py", "if __name__ == '__main__':\n    def parse(path): ...\n")
    for test in ("tests/test_x.py", "x_test.py", "conftest.py"):
        write(test, "def parse(path): ...\n")
    write("env/pyvenv.cfg")
    for folder in (".git", "__pycache__", "node_modules", "env", "venv"):
        write(f"{folder}/parser.py", "def parse(path): pass\n")
        write(f"{folder}/data.csv")
    write("data/a.csv")
    write("data/b.json.gz")
    write("data/.hidden.csv")
    write("pyproject.toml")
    found = find_parsers(tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in found.paths]
    assert names == [
        "function.py", "half.py", "handler.py", "inherits.py", "tried.py", "deep/er/parser.py"
    ]  # fmt: skip
    assert found.is_whole
    assert [path.name for path in find_samples(tmp_path).paths] == ["a.csv", "b.json.gz"]
    few = look_through(tmp_path, lambda _: True, most_files=2)
    assert (len(few.files), few.is_whole) == (2, False)
    assert find_samples(tmp_path / "nothing").paths == ()


def test_links_to_folders_are_not_followed_in_circles(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "x.csv").touch()
    (tmp_path / "linked.csv").symlink_to(tmp_path / "a" / "x.csv")
    assert [path.name for path in find_samples(tmp_path).paths] == ["linked.csv", "x.csv"]

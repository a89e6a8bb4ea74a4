"""What a path stands for: a parser, its file, or a folder of several."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.bundles import build_bundle
from casparian.core.errors import CasparianError
from casparian.core.inputs import InputError
from casparian.core.registry import Candidate, RegistrationError, find_candidates, find_registered
from casparian.core.stores.errors import UnknownParserError

from .conftest import Registry, source

ROOT = Path(__file__).parents[3]


def files_of(candidate: Candidate) -> set[str]:
    bundle = build_bundle(
        candidate.folder,
        entrypoint=candidate.entrypoint,
        shared=candidate.shared,
        without=candidate.without,
    )
    return set(bundle.files) - {"pyproject.toml", "uv.lock"}


def test_the_demo_folder_holds_four_parsers_each_with_its_own_files() -> None:
    found = find_candidates(ROOT / "demo/parsers")
    assert found.is_several
    assert {str(c.path.name): files_of(c) for c in found.parsers} == {
        "events_parser.py": {"events_parser.py"},
        "fix_parser.py": {"fix_parser.py"},
        "mcdata_parser.py": {"mcdata_parser.py"},
        "sales": {"parser.py", "contract.toml", "headers.py", "spellings.json"},
    }


def test_what_is_skipped_is_listed_with_the_reason(registry: Registry) -> None:
    folder = registry.write(
        {
            "a_parser.py": source(name="a"),
            "b/parser.py": source(name="b"),
            "adhoc.py": "def parse(path): ...\n",
            "adhoc/parser.py": "class Handler:\n    def parse(self, path): ...\n",
            "tools.py": "X = 1\n",
            "broken.py": "def f(:\n",
            "docs/x.txt": "",
            "samples/x.txt": "",
            ".venv/x.py": source(),
            "notes.md": "",
        }
    )
    found = find_candidates(folder)
    assert [c.path.name for c in found.parsers] == ["a_parser.py", "b", "broken.py"]
    told = {one.path.name: one.reason for one in found.skipped}
    assert set(told) == {"adhoc.py", "adhoc", "tools.py", "docs"}
    assert "casparian scaffold" in told["adhoc.py"]
    assert "casparian scaffold" in told["adhoc"]
    assert told["tools.py"] == "no class Parser with a method parse in it"
    assert told["docs"] == "no parser.py in it"


def test_a_file_takes_along_what_it_shares_but_no_other_parser(registry: Registry) -> None:
    folder = registry.write(
        {
            "a.py": "from b import X\nimport shared\n" + source(name="a"),
            "a.contract.toml": "",
            "b.py": "X = 1\n" + source(name="b"),
            "b.contract.toml": "",
            "c.py": source(name="c"),
            "c.contract.toml": "",
            "shared.py": "",
            "codes.csv": "",
            "d/parser.py": source(name="d"),
        }
    )
    everyone = {"shared.py", "codes.csv"}
    found = {c.path.name: files_of(c) for c in find_candidates(folder).parsers}
    assert found["a.py"] == {"a.py", "a.contract.toml", "b.py", *everyone}, "it imports b"
    assert found["c.py"] == {"c.py", "c.contract.toml", *everyone}
    assert found["d"] == {"parser.py"}
    [alone] = find_candidates(folder / "c.py").parsers
    assert files_of(alone) == found["c.py"], "named by itself it is the same bundle"


def test_a_change_of_one_parser_is_none_of_another(registry: Registry) -> None:
    files = {"a.py": source(name="a"), "b.py": source(name="b")}
    folder = registry.write(files)
    [a, b] = find_candidates(folder).parsers
    before = build_bundle(a.folder, entrypoint=a.entrypoint, without=a.without).source_hash
    registry.write({**files, "b.py": source(name="b") + "# changed\n"})
    [a, b] = find_candidates(folder).parsers
    assert build_bundle(a.folder, entrypoint=a.entrypoint, without=a.without).source_hash == before
    assert b.samples == folder / "samples" / "b"


def test_the_file_parser_py_is_its_folder(registry: Registry) -> None:
    folder = registry.write({"parser.py": source()})
    [by_file], [by_folder] = (find_candidates(p).parsers for p in (folder / "parser.py", folder))
    assert by_file == by_folder
    assert by_folder.samples == folder / "samples"


@pytest.mark.parametrize("name", ["x.py", "parser.py"])
def test_level_1_is_refused_with_the_way_out(registry: Registry, name: str) -> None:
    folder = registry.write({name: "def parse(path): ...\n"})
    path = folder / name if name != "parser.py" else folder
    with pytest.raises(RegistrationError, match=r"ad-hoc parser \(def parse\(path\)\)") as refused:
        find_candidates(path)
    assert "casparian scaffold" in refused.value.hint


def test_a_path_without_a_parser_is_refused(registry: Registry) -> None:
    folder = registry.write({"tools.py": ""})
    with pytest.raises(RegistrationError, match=r"(?s)holds no parser.*tools\.py: no class Parser"):
        find_candidates(folder)
    with pytest.raises(InputError):
        find_candidates(folder / "none")


def test_a_registered_parser_is_found_by_its_name_or_its_version(registry: Registry) -> None:
    with pytest.raises(UnknownParserError, match="no parser 'sales'"):
        find_registered(None, "sales")
    registry.register(registry.write({"parser.py": source()}))
    with registry.known() as known:
        assert find_registered(known.store, "sales").version == "1.0.0"
        assert find_registered(known.store, "sales@1.0.0").version == "1.0.0"
        for word, hint in (
            ("sale", "mean sales"),
            ("sales@2", r"are: 1\.0\.0"),
            ("x", "are: sales"),
        ):
            with pytest.raises(CasparianError, match=hint):
                find_registered(known.store, word)

"""A parser is registered as it stands, or refused with the reason and the store as it was."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path

import pytest

from casparian.core.bundles import BundleError, build_bundle, verify
from casparian.core.bundles.archive import write_archive
from casparian.core.declared import ParserUnusable
from casparian.core.errors import CasparianError
from casparian.core.registry import RegistrationError, find_candidates, stored_contract
from casparian.core.registry.errors import NoRoomError
from casparian.core.registry.unpacked import unpacked
from casparian.core.stores.errors import ParserExistsError

from ...full_disk import disk_ends_at
from .conftest import LOCK, Registry, source

NO_PYTHON = Path("/there/is/no/python")


def test_a_parser_is_stored_with_what_it_says_of_itself(registry: Registry) -> None:
    folder = registry.write({"parser.py": source()})
    done = registry.register(folder)
    assert (done.status, done.name, done.version) == ("registered", "sales", "1.0.0")
    assert done.bundle == build_bundle(folder)
    with registry.known() as known:
        stored = known.latest("sales")
        assert stored is not None
        assert known.store is not None
        archive = known.store.parsers.archive(stored.source_hash)
    assert stored.topics == ("sales", "all")
    assert stored.entrypoint == "parser.py"
    assert (stored.source_hash, stored.lockfile_hash) == (
        done.bundle.source_hash,
        done.bundle.lockfile_hash,
    )
    verify(archive or b"", stored.source_hash)
    contract = stored_contract(stored.contract, "sales")
    assert contract is not None
    assert contract.hash == stored.contract_hash == done.contract_hash


def test_the_same_content_is_unchanged_and_nothing_is_built_or_run(registry: Registry) -> None:
    folder = registry.write({"parser.py": source()})
    registry.register(folder)
    again = registry.register(folder, python=NO_PYTHON)
    assert (again.status, again.name, again.version) == ("unchanged", "sales", "1.0.0")


def test_a_bundle_that_was_damaged_in_the_store_is_whole_once_it_is_registered_again(
    registry: Registry,
) -> None:
    folder = registry.write({"parser.py": source()})
    bundle = registry.register(folder).bundle
    with sqlite3.connect(registry.url) as store:
        store.execute("UPDATE cf_parsers SET source_archive = ?", (bundle.archive[:-1],))
    store.close()
    again = registry.register(folder, python=NO_PYTHON)
    assert again.status == "unchanged"
    assert "whole again" in again.warnings[0]
    with registry.known() as known:
        assert known.store is not None
        verify(known.store.parsers.archive(bundle.source_hash) or b"", bundle.source_hash)
    assert registry.register(folder, python=NO_PYTHON).warnings == ()


def test_other_content_for_a_version_is_refused_unless_it_is_forced(registry: Registry) -> None:
    folder = registry.write({"parser.py": source()})
    first = registry.register(folder).bundle.source_hash
    registry.write({"parser.py": source(), "more.py": ""})
    with pytest.raises(ParserExistsError, match=r"sales 1\.0\.0 is registered already") as refused:
        registry.register(folder)
    assert "--force" in refused.value.hint
    with registry.known() as known:
        assert [p.source_hash for p in known.all(all_versions=True)] == [first]
    done = registry.register(folder, force=True)
    assert done.replaced
    with registry.known() as known:
        now = known.of_version("sales", "1.0.0")
    assert now is not None
    assert now.source_hash == done.bundle.source_hash != first


def test_whoever_is_refused_leaves_no_store_behind(registry: Registry) -> None:
    folder = registry.write({"parser.py": "1 / 0\n"})
    with pytest.raises(ParserUnusable, match="ZeroDivisionError") as refused:
        registry.register(folder)
    assert "parser.py" in refused.value.traceback
    (folder / "uv.lock").unlink()
    with pytest.raises(BundleError, match=r"No uv\.lock found\. Run 'uv lock' first\."):
        registry.register(folder)
    assert not registry.url.exists()


def test_a_lock_without_pyarrow_is_refused(registry: Registry) -> None:
    folder = registry.write({"parser.py": source(), "uv.lock": LOCK.replace("pyarrow", "pandas")})
    with pytest.raises(RegistrationError, match="no pyarrow") as refused:
        registry.register(folder, python=NO_PYTHON)
    assert refused.value.hint == "uv add pyarrow"
    registry.write({"parser.py": source(), "uv.lock": "= no lock"})
    with pytest.raises(RegistrationError, match=r"uv\.lock can't be read"):
        registry.register(folder, python=NO_PYTHON)


def test_imports_that_find_nothing_are_told_before_anything_runs(registry: Registry) -> None:
    files = {
        "parser.py": "import helpers\nimport json, pyarrow.compute\nopen('/ran', 'w')\n",
        "helpers.py": "from gone import x\nimport no_such_package\n",
    }
    with pytest.raises(RegistrationError) as refused:
        registry.register(registry.write(files))
    lines = refused.value.message.splitlines()
    assert [line.strip().rpartition(": ")[0] for line in lines[1:]] == [
        "helpers.py:1: import gone",
        "helpers.py:2: import no_such_package",
    ]


def test_strict_refuses_what_the_gatekeeper_finds_but_what_is_allowed(registry: Registry) -> None:
    reaching = "import os, subprocess\n" + source() + "        os.system('true')\n"
    folder = registry.write({"parser.py": reaching})
    with pytest.raises(RegistrationError, match=r"parser\.py:1: subprocess") as refused:
        registry.register(folder, strict=True, allowed=("os",), python=NO_PYTHON)
    assert refused.value.hint.endswith("--allow subprocess")
    assert "os.system" not in refused.value.message
    done = registry.register(folder, strict=True, allowed=("os", "subprocess"))
    assert [one.name for one in done.findings] == ["subprocess", "os.system"]
    with pytest.raises(RegistrationError):
        registry.register(folder, strict=True)  # it is looked at again, though it is unchanged


def test_a_sample_that_fails_refuses_the_parser(registry: Registry) -> None:
    folder = registry.write({"parser.py": source(), "samples/bad.txt": "x\ny\n"})
    with pytest.raises(RegistrationError, match=r"(?s)all 2 rows.*row 1: a: 'x'") as refused:
        registry.register(folder)
    assert "casparian parser register " in refused.value.hint, "no key and no word alone does it"
    assert " --skip-validation" in refused.value.hint
    assert registry.register(folder, skip_validation=True).samples == ()


def test_samples_are_tried_and_their_bad_rows_told(registry: Registry) -> None:
    files = {"samples/1.txt": "1\n2\nx\n", "samples/2.txt": "3\n", "samples/.hidden": "x\n"}
    done = registry.register(registry.write({"parser.py": source(), **files}))
    assert [(r.input_path.name, r.rows, r.rows_quarantined) for r in done.samples] == [
        ("1.txt", 2, 1),
        ("2.txt", 1, 0),
    ]
    [warning] = done.warnings
    assert warning.startswith("1.txt: 1 of 3 rows would be quarantined: row 3: a: 'x'")
    assert not (registry.folder / "output").exists()


def test_a_place_that_a_sink_names_is_warned_of_as_the_output_root_says_where_rows_go(
    registry: Registry, tmp_path: Path
) -> None:
    text = source().replace(
        "        yield ",
        "        from casparian_types import Output\n        yield Output('sales', ",
    )
    files = {"samples/1.txt": "1\n", "samples/2.txt": "2\n"}
    place = tmp_path / "elsewhere"
    text = text.replace("splitlines()]", f"splitlines()], sink='csv://{place}')")
    done = registry.register(registry.write({"parser.py": text, **files}))
    assert done.warnings == (
        f"the output 'sales' names the place {place}: in prod mode the output root says where "
        "rows go",
    )
    text = text.replace(f"csv://{place}", "csv").replace("1.0.0", "1.0.1")
    again = registry.write({"parser.py": text, **files}, version="1.0.1")
    assert registry.register(again).warnings == ()


def test_a_contract_is_broken_only_if_somebody_says_so(registry: Registry) -> None:
    registry.register(registry.write({"parser.py": source("1.0.0")}))
    narrower = source("2.0.0", outputs='{"a": "string"}')
    folder = registry.write({"parser.py": narrower}, version="2.0.0")
    with pytest.raises(RegistrationError, match=r"breaks that of sales 1\.0\.0") as refused:
        registry.register(folder)
    assert "sales.a" in refused.value.message
    assert "--yes" in refused.value.hint
    with registry.known() as known:
        assert [p.version for p in known.all(all_versions=True)] == ["1.0.0"]
    registry.accept = True
    done = registry.register(folder)
    assert (done.previous, done.changes and done.changes.verdict) == ("1.0.0", "breaking")
    assert len(registry.asked) == 2


def test_a_contract_that_goes_is_broken_and_one_that_comes_is_not(registry: Registry) -> None:
    registry.register(registry.write({"parser.py": source("1.0.0", outputs="None")}))
    done = registry.register(registry.write({"parser.py": source("1.1.0")}, version="1.1.0"))
    assert done.changes is not None
    assert done.changes.verdict == "tightening"
    gone = registry.write({"parser.py": source("1.2.0", outputs="None")}, version="1.2.0")
    with pytest.raises(RegistrationError, match="the contract is gone"):
        registry.register(gone)


def test_the_contract_beside_the_parser_is_that_of_the_bundle(registry: Registry) -> None:
    contract = '[columns]\nb = "string"\na = "int64"\n'
    done = registry.register(
        registry.write({"parser.py": source(outputs="None"), "contract.toml": contract})
    )
    with registry.known() as known:
        stored = known.latest("sales")
    assert stored is not None
    columns = json.loads(stored.contract or "")["outputs"]["sales"]["columns"]
    assert list(columns) == ["b", "a"], "in the order in which they are written"
    assert stored.contract_hash == done.contract_hash


def test_a_version_of_the_project_that_differs_is_told(registry: Registry) -> None:
    done = registry.register(registry.write({"parser.py": source("1.0.0")}, version="0.9"))
    assert done.warnings == (
        "pyproject.toml says version 0.9, the parser 1.0.0: the parser's is taken",
    )


def test_a_parser_that_is_ad_hoc_only_when_it_runs_is_refused_too(registry: Registry) -> None:
    hidden = "class Parser: ...\ndef parse(path): ...\n"
    with pytest.raises(RegistrationError, match="ad-hoc") as refused:
        registry.register(registry.write({"parser.py": hidden}))
    assert "casparian scaffold" in refused.value.hint


def test_no_secret_of_the_host_reaches_a_parser_that_is_registered(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", "secret")
    looks = "import os\nassert 'MY_TOKEN' not in os.environ, 'seen'\n" + source()
    assert registry.register(registry.write({"parser.py": looks})).status == "registered"


def test_two_parsers_of_one_name_are_not_registered_over_each_other(registry: Registry) -> None:
    for name in ("a", "b"):
        registry.write({"parser.py": source(), f"{name}.py": ""}, folder=f"all/{name}")
    with registry.known() as known:
        registrar = registry.registrar(known, force=True)
        one, other = find_candidates(registry.folder / "all").parsers
        registrar.register(one)
        with pytest.raises(CasparianError, match="name is 'sales', which is that of"):
            registrar.register(other)


@pytest.mark.parametrize(
    ("files", "where"),
    [
        ({"parser.py": "x = 1\ndef f(:\n"}, ("parser.py", 2)),
        ({"parser.py": "import helper\n", "helper.py": "x = 1\n1 / 0\n"}, ("helper.py", 2)),
    ],
)
def test_what_cannot_be_loaded_is_named_by_the_persons_own_file_and_line(
    registry: Registry, files: dict[str, str], where: tuple[str, int]
) -> None:
    path = registry.write(files)
    with pytest.raises(ParserUnusable) as told:
        registry.register(path)
    assert f'File "{path / where[0]}", line {where[1]}' in told.value.traceback
    assert "/casparian-" not in told.value.traceback + told.value.message


def test_without_room_for_its_copy_a_parser_is_not_refused_but_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    archive = write_archive([("parser.py", bytes(5_000))])
    with (
        disk_ends_at(1_000),
        pytest.raises(NoRoomError, match=f"in {tmp_path}: File too large") as told,
        unpacked(archive, "parser.py"),
    ):
        raise AssertionError("it was unpacked")
    assert "$TMPDIR" in told.value.hint
    assert list(tmp_path.iterdir()) == []

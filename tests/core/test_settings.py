"""Settings come from the command line, the environment, two files or the default, in that order."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.settings import SETTINGS, SettingError, resolve


def value(key: str, folder: Path, given: object = None, **environ: str) -> tuple[object, str]:
    environ.setdefault("CASPARIAN_HOME", str(folder / "home"))
    found = resolve({key: given}, folder=folder, environ=environ)[key]
    return found.value, found.source


def test_the_nearest_source_wins(tmp_path: Path) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    home.mkdir()
    key = "max_quarantine_rows"
    environ = {"CASPARIAN_HOME": str(home)}
    assert value(key, deep, **environ) == (10_000, "default")
    (home / "casparian.toml").write_text("max_quarantine_rows = 1")
    assert value(key, deep, **environ) == (1, str(home / "casparian.toml"))
    (project / "casparian.toml").write_text("max_quarantine_rows = 2")
    assert value(key, deep, **environ) == (2, str(project / "casparian.toml"))
    environ["CASPARIAN_MAX_QUARANTINE_ROWS"] = "3"
    assert value(key, deep, **environ) == (3, "$CASPARIAN_MAX_QUARANTINE_ROWS")
    assert value(key, deep, "0", **environ) == (0, "--max-quarantine-rows")


def test_an_empty_variable_is_no_setting(tmp_path: Path) -> None:
    found = value("quarantine_threshold", tmp_path, CASPARIAN_QUARANTINE_THRESHOLD="")
    assert found == (0.5, "default")


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [
        ("quarantine_threshold", "5", "5 % is 0.05"),
        ("quarantine_threshold", "-0.1", "0 to 1"),
        ("quarantine_threshold", "nan", "share"),
        ("quarantine_threshold", "half", "share"),
        ("max_quarantine_rows", "-1", "0 or more"),
        ("max_quarantine_rows", "1.5", "whole number"),
        ("max_quarantine_rows", "inf", "whole number"),
        ("max_quarantine_rows", True, "whole number"),
    ],
)
def test_a_value_that_means_nothing_says_where_and_what_is_expected(
    tmp_path: Path, key: str, given: object, words: str
) -> None:
    with pytest.raises(SettingError) as caught:
        value(key, tmp_path, given)
    assert str(caught.value.message).startswith(f"--{key.replace('_', '-')}: ")
    assert words in caught.value.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("max_quarantin_rows = 3", "did you mean 'max_quarantine_rows'"),
        ("colour = 3", "there are: quarantine_threshold"),
        ("max_quarantine_rows = ", "can't be read"),
        ('max_quarantine_rows = "many"', "0 or more"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "casparian.toml"
    file.write_text(content)
    with pytest.raises(SettingError) as caught:
        value("max_quarantine_rows", tmp_path)
    assert str(file) in caught.value.message
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_the_guide_names_every_setting() -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = (docs / "worker.md").read_text() + (docs / "quarantine.md").read_text()
    assert [key for key in SETTINGS if f"`{key}`" not in pages] == []


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("memory_limit", "2GB", 2_000_000_000),
        ("memory_limit", "0", 0),
        ("file_size_limit", "1.5 mb", 1_500_000),
        ("file_size_limit", "0", 0),
        ("open_files_limit", "0", 0),
        ("open_files_limit", "64", 64),
        ("offline", "yes", True),
        ("lineage", "off", False),
        ("pass_env", "TZ, MY_REGION", ("TZ", "MY_REGION")),
        ("concurrency", "3", 3),
    ],
)
def test_a_setting_of_prod_mode_is_read(
    key: str, text: str, expected: object, tmp_path: Path
) -> None:
    assert value(key, tmp_path, **{f"CASPARIAN_{key.upper()}": text})[0] == expected


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("memory_limit", "200MB", "at least 1GB"),
        ("open_files_limit", "3", "at least 64"),
        ("file_size_limit", "1KB", "at least 1MB"),
        ("file_size_limit", "many", "4GB"),
        ("offline", "perhaps", "true or false"),
        ("concurrency", "0", "1 or more"),
        ("stale_after", "0", "more than 0"),
        ("job_timeout", "-1", "0 or more"),
    ],
)
def test_a_setting_of_prod_mode_that_makes_no_sense_is_refused(
    key: str, text: str, says: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError) as caught:
        value(key, tmp_path, **{f"CASPARIAN_{key.upper()}": text})
    assert says in caught.value.hint

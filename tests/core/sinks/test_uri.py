"""A sink is written as people write it; what is wrong with it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from casparian.core.sinks.errors import SinkError
from casparian.core.sinks.uri import SinkKind, SinkUri, parse_sink

DEFAULT = Path("/data/output")


def parse(text: str) -> SinkUri:
    return parse_sink(text, default_dir=DEFAULT)


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_a_bare_kind_means_the_default_folder(kind: str) -> None:
    assert parse(kind) == parse(f"{kind}://") == SinkUri(SinkKind(kind), DEFAULT)


def test_bare_sqlite_means_a_file_in_the_default_folder() -> None:
    assert parse("sqlite").location == DEFAULT / "casparian.sqlite"


def test_relative_absolute_and_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert parse("parquet://out").location == tmp_path / "out"
    assert parse("parquet://./a/../out").location == tmp_path / "out"
    assert parse("csv:///abs/out").location == Path("/abs/out")
    assert parse("jsonl://~/out").location == Path("/home/ada/out")
    assert parse("sqlite:///abs/x.db").location == Path("/abs/x.db")
    assert str(parse("sqlite:////abs/x.db").location) == "/abs/x.db", "as other programs write it"
    assert parse("csv:///a b/%20ü").location == Path("/a b/%20ü")


def test_a_sink_prints_as_it_can_be_written_again() -> None:
    assert parse(str(parse("csv:///abs/out"))) == parse("csv:///abs/out")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("parqet://out", "parquet://out"),
        ("sqlite3://x.db", "sqlite://x.db"),
        ("json://out", "jsonl://out"),
        ("parquet:out", "parquet://out"),
        ("cvs", "csv"),
    ],
)
def test_a_misspelt_sink_is_answered_with_what_was_meant(text: str, meant: str) -> None:
    with pytest.raises(SinkError) as caught:
        parse(text)
    assert f"did you mean {meant!r}" in caught.value.message
    assert "parquet://DIR, csv://DIR, jsonl://DIR, sqlite://FILE" in caught.value.hint


@pytest.mark.parametrize("text", ["postgresql://host/db", "", "://x", "s3://bucket"])
def test_an_unknown_sink_is_answered_with_the_list(text: str) -> None:
    with pytest.raises(SinkError) as caught:
        parse(text)
    assert "sqlite://FILE" in caught.value.hint


def test_a_path_without_a_kind_is_answered_with_one() -> None:
    with pytest.raises(SinkError) as caught:
        parse("./out")
    assert "parquet://./out" in caught.value.hint


@pytest.mark.parametrize("text", ["csv://~nobody-here/out", "sqlite://folder/", "csv://a\0b"])
def test_a_place_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(SinkError):
        parse(text)

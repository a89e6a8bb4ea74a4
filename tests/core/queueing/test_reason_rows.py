"""Rows that have a reason are found over many jobs, page by page, each once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casparian.core.quarantine_rows import beginning_of
from casparian.core.queueing import reason_rows
from casparian.core.queueing.quarantine_reasons import counted_reasons
from casparian.core.queueing.reason_rows import RowKey, RowsPage, page_table, rows_with
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.quarantine import Reason

from ...app.queued import Queued, bad_row


@pytest.fixture
def queued(tmp_path: Path) -> Iterator[Queued]:
    with Queued(tmp_path / "casparian.db") as store:
        store.register()
        yield store


AGE = Reason("sales", "sales", "age", "type_mismatch")


def refused(queued: Queued, path: str, *rows) -> str:
    job_id = queued.add(path)
    queued.finish(queued.claim(), rows=3, quarantined=len(rows), quarantine=rows)
    return job_id


def paged(queued: Queued, limit: int, **other) -> list[RowKey]:
    keys, after = [], None
    while True:
        page = rows_with(queued, JobFilter(), AGE, after=after, limit=limit, **other)
        keys += [one.key for one in page.rows]
        after = page.after
        if after is None:
            return keys


@pytest.mark.parametrize("limit", [1, 3, 4, 100])
@pytest.mark.parametrize("small", [1, 500])
def test_pages_of_any_size_have_each_row_once(
    queued: Queued, monkeypatch: pytest.MonkeyPatch, limit: int, small: int
) -> None:
    monkeypatch.setattr(reason_rows, "_JOBS", min(small, 2))
    monkeypatch.setattr(reason_rows, "_ROWS", small)
    name = ("name", "too_long")
    refused(queued, "/1", bad_row(0, name), bad_row(1), bad_row(2, name), bad_row(9), bad_row(12))
    refused(queued, "/2", bad_row(0, name))
    refused(queued, "/3", bad_row(5), bad_row(5, output="other"), bad_row(7, name, ("age", "x")))
    refused(queued, "/4", *(bad_row(n) for n in range(4)))
    wanted = [(4, n) for n in range(4)] + [(3, 5)] + [(1, n) for n in (1, 9, 12)]
    assert [(key.seq, key.row_number) for key in paged(queued, limit)] == wanted
    [age] = [one for one in counted_reasons(queued, JobFilter()) if one.reason == AGE]
    assert (age.rows, age.jobs) == (len(wanted), 3)


def test_it_can_be_broken_off_anywhere_and_goes_on_there(
    queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reason_rows, "_ROWS", 1)
    for n in range(3):
        rows = (bad_row(0), bad_row(1, ("name", "too_long")), bad_row(2))
        refused(queued, f"/{n}", *rows)
    assert len(paged(queued, 100, stop=lambda: True)) == 6


def test_a_deleted_job_is_passed_over(queued: Queued) -> None:
    ids = [refused(queued, f"/{n}", bad_row(n)) for n in range(3)]
    first = rows_with(queued, JobFilter(), AGE, limit=1)
    queued.jobs.delete(ids[1])
    rest = rows_with(queued, JobFilter(), AGE, after=first.after)
    assert [one.job.job_id for one in rest.rows] == [ids[0]]


def test_cells_stand_under_their_names_behind_the_job_and_bad_ones_are_known(
    queued: Queued,
) -> None:
    raw = json.dumps({"job": "x", "age": "y"})
    refused(queued, "/data/a.csv", replace(bad_row(4), raw=raw))
    page = rows_with(queued, JobFilter(), AGE)
    table, bad = page_table(page.rows)
    assert table.schema.names == ["job", "input", "row", "job ", "age"]
    [line] = table.to_pylist()
    assert (line["input"], line["row"], line["job "], line["age"]) == ("a.csv", 5, "x", "y")
    assert bad == {(0, 4)}
    assert page == RowsPage(page.rows, None)


def test_a_column_that_a_rows_version_does_not_have_is_told_from_a_null(queued: Queued) -> None:
    refused(queued, "/data/old.csv", replace(bad_row(4), raw=json.dumps({"age": "y"})))
    newer = json.dumps({"age": "z", "shop": None})
    refused(queued, "/data/new.csv", replace(bad_row(4), raw=newer))
    table, _ = page_table(rows_with(queued, JobFilter(), AGE).rows)
    assert [(one["age"], one["shop"]) for one in table.to_pylist()] == [("z", None), ("y", "–")]


def test_of_a_row_that_is_cut_the_cells_that_are_whole_are_shown() -> None:
    raw = json.dumps({"a": 1.50, "b": None, "c": {"d": [1, 2]}, "e": 'x, "y": 2', "f": 12})
    whole, is_whole = beginning_of(raw)
    assert is_whole
    for end in range(1, len(raw)):
        cells, is_whole = beginning_of(raw[:end])
        assert not is_whole
        assert list(cells.items()) == list(whole.items())[: len(cells)]
    assert len(beginning_of(raw[: raw.index('"f"') + 5])[0]) == 4

"""What the queue's commands give as JSON is described, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from casparian.app.jobs_command import command as jobs_command

from .queued import Queued, bad_row, call
from .test_quarantine import published

PAGE = (Path(__file__).parents[2] / "docs" / "queue.md").read_text("utf-8")
#: Their keys are data: states, and what a parser's error carries.
DATA = ("counts", "details")


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from keys(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key not in DATA:
                yield from keys(inner)


def told(*words: object) -> Any:
    return json.loads(call(*words, "--json").stdout)


def test_every_field_is_described(queued: Queued, tmp_path: Path) -> None:
    Path("a.csv").write_text("x")
    objects = [told("enqueue", "sales", "a.csv", "none.csv")]
    published(queued, lease := queued.claim(), [bad_row(1), bad_row(2)])
    objects += [
        told("quarantine", "show", lease.job_id),
        told("quarantine", "export", lease.job_id, "--to", "a.jsonl"),
        new := told("quarantine", "replay", "--job", lease.job_id),
    ]
    published(queued, queued.claim(), [bad_row(2), bad_row(5)])
    queued.add("/data/b.csv")
    queued.fail(failed := queued.claim())
    queued.parsers.pause("sales", "by hand")
    objects += [
        told("jobs"),
        told("job", "show", new["job_id"]),
        told("job", "show", failed.job_id),
        told("job", "requeue", failed.job_id, new["job_id"]),
        told("quarantine", "list"),
        told("quarantine", "reasons"),
        told("quarantine", "list", "--job", new["job_id"]),
        told("stats"),
        told("jobs", "prune", "--older-than", "0s", "--yes"),
    ]
    assert {key for key in keys(objects) if f"`{key}`" not in PAGE} == set()


def test_the_lists_own_options_are_described() -> None:
    options = [
        name
        for parameter in jobs_command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    ]
    assert [name for name in options if f"`{name}" not in PAGE] == []

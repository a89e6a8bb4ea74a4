"""Which jobs are meant is said in words, and what makes no sense says what would."""

from __future__ import annotations

import pytest

from casparian.core.queueing.filters import (
    FIELDS,
    FilterError,
    completions,
    parse_filter,
    quoted,
    toggled,
)
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import LIVE

NOW = 1_710_000_000_000
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", JobFilter()),
        ("  ", JobFilter()),
        ("status:failed", JobFilter(statuses=("failed",))),
        ("status:dead-letter,failed", JobFilter(statuses=("failed", "dead_letter"))),
        ("STATUS:Warnings", JobFilter(statuses=("completed_with_warnings",))),
        ("parser:sales", JobFilter(parser="sales")),
        ("input:*2024*", JobFilter(input_glob="*2024*")),
        ("input:sales_?.csv", JobFilter(input_glob="*/sales_?.csv")),
        ('input:"/data/a b/*"', JobFilter(input_glob="/data/a b/*")),
        ("since:1h", JobFilter(since=NOW - HOUR)),
        ("since:2h until:1h", JobFilter(since=NOW - 2 * HOUR, until=NOW - HOUR)),
        ("since:1970-01-02", JobFilter(since=24 * HOUR)),
        ("worker:w1", JobFilter(worker_id="w1")),
        ("disk full", JobFilter(text="disk full")),
        ('"KeyError: total"', JobFilter(text="KeyError: total")),
        (
            "parser:sales disk since:1h full",
            JobFilter(parser="sales", text="disk full", since=NOW - HOUR),
        ),
    ],
)
def test_words_mean_jobs(text: str, meant: JobFilter) -> None:
    assert parse_filter(text, now=NOW) == meant


def test_states_come_in_groups() -> None:
    assert set(parse_filter("status:live", now=NOW).statuses) == LIVE


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("staus:failed", "there is no field 'staus'", "did you mean status:?"),
        ("http://x", "there is no field 'http'", "quotes"),
        ("status:fialed", "there is no state 'fialed'", "did you mean failed?"),
        ("status:", "status: has no value", "its state"),
        ("parser:a parser:b", "parser: is there twice", "once"),
        ("status:failed status:pending", "status: is there twice", "comma"),
        ("since:yesterday", "'yesterday' is neither", "12h"),
        ('"open', "the quote is not closed", ""),
    ],
)
def test_what_makes_no_sense_says_what_would(text: str, problem: str, hint: str) -> None:
    with pytest.raises(FilterError) as error:
        parse_filter(text, now=NOW)
    assert problem in error.value.message
    assert hint in error.value.hint


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("s", ["status:", "since:"]),
        ("parser:sales st", ["parser:sales status:"]),
        ("status:failed s", ["status:failed since:"]),
        ("status:fa", ["status:failed"]),
        ("status:failed,de", ["status:failed,dead_letter", "status:failed,dead-letter"]),
        ("parser:sh", ["parser:shipments"]),
        ("parser:my", ['parser:"my sales"']),
        ("since:1", ["since:15m", "since:1h", "since:12h"]),
        ("worker:w", ["worker:w1"]),
        ("disk", []),
        ("input:*", []),
    ],
)
def test_the_word_that_is_typed_is_completed(text: str, first: list[str]) -> None:
    found = completions(text, parsers=["shipments", "sales", "my sales"], workers=["w1"])
    assert found == first


def test_every_field_is_proposed_behind_a_blank() -> None:
    assert completions("") == [f"{field}:" for field in FIELDS]


def test_a_field_is_put_into_a_filter_and_taken_out_of_it() -> None:
    with_it = toggled("status:failed disk", "parser", "sales")
    assert with_it == "parser:sales status:failed disk"
    assert toggled(with_it, "parser", "shipments") == "parser:shipments status:failed disk"
    assert toggled(with_it, "parser", "sales") == "status:failed disk"
    assert parse_filter(f"parser:{quoted('a b')}", now=NOW).parser == "a b"

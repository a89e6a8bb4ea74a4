"""The words by which people say which jobs they mean: ``status:failed parser:sales since:1h text``.

A word with a colon is a field and its value; all other words, together, are a text to be found in
the input's path or in the error. Quotes keep blanks and colons in a value or a text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from casparian.core.errors import CasparianError
from casparian.core.queueing.times import moment
from casparian.core.stores.jobs import JobFilter
from casparian.core.stores.states import ENDED, HELD, LIVE, STATUSES, WAITING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from casparian.core.stores.states import JobStatus

FIELDS: Final[dict[str, str]] = {
    "status": "its state; several with commas: status:failed,dead_letter",
    "parser": "the name of its parser",
    "input": "a glob over the input's path, in whatever folder: input:*2024*",
    "since": "queued since then: 90s, 30m, 12h, 7d ago, or 2026-01-31",
    "until": "queued before then",
    "worker": "the id of the worker that has it",
}
"""The fields, and what they mean."""

STATE_NAMES: Final[dict[str, frozenset[JobStatus]]] = {
    **{status: frozenset([status]) for status in STATUSES},
    "warnings": frozenset(["completed_with_warnings"]),
    "dead-letter": frozenset(["dead_letter"]),
    "waiting": WAITING,
    "held": HELD,
    "live": LIVE,
    "ended": ENDED,
}
"""What is taken for a state, or for several: what waits, is held by a worker, both, has ended."""

_TIMES: Final = ("15m", "1h", "12h", "24h", "7d")
_WORD: Final = re.compile(r'(?:[^\s"\']|"[^"]*"|\'[^\']*\')+|["\']\S*')
_FIELD: Final = re.compile(r"([A-Za-z_]+):")
_QUOTED: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'')


class FilterError(CasparianError):
    """A filter makes no sense."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word: where it begins, its field if it has one, and the rest without quotes."""

    start: int
    field: str
    value: str


def parse_filter(text: str, *, now: int) -> JobFilter:
    """Return what a filter means; ``now`` is milliseconds since 1970.

    Raises FilterError with what is wrong and what would be right.
    """
    values: dict[str, str] = {}
    texts = []
    for word in _words(text):
        if not word.field:
            texts.append(word.value)
            continue
        if word.field in values:
            raise FilterError(f"{word.field}: is there twice", hint=_only_once(word.field))
        if not word.value:
            raise FilterError(f"{word.field}: has no value", hint=FIELDS[word.field])
        values[word.field] = word.value
    return JobFilter(
        statuses=_statuses(values["status"]) if "status" in values else (),
        parser=values.get("parser"),
        input_glob=anywhere(values["input"]) if "input" in values else None,
        text=" ".join(texts) or None,
        since=_time("since", values, now),
        until=_time("until", values, now),
        worker_id=values.get("worker"),
    )


def anywhere(glob: str) -> str:
    """Return a glob that may match in whatever folder, unless it begins at the root."""
    return glob if glob.startswith(("/", "*")) else f"*/{glob}"


def completions(
    text: str, *, parsers: Collection[str] = (), workers: Collection[str] = ()
) -> list[str]:
    """Return what the last word may become, each as the whole filter; best first.

    A text that is no beginning of a field has none.
    """
    start = len(text) - len(_last(text))
    word, head = text[start:], text[:start]
    field, colon, value = word.partition(":")
    if not colon:
        used = {known.field for known in _words_so_far(head)}
        return [f"{head}{name}:" for name in FIELDS if name.startswith(field) and name not in used]
    done, comma, part = value.rpartition(",") if field == "status" else ("", "", value)
    known: Sequence[str] = {
        "status": list(STATE_NAMES),
        "parser": sorted(parsers),
        "since": _TIMES,
        "until": _TIMES,
        "worker": sorted(workers),
    }.get(field, ())
    taken = done.split(",")
    return [
        f"{head}{field}:{done}{comma}{quoted(name)}"
        for name in known
        if name.startswith(part.strip("\"'")) and name not in taken
    ]


def toggled(text: str, field: str, value: str) -> str:
    """Return a filter that has this value for a field, or if it had it, none."""
    words = _WORD.findall(text)
    new = f"{field}:{quoted(value)}"
    others = [word for word in words if not word.startswith(f"{field}:")]
    return " ".join(others if new in words else [new, *others])


def quoted(value: str) -> str:
    """Return a value as it is written in a filter."""
    if not value or re.search(r"[\s\"':]", value):
        return f"'{value}'" if '"' in value else f'"{value}"'
    return value


def _words(text: str) -> list[_Word]:
    words = []
    for found in _WORD.finditer(text):
        word = found[0]
        if word[0] in "\"'" and (len(word) < 2 or word[-1] != word[0]):
            raise FilterError(f"{word}: the quote is not closed")
        name = _FIELD.match(word)
        if name is None:
            words.append(_Word(found.start(), "", _unquoted(word)))
            continue
        field = name[1].lower()
        if field not in FIELDS:
            near = _nearest(field, FIELDS)
            meant = f"did you mean {near}:? " if near else ""
            raise FilterError(
                f"there is no field {field!r}",
                hint=f"{meant}There are {', '.join(FIELDS)}; a text with a colon goes into quotes",
            )
        words.append(_Word(found.start(), field, _unquoted(word[name.end() :])))
    return words


def _words_so_far(text: str) -> list[_Word]:
    """Return the words of a filter that is being typed; none if it makes no sense yet."""
    try:
        return _words(text)
    except FilterError:
        return []


def _last(text: str) -> str:
    """Return the word that is being typed; empty behind a blank."""
    found = list(_WORD.finditer(text))
    return found[-1][0] if found and found[-1].end() == len(text) else ""


def _unquoted(text: str) -> str:
    return _QUOTED.sub(lambda found: found[1] or found[2] or "", text)


def _only_once(field: str) -> str:
    return "join them with a comma" if field == "status" else f"give {field}: once"


def _statuses(value: str) -> tuple[JobStatus, ...]:
    chosen: set[JobStatus] = set()
    for name in value.lower().split(","):
        if name not in STATE_NAMES:
            near = _nearest(name, STATE_NAMES)
            meant = f"did you mean {near}? " if near else ""
            raise FilterError(
                f"status: there is no state {name!r}",
                hint=f"{meant}There are {', '.join(STATE_NAMES)}",
            )
        chosen |= STATE_NAMES[name]
    return tuple(status for status in STATUSES if status in chosen)


def _time(field: str, values: dict[str, str], now: int) -> int | None:
    if field not in values:
        return None
    found = moment(values[field], now=now)
    if found is None:
        raise FilterError(
            f"{field}: {values[field]!r} is neither so long ago nor a date",
            hint="90s, 30m, 12h, 7d, 2w, or 2026-01-31, or 2026-01-31T08:00",
        )
    return found


def _nearest(word: str, known: Collection[str]) -> str:
    """Return the one that is most like a word; empty if none is."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1)
    return found[0] if found else ""

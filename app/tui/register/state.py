"""What is known of a registration at a moment, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, get_args

from rich.text import Text

from casparian.app.ages import shown_duration
from casparian.app.tui.widgets.plain_text import plain
from casparian.core.registry.registrar import Step
from casparian.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STEPS: Final[tuple[Step, ...]] = get_args(Step)
_DOES: Final[dict[Step, str]] = {
    "bundle": "make its bundle",
    "code": "look at its lock and its code",
    "environment": "build its environment",
    "imports": "find what it imports",
    "load": "load it",
    "samples": "try it on its samples",
    "contract": "compare its contract",
    "store": "store it",
}
_VERDICTS: Final = {"breaking": "bold", "tightening": "", "compatible": "dim"}
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Registering:
    """A registration. ``begun`` is when the present step began; ``took`` milliseconds by step."""

    label: str = ""
    step: Step | None = None
    begun: int = 0
    took: Mapping[str, int] | None = None
    question: Mapping[str, Any] | None = None
    asked: int | None = None
    """When it was asked: from then on a person thinks, and not the step goes on."""
    ends: Sequence[Mapping[str, Any]] = ()
    """What became of the parsers so far."""
    skipped: Sequence[Mapping[str, Any]] = ()
    is_over: bool = False
    cancelled: bool = False
    problem: str = ""

    @property
    def may_be_forced(self) -> bool:
        """Whether it was refused only as its version has other content."""
        return self.is_over and any(one.get("type") == "ParserExistsError" for one in self.ends)


def after(state: Registering, told: Mapping[str, Any], now: int) -> Registering:
    """Return the state once something was told; ``now`` is milliseconds since 1970."""
    kind = told["kind"]
    if kind == "parser":
        return replace(state, label=told["label"], step=None, took={}, question=None, asked=None)
    if kind == "step":
        return replace(_step_over(state, now), step=told["step"], begun=now, question=None)
    if kind == "confirm":
        return replace(state, question=told, asked=now)
    if kind == "registered":
        over = _step_over(state, now)
        # One that is there already, unchanged, is looked at no further.
        return replace(over, step=None, question=None, ends=(*state.ends, told))
    if kind == "refused":
        if told.get("type") == "ParserExistsError":
            # It has been loaded, which tells its version: what can't be done is to store that.
            state = replace(_step_over(state, now), step="store")
        return replace(state, question=None, ends=(*state.ends, told))
    if kind == "skipped":
        return replace(state, skipped=(*state.skipped, told))
    if kind == "ended":
        return replace(
            state, question=None, is_over=True, cancelled=told["cancelled"], problem=told["words"]
        )
    return state


def _step_over(state: Registering, now: int) -> Registering:
    if state.step is None:
        return state
    end = now if state.asked is None else state.asked
    took = {**(state.took or {}), state.step: end - state.begun}
    return replace(state, took=took, asked=None)


def steps_text(state: Registering, now: int) -> Text:
    """Return the steps of the parser that is on its way, with how long each took."""
    text, took = Text(), state.took or {}
    if state.label:
        text.append(plain(state.label), "bold").append("\n")
    failed = state.ends and state.ends[-1]["kind"] == "refused"
    for step in STEPS:
        if step in took:
            text.append(f"✓ {_DOES[step]}").append(f"  {shown_duration(took[step])}\n", "dim")
        elif step == state.step and (failed or state.is_over):
            text.append(f"✗ {_DOES[step]}\n", "bold")
        elif step == state.step and state.question is not None:
            text.append(f"? {_DOES[step]}\n", "bold")
        elif step == state.step:
            text.append(f"▶ {_DOES[step]}", "bold")
            text.append(f"  {(now - state.begun) // 1_000} s\n", "dim")
        else:
            text.append(f"· {_DOES[step]}\n", "dim")
    text.rstrip()
    return text


def said_text(state: Registering) -> Text:
    """Return the question, or what became of it."""
    text = Text()
    if state.question is not None:
        asked = state.question
        text.append(
            plain(
                f"The contract of {asked['name']} {asked['version']}, which readers rely on, "
                "would be broken:"
            ),
            "bold",
        )
        text.append("\n")
        return _add_changes(text, asked["changes"])
    for one in state.ends:
        _add_end(text, one)
    for one in state.skipped:
        text.append(plain(f"skipped {one['path']}: {one['reason']}"), "dim").append("\n")
    if state.cancelled:
        text.append("it was stopped; nothing of it is stored\n", "bold")
    elif state.problem:
        text.append(plain(f"✗ {state.problem}"), "bold").append("\n")
    text.rstrip()
    return text


def _add_end(text: Text, one: Mapping[str, Any]) -> None:
    if one["kind"] == "refused":
        text.append(plain(f"✗ {one['label']} is not registered"), "bold").append("\n")
        for line in str(one["message"]).splitlines():
            text.append(f"  {plain(line)}\n")
        if one["hint"]:
            text.append("  try: ", "dim").append(plain(one["hint"])).append("\n")
        for line in str(one["traceback"]).rstrip().splitlines():
            text.append(f"  {plain(line)}\n", "dim")
        return
    word = "is registered already, unchanged" if one["status"] == "unchanged" else "is registered"
    word += ", in place of other content" if one["replaced"] else ""
    text.append(plain(f"✓ {one['name']} {one['version']} {word}"), "bold")
    text.append(
        f"  bundle {one['source_hash'][:12]}, {counted(len(one['files']), 'file')}\n", "dim"
    )
    for sample in one["samples"]:
        name = str(sample["input"]).rpartition("/")[2]
        rows = counted(sample["rows"], "row")
        text.append(f"  {plain(name)}: {rows} would be written\n", "dim")
    if one["contract_hash"] is None:
        text.append("  it has no contract: types are inferred, nothing is quarantined\n")
    for warning in one["warnings"]:
        text.append(f"  note: {plain(warning)}\n")
    if one["changes"]:
        text.append(f"  its contract against that of {one['previous']}:\n")
        places = [
            {**change, "place": ".".join(filter(None, (change["output"], change["column"])))}
            for change in one["changes"]
        ]
        _add_changes(text, places)
    for finding in one["findings"]:
        where = f"{finding['path']}:{finding['line']}"
        text.append(f"  reaches out: {plain(where)} {plain(finding['name'])}\n")
    if one["left_out"]:
        text.append(f"  left out of its bundle: {counted(len(one['left_out']), 'file')}\n", "dim")


def _add_changes(text: Text, changes: Sequence[Mapping[str, Any]]) -> Text:
    for change in changes[:_SHOWN]:
        style = _VERDICTS[change["verdict"]]
        text.append(f"  {change['verdict']:<10}  ", style)
        text.append(plain(f"{change['place']}: {change['sentence']}"), style).append("\n")
    if len(changes) > _SHOWN:
        text.append(f"  and {len(changes) - _SHOWN} more\n", "dim")
    return text

"""Everything a person can do in the terminal app: one registry, from which bindings, footer, help,
palette, the check of a person's own keys and the docs are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from textual.dom import DOMNode


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done in one area of the app.

    ``id`` is ``area.verb``; the area's widget has the method ``do_verb``, and may have
    ``why_not_verb``, which says why it can't be done now, or nothing. ``label`` is the footer's
    word, empty for what isn't shown there.
    """

    id: str
    key: str
    group: str
    label: str
    help: str

    @property
    def area(self) -> str:
        """Where it belongs."""
        return self.id.partition(".")[0]

    @property
    def verb(self) -> str:
        """What it is called there."""
        return self.id.partition(".")[2]


ACTIONS: Final[tuple[Action, ...]] = (
    Action("app.dev", "f1", "Panes", "", "Go to the Dev pane"),
    Action("app.prod", "f2", "Panes", "", "Go to the Prod pane"),
    Action("app.palette", "ctrl+p", "App", "Commands", "Find a command by its name"),
    Action("app.help", "question_mark", "App", "Help", "Show every key of this pane"),
    Action("app.jump", "ctrl+o", "App", "", "Show a letter on each part and tab; it goes there"),
    Action("app.theme", "f9", "App", "", "Take the next theme"),
    Action("app.maximize", "z", "App", "", "Let the part under the cursor fill the pane, or not"),
    Action("app.larger", "greater_than_sign", "App", "", "Make the part under the cursor larger"),
    Action("app.smaller", "less_than_sign", "App", "", "Make it smaller"),
    Action("app.usual", "equals_sign", "App", "", "Give every part of the pane its usual size"),
    Action("app.quit", "ctrl+q", "App", "Quit", "Leave; workers go on"),
    Action("dev.rerun", "r", "Run", "Run", "Run the parser on this sample again"),
    Action("dev.run_all", "R", "Run", "All", "Run the parser on every sample"),
    Action("dev.preview", "P", "Run", "Preview", "Run until the first 100 rows are there"),
    Action("dev.cancel", "x", "Run", "Cancel", "End what runs"),
    Action("dev.pause", "p", "Run", "Pause", "Stop running at each save, or go on"),
    Action(
        "dev.edit",
        "e",
        "Parser",
        "Edit",
        "Open your editor at the line of the error, else at the parser's first",
    ),
    Action("dev.debug", "d", "Parser", "Debug", "Run in the foreground: breakpoint() stops there"),
    Action("dev.register", "ctrl+r", "Parser", "Register", "Register the parser for prod mode"),
    Action("dev.scaffold", "S", "Parser", "", "Make a class of a bare function: it gets a version"),
    Action("dev.open", "o", "Parser", "Open", "Choose another parser or other samples"),
    Action("dev.next_sample", "ctrl+down", "Look", "", "Go to the next sample"),
    Action("dev.previous_sample", "ctrl+up", "Look", "", "Go to the sample before"),
    Action("dev.next_error", "f8", "Look", "", "Go to the next error or bad row"),
    Action("dev.previous_error", "shift+f8", "Look", "", "Go to the error or bad row before"),
    Action("dev.edit_row", "E", "Look", "", "Open the sample in your editor, at the bad row"),
    Action("dev.accept", "a", "Parser", "", "Change the contract so that a column passes"),
    Action("dev.against", "v", "Look", "", "Compare with what is registered, or the run before"),
    Action("dev.older", "left_square_bracket", "Look", "", "Show the run before"),
    Action("dev.newer", "right_square_bracket", "Look", "", "Show the run after"),
    Action("dev.tab_output", "1", "Tabs", "", "Show the output; again: the next one of several"),
    Action("dev.tab_quarantine", "2", "Tabs", "", "Show the quarantined rows, by reason"),
    Action("dev.tab_log", "3", "Tabs", "", "Show what the parser printed"),
    Action("dev.tab_error", "4", "Tabs", "", "Show the error, and where it was raised"),
    Action("dev.tab_contract", "5", "Tabs", "", "Show what is declared against what came"),
    Action("dev.tab_diff", "6", "Tabs", "", "Show what changed"),
    Action("prod.open", "enter", "Jobs", "Open", "Show all of the job: attempts, error, log, rows"),
    Action("prod.try", "d", "Jobs", "Dev", "Try the job's input in the Dev pane, with its parser"),
    Action("prod.find", "o", "Jobs", "", "Open a job by the beginning of its id"),
    Action("prod.filter", "slash", "Look", "Filter", "Show only some jobs: status:failed since:1h"),
    Action("prod.quarantine", "b", "Look", "Bad", "Look through the bad rows of these jobs"),
    Action("prod.sort", "s", "Look", "", "Sort the jobs: the newest first, by state, by rows…"),
    Action("prod.reverse", "S", "Look", "", "Turn the order of the jobs around"),
    Action(
        "prod.mark", "space", "Look", "Mark", "Mark the job, or not: what is done is done to all"
    ),
    Action("prod.clear", "escape", "Look", "", "Let go of the marks, then of the filter"),
    Action("prod.requeue", "r", "Jobs", "Requeue", "Run ended jobs again"),
    Action("prod.retry", "t", "Jobs", "", "Let scheduled jobs run now, and not after their wait"),
    Action(
        "prod.replay", "y", "Jobs", "", "Do dead letters' work by new jobs, with today's parser"
    ),
    Action("prod.cancel", "x", "Jobs", "Cancel", "End jobs that wait or run"),
    Action("prod.delete", "D", "Jobs", "", "Forget ended jobs; what they published stays"),
    Action("prod.enqueue", "n", "Jobs", "Queue", "Queue files for a parser"),
    Action("prod.stop", "X", "Jobs", "", "Stop what is being done to many jobs"),
    Action("prod.pause_parser", "P", "Jobs", "", "Let the parser's jobs wait, or run again"),
    Action("prod.register", "R", "Parsers", "", "Register a parser, or a folder of them"),
    Action("prod.start_worker", "W", "Workers", "", "Start a worker; it goes on by itself"),
    Action("prod.stop_worker", "K", "Workers", "", "Ask the worker to stop"),
    Action("prod.pause", "p", "Look", "", "Show the queue as it is now, and look no more"),
    Action("job.back", "escape", "Job", "Back", "Go back to the queue"),
    Action("job.try", "d", "Job", "Dev", "Try the job's input in the Dev pane, with its parser"),
    Action("job.requeue", "r", "Job", "Requeue", "Run the ended job again"),
    Action("job.retry", "t", "Job", "", "Let the scheduled job run now, and not after its wait"),
    Action("job.replay", "y", "Job", "", "Do the dead letter's work by a new job"),
    Action("job.cancel", "x", "Job", "Cancel", "End the job that waits or runs"),
    Action("job.delete", "D", "Job", "", "Forget the ended job; what it published stays"),
    Action("job.pause_parser", "P", "Job", "", "Let the parser's jobs wait, or run again"),
    Action("job.tab_overview", "1", "Tabs", "", "Show what is known of it, attempts and error"),
    Action("job.tab_log", "2", "Tabs", "", "Show the log, of any attempt"),
    Action("job.tab_quarantine", "3", "Tabs", "", "Show the quarantined rows"),
    Action("job.tab_output", "4", "Tabs", "", "Show the rows that it published"),
    Action("quarantine.back", "escape", "Rows", "Back", "Go back to the queue"),
    Action("quarantine.open", "o", "Rows", "Job", "Show all of the row's job"),
    Action("quarantine.try", "d", "Rows", "Dev", "Try the row's input in the Dev pane"),
    Action("quarantine.export", "e", "Rows", "", "Write all bad rows of the job to a file"),
    Action(
        "quarantine.replay", "r", "Rows", "Replay", "Parse the inputs anew: the job's, or of all"
    ),
    Action("quarantine.stop", "X", "Rows", "", "Stop parsing the inputs of all jobs anew"),
    Action("quarantine.next_page", "right_square_bracket", "Look", "", "Show the rows behind"),
    Action("quarantine.previous_page", "left_square_bracket", "Look", "", "Show the rows before"),
    Action("quarantine.filter", "F,slash", "Look", "", "Show only the rows of some jobs"),
    Action("quarantine.again", "u", "Look", "", "Count and read all of it anew"),
    Action("prod.slower", "minus", "Look", "", "Look at the store less often"),
    Action("prod.faster", "plus", "Look", "", "Look at the store more often"),
)


def actions_of(area: str) -> list[Action]:
    """Return what can be done in an area, in the order of the help."""
    return [action for action in ACTIONS if action.area == area]


def bindings_of(area: str) -> list[BindingType]:
    """Return an area's bindings."""
    return [
        Binding(
            action.key,
            f"do('{action.id}')",
            action.label or action.help,
            show=bool(action.label),
            tooltip=action.help,
            id=action.id,
            priority=action.area == "app" and action.key.startswith(("f", "ctrl+")),
        )
        for action in actions_of(area)
    ]


def why_not(host: DOMNode, action_id: str) -> str:
    """Say why something can't be done now; empty if it can."""
    check = getattr(host, f"why_not_{action_id.partition('.')[2]}", None)
    return "" if check is None else str(check())


class Doing:
    """What makes a widget an area of actions: a mixin for ``Screen`` and ``Widget``.

    ``area`` names it; the class's ``BINDINGS`` are ``bindings_of(area)``.
    """

    area: str
    _cannot: frozenset[str] | None = None

    def refresh_what_can_be_done(self) -> None:
        """Draw the keys anew, if something can be done now that could not be, or the reverse.

        Drawing them costs as much as drawing all else.
        """
        node: Any = self
        cannot = frozenset(one.id for one in actions_of(self.area) if why_not(node, one.id))
        if cannot != self._cannot:
            self._cannot = cannot
            node.refresh_bindings()

    async def action_do(self, action_id: str) -> None:
        """Do what a key, the footer or the palette asked for."""
        from textual._callback import invoke

        await invoke(getattr(self, f"do_{action_id.partition('.')[2]}"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey what can't be done now."""
        if action == "do":
            node: Any = self
            return True if not why_not(node, str(parameters[0])) else None
        return True

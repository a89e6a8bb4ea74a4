"""The palette: everything that can be done now, found by its name.

What the registry has of the pane that is shown and of the app, the keys of the part that has the
focus, and what the pane offers besides: its parsers, and any job by the beginning of its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from rich.markup import escape
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from casparian.app.tui.actions import actions_of, why_not

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from textual.fuzzy import Matcher

    from casparian.app.tui.app import CasparianApp

#: The score of a job whose id begins as what is typed: only an action's own name comes before it.
_JOB: Final = 1_000.0


@dataclass(frozen=True, slots=True)
class Command:
    """Something to be done, ``noun: what``. One that is not ``listed`` must be typed for.

    ``also`` are its other names, ``cannot`` is why it can't be done now, and one that is
    ``dangerous`` ends or forgets something.
    """

    title: str
    do: Callable[[], Awaitable[object] | object]
    help: str = ""
    listed: bool = True
    keys: str = ""
    also: Sequence[str] = ()
    cannot: str = ""
    dangerous: bool = False

    @property
    def names(self) -> list[str]:
        """What it may be called: its verb, the same with its noun, and what else there is."""
        return [self.title.partition(": ")[2] or self.title, self.title, *self.also]

    @property
    def told(self) -> str:
        """What stands below its title."""
        said = "  ".join(one for one in (self.keys, self.help) if one)
        return f"{said} (can't be done now: {self.cannot})" if self.cannot else said


@runtime_checkable
class Offering(Protocol):
    """A screen that has commands which depend on what it shows."""

    def commands(self) -> Sequence[Command]:
        """Return them."""
        ...


class Commands(Provider):
    """What can be done where the palette was called; what is sought and can't be done says why."""

    async def discover(self) -> Hits:
        """All that is worth to be listed."""
        for command in self._now():
            if command.listed:
                title = Content(command.title)
                yield DiscoveryHit(title, command.do, command.title, escape(command.told))

    async def search(self, query: str) -> Hits:
        """What is called so, and the jobs whose id begins so; else what resembles it."""
        from casparian.app.tui.command_rank import rank
        from casparian.app.tui.prod.job_commands import beginning_of_id, job_commands

        matcher = self.matcher(query)
        commands = list(self._now(all_of_them=True))
        found = [(score, command) for command in commands if (score := rank(query, command))]
        for score, command in found:
            yield _hit(matcher, command, score)
        beginning = beginning_of_id(query)
        if beginning and not self._app.why_not_prod():
            for command in await job_commands(self._app, beginning):
                found.append((_JOB, command))
                yield _hit(matcher, command, _JOB)
        if not found:
            for command in commands:
                score = 0.0 if command.dangerous else matcher.match(command.title)
                if score > 0:
                    yield _hit(matcher, command, score)

    @property
    def _app(self) -> CasparianApp:
        from casparian.app.tui.app import CasparianApp

        app = self.app
        assert isinstance(app, CasparianApp)
        return app

    def _now(self, *, all_of_them: bool = False) -> Iterator[Command]:
        yield from self._of_areas(all_of_them)
        yield from self._of_the_part()
        if isinstance(self.screen, Offering):
            yield from self.screen.commands()

    def _of_areas(self, all_of_them: bool) -> Iterator[Command]:
        """Yield what can be done, and if all of it is wanted, why the rest can't."""
        from casparian.app.tui.command_rank import is_dangerous, names_of

        for area, node in self._app.areas():
            for action in actions_of(area):
                reason = why_not(node, action.id)
                if action.id != "app.palette" and (all_of_them or not reason):
                    verb, *others = names_of(action)
                    yield Command(
                        f"{area}: {verb.capitalize()}",
                        partial(self._run, f"do('{action.id}')", node),
                        action.help,
                        keys=self._keys(action.id, action.key),
                        also=others,
                        cannot=reason,
                        dangerous=is_dangerous(action),
                    )

    def _of_the_part(self) -> Iterator[Command]:
        for name, node, bindings in self._app.parts():
            for binding in bindings:
                if self.app._check_action_state(binding.action, node):
                    verb = (binding.id or "").partition(".")[2].replace("_", " ")
                    yield Command(
                        f"{name.lower()}: {verb.capitalize() or binding.tooltip}",
                        partial(self._run, binding.action, node),
                        binding.tooltip if verb else "",
                        listed=binding.show,
                        keys=self._keys(binding.id or "", binding.key),
                        also=(binding.description,),
                    )

    async def _run(self, action: str, node: Any) -> None:
        """Do it as its key does: it may be that it can't be done any more, and why."""
        await self.app.run_action(action, node)

    def _keys(self, name: str, key: str) -> str:
        from casparian.app.tui.key_names import shown_key

        return shown_key(self._app.keys.get(name, key))


def _hit(matcher: Matcher, command: Command, score: float) -> Hit:
    """Return a command as it is listed; names of a person's own are no markup."""
    title = command.title
    shown = Content(title) if "[" in title or "\\" in title else matcher.highlight(title)
    if command.cannot:
        shown = shown.stylize("dim")
    return Hit(score, shown, command.do, title, escape(command.told))

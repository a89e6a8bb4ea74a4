"""The stylesheet of the app: parsed once, in two parts, and again only where it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.css.stylesheet import Stylesheet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import PurePath

#: From here on the file has no looks of anything that the Dev pane is first painted with.
LATER: Final = "/* --- Prod pane --- */"


class KeptStylesheet(Stylesheet):
    """Keeps what it has parsed for as long as the theme's variables stay as they are.

    Textual's own parses everything anew for each screen that brings styles and for each pane that
    is gone to for the first time: three times before the first paint, a tenth of what that takes.
    """

    def __init__(self, *, variables: Mapping[str, str]) -> None:
        self._of_theme = dict(variables)
        self._later: tuple[str, str] | None = None
        super().__init__(variables=dict(variables))

    def read(self, filename: str | PurePath) -> None:
        """Read a file, and put off the second part of it; see `whole`."""
        before = dict(self.source)
        super().read(filename)
        [place] = [
            place for place, source in self.source.items() if source is not before.get(place)
        ]
        css, is_default, tie_breaker, scope = self.source[place]
        first, mark, _ = css.partition(LATER)
        if mark:
            lines = "\n" * first.count("\n")  # what is wrong in it is told by its line
            self._later = (str(filename), lines + css[len(first) :])
            self.source[place] = type(self.source[place])(first, is_default, tie_breaker, scope)

    def whole(self) -> None:
        """Take what was put off."""
        if self._later is not None:
            (path, css), self._later = self._later, None
            self.add_source(css, read_from=(path, "later"))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take a theme's variables; with others than before all is to be parsed again."""
        if variables != self._of_theme:
            self._of_theme = dict(variables)
            super().set_variables(variables)

    def reparse(self) -> None:
        """Parse what is not parsed yet. If that fails, what was there stays in force."""
        self.parse()

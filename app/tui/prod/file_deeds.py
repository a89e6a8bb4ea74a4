"""Files are queued from the pane, in a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casparian.app.tui.read_only import READ_ONLY

if TYPE_CHECKING:
    from casparian.app.tui.prod.host import FilesEvent, ProdHost, Queueing
    from casparian.app.tui.prod.state import ProdState


class FileDeeds:
    """The part of the pane that queues files; a mixin for its screen."""

    state: ProdState
    _host: ProdHost

    def why_not_enqueue(self) -> str:
        """There must be a parser to queue them for."""
        if self._host.read_only:
            return READ_ONLY
        if self.state.view is None:
            return "the store can't be looked at"
        return "" if self.state.view.parsers else "no parser is registered: R registers one"

    def do_enqueue(self) -> None:
        """Ask for files."""
        from casparian.app.tui.prod.enqueue_screen import EnqueueScreen
        from casparian.app.tui.prod.enqueue_text import queued_words

        node: Any = self
        view = self.state.view
        assert view is not None

        def answered(done: Queueing | None) -> None:
            if done is not None:
                node.notify(queued_words(done), markup=False, timeout=8)

        node.app.push_screen(EnqueueScreen(self._host, view.parsers, node._parser()), answered)

    def told_of_files(self, event: FilesEvent) -> None:
        """Pass an answer on to the dialog."""
        from casparian.app.tui.prod.enqueue_screen import EnqueueScreen

        node: Any = self
        for screen in node.app.screen_stack:
            if isinstance(screen, EnqueueScreen):
                screen.tell(event)

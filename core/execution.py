"""A guest's events into outputs: the one executor that dev mode and prod mode share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .contract.errors import ContractError
from .errors import CasparianError
from .events import Batch, Ended, GuestError, Hello, Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .contract.model import Contract
    from .events import BridgeResult, Event
    from .outputs import OutputSet


class Execution:
    """Follows one guest to the end of its run, and publishes what it yielded.

    Args:
        outputs: takes the batches.
        contract_of: the contract that the parser is held to, once it has said hello.
        on_event: is told of every event, before anything is done with it; a CasparianError that it
            raises ends the run.
        enough: whether no more rows are wanted: the guest ends by itself then, or the bridge ends
            it, and what it still sends is passed over.
    """

    def __init__(
        self,
        outputs: OutputSet,
        contract_of: Callable[[Hello], Contract | None],
        *,
        on_event: Callable[[Event], None],
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        self._outputs = outputs
        self._contract_of = contract_of
        self._on_event = on_event
        self._enough = enough
        self.hello: Hello | None = None
        self.metrics: dict[str, float] = {}
        self.exit_code: int | None = None
        """The guest's, negative for a signal; None while it runs, or if it was stopped."""
        self.broken: CasparianError | None = None
        """What went wrong on this side of the wire, if that is why the run failed."""

    def run(self, events: Iterator[Event]) -> tuple[GuestError | None, str]:
        """Take all events, then publish. Returns the error, and how the run ended:
        ``completed``, ``failed``, ``cancelled`` or ``interrupted``."""
        error, status = self._follow(events)
        if error is None and status == "completed":
            try:
                self._outputs.publish()
            except CasparianError as broken:
                error = self._explain(broken)
        return error, "failed" if error is not None else status

    def _follow(self, events: Iterator[Event]) -> tuple[GuestError | None, str]:
        for event in events:
            try:
                self._on_event(event)
                if isinstance(event, Hello):
                    self.hello = event
                    self._outputs.begin(event, self._contract_of(event))
                elif isinstance(event, Batch):
                    if not self._enough():
                        self._outputs.take(event)
                elif isinstance(event, Metrics):
                    self.metrics.update(event.values)
                elif isinstance(event, Ended):
                    return self._ended(event.result)
            except ContractError as broken:
                if not isinstance(event, Hello):
                    raise
                self.broken = broken
                return _of_contract(broken), "failed"
            except CasparianError as broken:
                return self._explain(broken), "failed"
        raise RuntimeError("the bridge ended without a result")

    def _explain(self, broken: CasparianError) -> GuestError:
        self.broken = broken
        return self._outputs.explain(broken)

    def _ended(self, result: BridgeResult) -> tuple[GuestError | None, str]:
        self.exit_code = result.exit_code
        self.metrics.update({f"bridge_{k}": v for k, v in result.timings_ms.items()})
        return result.error, result.status


def _of_contract(broken: ContractError) -> GuestError:
    """A contract that can't be read as the run's error; its line in a file is as a frame's."""
    frame = {
        "file": str(broken.file),
        "line": broken.line,
        "function": "",
        "source": broken.source,
    }
    return GuestError(
        "contract",
        "ContractError",
        broken.message,
        "load",
        hint=broken.hint,
        traceback=() if broken.file is None else (frame,),
    )

"""Commands with ``--json``: exactly one JSON object on stdout, whatever happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from casparian.core.errors import CasparianError

from .cli import EXIT_FAILED, EXIT_INTERRUPTED, output_is_refused, show_error

if TYPE_CHECKING:
    from collections.abc import Callable


class JsonCommand(click.Command):
    """A command that tells what stopped it as ``{"error": …}``, too, if ``--json`` is given."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the words of the command line; what is wrong with them is told as JSON, too."""
        words = args[: args.index("--")] if "--" in args else list(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if "--json" in words:
                _told(type(error).__name__, error.format_message())
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that ends it is told on stderr, and as JSON on stdout."""
        if not ctx.params.get("as_json"):
            return super().invoke(ctx)
        try:
            return super().invoke(ctx)
        except CasparianError as error:
            show_error(error)
            traceback = getattr(error, "traceback", "")
            return _told(type(error).__name__, error.message, error.hint, traceback)
        except click.UsageError as error:
            error.show()
            _told(type(error).__name__, error.format_message())
            return error.exit_code
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            _told("Interrupted", "interrupted")
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            raise  # nobody is there to be told
        except OSError as error:
            if output_is_refused():
                raise  # nothing can be told there
            click.echo(f"error: {error}", err=True)
            return _told(type(error).__name__, str(error))


def json_option() -> Callable[[Callable[..., object]], Callable[..., object]]:
    """``--json``, of a JsonCommand."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else."
    )


def _told(kind: str, message: str, hint: str = "", traceback: str = "") -> int:
    from .run_display import print_json

    told = {"type": kind, "message": message, "hint": hint, "traceback": traceback}
    print_json({"error": told})
    return EXIT_FAILED

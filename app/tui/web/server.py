"""Serves the app to browsers of this machine: textual-serve, behind a `Guard`.

Of its server the protocol and the files are used. It asks nobody who they are, loads fonts from
elsewhere, and starts the app by a shell: here it doesn't.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSCloseCode, web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from casparian.app.tui.web.guard import HOST, Guard
from casparian.app.tui.web.page import SCRIPT, page

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Sequence

MOST_SESSIONS: Final = 8
"""Each is a process of its own."""
#: Seconds for which a session may take its leave.
_LEAVES_S: Final = 5.0
#: Cells each way, whatever a browser says.
_LARGEST: Final = 1_000
_LONGEST_MESSAGE: Final = 2**20


class Session(AppService):
    """One app, in a process that ends with it. ``argv`` is started as it is, by no shell."""

    def __init__(self, argv: Sequence[str], websocket: web.WebSocketResponse, server: Any) -> None:
        super().__init__(
            shlex.join(argv),
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=websocket.close,  # type: ignore[arg-type]
            download_manager=server.download_manager,
        )
        self._argv = argv

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        pipe = asyncio.subprocess.PIPE
        environment = self._build_environment(_cells(width), _cells(height))
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        self._stdin = self._process.stdin
        return self._process

    async def set_terminal_size(self, width: int, height: int) -> None:
        """Tell the app its size."""
        await super().set_terminal_size(_cells(width), _cells(height))

    async def run(self) -> None:
        """Pass on what the app draws; when it has ended, however that was, so has the page."""
        await super().run()
        await self.remote_close()

    async def stop(self) -> None:
        """Have the app leave; if it doesn't in time, end it."""
        process = self._process
        try:
            async with asyncio.timeout(_LEAVES_S):
                await super().stop()
        except TimeoutError:
            pass  # it is killed
        finally:
            if process is not None:
                if process.returncode is None:
                    process.kill()
                await process.wait()


class WebServer(Server):
    """Serves one command to whoever the guard lets in, on a port of the loopback alone.

    Args:
        argv: what is started for each page that is opened.
        port: 0 takes a free one.

    Raises OSError if the port can't be had.
    """

    def __init__(self, argv: Sequence[str], *, port: int = 0) -> None:
        self.socket = socket.create_server((HOST, port))
        found = self.socket.getsockname()[1]
        super().__init__("casparian tui", host=HOST, port=found, title="casparian")
        self.argv = list(argv)
        self.guard = Guard(found)
        self._open: set[web.WebSocketResponse] = set()

    async def _make_app(self) -> web.Application:
        app = web.Application(middlewares=[self.guard.check])
        app.on_response_prepare.append(self.guard.add_headers)
        app.on_shutdown.append(self.on_shutdown)
        app.add_routes(
            [
                web.get("/", self.handle_page),
                web.get("/page.js", self.handle_script),
                web.get("/ws", self.handle_websocket),
                web.static("/static", self.statics_path),
            ]
        )
        return app

    async def handle_page(self, request: web.Request) -> web.Response:
        """Answer with the page; it talks to the host that it was asked for by."""
        text = page(f"ws://{request.host}/ws")
        return web.Response(text=text, content_type="text/html")

    async def handle_script(self, request: web.Request) -> web.Response:
        """Answer with what the page does."""
        return web.Response(text=SCRIPT, content_type="text/javascript")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start the app, and pass on what is drawn and typed, until either side ends it."""
        if len(self._open) >= MOST_SESSIONS:
            raise web.HTTPServiceUnavailable(text="too many pages are open\n")
        websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=_LONGEST_MESSAGE)
        self._open.add(websocket)
        session = Session(self.argv, websocket, self)
        try:
            await websocket.prepare(request)
            size = (_number(request.query.get(name)) for name in ("width", "height"))
            await session.start(*(number or usual for number, usual in zip(size, (80, 24))))  # noqa: B905
            await self._process_messages(websocket, session)
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError):
            # Nothing that our page says: whoever talks so is talked to no more.
            await websocket.close(code=WSCloseCode.PROTOCOL_ERROR)
        finally:
            self._open.discard(websocket)
            await session.stop()
        return websocket

    async def on_shutdown(self, app: web.Application) -> None:
        """Close all pages."""
        await asyncio.gather(*(one.close(code=WSCloseCode.GOING_AWAY) for one in list(self._open)))

    async def serve_until(self, end: asyncio.Event, *, ready: Callable[[str], None]) -> None:
        """Serve; ``ready`` is told the address. All sessions have ended when it returns."""
        runner = web.AppRunner(
            await self._make_app(), access_log=None, shutdown_timeout=2 * _LEAVES_S
        )
        await runner.setup()
        try:
            await web.SockSite(runner, self.socket).start()
            ready(self.guard.url)
            await end.wait()
        finally:
            await runner.cleanup()


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 6 else 0


def _cells(number: int) -> int:
    return max(1, min(int(number), _LARGEST))


def serve(given: dict[str, Any], *, port: int, ready: Callable[[str], None]) -> None:
    """Serve the app, as ``given`` to `child`, until Ctrl-C or SIGTERM."""
    words = json.dumps({**given, "parent_pid": os.getpid()})
    server = WebServer([sys.executable, "-m", "casparian.app.tui.web.child", words], port=port)

    async def work() -> None:
        end, loop = asyncio.Event(), asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(one, end.set)
        await server.serve_until(end, ready=ready)

    asyncio.run(work())

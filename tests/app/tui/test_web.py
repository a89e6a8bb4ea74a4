"""In a browser the app is for whoever has the token, from this machine, and only looks."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pyte
import pytest
from yarl import URL

from casparian.app.tui.web import server as web_server
from casparian.app.tui.web.child import made
from casparian.app.tui.web.server import MOST_SESSIONS, WebServer

from ..queued import Queued, bad_row
from .cheap_apps import until
from .prod_pane import lines_of, looked

_APP = """
import sys, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdout.write("__GANGLION__\\n")
sys.stdout.write("D\\0\\0\\0\\5hello")
sys.stdout.flush()
while True: time.sleep(60)
"""


@asynccontextmanager
async def served(*argv: str) -> AsyncIterator[WebServer]:
    server, end, ready = WebServer(argv), asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.serve_until(end, ready=lambda _: ready.set()))
    await ready.wait()
    try:
        yield server
    finally:
        end.set()
        await task


@asynccontextmanager
async def browser(server: WebServer) -> AsyncIterator[aiohttp.ClientSession]:
    """One that was let in."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", cookie_jar=jar) as client:
        async with client.get(server.guard.url, allow_redirects=False) as answer:
            assert answer.status == 303
        yield client


def origin(server: WebServer) -> dict[str, str]:
    return {"Origin": f"http://127.0.0.1:{server.port}"}


@pytest.mark.asyncio
async def test_who_has_no_token_sees_nothing() -> None:
    async with served("never") as server, aiohttp.ClientSession(server.guard.url) as client:
        for path in ("/", "/?token=", "/?token=wrong", "/static/js/textual.js", "/nothing", "/ws"):
            async with client.get(path, headers=origin(server)) as answer:
                assert answer.status == 401, path
                assert "Set-Cookie" not in answer.headers
        cookies = {server.guard.cookie: server.guard.token}
        async with client.get("/", cookies=cookies) as answer:
            assert answer.status == 401, "the token is no cookie"


@pytest.mark.asyncio
async def test_the_token_is_taken_out_of_the_address_and_becomes_a_cookie_for_this_site() -> None:
    async with (
        served("never") as server,
        aiohttp.ClientSession() as client,
        client.get(server.guard.url, allow_redirects=False) as answer,
    ):
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        [cookie] = answer.headers.getall("Set-Cookie")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert server.guard.token not in cookie
        assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.asyncio
async def test_the_page_and_all_it_names_come_from_this_machine() -> None:
    async with served("never") as server, browser(server) as client:
        async with client.get("/") as answer:
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert "default-src 'none'" in policy
        assert re.findall(r"(?:https?:)?//[^\"' ]+", page) == [f"//127.0.0.1:{server.port}/ws"]
        named = re.findall(r"[\"'](/\w[^\"']+)", page)
        assert len(named) == 5
        for path in named:
            async with client.get(path) as answer:
                assert answer.status == 200, path
        async with client.get("/static/css/") as answer:
            assert answer.status == 403, "no folder is listed"


@pytest.mark.asyncio
async def test_another_name_for_this_machine_and_another_sites_page_are_refused(
    tmp_path: Path,
) -> None:
    begun = tmp_path / "begun"
    async with served("touch", str(begun)) as server, browser(server) as client:
        port = server.port
        for headers in (
            {"Host": f"evil.example:{port}"},
            {"Host": "127.0.0.1"},
            {"Host": ""},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{port + 1}"},
        ):
            for path in ("/", "/ws"):
                async with client.get(path, headers={**origin(server), **headers}) as answer:
                    assert answer.status == 403, headers
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws", origin="https://evil.example")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws")
        async with client.get("/", headers={"Host": f"localhost:{port}"}) as answer:
            assert answer.status == 200
    assert not begun.exists()


@pytest.mark.asyncio
async def test_it_listens_on_the_loopback_alone() -> None:
    async with served("never") as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"


async def opened(client: aiohttp.ClientSession, server: WebServer) -> Any:
    websocket = await client.ws_connect("/ws?width=100&height=30", origin=origin(server)["Origin"])
    assert (await websocket.receive_bytes()) == b"hello"
    return websocket


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if one.status() != "zombie"]


@pytest.mark.asyncio
async def test_what_is_left_and_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "_LEAVES_S", 0.1)
    before = children()
    async with served(sys.executable, "-c", _APP) as server, browser(server) as client:
        first, second = [await opened(client, server) for _ in range(2)]
        assert len(children()) == len(before) + 2
        await first.close()
        async with asyncio.timeout(20):
            while len(children()) > len(before) + 1:
                await asyncio.sleep(0.01)
        await second.send_str('["resize", {"width": "many"}]')  # nothing that our page says
        async with asyncio.timeout(20):
            while len(children()) > len(before):
                await asyncio.sleep(0.01)
        third = await opened(client, server)
    assert children() == before, "the end of the server ends them all"
    await third.close()


@pytest.mark.asyncio
async def test_no_more_than_a_few_pages_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_server, "_LEAVES_S", 0.1)
    monkeypatch.setattr(web_server, "MOST_SESSIONS", 1)
    assert MOST_SESSIONS > 1
    async with served(sys.executable, "-c", _APP) as server, browser(server) as client:
        first = await opened(client, server)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await opened(client, server)
        await first.close()


@pytest.mark.asyncio
async def test_what_only_looks_changes_nothing_and_says_so(queued: Queued, tmp_path: Path) -> None:
    queued.add("/data/a.csv")
    queued.finish(queued.claim(), quarantined=1, quarantine=[bad_row(1)])
    given = {"may_act": False, "store": str(queued.connection.path)}
    app = made(given)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await looked(pilot)
        for key in ("f1", "d", "r", "x", "D", "n", "W", "R", "P"):
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: app._notifications)
            assert "--allow-actions" in next(iter(app._notifications)).message, key
        assert app.screen is pane
        await pilot.press("b")
        await until(pilot, lambda: any("rows 1–1 of 1" in line for line in lines_of(app)))
        for key in ("e", "r", "d"):
            app.clear_notifications()
            await pilot.press(key)
            await until(pilot, lambda: app._notifications)
            assert "--allow-actions" in next(iter(app._notifications)).message, key
        await pilot.press("enter", "w")
        await until(pilot, lambda: any("✗ casparian tui --web" in line for line in lines_of(app)))
        await pilot.press("greater_than_sign")
    assert not (tmp_path / "home/tui_sizes.json").exists()


@pytest.mark.parametrize("read_only", [True, False])
def test_where_all_can_be_done_read_only_holds_the_queue_still(
    queued: Queued, read_only: bool
) -> None:
    options = dict.fromkeys(("parser", "python")) | {"samples": [], "cold": False, "prod": True}
    store = str(queued.connection.path)
    app = made({"may_act": True, "store": store, "read_only": read_only} | options)
    assert app._prod is not None
    host = app._prod()
    assert host.read_only is read_only
    host.close()


class Terminal:
    """What a browser draws of a session."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)

    async def until(self, text: str) -> None:
        async with asyncio.timeout(60):
            while not any(text in line for line in self._screen.display):
                self._stream.feed(await self._websocket.receive_bytes())

    async def press(self, key: str) -> None:
        await self._websocket.send_json(["stdin", key])


@pytest.mark.asyncio
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "killed"])
async def test_the_real_program_shows_the_queue_and_ends_with_all_its_sessions(
    queued: Queued, ending: signal.Signals
) -> None:
    queued.add("/data/sales_2024.csv")
    store = str(queued.connection.path)
    words = ("-m", "casparian.app", "tui", "--web", "--store", store)
    program = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE, env={**os.environ}
    )
    assert program.stdout is not None
    try:
        url = URL((await program.stdout.readline()).decode().strip())
        assert url.host == "127.0.0.1"
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(url.origin(), cookie_jar=jar) as client:
            async with client.get(url) as answer:
                assert "xterm" in await answer.text()
            async with client.ws_connect(
                "/ws?width=120&height=40", origin=str(url.origin()), max_msg_size=0
            ) as websocket:
                terminal = Terminal(websocket)
                await terminal.until("sales_2024.csv")
                await terminal.press("x")
                await terminal.until("--allow-actions")
                below = psutil.Process(program.pid).children(recursive=True)
                assert below
                program.send_signal(ending)
                code = await program.wait()
                assert code == (0 if ending == signal.SIGINT else -signal.SIGKILL)
                _, alive = await asyncio.to_thread(psutil.wait_procs, below, 20)
                assert not alive
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    assert queued.jobs.counts() == {"pending": 1}

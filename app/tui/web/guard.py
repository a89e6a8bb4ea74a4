"""Who may use the app in a browser: whoever has the token that the terminal was told.

Other programs of this machine, and pages of whatever site that the browser shows, can reach a
port of it, too. So a request must name this machine as its host (else a site's name could be made
to mean it), must not come from a page of another origin, and must bring the token: once in the
address, from then on as a cookie that no script reads and no other site's request carries.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

HOST: Final = "127.0.0.1"
#: Nothing is loaded from elsewhere or kept, and no other page may hold this one in a frame.
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src {origins}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Guard:
    """Lets requests to a port of this machine pass, or refuses them."""

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(32)
        self.cookie = f"casparian-{port}"
        """Its name: cookies of all ports of a machine are one another's."""
        self._session = secrets.token_urlsafe(32)
        self._hosts = frozenset({f"{HOST}:{port}", f"localhost:{port}"})
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        sockets = " ".join(sorted(f"ws://{host}" for host in self._hosts))
        self._policy = _POLICY.format(origins=f"'self' {sockets}")
        self.url = f"http://{HOST}:{port}/?token={self.token}"
        """Where to begin."""

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request that may pass; refuse any other."""
        reason = self._why_not(request)
        if reason:
            return web.Response(status=403, text=f"{reason}\n")
        given = request.query.get("token")
        if given is not None and request.path == "/":
            return self._let_in(given)
        if not _same(request.cookies.get(self.cookie), self._session):
            return web.Response(
                status=401, text="open the address that casparian tui --web has printed\n"
            )
        return await handler(request)

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say what a browser may do with an answer."""
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = self._policy

    def _why_not(self, request: web.Request) -> str:
        if request.headers.get("Host") not in self._hosts:
            return "this is no host of casparian tui --web"
        origin = request.headers.get("Origin")
        if origin is None and request.path == "/ws":
            return "a websocket must say where it comes from"
        if origin is not None and origin not in self._origins:
            return "pages of other sites have no business here"
        return ""

    def _let_in(self, given: str) -> web.Response:
        """Take the token out of the address, where it would be seen and kept."""
        if not _same(given, self.token):
            return web.Response(status=401, text="this is not the token, or no longer\n")
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(self.cookie, self._session, httponly=True, samesite="Strict", path="/")
        return response


def _same(given: str | None, secret: str) -> bool:
    """Compare in a time that tells nothing of the secret."""
    return given is not None and secrets.compare_digest(given.encode(), secret.encode())

"""What every request passes first: who asks, under which name, from which page.

A server on the loopback address can be reached by every page that its user's browser shows. So the
`Host` header must be a name of this server (DNS rebinding), and requests that a browser sends on
behalf of another site are refused, unless that site was allowed.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from fakeface.serve._options import ServeOptions, is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/", "/healthz")
"""Paths that need no token: they hold no results, and take no pictures."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_LINGER = 2.0
"""Seconds in which the rest of a refused body is still read and dropped: closing the connection at
once would make many clients lose the answer."""


class Outermost:
    """Checks the `Host` header, adds security headers, and ends connections of refused bodies."""

    def __init__(self, app: ASGIApp, options: ServeOptions) -> None:
        """Wrap an application.

        Args:
            app: The application.
            options: The settings of the server.
        """
        self._app = app
        self._names = _names_of(options)
        self._any_address = not is_loopback(options.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive)
        send = body.answered_by(send)
        if self._is_host(Headers(scope=scope).getlist("host")):
            await self._app(scope, body.receive, send)
        else:
            detail = "this server is not known by that name; --allowed-host adds names"
            await JSONResponse({"detail": detail}, 421)(scope, receive, send)

    def _is_host(self, values: list[str]) -> bool:
        found = _HOST.fullmatch(values[0].lower()) if len(values) == 1 else None
        if found is None:
            return False
        name = found[1].strip("[]").rstrip(".")
        if name in self._names:
            return True
        try:  # an address needs no DNS, so it cannot be rebound
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address


class Guard:
    """Checks the token, and refuses what a browser sends on behalf of other sites."""

    def __init__(self, app: ASGIApp, options: ServeOptions) -> None:
        """Wrap an application.

        Args:
            app: The application.
            options: The settings of the server.
        """
        self._app = app
        self._token = None if options.token is None else options.token.encode()
        self._origins = options.cors_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and (refused := self._refusal(scope)) is not None:
            await refused(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if (
            scope["method"] not in ("GET", "HEAD")
            and origin is not None
            and origin not in self._origins
            and origin.partition("://")[2] != headers.get("host")
        ):
            detail = "pages of other sites may not use this server; --cors-origin allows one"
            return JSONResponse({"detail": detail}, 403)
        if self._token is None or scope["path"] in OPEN:
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return None
        detail = "needs the server's token, as: Authorization: Bearer TOKEN"
        return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})


class _Body:
    """Knows whether a request has been read to its end, and what to do if it has not."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        headers = Headers(scope=scope)
        self._receive = receive
        self._ended = "content-length" not in headers and "transfer-encoding" not in headers

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = message["type"] == "http.disconnect" or not message.get("more_body")
        return message

    def answered_by(self, send: Send) -> Send:
        """Return a `send` that closes the connection behind a body that was not read."""

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not self._ended:
                    headers["Connection"] = "close"
            elif not message.get("more_body") and not self._ended:
                await send({**message, "more_body": True})
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._drain(), _LINGER)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        return wrapped

    async def _drain(self) -> None:
        while not self._ended:
            await self.receive()


def _names_of(options: ServeOptions) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "::1", options.host.strip("[]").lower()}
    if not is_loopback(options.host):
        names.add(socket.gethostname().lower())
    return frozenset(names | {name.lower() for name in options.allowed_hosts})

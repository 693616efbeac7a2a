"""What every request passes first: who asks, under which name, from which page.

A server on the loopback address can be reached by every page that its user's browser shows. So the
`Host` header must be a name of this server (DNS rebinding), and requests that a browser sends on
behalf of another site are refused, unless that site was allowed.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

from fakeface.serve._options import ServeOptions, bare_host, is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fakeface.serve._metrics import Metrics

OPEN = ("/", "/healthz", "/docs", "/openapi.json")
"""Paths that need no token: they hold no results, and take no pictures."""

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


class Guard:
    """Checks who asks; answers HEAD as GET; adds security headers; counts answers."""

    def __init__(self, app: ASGIApp, options: ServeOptions, metrics: Metrics) -> None:
        """Wrap an application; `metrics` counts the answers by path and status."""
        self._app = app
        self._metrics = metrics
        self._token = None if options.token is None else options.token.encode()
        self._origins = options.cors_origins
        self._added = {bare_host(name) or name for name in options.allowed_hosts}
        self._names = {"localhost", "127.0.0.1", "::1", options.host.strip("[]").lower()}
        self._names |= self._added
        self._any_address = not is_loopback(options.host)
        if self._any_address:
            self._names.add(socket.gethostname().lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # servers leave the body out
            scope = {**scope, "method": "GET"}

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                path = scope["path"] if "endpoint" in scope else "other"
                self._metrics.request(path, message["status"])
            await send(message)

        await (self._rejection(scope) or self._app)(scope, receive, wrapped)

    def _rejection(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if hosts and not self._is_known(hosts):  # no browser leaves it out, but health checks do
            detail = (
                f"this server is not known as {' '.join(hosts)[:200]!r}: name it with"
                " --allowed-host, or let the proxy in between hand on the browser's Host header"
            )
            return JSONResponse({"detail": detail}, 421)
        origin = headers.get("origin")
        if (
            scope["method"] not in ("GET", "HEAD")
            and origin is not None
            and not self._is_own(origin, headers.get("host", ""))
        ):
            detail = (
                f"pages of {origin[:200]} may not use this server: --cors-origin allows another"
                " site, --allowed-host names this one where a proxy changes the Host header"
            )
            return JSONResponse({"detail": detail}, 403)
        if self._token is None or scope["path"] in OPEN:
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._token):
            return None
        detail = "needs the server's token, as: Authorization: Bearer TOKEN"
        return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})

    def _is_known(self, hosts: list[str]) -> bool:
        name = bare_host(hosts[0]) if len(hosts) == 1 else None
        if name is None or name in self._names:
            return name is not None
        try:  # an address needs no DNS, so it cannot be rebound
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self._any_address

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether a page of this origin came from this server, or was allowed."""
        site = origin.partition("://")[2].lower()
        return (
            origin in self._origins
            or (site != "" and _without_default(site) == _without_default(host))
            # a proxy may put its own `Host` header in the place of the browser's
            or bare_host(site) in self._added
        )


def _without_default(host: str) -> str:
    return host.lower().removesuffix(":443").removesuffix(":80")

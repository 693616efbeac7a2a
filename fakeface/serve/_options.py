"""The settings of a server, checked before anything is loaded."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

PORT = 8300
"""Default for `ServeOptions.port`."""

MIB = 1 << 20

_SHORTEST_TOKEN = 16

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """All settings of a server, except those of its detector.

    Attributes:
        host: Address to listen on. Any but a loopback address needs a `token`.
        port: TCP port, 0 to 65535; 0 for a free one.
        token: What clients have to send as `Authorization: Bearer TOKEN`, at least 16 characters;
            None for no such check.
        allowed_hosts: Names under which clients may address the server (`Host` header), besides
            those that follow from `host`.
        cors_origins: Origins of web pages, such as `https://example.org`, whose programs may use
            the API from a browser; none by default.
        workers: Pictures worked on at once, at least 1; None for one per processor, and more where
            the model scores several at once.
        queue: Requests that may wait besides those worked on, at least 0; more get status 429.
        max_picture: Most bytes of a picture, at least 1.
        max_held: Most bytes of pictures in memory at once, over all requests.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    workers: int | None = None
    queue: int = 64
    max_picture: int = 64 * MIB
    max_held: int = 512 * MIB

    def __post_init__(self) -> None:
        """Raise ValueError for settings that are out of range, or not safe."""
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host} can be reached from other machines, which needs a token of at"
                f" least {_SHORTEST_TOKEN} characters (FAKEFACE_TOKEN or --token), such as that of:"
                " python -c 'import secrets; print(secrets.token_urlsafe())'"
            )
        if self.token is not None and (
            len(self.token) < _SHORTEST_TOKEN or not self.token.isascii() or " " in self.token
        ):
            raise ValueError(
                f"a token has at least {_SHORTEST_TOKEN} characters, all of them ASCII, no space"
            )
        for name, least in (("port", 0), ("queue", 0), ("max_picture", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        if self.port > 65535:
            raise ValueError(f"port must be 0 to 65535, got {self.port}")
        if self.max_held < self.max_picture:
            raise ValueError("max_held must be at least max_picture")
        for name in self.allowed_hosts:
            if bare_host(name) != name.lower().strip("[]").rstrip("."):
                raise ValueError(
                    f"an allowed host is a name alone, as photos.example.org, got {name!r}"
                )
        for origin in self.cors_origins:
            if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
                raise ValueError(
                    f"a CORS origin is a scheme and a host, as https://example.org, got {origin}"
                )


def is_loopback(host: str) -> bool:
    """Return whether an address can only be reached from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def bare_host(value: str) -> str | None:
    """Return the name in a `Host` header, without its port; None if there is none."""
    found = _HOST.fullmatch(value.lower())
    return None if found is None else found[1].strip("[]").rstrip(".")

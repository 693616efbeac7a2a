"""A real server in a thread, and connections below HTTP."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from fakeface import Detector
from fakeface.serve import ServeOptions, Server

CLIENT = httpx.Client(timeout=120, verify=False)
"""No server here has certificates, and loading those of others takes long."""


@contextlib.contextmanager
def serving(detector: Detector, **settings: Any) -> Iterator[str]:
    """Serve on a free port for the time of a `with` block; give the address without a slash."""
    server = Server(detector, ServeOptions(port=0, **settings))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.url.rstrip("/")
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive()


@contextlib.contextmanager
def connected(url: str, seconds: float = 20) -> Iterator[socket.socket]:
    """Connect without a client in between."""
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as opened:
        yield opened


def read_all(opened: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := opened.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def form(files: list[tuple[str, bytes]], boundary: str = "b") -> bytes:
    """The body of a form with files."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="'.encode()
        + name.encode("utf-8", "surrogateescape")
        + b'"\r\nContent-Type: application/octet-stream\r\n\r\n'
        + data
        + b"\r\n"
        for name, data in files
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()

"""Run the application with uvicorn."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from fakeface._errors import FakefaceError, reason_of
from fakeface.serve._app import create_app
from fakeface.serve._options import ServeOptions

if TYPE_CHECKING:
    from fakeface._detector import Detector

_CONNECTIONS = 512
"""Connections and requests at once; more get status 503."""

_LONGEST_HEAD = 32 << 10
"""Bytes of a request's line and headers."""


class Server:
    """A server with its socket.

    Attributes:
        url: Its address.
    """

    def __init__(self, detector: Detector, options: ServeOptions) -> None:
        """Open the socket, so that clients may connect already.

        Raises:
            FakefaceError: The address cannot be used, or another program uses it.
        """
        self._options = options
        self._socket = _listening(options.host, options.port)
        host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host.strip("[]")
        port = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(detector, options),
                http="h11",
                ws="none",
                lifespan="on",
                access_log=False,  # the names of pictures are nobody's business
                log_level="error",
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_CONNECTIONS,
                h11_max_incomplete_event_size=_LONGEST_HEAD,
                timeout_keep_alive=20,
                timeout_graceful_shutdown=60,
            )
        )

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C; requests that have begun are answered first.

        Raises:
            KeyboardInterrupt: From the handlers of these signals, when all is done.
        """
        asyncio.run(self._server.serve([self._socket]))

    def stop(self) -> None:
        """Make `run` return when the requests that have begun are answered; from any thread."""
        self._server.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    try:
        ((family, kind, protocol, _, address), *_) = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        opened = socket.socket(family, kind, protocol)
        try:
            if sys.platform != "win32":  # where it would let two programs share the port
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen(_CONNECTIONS)
        except BaseException:
            opened.close()
            raise
    except OSError as error:
        hint = "; --port 0 takes a free one" if port else ""
        raise FakefaceError(
            f"cannot listen on {host}, port {port}: {reason_of(error)}{hint}"
        ) from error
    return opened

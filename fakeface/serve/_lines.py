"""A response of JSON lines that begins while the request's body still arrives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, aclosing
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class JsonLines(Response):
    """Sends each line when it is there.

    Starlette's own streaming response reads from the request, to notice that the client went away;
    here the body of the request is still being read by somebody else.
    """

    media_type = "application/jsonl"

    def __init__(
        self,
        lines: AsyncGenerator[str, None],
        admitted: Callable[[], AbstractContextManager[None]],
        patience: float,
    ) -> None:
        """Prepare; nothing is read before the response is sent.

        Args:
            lines: The lines, without line ends. An `HTTPException` before the first one becomes the
                response; a later one a last line.
            admitted: Counts the request; raises `HTTPException` if there are too many.
            patience: Seconds that the client may take for a line.
        """
        super().__init__()
        del self.headers["content-length"]
        self._lines = lines
        self._admitted = admitted
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the lines."""
        begun = False

        async def put(line: str) -> None:
            nonlocal begun
            if not begun:
                begun = True
                await send(
                    {
                        "type": "http.response.start",
                        "status": self.status_code,
                        "headers": self.raw_headers,
                    }
                )
            message = {
                "type": "http.response.body",
                "body": f"{line}\n".encode(),
                "more_body": True,
            }
            await asyncio.wait_for(send(message), self._patience)

        with self._admitted():
            try:
                async with aclosing(self._lines) as lines:
                    async for line in lines:
                        await put(line)
            except HTTPException as error:
                if not begun:
                    raise
                await put(json.dumps({"detail": error.detail, "status": error.status_code}))
        await send({"type": "http.response.body", "body": b""})

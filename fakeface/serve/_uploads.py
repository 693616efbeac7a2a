"""From the body of a request to pictures in memory, each as soon as it is complete.

Nothing is written to disk, limits hold while a body arrives, and a client that keeps the server
waiting is refused.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from fakeface._errors import ImageError
from fakeface.serve._memory import Held, Upload
from fakeface.serve._options import MIB, ServeOptions
from fakeface.serve._refusals import FORM_HINT, refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks
    from starlette.requests import Request
    from starlette.types import Receive

_SLOWEST = 8 << 10
"""Bytes a second that a body has to arrive with, besides the patience."""

_LONGEST_NAME = 1024

_LONGEST_HEAD = 16 << 10
"""Bytes of the headers of a file in a form."""


async def uploads(
    request: Request, options: ServeOptions, held: Held
) -> AsyncGenerator[Upload | ImageError, None]:
    """Read the pictures of a request while they arrive.

    Args:
        request: Its body is a form with files (`multipart/form-data`), or one picture, whose name
            is then the parameter `name` of the query.
        options: The limits.
        held: Counts the bytes in memory.

    Yields:
        The pictures, in order, each complete and rewound; for an empty one, or one of a form that
        is too large, the error that says so.

    Raises:
        HTTPException: The body is of another kind, too large, has too many pictures or none, is
            broken, or arrives too slowly.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refusal(415, "send the body as it is, without Content-Encoding")
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    body = _Body(request.receive, options.patience)
    if kind == b"multipart/form-data":
        parts = _parts(body, parameters.get(b"boundary", b""), options, held)
    elif kind in (b"application/json", b"text/plain", b"text/html"):
        raise refusal(415, f"a {kind.decode()} body is no picture; {FORM_HINT}")
    else:
        parts = _single(body, request, options, held)
    empty = True
    try:
        async for part in parts:
            empty = False
            body.renew()
            yield part
    finally:
        await parts.aclose()
    if empty:
        raise refusal(422, f"the form has no files; {FORM_HINT}")


class _Body:
    """The pieces of a body; refuses a client that keeps the server waiting."""

    def __init__(self, receive: Receive, patience: float) -> None:
        self._receive = receive
        self._patience = patience
        self.renew()

    def renew(self) -> None:
        """Start the clock for the next picture."""
        self._left = self._patience

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the pieces.

        Raises:
            HTTPException: They arrive too slowly, or the client went away.
        """
        clock = asyncio.get_running_loop().time
        more = True
        while more:
            began = clock()
            try:
                message = await asyncio.wait_for(self._receive(), max(self._left, 0.001))
            except TimeoutError:
                raise refusal(408, "the body arrives too slowly") from None
            if message["type"] == "http.disconnect":
                raise refusal(400, "the client went away")
            piece = message.get("body", b"")
            # time spent between the pieces is the server's own
            self._left += len(piece) / _SLOWEST - (clock() - began)
            self._left = min(self._left, self._patience)
            more = message.get("more_body", False)
            if piece:
                yield piece


async def _single(
    body: _Body, request: Request, options: ServeOptions, held: Held
) -> AsyncGenerator[Upload | ImageError, None]:
    """Read a body that is one picture."""
    refused = refusal(413, too_large(options))
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > options.max_picture:
        raise refused
    upload = Upload(name_of_query(request), held)
    try:
        async for piece in body.pieces():
            if upload.size + len(piece) > options.max_picture:
                raise refused
            upload.add(piece)
    except BaseException:
        upload.close()
        raise
    yield upload.complete()


async def _parts(
    body: _Body, boundary: bytes, options: ServeOptions, held: Held
) -> AsyncGenerator[Upload | ImageError, None]:
    """Read the files of a form."""
    files = _Files(options, held)
    try:
        parser = MultipartParser(boundary, files.callbacks())
        async for piece in body.pieces():
            parser.write(piece)
            while files.ready:
                yield files.ready.popleft()
        parser.finalize()
    except FormParserError as error:
        raise refusal(400, f"the form is broken: {error}") from error
    finally:
        files.close()
    if not files.ended:
        raise refusal(400, "the form is cut off")


class _Files:
    """Collects the files of a form from what the parser reports."""

    def __init__(self, options: ServeOptions, held: Held) -> None:
        self.ready: deque[Upload | ImageError] = deque()
        self.ended = False
        self._options = options
        self._held = held
        self._count = 0
        self._headers: dict[bytes, bytes] = {}
        self._head = 0  # bytes of them
        self._header = [b"", b""]
        self._upload: Upload | None = None
        self._failed: ImageError | None = None

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_begin": self._begin_header,
            "on_header_field": lambda data, start, end: self._extend(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._extend(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._begin_file,
            "on_part_data": self._add,
            "on_part_end": self._end_file,
            "on_end": self._end,
        }

    def close(self) -> None:
        """Free what was not taken."""
        for upload in (self._upload, *self.ready):
            if isinstance(upload, Upload):
                upload.close()

    def _begin_part(self) -> None:
        self._headers.clear()
        self._head = 0

    def _begin_header(self) -> None:
        self._header = [b"", b""]

    def _extend(self, which: int, data: bytes) -> None:
        self._header[which] += data
        self._head += len(data)
        if self._head > _LONGEST_HEAD:
            raise refusal(400, "the form is broken: the head of a file is too long")

    def _end_header(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]

    def _begin_file(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"").decode("latin-1")
        _, parameters = parse_options_header(disposition)
        if b"filename" not in parameters:
            field = parameters.get(b"name", b"")[:60].decode("utf-8", "replace")
            raise refusal(422, f"the field {field!r} of the form is no file; {FORM_HINT}")
        self._count += 1
        if self._count > self._options.max_pictures:
            most = self._options.max_pictures
            raise refusal(413, f"more than the {most:,} pictures allowed in a request")
        name = parameters[b"filename"].decode("utf-8", "surrogateescape")[:_LONGEST_NAME]
        self._upload, self._failed = Upload(name or "<bytes>", self._held), None

    def _add(self, data: bytes, start: int, end: int) -> None:
        upload = self._upload
        if upload is None:  # too large: the rest of it is dropped
            return
        if upload.size + end - start > self._options.max_picture:
            self._failed = ImageError(upload.name, too_large(self._options))
            self._upload = None
            upload.close()
        else:
            upload.add(data[start:end])

    def _end_file(self) -> None:
        if self._failed is not None:
            self.ready.append(self._failed)
        elif self._upload is not None:
            self.ready.append(self._upload.complete())
        self._upload = None

    def _end(self) -> None:
        self.ended = True


def name_of_query(request: Request) -> str:
    """Return the name that a picture in the body gets from the query."""
    return request.query_params.get("name", "")[:_LONGEST_NAME] or "<bytes>"


def too_large(options: ServeOptions) -> str:
    """Return the reason why a picture is refused for its size."""
    return f"is larger than the {options.max_picture / MIB:,.6g} MiB allowed"

"""From the body of a request to pictures in memory.

Nothing is written to disk, and limits hold while a body arrives.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from fakeface._errors import ImageError
from fakeface.serve._options import MIB, ServeOptions

if TYPE_CHECKING:
    from starlette.requests import Request

_LONGEST_NAME = 1024

_HINT = "send files, as with: curl -F files=@photo.jpg"

_FORM = 4
"""A form may be as large as this many of the largest pictures, or as all that is held at once."""

_EXTENDED_NAME = re.compile(rb"""filename\*\s*=\s*"?utf-8'[^']*'([^;"\s]*)""", re.IGNORECASE)

# what it has to say is in the answer: without a handler it would stand on the server's log
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


class Upload(io.BytesIO):
    """An encoded picture in memory, with the name that its sender gave it."""

    def __init__(self, name: str) -> None:
        """Begin empty; `name` is what the picture is called in results, if it has a name."""
        super().__init__()
        self.name = name[:_LONGEST_NAME] or "<bytes>"

    @property
    def empty(self) -> bool:
        """Whether it holds no bytes."""
        return not self.getbuffer().nbytes


async def read_pictures(
    request: Request, options: ServeOptions, take: Callable[[int], None]
) -> list[Upload | ImageError]:
    """Read the pictures of a request.

    Args:
        request: Its body is one picture, or a form with files (`multipart/form-data`).
        options: The limits.
        take: Called with the number of bytes that arrived; raises `HTTPException` if all requests
            together hold too many.

    Returns:
        The pictures in order; for one of a form that is empty or too large, the error.

    Raises:
        HTTPException: The body is of another kind, too large, empty or broken.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "send the body as it is, without Content-Encoding")
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind == b"multipart/form-data":
        return await _read_form(request, options, take)
    if kind.startswith((b"text/", b"multipart/")) or kind.endswith(b"json"):
        raise HTTPException(415, f"the body is {kind.decode('latin-1')}, not a picture; {_HINT}")
    upload = await read_picture(request, options, take)
    if upload.empty:
        raise HTTPException(422, f"the body is empty; {_HINT}, or the bytes of one picture")
    return [upload]


async def read_picture(
    request: Request, options: ServeOptions, take: Callable[[int], None]
) -> Upload:
    """Read a body that is one picture, or empty, whatever its `Content-Type`.

    Its name is the parameter `name` of the query. Arguments and errors are those of
    `read_pictures`.
    """
    upload = Upload(request.query_params.get("name", ""))
    async for piece in _pieces(request, take, options.max_picture, too_large(options)):
        upload.write(piece)
    upload.seek(0)
    return upload


async def _pieces(
    request: Request, take: Callable[[int], None], most: int, reason: str
) -> AsyncGenerator[bytes, None]:
    """Yield the body as it arrives; refuse more than `most` bytes for a reason."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise HTTPException(413, reason)
    try:
        async for piece in request.stream():
            most -= len(piece)
            if most < 0:
                raise HTTPException(413, reason)
            take(len(piece))
            yield piece
    except ClientDisconnect as error:
        raise HTTPException(400, "the client went away") from error


async def _read_form(
    request: Request, options: ServeOptions, take: Callable[[int], None]
) -> list[Upload | ImageError]:
    most = min(_FORM * options.max_picture, options.max_held)
    reason = f"a form is at most {most / MIB:,.6g} MiB; send one picture a request"
    pieces = _pieces(request, take, most, reason)
    parser = _Form(request.headers, pieces)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        hint = "are its parts divided by the boundary that the Content-Type header names?"
        raise HTTPException(400, f"the form is broken ({error.message}); {hint}") from error
    finally:
        await pieces.aclose()
    try:
        if not parser.ended:
            raise HTTPException(400, "the form is cut off")
        found = []
        for field, part in form.multi_items():
            if not isinstance(part, UploadFile):
                raise HTTPException(422, f"the field {field[:60]!r} is no file; {_HINT}")
            if part.size or part.filename:  # else no file was chosen
                found.append(await _taken(part, options))
        if not found:
            raise HTTPException(422, f"the form has no files; {_HINT}")
        return found
    finally:
        await form.close()


class _Form(MultiPartParser):
    """Keeps all files in memory, and takes names from `filename*` (RFC 8187) too.

    Older clients send names beyond ASCII in that form.
    """

    spool_max_size = 0  # without a limit
    ended = False

    def on_headers_finished(self) -> None:
        given = self._current_part.content_disposition or b""
        if found := _EXTENDED_NAME.search(given):
            name = unquote_to_bytes(found[1]).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            self._current_part.content_disposition = given + b'; filename="' + name + b'"'
        super().on_headers_finished()

    def on_end(self) -> None:
        self.ended = True


async def _taken(part: UploadFile, options: ServeOptions) -> Upload | ImageError:
    upload = Upload(part.filename or "")
    if (part.size or 0) > options.max_picture:
        return ImageError(upload.name, too_large(options))
    upload.write(await part.read())
    upload.seek(0)
    await part.close()  # its copy
    return upload


def too_large(options: ServeOptions) -> str:
    """Return the reason why a picture is refused for its size."""
    return f"is larger than the {options.max_picture / MIB:,.6g} MiB allowed"

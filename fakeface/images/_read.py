"""From a source to its encoded bytes, bounded, whatever lies under the name."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedReader

from fakeface._errors import ImageError, reason_of
from fakeface.files._sniff import HEAD, READ_ONLY, is_picture
from fakeface.types import Source

MAX_BYTES = 1 << 30
"""Files larger than this are refused: no picture that may be decoded is, and a sparse file of
terabytes costs nothing to make."""

_BLOCK = 1 << 20
"""Bytes read at once where it is not known how many there are."""

_hash = partial(hashlib.blake2b, digest_size=16)


def read(source: Source, name: str) -> bytes:
    """All encoded bytes of a path, a bytes-like or a binary file object.

    Raises:
        ImageError: It cannot be read, is empty, too large, no picture, or nothing that holds
            bytes. Of a file that is no picture only the first bytes are read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        if (hint := _no_path(os.fspath(source))) is not None:
            raise ImageError(name, hint)
        with _opened(os.fspath(source), name) as (file, size):
            data = _drain(file.read, size + 1)  # all at once: pieces would have to be joined
    elif hasattr(source, "read"):
        data = _drain(partial(_piece, source.read, name), MAX_BYTES + 1)
        if not data:
            raise ImageError(name, "gives no bytes: empty, or read to its end; call seek(0) first")
    else:
        raise ImageError(
            name,
            f"cannot read a {type(source).__name__}: give a path, bytes, a binary file,"
            " a PIL.Image or a uint8 array of shape (height, width, 3)",
        )
    _check_head(data[:HEAD], name)
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    return data


_LONGEST_PATH = 4096
_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+://")


def _no_path(path: str | bytes) -> str | None:
    """What to do with a text that is no path of a file; None for what may be one."""
    text = os.fsdecode(path[:_LONGEST_PATH])
    if _URL.match(text) and not os.path.lexists(text):
        return "is a URL, not a path; download it first and give the bytes"
    if len(path) >= _LONGEST_PATH or text.startswith("data:"):
        return "is text, not a path; if it is base64, give the bytes: base64.b64decode(text)"
    return None


def size_of(source: Source) -> int:
    """Bytes that `read` will bring into memory, as far as that can be told beforehand.

    Returns:
        The size of a file that is given by its path; 0 for what is in memory already, for file
        objects, and where there is no such file.
    """
    if isinstance(source, (str, os.PathLike)):
        try:
            return os.stat(source).st_size  # noqa: PTH116  every picture comes by here
        except (OSError, ValueError):
            pass
    return 0


def digest(data: bytes) -> str:
    """BLAKE2b-128 of encoded bytes in hexadecimal."""
    return _hash(data).hexdigest()


def digest_of_file(path: str) -> str:
    """BLAKE2b-128 of a file in hexadecimal, without all of the file in memory.

    Raises:
        ImageError: As for `read`.
    """
    hashed = _hash()
    with _opened(path, path) as (file, _):
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


def reason(error: BaseException, done: str) -> str:
    """One line for any error while a picture was `read` or `decoded`, as `done` says."""
    if isinstance(error, OSError) and error.strerror:
        return _line(reason_of(error))
    if isinstance(error, MemoryError):
        return "does not fit into memory"
    if done == "decoded":
        return "cannot be decoded: it is damaged, cut off, or of a kind that Pillow cannot read"
    return f"cannot be {done}: {(_line(error) or type(error).__name__)[:200]}"


@contextmanager
def _opened(path: str, name: str) -> Iterator[tuple[BufferedReader, int]]:
    """A regular file that begins like a picture, and its size in bytes.

    A pipe or a device is refused without waiting for it.
    """
    try:
        descriptor = os.open(path, READ_ONLY)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                raise ImageError(name, _DIRECTORY)
            if not stat.S_ISREG(status.st_mode):
                raise ImageError(name, "is not a regular file")
            if status.st_size > MAX_BYTES:
                raise _too_large(name)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                _check_head(file.peek(HEAD)[:HEAD], name)
                yield file, status.st_size
        finally:
            os.close(descriptor)
    except IsADirectoryError as error:
        raise ImageError(name, _DIRECTORY) from error
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(name, reason(error, "read")) from error


def _drain(read: Callable[[int], bytes], most: int) -> bytes:
    """Read to the end or beyond `MAX_BYTES`, at most `most` bytes first, in however short pieces.

    Returns:
        All bytes; those that came in one piece without a copy.
    """
    pieces: list[bytes] = []
    left = MAX_BYTES + 1
    while left > 0 and (piece := read(min(left, _BLOCK if pieces else most))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _piece(read: Callable[[int], object], name: str, size: int) -> bytes:
    """What a caller's file object gives next."""
    try:
        piece = read(size)
    except Exception as error:  # it is the caller's code: it may fail in any way
        raise ImageError(name, reason(error, "read")) from error
    if not isinstance(piece, bytes):
        kind = type(piece).__name__
        raise ImageError(
            name, f"the file object gives {kind}, not bytes; open it in binary mode ('rb')"
        )
    return piece


def _check_head(head: bytes, name: str) -> None:
    if not head:
        raise ImageError(name, "is empty (0 bytes)")
    if not is_picture(head):
        raise ImageError(name, "is not a picture in a format that fakeface reads")


_DIRECTORY = "is a directory; scan it with `fakeface scan`"


def _too_large(name: str) -> ImageError:
    return ImageError(name, f"is larger than the {MAX_BYTES >> 20:,} MiB allowed")


def _line(text: object) -> str:
    return " ".join(str(text).split())

"""From a source to its encoded bytes, bounded, whatever lies under the name."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import IO, cast

from fakeface._errors import ImageError
from fakeface._sniff import READ_ONLY
from fakeface.types import Source

MAX_BYTES = 1 << 30
"""Files larger than this are refused: no picture that may be decoded is, and a sparse file of
terabytes costs nothing to make."""


def read(source: Source, name: str) -> bytes:
    """All encoded bytes of a path, a bytes-like or a binary file object.

    Args:
        source: The picture.
        name: Its name in messages.

    Returns:
        At least one byte.

    Raises:
        ImageError: It cannot be read, is empty, too large, or nothing that holds bytes.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        data = _read_file(os.fspath(source), name)
    elif hasattr(source, "read"):
        try:
            data = cast("IO[bytes]", source).read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            raise ImageError(name, _reason(error)) from error
        if not isinstance(data, bytes):
            raise ImageError(name, "the file object gives text; open it in binary mode ('rb')")
    else:
        raise ImageError(
            name,
            f"cannot read a {type(source).__name__}: give a path, bytes, a binary file,"
            " a PIL.Image or a uint8 array of shape (height, width, 3)",
        )
    if not data:
        raise ImageError(name, "is empty (0 bytes)")
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    return data


def digest(data: bytes) -> str:
    """BLAKE2b-128 of encoded bytes in hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def digest_of_file(path: str) -> str:
    """BLAKE2b-128 of a file in hexadecimal.

    Args:
        path: Path of the file.

    Returns:
        The digest that `fakeface._decode.Picture` gives it.

    Raises:
        ImageError: As for `read`.
    """
    return digest(read(path, path))


def _read_file(path: str, name: str) -> bytes:
    """Bytes of a regular file; a pipe or a device is refused without waiting for it."""
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
                return file.read(MAX_BYTES + 1)
        finally:
            os.close(descriptor)
    except IsADirectoryError as error:
        raise ImageError(name, _DIRECTORY) from error
    except (OSError, ValueError) as error:
        raise ImageError(name, _reason(error)) from error
    except MemoryError as error:
        raise ImageError(name, "does not fit into memory") from error


_DIRECTORY = "is a directory; scan it with `fakeface scan`"


def _too_large(name: str) -> ImageError:
    return ImageError(name, f"is larger than the {MAX_BYTES >> 20:,} MiB allowed")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__

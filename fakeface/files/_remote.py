"""Pictures in an object store or a cluster's file system: wherever `pyarrow.fs` reaches."""

from __future__ import annotations

import errno
import io
import os
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fakeface._errors import ImageError, NotFoundError, ReportError, reason_of
from fakeface.files._sniff import HEAD, is_apple_double, is_picture, named_picture
from fakeface.files._walk import path_filter

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # more than one letter, which is a Windows drive
_BLOCK = 1 << 20  # pyarrow sets aside as many bytes as it is asked for
_MAX_BYTES = 1 << 30


def filesystem_of(name: str) -> tuple[FileSystem | None, str]:
    """Return the file system of a URI, None for this machine's, and the path on it.

    Raises:
        ReportError: No file system is known for the URI.
    """
    if not _URI.match(name):
        return None, name
    import pyarrow as pa
    from pyarrow.fs import FileSystem, LocalFileSystem

    try:
        filesystem, path = FileSystem.from_uri(name)
    except (ValueError, pa.ArrowException) as error:
        raise ReportError(name, " ".join(str(error).split())) from error
    return (None if isinstance(filesystem, LocalFileSystem) else filesystem), path


def listed(
    filesystem: FileSystem,
    path: str,
    *,
    recursive: bool = True,
    glob: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Iterator[str]:
    """List a file, or all files in a folder in the order of their paths, pictures and others.

    Yields:
        The rest of each path below the folder; an empty text for a file that was named itself.

    Raises:
        NotFoundError: There is nothing.
        OSError: The file system cannot be reached, or does not allow to list it.
    """
    from pyarrow.fs import FileSelector, FileType

    path = path.rstrip("/")
    info = filesystem.get_file_info(path)
    if info.type is FileType.NotFound:
        raise NotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if info.type is not FileType.Directory:
        yield ""
        return
    wanted = path_filter(glob, exclude)
    found = filesystem.get_file_info(FileSelector(path, recursive=recursive))
    for name in sorted(file.path for file in found if file.type is not FileType.Directory):
        if wanted(below := name[len(path) :].lstrip("/")):
            yield below


def read_picture(
    filesystem: FileSystem, path: str, name: str, *, named: bool
) -> io.BytesIO | ImageError | None:
    """Read a file; where it is not `named`, only if its first bytes or its name call it a picture.

    Returns:
        Its bytes with that name; the error where it cannot be read; None for what is no picture.
    """
    try:
        with filesystem.open_input_stream(path, compression=None) as stream:
            data = bytearray(stream.read(HEAD))
            head = bytes(data)
            picture = is_picture(head) or (named_picture(path) and not is_apple_double(head))
            if not (named or picture):
                return None
            while len(data) <= _MAX_BYTES and (block := stream.read(_BLOCK)):
                data += block
    except (FileNotFoundError, PermissionError) as error:  # in the words of a local file
        number = errno.ENOENT if isinstance(error, FileNotFoundError) else errno.EACCES
        return ImageError(name, os.strerror(number).lower())
    except OSError as error:
        return ImageError(name, " ".join(reason_of(error).split()))
    file = io.BytesIO(data)
    file.name = name
    return file

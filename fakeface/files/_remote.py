"""Pictures that lie wherever `pyarrow.fs` or fsspec reach: listed here, read where they are judged.

What is on this machine's disks (or on disks that all machines mount) goes the way of every scan:
`fakeface.files._walk` lists it and `fakeface.images._read` reads it. The rest is listed with one
call for each folder named, and read by `RemoteFile` in the threads that decode, so that a file
which cannot be read is a record like any other.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from fakeface._errors import ImageError, NotFoundError, ReportError
from fakeface.files._sniff import HEAD, is_apple_double, is_picture, named_picture
from fakeface.files._walk import existing, path_filter, walk

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # more than one letter, which is a Windows drive


_PYARROW = frozenset(("abfs", "abfss", "file", "gcs", "gs", "hdfs", "s3", "viewfs"))
"""Schemes that pyarrow knows itself; others are for fsspec."""


_BLOCK = 1 << 20
"""Bytes asked for at once: pyarrow sets aside as many as it is asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder or a file that was named.

    Attributes:
        name: As it was named, without the query of a URI.
        path: Its path in `filesystem`; as it was named on this machine.
        filesystem: Where it is; None for this machine.
    """

    name: str
    path: str
    filesystem: FileSystem | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to judge.

    Attributes:
        name: What to call it: the name of its place, and the path below.
        path: Its path in `filesystem`; an absolute one on this machine.
        filesystem: Where it is; None for this machine.
        named: Whether it was named itself, and is to be judged whatever it is.
        error: Why it cannot be judged, where that is known already; for folders.
    """

    name: str
    path: str
    filesystem: FileSystem | None = None
    named: bool = False
    error: str | None = None


def place(name: str | os.PathLike[str], filesystem: Any = None) -> Place:
    """Find out where a path or a URI is.

    Args:
        name: A path on this machine, a path in `filesystem`, or a URI such as
            `s3://bucket/folder`.
        filesystem: A file system of pyarrow or fsspec; None to go by the URI.

    Returns:
        The place; whether there is anything shows when it is listed.

    Raises:
        ReportError: No file system is known for the URI, or its library is missing.
    """
    name = os.fsdecode(name)
    from pyarrow.fs import FileSystem, LocalFileSystem

    if filesystem is not None:
        own = filesystem if isinstance(filesystem, FileSystem) else _of_fsspec(filesystem)
        path = _URI.sub("", name)
    elif _URI.match(name):
        own, path = _of_uri(name)
        name = name.partition("?")[0]
    else:
        own, path = None, name
    if own is None or isinstance(own, LocalFileSystem):
        return Place(path, path, None)
    return Place(name.rstrip("/"), path.rstrip("/"), own)


def entries(
    places: Iterable[Place],
    *,
    recursive: bool = True,
    glob: Sequence[str] = (),
    exclude: Sequence[str] = (),
    follow_symlinks: bool = False,
) -> Iterator[Entry]:
    """All files in some places, pictures and others, in the order of their paths.

    Args:
        places: From `place`.
        recursive: Whether to go into sub-folders.
        glob: As for `fakeface.files._walk.walk`.
        exclude: As for `fakeface.files._walk.walk`.
        follow_symlinks: As for `fakeface.files._walk.walk`; elsewhere there are no links.

    Yields:
        The files, without having looked into any.

    Raises:
        NotFoundError: There is nothing in a place.
        OSError: A file system cannot be reached, or does not allow to list it.
    """
    wanted = path_filter(glob, exclude)
    for local, group in groupby(places, lambda place: place.filesystem is None):
        if not local:
            for there in group:
                yield from _remote(there, recursive, wanted)
            continue
        names = existing([here.name for here in group])
        at = ""  # what the walk has come to of what was named

        def roots(names: list[str] = names) -> Iterator[str]:
            nonlocal at
            for name in names:
                at = name
                yield name

        for found in walk(
            roots(),
            recursive=recursive,
            glob=glob,
            exclude=exclude,
            follow_symlinks=follow_symlinks,
            every=True,
        ):
            if isinstance(found, ImageError):
                yield Entry(found.source, found.source, error=found.reason)
            elif isinstance(found, str):  # no `Path.resolve`: it follows links before anybody asked
                yield Entry(found, os.path.abspath(found), named=found == at)  # noqa: PTH100


def _remote(place: Place, recursive: bool, wanted: Callable[[str], bool]) -> Iterator[Entry]:
    from pyarrow.fs import FileSelector, FileType

    filesystem = place.filesystem
    assert filesystem is not None
    info = filesystem.get_file_info(place.path)
    if info.type is FileType.NotFound:
        raise NotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.name)
    if info.type is not FileType.Directory:
        yield Entry(place.name, place.path, filesystem, named=True)
        return
    prefix = len(place.path) + 1 if place.path else 0
    found = filesystem.get_file_info(FileSelector(place.path, recursive=recursive))
    for path in sorted(info.path for info in found if info.type is not FileType.Directory):
        if wanted(path[prefix:]):
            yield Entry(f"{place.name}/{path[prefix:]}", path, filesystem)


class RemoteFile:
    """A file to read once, by whoever decodes it.

    Attributes:
        name: What to call it.
        passed_over: Whether it turned out to be no picture when it was read.
    """

    def __init__(self, entry: Entry) -> None:
        """Keep what is needed to read it; nothing is opened yet."""
        assert entry.filesystem is not None
        self.name = entry.name
        self.passed_over = False
        self._path = entry.path
        self._named = entry.named
        self._taken = entry.named or named_picture(entry.path)
        self._read = False
        self._filesystem = entry.filesystem

    def read(self, size: int) -> bytes:
        """Read the file, all at once.

        Args:
            size: Bytes to read at most.

        Returns:
            Its bytes, and none when it is called again; none of a file that neither its first
            bytes nor its name call a picture.

        Raises:
            OSError, ValueError: It cannot be read.
        """
        if self._read:
            return b""
        self._read = True
        try:
            with self._filesystem.open_input_stream(self._path, compression=None) as stream:
                data = bytearray(stream.read(min(HEAD, size)))
                head = bytes(data)
                if (not self._taken and not is_picture(head)) or (
                    not self._named and is_apple_double(head)
                ):
                    self.passed_over = True
                    return b""
                while block := stream.read(min(_BLOCK, size - len(data))):
                    data += block
                return bytes(data)
        except (FileNotFoundError, PermissionError) as error:  # in the words of a local file
            number = errno.ENOENT if isinstance(error, FileNotFoundError) else errno.EACCES
            raise OSError(number, os.strerror(number)) from error


def _of_uri(uri: str) -> tuple[FileSystem, str]:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

    try:
        if uri.partition("://")[0].lower() in _PYARROW:
            filesystem, path = FileSystem.from_uri(uri)
            return filesystem, path
        from fsspec.core import url_to_fs

        filesystem, path = url_to_fs(uri)
        return _of_fsspec(filesystem), str(path)
    except (ImportError, ValueError, pa.ArrowException) as error:  # they say what to install
        raise ReportError(uri, " ".join(str(error).split())) from error


def _of_fsspec(filesystem: Any) -> FileSystem:
    from pyarrow.fs import FSSpecHandler, PyFileSystem

    return PyFileSystem(FSSpecHandler(filesystem))

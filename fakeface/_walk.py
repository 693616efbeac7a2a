"""From folders to the files in them that claim to be pictures, lazily and in a stable order.

Paths come in the order of `sorted` over all of them within each folder named, so two scans of one
folder give the same order on every file system. Names are held for the folders between the root
and the file at hand, never for the whole tree. A folder is entered once, however many links or
arguments lead to it, so links that go round in circles end.
"""

# A path object for each of 200,000 files would take most of the time.
# ruff: noqa: PTH112, PTH116, PTH118

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import translate
from typing import Protocol

from fakeface._errors import ImageError
from fakeface._sniff import claims_picture

Found = str | ImageError
"""A path; or, for a folder that cannot be listed, the error to report in its place."""


class Blocks(Protocol):
    """A binary stream that gives what there is."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes, waited for while there are none; empty at the end."""


def walk(
    folders: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = True,
    glob: Sequence[str] = (),
    exclude: Sequence[str] = (),
    follow_symlinks: bool = False,
    skipped: Callable[[str], None] | None = None,
    every: bool = False,
) -> Iterator[Found]:
    """Find the pictures in folders.

    What is named itself is always given, whatever it is. In a folder, a regular file is given
    when its first bytes or its name claim that it is a picture (`fakeface._sniff`). Pipes,
    devices, dangling links and files without permission are given too: reading them says what is
    wrong.

    Args:
        folders: Folders and files.
        recursive: Whether to go into sub-folders.
        glob: Take only files that match one of these patterns, such as `*.jpg`. A pattern with a
            slash is matched against the path below the folder, others against the name; upper
            and lower case are the same. Files that were named themselves are always taken.
        exclude: Leave out files and folders that match one of these patterns.
        follow_symlinks: Whether to enter links to folders; links to files are always read.
        skipped: Told every file of a folder that matches the patterns and is no picture.
        every: Give files that are no pictures too, without looking into any.

    Yields:
        Paths, with bytes that are not UTF-8 as surrogates (PEP 383), and an `ImageError` for
        every folder that cannot be listed.
    """
    taken = _matcher(glob) if glob else None
    left_out = _matcher(exclude) if exclude else None
    seen: set[tuple[int, int]] = set()
    for folder in folders:
        root = os.fsdecode(folder)
        if not os.path.isdir(root):
            yield root
            continue
        yield from _walk(root, recursive, taken, left_out, follow_symlinks, skipped, every, seen)


def _walk(
    root: str,
    recursive: bool,
    taken: Callable[[str], bool] | None,
    left_out: Callable[[str], bool] | None,
    follow_symlinks: bool,
    skipped: Callable[[str], None] | None,
    every: bool,
    seen: set[tuple[int, int]],
) -> Iterator[Found]:
    """Walk one folder with a stack of name lists, sorted backwards so that they shrink."""
    prefix = len(os.path.join(root, ""))
    stack: list[tuple[str, list[str]]] = [("", [os.path.join(root, "")])]
    while stack:
        folder, names = stack[-1]
        if not names:
            stack.pop()
            continue
        name = names.pop()
        path = folder + name
        below = path[prefix:]
        if below and left_out is not None and left_out(below.removesuffix(os.sep)):
            continue
        if name.endswith(os.sep):
            if below and not recursive:
                continue
            try:
                status = os.stat(path)
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                stack.append((path, _names(path, follow_symlinks)))
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                yield ImageError(path.removesuffix(os.sep) or path, f"folder not read: {reason}")
        elif taken is None or taken(below):
            if every or claims_picture(path, name):
                yield path
            elif skipped is not None:
                skipped(path)


def _names(folder: str, follow_symlinks: bool) -> list[str]:
    """Names in a folder in reverse order, those of folders with a separator at the end."""
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                is_folder = entry.is_dir(follow_symlinks=follow_symlinks)
                if not is_folder and entry.is_symlink() and entry.is_dir():
                    continue  # a link to a folder that is not to be entered is no file either
            except OSError:  # a link in a circle, or gone already: reading it will say so
                is_folder = False
            names.append(entry.name + os.sep if is_folder else entry.name)
    names.sort(reverse=True)
    return names


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    """A test of a path below a folder against patterns."""
    on_name = _compile([p for p in patterns if "/" not in p.rstrip("/")])
    on_path = _compile([p.removeprefix("./") for p in patterns if "/" in p.rstrip("/")])

    def matches(below: str) -> bool:
        below = below.replace(os.sep, "/")
        if on_name is not None and on_name(below.rpartition("/")[2]):
            return True
        return on_path is not None and bool(on_path(below))

    return matches


def path_filter(glob: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """A test of whole paths, for where folders are not entered one by one.

    Args:
        glob: As for `walk`.
        exclude: As for `walk`.

    Returns:
        A function of the path below the folder, with slashes: whether the file is taken.
    """
    taken = _matcher(glob) if glob else None
    left_out = _matcher(exclude) if exclude else None

    def wanted(below: str) -> bool:
        if left_out is not None:
            parts = below.split("/")
            if any(left_out("/".join(parts[:end])) for end in range(1, len(parts) + 1)):
                return False
        return taken is None or taken(below)

    return wanted


def _compile(patterns: list[str]) -> Callable[[str], object] | None:
    if not patterns:
        return None
    # `**/` also stands for no folder at all
    variants = [v for p in patterns for v in {p.rstrip("/"), p.rstrip("/").removeprefix("**/")}]
    return re.compile("|".join(map(translate, variants)), re.IGNORECASE).match


def read_names(stream: Blocks) -> Iterator[str]:
    """Read names of files, one a line or with a NUL after each (`find -print0`).

    Which of the two it is shows in the first block that holds either; names with a newline in
    them need NULs.

    Args:
        stream: Read as names are asked for.

    Yields:
        Names, with bytes that are not UTF-8 as surrogates; empty ones are left out.
    """
    end: bytes | None = None
    rest = b""
    while block := stream.read1(1 << 16):
        rest += block
        if end is None:
            end = b"\0" if b"\0" in rest else b"\n" if b"\n" in rest else None
        if end is not None:
            *names, rest = rest.split(end)
            yield from _decoded(names, end)
    yield from _decoded([rest], end)


def _decoded(names: list[bytes], end: bytes | None) -> Iterator[str]:
    for name in names:
        if name := name.removesuffix(b"\r") if end == b"\n" else name:
            yield os.fsdecode(name)

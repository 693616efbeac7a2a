"""From folders to the files in them that claim to be pictures, lazily and in a stable order.

Paths come in the order of `sorted` over all of them within each folder named, so two scans of one
folder give the same order on every file system. Names are held for the folders between the root
and the file at hand, never for the whole tree. A folder is entered once, however many links or
arguments lead to it, so links that go round in circles end.
"""

# A path object for each of 200,000 files would take most of the time.
# ruff: noqa: PTH112, PTH116, PTH118

from __future__ import annotations

import errno
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import translate
from typing import TypeVar

from fakeface._errors import ImageError, NotFoundError, reason_of
from fakeface.files._sniff import claims_picture

Found = str | ImageError
"""A path; for a folder that cannot be listed, the error to report in its place."""

_Test = Callable[[str], object]
"""A test of a name: something true where it fits."""

_AnyPath = TypeVar("_AnyPath", bound=str | os.PathLike[str])


def walk(
    folders: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = True,
    glob: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    follow_symlinks: bool = False,
    skipped: Callable[[str], None] | None = None,
    every: bool = False,
) -> Iterator[Found]:
    """Find the pictures in folders.

    What is named itself is always given, whatever it is. In a folder, a file is given when its
    first bytes or its name claim that it is a picture (`fakeface.files._sniff`): a `.jpg` that is
    a pipe, a dangling link or without permission too, since reading it says what is wrong.

    Args:
        folders: Folders and files.
        recursive: Whether to go into sub-folders.
        glob: Take only files that match this pattern or one of several; upper and lower case are
            the same. As in `.gitignore`, a pattern without a slash, such as `*.jpg`, is matched
            against names at any depth, one with a slash against the path below the folder: there
            `*` stays within a name, and `**` stands for any number of folders, also for none.
            Files that were named themselves are always taken.
        exclude: Leave out files and sub-folders that match this pattern or one of several.
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
        root = _with_separator(root)
        prefix = len(root)
        # name lists are sorted backwards so that they shrink
        stack: list[tuple[str, list[str]]] = [("", [root])]
        while stack:
            parent, names = stack[-1]
            if not names:
                stack.pop()
                continue
            name = names.pop()
            path = parent + name
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
                    where = path.removesuffix(os.sep) or path
                    yield ImageError(where, f"folder not read: {reason_of(error)}")
            elif taken is None or taken(below):
                if every or claims_picture(path, name):
                    yield path
                elif skipped is not None:
                    skipped(path)


def _with_separator(folder: str) -> str:
    """End a folder with the separator of names below it, on Windows too: `C:` and `photos/`."""
    if os.altsep:
        folder = folder.replace(os.altsep, os.sep)
    joined = os.path.join(folder, "")
    return joined if joined.endswith(os.sep) else os.path.join(folder, ".", "")


def existing(paths: list[_AnyPath]) -> list[_AnyPath]:
    """Return the paths unchanged.

    Raises:
        NotFoundError: One of them does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise NotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fsdecode(path))
    return paths


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


def _matcher(patterns: str | Sequence[str]) -> Callable[[str], bool]:
    """A test of a path below a folder against patterns."""
    names: list[str] = []
    paths: list[list[_Test | None]] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        parts = [part for part in pattern.split("/") if part not in ("", ".")]
        if "/" not in pattern.rstrip("/"):
            names += parts
            continue
        if parts[-1:] == ["**"]:
            parts.append("*")  # what is in a folder, not the folder itself
        paths.append([None if part == "**" else _compile([part]) for part in parts])
    on_name = _compile(names) if names else None

    def matches(below: str) -> bool:
        below = _composed(below.replace(os.sep, "/"))
        if on_name is not None and on_name(below.rpartition("/")[2]):
            return True
        if not paths:
            return False
        along = below.split("/")
        return any(_fits(along, path) for path in paths)

    return matches


def _fits(names: Sequence[str], parts: Sequence[_Test | None]) -> bool:
    """Whether the names along a path fit the parts of a pattern, of which None is `**`."""
    ends = {0}  # how many of the names the parts so far may stand for
    for part in parts:
        if part is None:
            ends = set(range(min(ends, default=len(names) + 1), len(names) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(names) and part(names[end])}
    return len(names) in ends


def _composed(text: str) -> str:
    """Text with accents composed (NFC): disks of macOS have names decomposed, keyboards not."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _compile(patterns: list[str]) -> _Test:
    # `.gitignore` has both
    as_globs = (_composed(pattern).replace("[^", "[!") for pattern in patterns)
    return re.compile("|".join(map(translate, as_globs)), re.IGNORECASE).match


def path_filter(glob: str | Sequence[str], exclude: str | Sequence[str]) -> Callable[[str], bool]:
    """A test of whole paths, for where folders are not entered one by one.

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

"""Which files a scan is to judge, from its options."""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from io import BufferedReader

    from fakeface._errors import ImageError


class Files:
    """The files of a scan.

    Attributes:
        passed_over: Number of files that were no pictures, so far.
    """

    def __init__(
        self,
        paths: list[str],
        files_from: str | None,
        recursive: bool,
        glob: list[str],
        exclude: list[str],
        follow_symlinks: bool,
    ) -> None:
        """Keep what the options say."""
        self.passed_over = 0
        self._paths = paths
        self._files_from = files_from
        self._options: dict[str, Any] = {
            "recursive": recursive,
            "glob": glob,
            "exclude": exclude,
            "follow_symlinks": follow_symlinks,
        }

    def walk(self, advance: Callable[[], None] | None) -> Iterator[str | ImageError]:
        """The pictures, one after the other.

        Args:
            advance: Called for every file that is passed over.
        """
        from fakeface._walk import walk

        def skipped(_: str) -> None:
            self.passed_over += 1
            if advance is not None:
                advance()

        with ExitStack() as stack:
            paths: Iterable[str] = self._paths
            if self._files_from is not None:
                paths = chain(paths, self._listed(stack))
            yield from walk(paths, skipped=skipped, **self._options)

    def count(self) -> int:
        """Number of files, pictures and others, that `walk` will come to."""
        from fakeface._walk import walk

        return sum(1 for _ in walk(self._paths, every=True, **self._options))

    def _listed(self, stack: ExitStack) -> Iterator[str]:
        from fakeface._walk import read_names

        if self._files_from == "-":
            return read_names(_Patient(cast("BufferedReader", sys.stdin.buffer)))
        assert self._files_from is not None
        return read_names(stack.enter_context(Path(self._files_from).open("rb")))


class _Patient:
    """A stream that is waited for a second at a time.

    A signal that comes just before a read does not end it; without a pause Ctrl-C would then be
    heard only with the next name.
    """

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def read1(self, size: int) -> bytes:
        """What there is, at most `size` bytes; empty at the end."""
        try:
            while not select.select([self._stream], [], [], 1.0)[0]:
                pass
        except (OSError, ValueError):  # no stream to wait for: a test's, or Windows'
            pass
        return self._stream.read1(size)


def existing(paths: list[str]) -> list[str]:
    """The paths as they are.

    Raises:
        FileNotFoundError: One of them does not exist.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return paths

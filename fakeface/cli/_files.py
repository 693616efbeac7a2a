"""The files of a scan, from its options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fakeface.cli._streams import PollingStream, standard_input

if TYPE_CHECKING:
    from fakeface.files._walk import Found


class Files:
    """The files of a scan.

    Attributes:
        skipped: Number of files so far that are not pictures.
    """

    def __init__(self, paths: list[str], files_from: str | None, options: dict[str, Any]) -> None:
        """Open the list of files, before any result is written.

        Args:
            paths: Folders and files.
            files_from: A file that lists more of them; `-` for standard input, None for none.
            options: Arguments of `walk`, which say what is taken of folders.

        Raises:
            OSError: The list cannot be opened.
            UsageError: It is standard input, which is closed.
        """
        self.skipped = 0
        self._paths = paths
        self._options = options
        self._list: PollingStream | None = None
        if files_from == "-":
            self._list = standard_input()
        elif files_from is not None:
            self._list = PollingStream(Path(files_from).open("rb"))  # noqa: SIM115 -- `walk` reads

    def walk(self, advance: Callable[[], None] | None) -> Iterator[Found]:
        """Yield the pictures; call it once.

        Args:
            advance: Called for every file that is skipped.
        """
        from fakeface.files._names import read_names
        from fakeface.files._walk import walk

        def skipped(_: str) -> None:
            self.skipped += 1
            if advance is not None:
                advance()

        listed = read_names(self._list) if self._list is not None else ()
        yield from walk(chain(self._paths, listed), skipped=skipped, **self._options)

    def count(self) -> int:
        """Return the number of files, pictures and others, that `walk` visits."""
        from fakeface.files._walk import walk

        return sum(1 for _ in walk(self._paths, every=True, **self._options))

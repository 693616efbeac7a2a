"""The files of a scan, from its options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
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

    def __init__(
        self,
        paths: list[str],
        files_from: str | None,
        recursive: bool,
        glob: list[str],
        exclude: list[str],
        follow_symlinks: bool,
    ) -> None:
        """Store the options and open the list of files, before any result is written.

        Raises:
            OSError: The list cannot be opened.
            UsageError: It is standard input, which is closed.
        """
        self.skipped = 0
        self._paths = paths
        self._opened = ExitStack()
        self._list: PollingStream | None = None
        if files_from == "-":
            self._list = PollingStream(standard_input())
        elif files_from is not None:
            file = Path(files_from).open("rb")  # noqa: SIM115 -- `walk` closes it
            self._list = PollingStream(self._opened.enter_context(file))
        self._options: dict[str, Any] = {
            "recursive": recursive,
            "glob": glob,
            "exclude": exclude,
            "follow_symlinks": follow_symlinks,
        }

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

        with self._opened:
            listed = read_names(self._list) if self._list is not None else ()
            yield from walk(chain(self._paths, listed), skipped=skipped, **self._options)

    def count(self) -> int:
        """Return the number of files, pictures and others, that `walk` visits."""
        from fakeface.files._walk import walk

        return sum(1 for _ in walk(self._paths, every=True, **self._options))

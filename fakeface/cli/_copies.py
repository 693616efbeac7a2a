"""Copies of the pictures with some verdict: `scan --copy-to FOLDER --where fake`."""

from __future__ import annotations

import errno
import filecmp
import os
import shutil
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path

from fakeface._errors import reason_of
from fakeface.cli._errors import UsageError, number_of_pictures, say
from fakeface.cli._options import FailOn, fits
from fakeface.files import replacing


class Copies:
    """Pictures to copy when a scan has ended, so that a resumed one copies all of them."""

    def __init__(self, folder: Path, where: Collection[FailOn], scanned: Sequence[str]) -> None:
        """Begin with none.

        Raises:
            UsageError: The folder is in one that is scanned: copies would be scanned next time.
            OSError: It cannot be made.
        """
        real = Path(os.path.realpath(folder))
        for path in scanned:
            if real.is_relative_to(os.path.realpath(path)):
                raise UsageError(f"--copy-to {folder} is in {path}, which is scanned")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._where = where
        self._sources: list[str] = []

    def consider(self, source: str, what: str, declared_ai: bool) -> None:
        """Note a picture if it is one to copy (see `fits`)."""
        if fits(self._where, what, declared_ai):
            self._sources.append(source)

    def copy(self) -> bool:
        """Copy the pictures, and say how many; what is there already is left alone.

        Returns:
            Whether all could be copied.
        """
        failed = 0
        for source in self._sources:
            try:
                self._copy(Path(source))
            except OSError as error:
                failed += 1
                say(f"{source}: not copied: {reason_of(error)}")
        say(f"{number_of_pictures(len(self._sources) - failed)} copied to {self._folder}")
        return not failed

    def _copy(self, source: Path) -> None:
        if not source.is_file():
            raise OSError(errno.EINVAL, "is no file")
        for number in count(1):
            more = f" ({number})" if number > 1 else ""
            target = self._folder / f"{source.stem}{more}{source.suffix}"
            if not os.path.lexists(target):
                with replacing(target) as new:
                    shutil.copy2(source, new)
                return
            if target.is_file() and filecmp.cmp(source, target, shallow=False):
                return

"""Whether two names are of one picture: `p/a.jpg`, `./p/a.jpg` and `/home/me/p/a.jpg` are."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

_LONGEST = 4096


class Keys:
    """Gives the names of pictures keys, hashed to 16 bytes for large indices.

    Folders are resolved, with links among them; files are not, since a link to a picture has a
    result of its own.
    """

    def __init__(self) -> None:
        """Start with no name; relative ones are relative to the current folder."""
        self._folder = os.getcwd()  # noqa: PTH109 -- of any text
        self._resolved: Callable[[str], str] = lru_cache(1024)(os.path.realpath)

    def __call__(self, source: str) -> bytes:
        """Return the key of a name, which need not exist."""
        path = os.path.normcase(self._absolute(source))
        return blake2b(path.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def _absolute(self, source: str) -> str:
        if len(source) > _LONGEST or "\0" in source:  # no name of a file
            return source
        folder, name = os.path.split(os.path.join(self._folder, source))  # noqa: PTH118
        if name in ("", os.curdir, os.pardir):
            return self._resolved(os.path.join(folder, name))  # noqa: PTH118
        return os.path.join(self._resolved(folder), name)  # noqa: PTH118

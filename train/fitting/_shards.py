"""Rows of numbers on disk, by name: computed once, mapped into memory.

A store is a folder under the cache, named by what its rows depend on. In it are shards: `X.npy`,
the rows, and `X.json`, the name of each. Both are written aside and moved into place, the JSON
last, so that a process killed at any moment loses the shard it was computing and nothing else;
processes side by side do no harm.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fakeface.files import replacing

SHARD = 128
"""Rows per shard: the most that an interruption loses."""

Row = tuple[npt.NDArray[np.floating[Any]], int]
"""A shard, and the number of a row in it."""


class Shards:
    """A store of rows.

    Attributes:
        folder: Where the shards are.
    """

    def __init__(self, folder: Path, name: str, meta: Mapping[str, Any], width: int) -> None:
        """Open a store, or make it.

        Args:
            folder: Where stores are kept.
            name: Beginning of the store's name.
            meta: All that its rows depend on.
            width: Numbers in a row.
        """
        text = json.dumps(meta, indent=2, sort_keys=True)
        key = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
        self.folder = folder / f"{name}-{key}"
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "meta.json").write_text(text + "\n", encoding="utf-8")
        self._width = width
        self._where: dict[str, Row] = {}
        for path in sorted(self.folder.glob("*.json")):
            if path.name != "meta.json":
                self._open(path)

    def __contains__(self, name: str) -> bool:
        """Whether there is a row of this name."""
        return name in self._where

    def row(self, name: str) -> Row:
        """Return where a row is (`KeyError` if there is none)."""
        return self._where[name]

    def write(self, names: Sequence[str], rows: npt.NDArray[np.floating[Any]]) -> None:
        """Add a shard."""
        name = hashlib.blake2b("\n".join(names).encode(), digest_size=8).hexdigest()
        path = self.folder / f"{name}.json"
        with replacing(path.with_suffix(".npy")) as new, new.open("wb") as file:
            np.save(file, rows)
        with replacing(path) as new:
            new.write_text(json.dumps(list(names)), encoding="utf-8")
        self._open(path)

    def _open(self, path: Path) -> None:
        try:
            names = json.loads(path.read_text(encoding="utf-8"))
            rows = np.load(path.with_suffix(".npy"), mmap_mode="r")
        except (OSError, ValueError):
            return  # half of a shard, whose rows are computed again
        if rows.shape == (len(names), self._width):
            self._where |= {name: (rows, row) for row, name in enumerate(names)}

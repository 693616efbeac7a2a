"""Append-only caches on disk: everything is computed once.

Each is a file of JSON lines that is only ever appended to: a process that is killed loses the line
it was writing, and no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from fakeface import ImageError
from fakeface.images import Picture
from train.progress import in_threads


class AppendOnlyCache:
    """A dictionary on disk that grows line by line.

    Attributes:
        path: The file.
        records: Its contents.
    """

    def __init__(self, path: Path) -> None:
        """Read the file, if there is one; torn lines are skipped."""
        self.path = path
        self.records: dict[str, Any] = {}
        self._torn = False
        if path.exists():
            text = path.read_text(encoding="ascii", errors="replace")
            self._torn = bool(text) and not text.endswith("\n")
            for line in text.splitlines():
                try:
                    key, value = json.loads(line)
                except (ValueError, TypeError):
                    continue
                self.records[key] = value

    def add(self, records: Iterable[tuple[str, Any]]) -> None:
        """Append records as they come, each on disk before the next is asked for."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="ascii") as file:
            for key, value in records:
                if self._torn:
                    file.write("\n")
                    self._torn = False
                file.write(json.dumps([key, value]) + "\n")
                file.flush()
                self.records[key] = value


class Cache:
    """A folder of computed results; it may be deleted at any time."""

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which is created when first written to."""
        self.root = root

    def append_only(self, name: str) -> AppendOnlyCache:
        """Open the append-only cache of that name."""
        return AppendOnlyCache(self.root / f"{name}.jsonl")


def digests(paths: Sequence[Path], cache: Cache) -> list[tuple[str | None, str]]:
    """Return content digests of picture files, reading each version of a file once.

    Args:
        paths: The files.
        cache: Keeps digests by path, size and modification time.

    Returns:
        For every file its BLAKE2b-128 in hexadecimal and an empty string, or None and why it is
        no picture.
    """
    stored = cache.append_only("digests")
    keys = [_version(path) for path in paths]
    todo = [(path, key) for path, key in zip(paths, keys, strict=True) if key not in stored.records]
    errors: dict[str, str] = {}

    def results() -> Iterable[tuple[str, str]]:
        for (_, key), (digest, error) in in_threads(_digest, todo, "reading files"):
            if digest is None:
                errors[key] = error
            else:
                yield key, digest

    stored.add(results())
    return [(stored.records.get(key), errors.get(key, "")) for key in keys]


def _digest(item: tuple[Path, str]) -> tuple[str | None, str]:
    try:
        return Picture(item[0]).digest, ""
    except ImageError as error:
        return None, error.reason


def _version(path: Path) -> str:
    where = path.absolute()
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return str(where)
    return f"{where} {stat.st_size} {stat.st_mtime_ns}"

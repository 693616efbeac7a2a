"""Paths as they were typed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from glob import glob


def expanded(paths: Iterable[str], *, patterns: bool = os.name == "nt") -> list[str]:
    """Return paths; on Windows, whose shells leave that to programs, what patterns stand for."""
    if not patterns:
        return list(paths)
    named: list[str] = []
    for path in paths:
        if not os.path.lexists(path):
            path = os.path.expandvars(os.path.expanduser(path))  # noqa: PTH111
        found = [] if os.path.lexists(path) else sorted(glob(path, recursive=True))  # noqa: PTH207
        named += found or [path]
    return named

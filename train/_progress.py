"""Progress on stderr, where results do not go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")

console = Console(stderr=True, highlight=False)
"""Where progress and notes go."""


def progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Pass items on, showing on a terminal how far it is."""
    return iter(
        track(items, what, total, console=console, transient=True, disable=not console.is_terminal)
    )

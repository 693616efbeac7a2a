"""Public names that are imported when they are first used (PEP 562).

`import fakeface` and `fakeface --version` stay instant however much stands behind the names.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the `__getattr__` and `__dir__` of a module that re-exports names.

    Args:
        package: Name of the re-exporting module (`__name__`).
        homes: Full name of each defining module, with the names to take from it.

    Returns:
        The two functions. The first imports the module that a name is defined in, and keeps the
        value, so that each name is looked up once; the second lists the names.
    """
    home_of = {name: module for module, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(home_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return load, names

"""Disk space of an installed package with all its dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement


def install_size(names: Iterable[str]) -> dict[str, float] | None:
    """Measure the size of distributions and of all that they require.

    Optional requirements (extras) do not count. Compiled Python files count if pip has written
    them.

    Args:
        names: Names of distributions, such as `fakeface`.

    Returns:
        Megabytes of 10^6 bytes by distribution, largest first; None where one of `names` is not
        installed.
    """
    closure = _closure(names)
    if closure is None:
        return None
    sizes = {name: round(_size(found) / 1e6, 1) for name, found in closure.items()}
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _closure(names: Iterable[str]) -> dict[str, Distribution] | None:
    found: dict[str, Distribution] = {}
    wanted = [(name, True) for name in names]
    while wanted:
        name, named = wanted.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in found:
            continue
        try:
            found[key] = distribution(name)
        except PackageNotFoundError:
            if named:
                return None
            continue
        for text in found[key].requires or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                wanted.append((need.name, False))
    return found


def _size(found: Distribution) -> int:
    paths = [Path(str(file.locate())) for file in found.files or []]
    package = (found.metadata["Name"] or "").replace("-", "_")
    spec = find_spec(package) if package.isidentifier() else None
    inside = next(iter((spec and spec.submodule_search_locations) or []), None)
    if inside is not None and not any(path.is_relative_to(inside) for path in paths):
        paths += Path(inside).rglob("*")  # installed editable: the files are elsewhere
    return sum(path.stat().st_size for path in set(paths) if path.is_file())

"""Find packages that ship weights, without importing them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package; None where it is not installed.

    Args:
        package: Name of its distribution, which its module shares but for `-` and `_`.
    """
    spec = find_spec(package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])

"""What made a result: command, versions, machine."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fakeface._environment import load_average
from fakeface._providers import default_threads
from fakeface._version import __version__

PACKAGES = ("numpy", "onnxruntime", "pillow", "scikit-learn")


def provenance(packages: Iterable[str] = PACKAGES) -> dict[str, Any]:
    """Plain values for the head of a result, ready for JSON.

    Args:
        packages: Distributions whose versions matter; those not installed are left out.

    Returns:
        Command, time, versions, machine.
    """
    versions = {"python": platform.python_version(), "fakeface": __version__}
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "command": shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]]),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": versions,
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "threads": default_threads(),
            "load_average": load_average(),
        },
    }


def machine_line(environment: dict[str, Any]) -> str:
    """What a measurement ran on, as a line of Markdown.

    Args:
        environment: From `fakeface._environment.environment`.
    """
    cpu = environment["cpu"]
    return (
        f"- machine: {cpu['model']}, {cpu['processors']} processors"
        f" ({', '.join(cpu['features']) or 'no features known'}), {environment['system']},"
        f" load average {environment['load_average']}"
    )

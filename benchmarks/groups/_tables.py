"""Results per group as Markdown, fit for a model card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks._markdown import percent, table

LIMITS = (
    "Intervals are Wilson's, 95 %; p is a permutation test of equal rates, not corrected for the"
    " number of attributes: of twenty, one falls below .05 by chance. The skin tone is the ITA of"
    " the middle of the face, which also follows the light; groups differ in origin, camera and"
    " compression as well, so a difference is no proof of its cause. Groups of few photographs"
    " have wide intervals: their rates may be several times what is seen. Those of fewer than 20"
    " are left out of the tables, but count for p."
)


FEW = 20
"""Groups of fewer photographs are left out of the tables; the JSON has them."""


def groups_markdown(result: dict[str, Any]) -> str:
    """Format the result of `benchmarks.groups._rates.measure_groups`."""
    return "\n".join(_parts(result))


def _parts(result: dict[str, Any]) -> Iterator[str]:
    yield "# Photographs called fake, per group\n"
    yield f"- command: `{result['command']}`"
    yield f"- data: {result['data']['fingerprint']}, {result['data']['photographs']:,} photographs"
    yield f"- test: {result['test']}\n"
    yield f"{LIMITS}\n"
    for split, models in result["results"].items():
        for model, attributes in models.items():
            yield f"## {model} on `{split}`\n"
            yield table(
                ["group", "photographs", "called `fake`", "`uncertain`", "median p_fake", "p"],
                _rows(attributes),
            )
            if alarms := [
                f"{attribute}: {name}"
                for attribute, entry in attributes.items()
                for name, row in entry["groups"].items()
                if row["alarm"]
            ]:
                yield f"Called fake more than twice as often as all: {'; '.join(alarms)}.\n"


def _rows(attributes: dict[str, Any]) -> Iterator[list[str]]:
    for attribute, entry in attributes.items():
        shown = {name: row for name, row in entry["groups"].items() if row["n"] >= FEW}
        for number, (name, row) in enumerate(shown.items()):
            p = entry["p"]
            yield [
                name if attribute == "all" else f"{attribute}: {name}",
                f"{row['n']:,}",
                percent(row["fake"]),
                percent(row["uncertain"]),
                f"{row['p_fake'][0]:.3f}",
                "" if number or p is None else "< .001" if p < 0.001 else f"{p:.3f}",
            ]

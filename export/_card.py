"""Model card of an exported model, from what its run recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fakeface import ModelInfo, OperatingPoint


def card(info: ModelInfo, notes: str = "") -> str:
    """Write a model card from a description.

    Args:
        info: The model's description, with metrics and provenance as `export` writes them.
        notes: Hand-written sections in Markdown, put before the metrics: what the model is for,
            where it fails, what it was trained on, what was tried.

    Returns:
        Markdown.
    """
    assert info.crop is not None
    assert info.classes is not None
    assert info.thresholds is not None
    run = info.provenance
    test = info.figures["test"]
    warnings = [run["warning"]] if "warning" in run else []
    warnings += [f"WARNING: {p.warning}" for p in info.operating_points if p.warning]
    lines = [
        f"# {info.name} {info.version}",
        "",
        f"A face classifier for `fakeface`: `p_fake` is a calibrated score, 0 to 1: the higher, the"
        f" more a face is like class `{info.classes[0]}` and the less like `{info.classes[1]}`. How"
        " often a flag is right also depends on how common AI is among such pictures. Written by"
        " `python -m export`. The tables under *Figures* were measured when the model was trained,"
        " on the test split of the data named below: they say nothing of generators and cameras"
        " that are not in it.",
        "",
        *(line for warning in warnings for line in (f"> {warning}", "")),
        "## What it sees",
        "",
        f"A square of {info.crop.margin:g} times the face box, resized to"
        f" {info.crop.size}x{info.crop.size} pixels with the {info.crop.filter} filter; RGB, uint8;"
        " normalisation and calibration are inside the graph.",
        "",
        "## When it says what",
        "",
        f"`fake` from p_fake {info.thresholds.fake:.4f} on, `real` below"
        f" {info.thresholds.real:.4f}, `uncertain` between.",
        "",
        *_points(info.operating_points),
        *([notes.strip(), ""] if notes.strip() else []),
        "## Figures",
        "",
        "On the test split of its training data.",
        "",
        "| figure | value |",
        "|---|---|",
        *_rows({key: value for key, value in test.items() if key != "sources"}),
        "",
        "| source | pictures | accuracy | called fake |",
        "|---|---|---|---|",
        *(
            f"| {source} | {v['pictures']} | {v['accuracy']:.3f} | {v['flagged']:.3f} |"
            for source, v in test["sources"].items()
        ),
        "",
        "## What made it",
        "",
        "| | |",
        "|---|---|",
        *_rows({
            "recipe": run["recipe"]["name"],
            "backbone": run["recipe"]["backbone"]["name"],
            "data": run["data"]["fingerprint"],
            "fitted with": run["fitted_with"],
            "fitted by": run["fitted_by"],
            "exported with": run["exported_with"],
            "exported by": run["exported_by"],
            "parity": run["parity"],
        }),
        "",
        "## Licence",
        "",
        info.licence,
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _points(points: Sequence[OperatingPoint]) -> list[str]:
    """Tabulate the operating points, with intervals where they were recorded."""
    if not points:
        return []
    columns = {
        "operating point": [p.name for p in points],
        "threshold": [f"{p.threshold:.4f}" for p in points],
        "FPR": [f"{p.fpr:.0%}" for p in points],
        "95 % interval of the FPR": [
            "" if p.interval is None else "{:.1%} to {:.1%}".format(*p.interval) for p in points
        ],
        "fitted on": [p.fitted_on for p in points],
    }
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    rows = zip(*shown.values(), strict=True)
    return [
        f"| {' | '.join(shown)} |",
        "|---" * len(shown) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def _rows(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    rows = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += _rows(value, f"{name} · ")
        elif isinstance(value, float):
            rows.append(f"| {name} | {value:.4g} |")
        else:
            rows.append(f"| {name} | {str(value).replace('|', chr(92) + '|')} |")
    return rows

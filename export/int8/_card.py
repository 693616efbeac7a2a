"""What the card of a quantised model says beyond that of every model."""

from __future__ import annotations

from export.int8._gate import Gate
from fakeface import ModelInfo

_SHOWN = 12


def notes(info: ModelInfo, whole: ModelInfo, gate: Gate) -> str:
    """Write the sections on quantisation.

    Args:
        info: The quantised model.
        whole: The model in float.
        gate: How they compare.

    Returns:
        Markdown.
    """
    told = info.provenance["quantised"]
    scheme = told["scheme"]
    kind = "U8S8 (unsigned activations, signed weights)" if scheme["target"] == "x86" else "S8S8"
    misses = gate.misses()
    in_float = len(told["in_float"])
    first = {0: "none", 1: "the first"}.get(in_float, f"the first {in_float}")
    lines = [
        f"What it is for, what it was trained on and where it fails, its licences too, are those of"
        f" {whole.name} {whole.version}: read the card of that model first.",
        "",
        "## How it was quantised",
        "",
        f"{whole.name} {whole.version} (sha256 `{whole.sha256[:12]}…`) in 8-bit numbers: {kind},"
        f" weights per channel{', of 7 bits' if scheme['reduce_range'] else ''}. In float are the"
        f" head, the map that explains it and, of {len(told['layers'])} convolutions, {first}."
        f" Ranges and weights were fitted on {told['calibration']['crops']} face crops of `train`"
        " and compared on as many others; the calibration was fitted on `val` to the logits in"
        " float; the thresholds are those in float.",
        "",
        *(
            []
            if scheme["target"] != "x86" or scheme["reduce_range"]
            else [
                "On x86 processors without VNNI sums of products can overflow in this format, and"
                " scores differ from those below; `fakeface doctor` compares.",
                "",
            ]
        ),
        "| way | noise of the logit | shift |",
        "|---|---|---|",
        *(
            f"| {t['method']}, weights rounded by {t['rounding']}, equalised:"
            f" {'no' if t['equalise'] is None else t['equalise']} | {t['noise']:.3f} |"
            f" {t['shift']:+.3f} |"
            for t in told["tried"]
        ),
        "",
        f"## Against {whole.name} in float",
        "",
        f"On {gate.pictures} test pictures, each model by its own thresholds.",
        "",
        "| figure | value |",
        "|---|---|",
        f"| AUC in float | {gate.auc_float:.4f} |",
        f"| AUC | {gate.auc:.4f} |",
        f"| verdicts that changed | {gate.changed:.2%} |",
        *(f"| · {change} | {count} |" for change, count in gate.changes.items()),
        f"| largest change of p_fake | {gate.largest:.3f} |",
        f"| largest difference alone and in a batch | {gate.batch:.1e} |",
        "",
        *(
            ["**It misses what `export` asks for**, and was written with `--allow`:", ""]
            + [f"- {miss}" for miss in misses]
            + [""]
            if misses
            else []
        ),
        "Layers by the noise of the logit that each makes when it alone is quantised:",
        "",
        "| layer | noise | precision |",
        "|---|---|---|",
        *(
            f"| `{layer['name']}` | {layer['noise']:.3f} | {layer['precision']} |"
            for layer in sorted(told["layers"], key=lambda layer: -layer["noise"])[:_SHOWN]
        ),
    ]
    return "\n".join(lines)

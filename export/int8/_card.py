"""What the card of a quantised model says beyond that of every model."""

from __future__ import annotations

from export.int8._acceptance import Acceptance
from fakeface import ModelInfo

_SHOWN = 12


def notes(info: ModelInfo, original: ModelInfo, acceptance: Acceptance) -> str:
    """Write the sections on quantisation.

    Args:
        info: The quantised model.
        original: The model in fp32.
        acceptance: How they compare.

    Returns:
        Markdown.
    """
    told = info.provenance["quantised"]
    scheme = told["scheme"]
    kind = "U8S8 (unsigned activations, signed weights)" if scheme["target"] == "x86" else "S8S8"
    violations = acceptance.violations()
    kept_in_fp32 = len(told["kept_in_fp32"])
    first = {0: "none", 1: "the first"}.get(kept_in_fp32, f"the first {kept_in_fp32}")
    lines = [
        f"What it is for, what it was trained on and where it fails, its licences too, are those of"
        f" {original.name} {original.version}: read the card of that model first.",
        "",
        "## How it was quantised",
        "",
        f"{original.name} {original.version} (sha256 `{original.sha256[:12]}…`) in"
        f" 8-bit numbers: {kind},"
        f" weights per channel{', of 7 bits' if scheme['reduce_range'] else ''}. In float are the"
        f" head, the map that explains it and, of {len(told['layers'])} convolutions, {first}."
        f" Ranges and weights were fitted on {told['calibration']['crops']} face crops of `train`"
        " and compared on as many others; the calibration was fitted on `val` to the logits in"
        " float; the thresholds are those in fp32.",
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
        f"## Against {original.name} in fp32",
        "",
        f"On {acceptance.pictures} test pictures, each model by its own thresholds.",
        "",
        "| figure | value |",
        "|---|---|",
        f"| AUC in fp32 | {acceptance.auc_fp32:.4f} |",
        f"| AUC | {acceptance.auc:.4f} |",
        f"| verdicts that changed | {acceptance.changed:.2%} |",
        *(f"| · {change} | {count} |" for change, count in acceptance.changes.items()),
        f"| largest change of p_fake | {acceptance.largest:.3f} |",
        f"| largest difference alone and in a batch | {acceptance.batch:.1e} |",
        "",
        *(
            ["**It fails the acceptance test of `export`**, and was written with `--allow`:", ""]
            + [f"- {violation}" for violation in violations]
            + [""]
            if violations
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

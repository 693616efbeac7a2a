"""Sections of a model card about quantisation."""

from __future__ import annotations

from export.int8._acceptance import Acceptance
from fakeface import ModelInfo

_SHOWN = 12


def notes(info: ModelInfo, original: ModelInfo, acceptance: Acceptance) -> str:
    """Write the sections on quantisation.

    Args:
        info: The quantised model.
        original: The fp32 model.
        acceptance: The comparison of both.

    Returns:
        Markdown.
    """
    made = info.provenance["quantised"]
    scheme = made["scheme"]
    kind = "U8S8 (unsigned activations, signed weights)" if scheme["target"] == "x86" else "S8S8"
    violations = acceptance.violations()
    count = len(made["kept_in_fp32"])
    sensitive = {0: "none", 1: "the most sensitive"}.get(count, f"{count} of the most sensitive")
    lines = [
        f"Purpose, training data, known failures and licences are those of {original.name}"
        f" {original.version}: read the card of that model first.",
        "",
        "## How it was quantised",
        "",
        f"{original.name} {original.version} (sha256 `{original.sha256[:12]}…`) in int8: {kind},"
        f" weights per channel{', of 7 bits' if scheme['reduce_range'] else ''}. In fp32 are the"
        f" head, the heat map and, of {len(made['layers'])} convolutions, {sensitive}. Ranges and"
        f" weights were fitted on {made['calibration']['crops']} face crops of `train`, and schemes"
        " compared on as many others; the calibration was fitted on `val` to the fp32 logits; the"
        " thresholds are those of the fp32 model.",
        "",
        *(
            []
            if scheme["target"] != "x86" or scheme["reduce_range"]
            else [
                "On x86 processors without VNNI, sums of products can overflow in this format, and"
                " scores then differ from those below; `fakeface doctor` compares them.",
                "",
            ]
        ),
        "| scheme | noise of the logit | shift |",
        "|---|---|---|",
        *(
            f"| ranges by {t['method']}, weights rounded by {t['rounding']}, equalisation"
            f" {'none' if t['equalise'] is None else t['equalise']} | {t['noise']:.3f} |"
            f" {t['shift']:+.3f} |"
            for t in made["tried"]
        ),
        "",
        f"## Compared with {original.name} in fp32",
        "",
        f"On {acceptance.pictures} test pictures, each model with its own thresholds.",
        "",
        "| metric | value |",
        "|---|---|",
        f"| AUC in fp32 | {acceptance.auc_fp32:.4f} |",
        f"| AUC | {acceptance.auc:.4f} |",
        f"| verdicts that changed | {acceptance.changed:.2%} |",
        *(f"| · {change} | {count} |" for change, count in acceptance.changes.items()),
        f"| largest change of p_fake | {acceptance.largest:.3f} |",
        f"| largest difference between single and batch | {acceptance.batch:.1e} |",
        "",
        *(
            ["**It failed the acceptance test of `export`**, and was written with `--allow`:", ""]
            + [f"- {violation}" for violation in violations]
            + [""]
            if violations
            else []
        ),
        "Layers by the noise of the logit when only that layer is quantised:",
        "",
        "| layer | noise | precision |",
        "|---|---|---|",
        *(
            f"| `{layer['name']}` | {layer['noise']:.3f} | {layer['precision']} |"
            for layer in sorted(
                (layer for layer in made["layers"] if layer["noise"] is not None),
                key=lambda layer: -layer["noise"],
            )[:_SHOWN]
        ),
    ]
    return "\n".join(lines)

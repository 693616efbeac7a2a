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
    kept = {0: "", 1: ", and the most sensitive convolution"}.get(
        count, f", and {count} of the most sensitive convolutions"
    )
    layers = sorted(made["layers"], key=lambda layer: -layer["noise"])[:_SHOWN]
    lines = [
        f"Purpose, training data, known failures and licences are those of {original.name}"
        f" {original.version}: read the card of that model first.",
        "",
        "## How it was quantised",
        "",
        f"{original.name} {original.version} (sha256 `{original.sha256[:12]}…`) in int8: {kind},"
        f" weights per channel{', of 7 bits' if scheme['reduce_range'] else ''}. In fp32 are the"
        f" head and the heat map{kept}. Layers were equalised, weights rounded by descent on the"
        " error of what a layer computes, and ranges chosen by percentiles, on"
        f" {made['calibration']['crops']} face crops of `train`; the calibration was fitted on"
        " `val` to the fp32 logits; the thresholds are those of the fp32 model.",
        *(
            [
                "",
                "On x86 processors without VNNI, sums of products can overflow in this format, and"
                " scores then differ from those below; `fakeface doctor` compares them.",
            ]
            if scheme["target"] == "x86" and not scheme["reduce_range"]
            else []
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
        *(
            [
                "Layers by the noise of the logit when only that layer is quantised:",
                "",
                "| layer | noise | precision |",
                "|---|---|---|",
            ]
            if layers
            else []
        ),
        *(f"| `{row['name']}` | {row['noise']:.3f} | {row['precision']} |" for row in layers),
    ]
    return "\n".join(lines)

"""Quantises a model directory to int8, and rejects the result unless it is as accurate."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import logit

from export._card import card
from export._directory import write_model
from export._errors import QuantizationError, QuantizationRejectedError
from export._golden import precision_of, write_golden
from export._run import figures
from export.int8._acceptance import Acceptance, compare, rejection_message
from export.int8._card import notes as card_notes
from export.int8._choose import STEPS, Choice, quantise, step_name
from export.int8._graph import Doubles
from export.int8._network import EQUALISATION
from export.int8._quantize import METHOD
from export.int8._recalibrate import apply_line
from export.int8._request import Request
from export.int8._samples import read_data
from fakeface import ModelInfo
from fakeface.inference import Classifier
from fakeface.model_directory import load_model
from train.command_line import console, invocation
from train.data import Data
from train.evaluate import Calibration, Scores, evaluate


def export_int8(request: Request) -> tuple[ModelInfo, Acceptance]:
    """Quantise a classifier, and write it if it passes the acceptance test.

    Args:
        request: What to quantise, and how.

    Returns:
        The description as written, and the comparison with the fp32 model.

    Raises:
        QuantizationError: The model is quantised already.
        QuantizationRejectedError: It failed the acceptance test; nothing was written.
        ModelError: The model cannot be read.
        DataError: The data cannot be used.
    """
    import onnx

    info, encoded = load_model(request.model, "classifier")
    model = onnx.load_from_string(encoded)
    if precision_of(model) != "fp32":
        raise QuantizationError(f"{info.name} is quantised already; name the fp32 model")
    data, warning = read_data(info, request.data, request.cache)
    if warning:
        console.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    quantised, choice = quantise(model, info, data, request)
    described = apply_line(quantised, info, choice.line)
    described = replace(
        described,
        name=request.name,
        settings={**described.settings, "precision": "int8"},
        provenance={
            **info.provenance,
            "quantised": _provenance(request, info, data, choice, warning),
        },
        figures={},
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        write_model(described, quantised, path)
        samples = data.split("test")
        acceptance, p_fake = compare(
            Classifier(request.model),
            Classifier(path),
            samples,
            step_name(STEPS, "comparing both models on test"),
        )
    if acceptance.violations() and not request.allow:
        raise QuantizationRejectedError(
            rejection_message(described, acceptance, choice.layers, choice.kept_in_fp32)
        )
    described.provenance["quantised"]["acceptance_test"] = {
        **acceptance.as_dict(),
        "violations": acceptance.violations(),
    }
    measured = {"test": _figures(described, Scores.of(samples, _logits_of_real(described, p_fake)))}
    written = write_model(replace(described, figures=figures(measured)), quantised, request.out)
    text = card(written, card_notes(written, info, acceptance))
    (request.out / "README.md").write_text(text, encoding="utf-8")
    write_golden(request.out)
    return written, acceptance


def _provenance(
    request: Request, info: ModelInfo, data: Data, choice: Choice, warning: str | None
) -> dict[str, Any]:
    """Return what made the quantised model, for `model.json`."""
    return {
        "from": {"name": info.name, "version": info.version, "sha256": info.sha256},
        "scheme": {
            "method": METHOD,
            "target": request.target,
            "reduce_range": request.reduce_range,
            "equalise": EQUALISATION,
            "rounding": "descent",
        },
        "kept_in_fp32": list(choice.kept_in_fp32),
        "calibration": {
            "crops": request.crops,
            "split": "train",
            "slope": choice.line.slope,
            "offset": choice.line.offset,
            "fitted_on": "val, to the logits in fp32",
        },
        "data": data.fingerprint(),
        **({"warning": warning} if warning else {}),
        "steps": choice.steps,
        "layers": [
            {
                "name": layer.name,
                "noise": layer.noise,
                "precision": "fp32" if layer.name in choice.kept_in_fp32 else "int8",
            }
            for layer in choice.layers
            if layer.noise is not None
        ],
        "with": {name: version_of(name) for name in ("onnx", "onnxruntime")},
        "by": invocation("export"),
    }


def _logits_of_real(info: ModelInfo, p_fake: Doubles) -> Doubles:
    """Return the head's logits of Real, as `train` writes them, from calibrated probabilities."""
    calibration = _calibration(info)
    inside = np.clip(p_fake, 1e-7, 1 - 1e-7)
    return np.asarray((calibration.bias - logit(inside)) * calibration.temperature)


def _calibration(info: ModelInfo) -> Calibration:
    recorded = info.settings.get("calibration", {})
    return Calibration(recorded.get("temperature", 1.0), recorded.get("bias", 0.0), "val")


def _figures(info: ModelInfo, scores: Scores) -> dict[str, Any]:
    assert info.thresholds is not None
    return evaluate(scores, _calibration(info), info.operating_points, info.thresholds)

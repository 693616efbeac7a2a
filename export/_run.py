"""Exports a training run to a model directory."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from export._card import card
from export._convert import OPSET, convert
from export._directory import write_model
from export._encoder import convert_encoder
from export._errors import ChanceError
from export._golden import write_golden
from export._parity import Parity, check, in_onnxruntime, real_crops
from fakeface import ModelInfo
from train.command_line import invocation, silence_tensorflow
from train.data import CLASSES
from train.evaluate import chance_warning
from train.fitting import Run, load_run
from train.networks import ENCODER_SIDE
from train.recipes import EncoderRecipe

if TYPE_CHECKING:
    import onnx

LICENCE = (
    "Built on the backbone {}, under its licence, and on the training pictures named in the"
    " provenance, whose licences this file does not know. Many data sets of faces allow research"
    " and non-commercial use only; whether that reaches a model trained on them is a question for"
    " a lawyer."
)
"""Licence notes of a model without hand-written ones."""


def export_run(
    run_path: Path,
    out: Path,
    name: str,
    version: str,
    pictures: Path,
    licence: str | None = None,
    notes: str = "",
    *,
    allow_chance: bool = False,
) -> tuple[ModelInfo, Parity]:
    """Export a run; nothing is written unless the ONNX model agrees with the trained one.

    Args:
        run_path: Run directory of `python -m train fit`.
        out: Model directory to write.
        name: Name of the model.
        version: Version of the model.
        pictures: Folder of real pictures to compare on.
        licence: Licence notes; None for those that follow from the backbone.
        notes: For the model card; see `export._card.card`.
        allow_chance: Export a detector that is no better than chance too; its card then says so.

    Returns:
        The description as written, and the differences from TensorFlow.

    Raises:
        RunError: The run cannot be read.
        ChanceError: The detector is no better than chance on `val`.
        ParityError: The exported model differs from the trained one.
    """
    silence_tensorflow()
    run = load_run(run_path)
    warning = chance_warning(run.info["metrics"].get("val", {}))
    if warning and not allow_chance:
        raise ChanceError(
            f"{run_path}: {warning.removeprefix('WARNING: ')}. Nothing was written: train on more"
            " pictures, or from pretrained weights; --allow-chance exports it all the same"
        )
    model, parity = _converted(run, pictures)
    licence = licence or LICENCE.format(run.recipe.backbone.name)
    info = write_model(_describe(run, name, version, licence, warning, parity), model, out)
    (out / "README.md").write_text(card(info, notes), encoding="utf-8")
    write_golden(out)
    return info, parity


def _converted(run: Run, pictures: Path) -> tuple[onnx.ModelProto, Parity]:
    if isinstance(run.recipe, EncoderRecipe):
        return convert_encoder(run, run.recipe, pictures)
    import tensorflow as tf

    model = convert(run.outputs, run.recipe.crop.size)

    def in_tensorflow(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        scores: npt.NDArray[np.float32] = run.outputs(tf.constant(crops))["p_fake"].numpy()
        return scores

    crops = real_crops(pictures, run.recipe.crop)
    return model, check(in_tensorflow, in_onnxruntime(model), crops)


def _describe(
    run: Run, name: str, version: str, licence: str, warning: str | None, parity: Parity
) -> ModelInfo:
    """Describe the model that a run makes, without hash and path."""
    settings: dict[str, Any] = {
        "calibration": {
            "temperature": run.calibration.temperature,
            "bias": run.calibration.bias,
            "note": "inside the graph already",
        }
    }
    if run.cam_bias is not None:
        settings["cam_bias"] = run.cam_bias
    if isinstance(run.recipe, EncoderRecipe) and run.recipe.crop.size > ENCODER_SIDE:
        settings["cam_share"] = ENCODER_SIDE / run.recipe.crop.size
    info = run.info
    packages = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime")
    return ModelInfo(
        name=name,
        version=version,
        kind="classifier",
        sha256="",
        crop=run.recipe.crop,
        classes=CLASSES,
        thresholds=run.thresholds,
        operating_points=run.operating_points,
        settings=settings,
        provenance={
            "recipe": run.recipe.as_dict(),
            "data": {key: info["data"][key] for key in ("fingerprint", "face_finder")},
            "fitted_with": info["versions"],
            "fitted_by": info["command"],
            **({"warning": warning} if warning else {}),
            **run.combined_from,
            "exported_with": {p: version_of(p) for p in packages} | {"opset": OPSET},
            "exported_by": invocation("export"),
            "parity": asdict(parity),
        },
        figures=figures(info["metrics"]),
        licence=licence,
        path=Path(),
    )


def figures(measured: dict[str, Any]) -> dict[str, Any]:
    """Select metrics for a model directory.

    Args:
        measured: Metrics of every split, as the run records them.

    Returns:
        Metrics of `test`, and per origin the fraction that is correct at p_fake 0.5, and the
        fraction called fake; metrics of `unseen` where it was scored.
    """
    kept = ("pictures", "AI", "Real", "auc", "average_precision", "accuracy", "uncertain")
    chosen: dict[str, Any] = {
        split: {
            **{key: measured[split][key] for key in kept if key in measured[split]},
            "operating_points": measured[split]["operating_points"],
        }
        for split in ("test", "unseen")
        if split in measured
    }
    chosen["test"]["sources"] = {
        source: {key: values[key] for key in ("pictures", "accuracy", "flagged")}
        for source, values in measured["test"]["sources"].items()
    }
    return chosen
